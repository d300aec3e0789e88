"""Learn a model from labelled messages: python -m training train."""

from __future__ import annotations

import os

# Before numpy: figures must not depend on how many threads a machine gives its linear algebra.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from pathlib import Path
from typing import Annotated

import typer

from data.console import command_line, run

app = command_line("training", "Learn a model from labelled messages, measure it, prove what it may do without a person.")

Files = Annotated[list[Path] | None, typer.Option("--data", help="Labelled .jsonl or .csv; may be repeated. Default: the bundled corpus.")]
TextField = Annotated[str, typer.Option(help="Field that holds the text.")]
LabelField = Annotated[str, typer.Option(help="Field that holds the label.")]
Map = Annotated[Path | None, typer.Option("--map", help='Foreign labels to known ones: {"foreign": "topic"} or a CSV of two columns.')]
Model = Annotated[Path, typer.Option("--model", help="Bundle to use.")]


@app.command()
def train(
    config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None,
    data: Files = None,
    validation: Annotated[Path | None, typer.Option(help="Calibrates (and, 3 : 2, certifies, unless --certify is given).")] = None,
    certify: Annotated[Path | None, typer.Option(help="Certifies the thresholds.")] = None,
    test: Annotated[Path | None, typer.Option(help="Measured once, at the end.")] = None,
    text_field: TextField = "text",
    label_field: LabelField = "topic",
    open_label: Annotated[str | None, typer.Option(help="The label that stands for none of the known ones.")] = None,
    without_open: Annotated[bool, typer.Option("--without-open", help="Leave the open label out of what is learned from.")] = False,
    lang: Annotated[str | None, typer.Option(help="spaCy language code; ru unless the configuration says otherwise.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder that becomes the bundle. Default: models/artifacts/<version>.")] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Make the model the champion.")] = False,
    target_precision: Annotated[float | None, typer.Option(help="Share right that automatic routing must be proven to reach.")] = None,
    folds: Annotated[int | None, typer.Option(help="Author-grouped cross-validation folds, 0 for none.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be used.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Train a model, measure it and write its bundle.

    Example: python -m training train experiments/configs/default.toml --promote

    Any labelled set works: python -m training train --data train.jsonl --validation val.jsonl --test test.jsonl
    --label-field label --open-label oos --lang en --output models/artifacts/clinc
    """
    from data.readers import Fields
    from training.config import Config
    from training.pipeline import Request, train_run

    foreign = label_field != "topic" or open_label is not None
    request = Request(
        config=Config.load(config).changed(lang=lang, target_precision=target_precision, folds=folds),
        files=data or [],
        given={"calibrate": validation, "certify": certify, "test": test},
        fields=Fields(text=text_field, label=label_field),
        open_label=open_label,
        foreign=foreign,
        without_open=without_open,
        output=output,
        promote=promote,
        strict=strict,
        quiet=quiet,
    )
    train_run(request)


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option("--data", help="Labelled .jsonl or .csv.")],
    model: Model = Path("models/artifacts/champion"),
    labels: Map = None,
    text_field: TextField = "text",
    label_field: LabelField = "topic",
    output: Annotated[Path | None, typer.Option(help="Write the table of predictions (no texts) there.")] = None,
) -> None:
    """Measure a model on your own labelled messages.

    Example: python -m training evaluate --data ours.csv --label-field theme --map themes.json
    """
    from training.pipeline import evaluate_file

    evaluate_file(data, model, labels, text_field, label_field, output)


@app.command()
def certify(
    data: Annotated[Path, typer.Option("--data", help="A labelled sample of your own traffic that the model has not seen.")],
    model: Model = Path("models/artifacts/champion"),
    labels: Map = None,
    text_field: TextField = "text",
    label_field: LabelField = "topic",
    target_precision: Annotated[float, typer.Option(help="Share right that automatic routing must be proven to reach.")] = 0.97,
    output: Annotated[Path | None, typer.Option(help="Write the same model with the newly proven thresholds there.")] = None,
) -> None:
    """Prove the thresholds of a model anew on your own messages, without retraining.

    Example: python -m training certify --data sample.jsonl --output models/artifacts/ours
    """
    from training.pipeline import certify_file

    certify_file(data, model, labels, text_field, label_field, target_precision, output)


@app.command()
def curve(config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None) -> None:
    """Learning curves over messages and over authors, measured on held-out authors (certifying and test authors of the configuration).

    Example: python -m training curve experiments/configs/default.toml
    """
    from training.config import Config
    from training.study_commands import curve_table

    curve_table(Config.load(config))


@app.command()
def noise(
    config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None,
    ablate: Annotated[bool, typer.Option("--ablate", help="Leave each repair step out in turn.")] = False,
    messages: Annotated[int, typer.Option(help="Held-out messages to spoil.", min=100)] = 1000,
) -> None:
    """Spoil messages of held-out authors by each kind of noise and measure what repair brings back.

    Example: python -m training noise --ablate
    """
    from training.config import Config
    from training.study_commands import noise_table

    noise_table(Config.load(config), messages, ablate)


@app.command()
def unseen(config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None) -> None:
    """Leave each need of the open topic out of everything and see what becomes of its messages.

    Example: python -m training unseen experiments/configs/default.toml
    """
    from training.config import Config
    from training.study_commands import unseen_table

    unseen_table(Config.load(config))


@app.command()
def tune(
    config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None,
    change: Annotated[list[str] | None, typer.Option(help="key=value of [model] to try, e.g. C=0.3; may be repeated.")] = None,
) -> None:
    """Alternatives side by side by author-grouped cross-validation on the fit and calibrate authors, each with its paired interval.

    Example: python -m training tune --change lemmas=true --change encoder_weight=1.5
    """
    from training.config import Config
    from training.study_commands import tune_table

    tune_table(Config.load(config), change or [])


if __name__ == "__main__":
    run(app)
