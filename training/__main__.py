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
from data.errors import DataError

app = command_line("training", "Learn a model from labelled messages, measure it, prove what it may do without a person.")

Files = Annotated[list[Path] | None, typer.Option("--data", help="Labelled .jsonl or .csv; may be repeated. Default: the bundled corpus.")]
TextField = Annotated[str, typer.Option(help="Field that holds the text.")]
LabelField = Annotated[str, typer.Option(help="Field that holds the label.")]
Map = Annotated[Path | None, typer.Option("--map", help='Foreign labels to known ones: {"foreign": "topic"} or a CSV of two columns.')]
TurnsField = Annotated[str, typer.Option(help="Field that holds the turns of a conversation.")]
CostWrong = Annotated[float | None, typer.Option(help="Cost of a wrong topic: the cheapest threshold, instead of a proven target.")]
CostReview = Annotated[float | None, typer.Option(help="Cost of a message that a person looks at; 1 unless given.")]
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
    turns_field: TurnsField = "turns",
    conversations: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled conversations; may be repeated. Default: those of the bundled corpus, unless --data is given."),
    ] = None,
    open_label: Annotated[str | None, typer.Option(help="The label that stands for none of the known ones.")] = None,
    without_open: Annotated[bool, typer.Option("--without-open", help="Leave the open label out of what is learned from.")] = False,
    lang: Annotated[str | None, typer.Option(help="spaCy language code; ru unless the configuration says otherwise.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder that becomes the bundle. Default: models/artifacts/<version>.")] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Make the model the champion.")] = False,
    target_precision: Annotated[float | None, typer.Option(help="Share right that automatic routing must be proven to reach.")] = None,
    cost_wrong: CostWrong = None,
    cost_review: CostReview = None,
    folds: Annotated[int | None, typer.Option(help="Author-grouped cross-validation folds, 0 for none.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be used.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Train a model, measure it and write its bundle.

    Example: python -m training train experiments/configs/default.toml --promote

    Any labelled set works: python -m training train --data train.jsonl --validation val.jsonl --test test.jsonl
    --label-field label --open-label oos --lang en --output models/artifacts/clinc
    """
    from data.parsing import Fields
    from training.config import Config
    from training.pipeline import Request, train_run

    foreign = label_field != "topic" or open_label is not None
    request = Request(
        config=Config.load(config).changed(lang, target_precision, folds, cost_wrong, cost_review),
        files=data or [],
        given={"calibrate": validation, "certify": certify, "test": test},
        fields=Fields(text=text_field, label=label_field, turns=turns_field),
        open_label=open_label,
        foreign=foreign,
        without_open=without_open,
        output=output,
        promote=promote,
        strict=strict,
        quiet=quiet,
        conversations=conversations or [],
    )
    train_run(request)


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option("--data", help="Labelled .jsonl or .csv.")],
    model: Model = Path("models/artifacts/champion"),
    labels: Map = None,
    text_field: TextField = "text",
    label_field: LabelField = "topic",
    turns_field: TurnsField = "turns",
    output: Annotated[Path | None, typer.Option(help="Write the table of predictions (no texts) there.")] = None,
    priors: Annotated[
        str | None,
        typer.Option(metavar="estimate|FILE", help='Once more under live class shares: estimated, or a JSON file {"topic": share}.'),
    ] = None,
) -> None:
    """Measure a model on your own labelled messages or, where the rows have turns, conversations.

    Example: python -m training evaluate --data ours.csv --label-field theme --map themes.json
    """
    from training.conversation_run import evaluate_conversation_file, holds_turns
    from training.measure import Labelled, evaluate_file

    if holds_turns(data, turns_field):
        if priors:
            raise DataError("--priors is for messages; a conversation's topic rests on several of them: leave the option out")
        evaluate_conversation_file(data, model, labels, turns_field, label_field, output)
    else:
        evaluate_file(Labelled(data, labels, text_field, label_field), model, output, priors)


@app.command()
def certify(
    data: Annotated[Path, typer.Option("--data", help="A labelled sample of your own traffic that the model has not seen.")],
    model: Model = Path("models/artifacts/champion"),
    labels: Map = None,
    text_field: TextField = "text",
    label_field: LabelField = "topic",
    target_precision: Annotated[float, typer.Option(help="Share right that automatic routing must be proven to reach.")] = 0.97,
    cost_wrong: CostWrong = None,
    cost_review: CostReview = None,
    output: Annotated[Path | None, typer.Option(help="Write the same model with the newly proven thresholds there.")] = None,
) -> None:
    """Prove the thresholds of a model anew on your own messages, without retraining.

    Example: python -m training certify --data sample.jsonl --output models/artifacts/ours
    """
    from training.config import Config
    from training.measure import Labelled, certify_file

    config = Config().changed(target_precision=target_precision, cost_wrong=cost_wrong, cost_review=cost_review)
    certify_file(Labelled(data, labels, text_field, label_field), model, config, output)


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
def repairs(
    config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None,
    verdicts: Annotated[Path, typer.Option(help="What a reader said of every change.")] = Path("data/corpus/repairs.jsonl"),
) -> None:
    """How many clean messages of the corpus the repair steps change, step by step.

    Example: python -m training repairs
    """
    from training.config import Config
    from training.study_commands import repair_table

    repair_table(Config.load(config), verdicts)


@app.command()
def unseen(config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None) -> None:
    """Leave each need of the open topic out of everything and see what becomes of its messages.

    Example: python -m training unseen experiments/configs/default.toml
    """
    from training.config import Config
    from training.study_commands import unseen_table

    unseen_table(Config.load(config))


@app.command()
def alike(
    config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None,
    against: Annotated[list[Path] | None, typer.Option(help="Labelled sets that must not be in the corpus; may be repeated.")] = None,
    least: Annotated[float, typer.Option(help="Cosine similarity from which two messages count as alike.")] = 0.92,
) -> None:
    """Messages that mean nearly the same by the encoder: between the corpus and other sets, and between the parts of the split.

    Example: python -m training alike --against test.jsonl
    """
    from training.config import Config
    from training.study_commands import alike_table

    alike_table(Config.load(config), against or [], least)


@app.command()
def talks(
    config: Annotated[Path | None, typer.Argument(help="TOML; experiments/configs holds examples.")] = None,
    folds: Annotated[int, typer.Option(help="Message models, each without its fold of authors.")] = 5,
) -> None:
    """Measure the running topic on the bundled conversations of all authors, each read by models that never saw the author.

    Example: python -m training talks experiments/configs/default.toml
    """
    from training.config import Config
    from training.conversation_run import conversation_study

    conversation_study(Config.load(config), folds)


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
