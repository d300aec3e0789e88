"""What the commands of this floor do, from files to a bundle and its record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from data.errors import DataError
from data.readers import Fields, example_parser, read, read_map
from data.taxonomy import Taxonomy
from experiments.evaluation import Evaluation, evaluate
from experiments.plots import all_plots
from experiments.predictions import Predictions
from experiments.promote import promote
from experiments.report import show, show_certificate
from experiments.runs import Run, provenance
from experiments.tracking import Figure, Files, Item, flat, set_alias, track, tracking_uri
from models import bundle
from models.tagger import Tagger
from training.config import Config
from training.fit import Fitted, cross_validate, fit, predict, prove
from training.material import Material, fingerprint, prepare, split_authors, with_noise
from training.progress import Progress
from training.sources import Sources, gather, put_aside

ARTIFACTS = Path("models/artifacts")


@dataclass(frozen=True)
class Request:
    """One call of `train`: the configuration and what the command line added to it."""

    config: Config
    files: list[Path] = field(default_factory=list)
    given: dict[str, Path | None] = field(default_factory=dict)
    fields: Fields = field(default_factory=Fields)
    open_label: str | None = None
    foreign: bool = False
    without_open: bool = False
    output: Path | None = None
    promote: bool = False
    strict: bool = False
    quiet: bool = False


def train_run(request: Request) -> Run:
    """Train, measure, save, record, track and, if asked, promote."""
    config, console = request.config, Console(quiet=request.quiet)
    progress = Progress(quiet=request.quiet)
    progress.say("reading")
    sources = gather(
        corpus=Path(config.data),
        taxonomy_path=Path(config.taxonomy),
        files=request.files,
        given=request.given,
        fields=request.fields,
        progress=progress,
        open_label=request.open_label,
        foreign=request.foreign,
        without_open=request.without_open,
        strict=request.strict,
    )
    parts, everything = _materials(sources, config, progress)
    fitted = fit(parts, sources.taxonomy, config, progress)
    predictions = fitted.predictions
    if config.split.folds:
        with progress.task("cross-validation by author", config.split.folds) as advance:
            predictions = predictions.keep([*predictions.rows, *cross_validate(everything, sources.taxonomy, config, advance)])
    with progress.task("figures and intervals", len(predictions)):
        evaluations = list(evaluate_sets(predictions))
    run = _save(request, sources, fitted, predictions, evaluations, progress)
    for evaluation in evaluations:
        if evaluation.name in ("test", "ordinary", "cross-validation"):
            show(console, evaluation, slices=evaluation.name == "test")
    show_certificate(console, "auto", fitted.auto)
    if sources.taxonomy.no_request_label:
        show_certificate(console, "no_request", fitted.no_request)
    console.print(f"bundle {run.bundle}  run {run.name}", highlight=False, soft_wrap=True)
    return run


def _materials(sources: Sources, config: Config, progress: Progress) -> tuple[dict[str, Material], Material]:
    """The parts, and all that is learned from or calibrated on together (what cross-validation may use)."""
    parts = split_authors(sources.examples, config, sources.given)
    parts["fit"] = with_noise(parts["fit"], config)
    # Copies of the calibrating and certifying messages are learned from in cross-validation only.
    extra = (
        with_noise([*parts["calibrate"], *parts["certify"]], config)[len(parts["calibrate"]) + len(parts["certify"]) :]
        if config.split.folds
        else []
    )
    every = [*(example for members in parts.values() for example in members), *extra]
    material = prepare(every, config, progress)
    place = {example.id: number for number, example in enumerate(material.examples)}
    if len(place) < len(every):
        raise DataError("the same id stands in several of the files given; ids must differ")
    taken = {part: material.take([place[example.id] for example in members]) for part, members in parts.items()}
    used = [place[example.id] for members in (parts["fit"], parts["calibrate"], parts["certify"], extra) for example in members]
    return taken, material.take(sorted(used))


def evaluate_sets(predictions: Predictions) -> Iterable[Evaluation]:
    """One evaluation a set; the ordinary-traffic slice of the test set stands apart."""
    for name in sorted({row.set for row in predictions.rows}):
        yield evaluate(predictions.where(set=name), name)
    ordinary = predictions.where(set="test", slice="ordinary")
    if len(ordinary):
        yield evaluate(ordinary, "ordinary")


def _save(
    request: Request, sources: Sources, fitted: Fitted, predictions: Predictions, evaluations: list[Evaluation], progress: Progress
) -> Run:
    now = dt.datetime.now(dt.UTC)
    version = f"{now:%Y-%m-%d.%H%M}+{bundle.fingerprint(fitted.tagger)[:8]}"
    tagger = fitted.tagger.with_decider(model=version)
    output = request.output or ARTIFACTS / version
    figures = {evaluation.name: evaluation.as_dict() for evaluation in evaluations}
    certificates = {name: asdict(value) for name, value in (("auto", fitted.auto), ("no_request", fitted.no_request)) if value}
    source = provenance(
        fingerprint([*sources.examples, *(example for part in sources.given.values() for example in part)]), request.config.seed
    )
    metrics = {"figures": figures, "certificates": certificates, "sizes": _sizes(predictions)}
    bundle.save(tagger, output, metrics, {**source, "created": now.isoformat(timespec="seconds"), "config": request.config.as_dict()})
    run = Run(version, str(output), now.isoformat(timespec="seconds"), request.config.as_dict(), figures, certificates, source)
    place = run.save(predictions)
    tested = predictions.where(set="test") if any(row.set == "test" for row in predictions.rows) else predictions
    all_plots(tested, place / "plots", tagger.decider.thresholds.auto)

    def items() -> Iterable[Item]:
        yield from flat("", request.config.as_dict())
        yield from flat("provenance.", source)
        for evaluation in evaluations:
            yield from (Figure(name.replace("%", ""), value) for name, value in evaluation.flat())
        yield Files(place / "predictions.jsonl")
        yield Files(place / "run.json")
        yield Files(place / "plots", "plots")
        yield Files(output, "bundle")

    with progress.task(f"tracking to {tracking_uri().split('@')[-1].rsplit('/', 1)[-1]}", 1):
        tracked = track(version, items(), {"model": version, "commit": str(source["commit"]), "dirty": str(source["dirty"])}, progress.say)
    if request.promote:
        promote(output)
        set_alias(tracked, version, "champion", progress.say)
        progress.say(f"promoted {version}")
    return run


def _sizes(predictions: Predictions) -> dict[str, int]:
    return {name: len(predictions.where(set=name)) for name in sorted({row.set for row in predictions.rows})}


def _labelled(path: Path, tagger: Tagger, labels: Path | None, text_field: str, label_field: str, progress: Progress) -> Material:
    fields = Fields(text=text_field, label=label_field, rename=read_map(labels) if labels else {})
    taxonomy: Taxonomy = tagger.decider.taxonomy
    batch = read([path], example_parser(taxonomy, fields))
    put_aside(batch, Path(f"{path.stem}.rejected.jsonl"), progress)
    if not batch.records:
        raise DataError(f"{path}: no usable messages; first reason: {batch.rejected[0].reason if batch.rejected else 'the file is empty'}")
    classifier = tagger.classifier
    config = replace(Config(), model=replace(Config().model, repair=classifier.repair, lang=classifier.lang, encoder=classifier.encoder))
    return prepare(batch.records, config, progress)


def evaluate_file(path: Path, model: Path, labels: Path | None, text_field: str, label_field: str, output: Path | None) -> Evaluation:
    """Measure a bundle on a labelled file and print the figures."""
    progress, tagger = Progress(), bundle.load(model)
    material = _labelled(path, tagger, labels, text_field, label_field, progress)
    taxonomy = tagger.decider.taxonomy
    table = Predictions(predict(tagger, material, path.stem), taxonomy.no_request_label, taxonomy.open_topic)
    evaluation = evaluate(table, path.stem)
    show(Console(), evaluation)
    if output:
        table.save(output)
    return evaluation


def certify_file(
    path: Path, model: Path, labels: Path | None, text_field: str, label_field: str, target: float, output: Path | None
) -> dict[str, Any]:
    """Prove thresholds on a labelled file with the candidates that were fixed when the model was trained; write them into a copy if asked."""
    progress, tagger = Progress(), bundle.load(model)
    manifest = bundle.read_manifest(model)
    material = _labelled(path, tagger, labels, text_field, label_field, progress)
    config = replace(Config(), decision=replace(Config().decision, target_precision=target))
    thresholds, auto, no_request = prove(tagger, tagger.decider.candidates, material, config)
    console = Console()
    show_certificate(console, "auto", auto)
    if tagger.decider.taxonomy.no_request_label:
        show_certificate(console, "no_request", no_request)
    certificates = {name: asdict(value) for name, value in (("auto", auto), ("no_request", no_request)) if value}
    if output:
        certified = tagger.with_decider(thresholds=thresholds)
        version = f"{manifest.version.split('+')[0]}+{bundle.fingerprint(certified)[:8]}"
        kept = {**manifest.metrics, "certificates": certificates, "certified_on": path.name}
        bundle.save(certified.with_decider(model=version), output, kept, manifest.provenance)
        console.print(f"bundle {output} with these thresholds, version {version}", highlight=False, soft_wrap=True)
    return certificates
