"""What the commands of this floor do, from files to a bundle and its record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rich.console import Console

from data.errors import DataError
from data.masking import mask
from data.messages import LabelledConversation
from data.parsing import Fields
from experiments.confusions import most_confused, show_confusions
from experiments.conversation_report import show_conversations
from experiments.evaluation import Evaluation, evaluate
from experiments.plots import all_plots
from experiments.predictions import Predictions
from experiments.promote import promote
from experiments.report import show
from experiments.run_report import REPORT, RunReport
from experiments.runs import Run, provenance
from experiments.tracking import Figure, Files, Item, flat, set_alias, track, tracking_uri
from models import bundle
from training.config import Config
from training.conversation_deal import Dealt, as_text
from training.conversation_run import Learned, bundled, learn_conversations, read_conversations
from training.fit import Fitted, cross_validate, fit
from training.material import Material, fingerprint, prepare, split_authors, with_noise
from training.measure import proof_lines, proof_metrics
from training.progress import Progress
from training.sources import Sources, gather

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
    conversations: list[Path] = field(default_factory=list)

    @property
    def is_bundled(self) -> bool:
        """Whether all that is learned from is the bundled corpus, which no client wrote."""
        return not self.files and self.config.data == Config().data


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
    conversations = _conversations(request, sources, progress)
    parts, everything, dealt = _materials(sources, conversations, config, progress)
    fitted = fit(parts, sources.taxonomy, config, progress)
    predictions = fitted.predictions
    if config.split.folds:
        with progress.task("cross-validation by author", config.split.folds) as advance:
            predictions = predictions.keep([*predictions.rows, *cross_validate(everything, sources.taxonomy, config, advance)])
    with progress.task("figures and intervals", len(predictions)):
        evaluations = list(evaluate_sets(predictions))
    learned = learn_conversations(dealt, parts, fitted.tagger, config, progress)
    if learned:
        fitted = replace(fitted, tagger=fitted.tagger.with_conversation(learned.weights))
    run = _save(request, sources, conversations, fitted, predictions, evaluations, progress, learned)
    for evaluation in evaluations:
        if evaluation.name in ("test", "ordinary", "cross-validation"):
            show(console, evaluation, slices=evaluation.name == "test")
    show_confusions(console, _measured(predictions)[1])
    for line in _shown(fitted):
        console.print(line, highlight=False, soft_wrap=True)
    for told in learned.evaluations if learned else ():
        show_conversations(console, told)
    for line in learned.lines() if learned else ():
        console.print(line, highlight=False, soft_wrap=True)
    console.print(f"bundle {run.bundle}  run {run.name}", highlight=False, soft_wrap=True)
    return run


def _conversations(request: Request, sources: Sources, progress: Progress) -> list[LabelledConversation]:
    """Those named, or those of the corpus where no other messages are given."""
    files = request.conversations or ([] if request.files else bundled(Path(request.config.data)))
    return read_conversations(files, sources.taxonomy, request.fields, progress) if files else []


def _materials(
    sources: Sources, conversations: list[LabelledConversation], config: Config, progress: Progress
) -> tuple[dict[str, Material], Material, Dealt]:
    """The parts, all that is learned from or calibrated on together (what cross-validation may use), and the conversations dealt."""
    parts = split_authors(sources.examples, config, sources.given)
    dealt = Dealt.of(conversations, parts, config.split.conversations)
    parts["fit"] = [*with_noise(parts["fit"], config), *dealt.texts(parts)]
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
    return taken, material.take(sorted(used)), dealt


def evaluate_sets(predictions: Predictions) -> Iterable[Evaluation]:
    """One evaluation a set; the ordinary-traffic slice of the test set stands apart."""
    for name in sorted({row.set for row in predictions.rows}):
        yield evaluate(predictions.where(set=name), name)
    ordinary = predictions.where(set="test", slice="ordinary")
    if len(ordinary):
        yield evaluate(ordinary, "ordinary")


def _save(
    request: Request,
    sources: Sources,
    conversations: list[LabelledConversation],
    fitted: Fitted,
    predictions: Predictions,
    evaluations: list[Evaluation],
    progress: Progress,
    learned: Learned | None = None,
) -> Run:
    now = dt.datetime.now(dt.UTC)
    version = f"{now:%Y-%m-%d.%H%M}+{bundle.fingerprint(fitted.tagger)[:8]}"
    tagger = fitted.tagger.with_decider(model=version)
    output = request.output or ARTIFACTS / version
    figures = {evaluation.name: evaluation.as_dict() for evaluation in evaluations}
    source = provenance(
        fingerprint([*sources.examples, *(example for part in sources.given.values() for example in part), *map(as_text, conversations)]),
        request.config.seed,
    )
    sizes = {**_sizes(predictions), "fit": fitted.learned_from}
    metrics = {
        "figures": figures,
        **proof_metrics(fitted.proof),
        "chosen": {name: asdict(choice) for name, choice in fitted.choices.items()},
        "label_shares": fitted.label_shares,
        "sizes": sizes,
    }
    if learned:
        metrics["conversations"] = learned.as_dict()
    if request.is_bundled:
        source["written_by"] = "a language model in many voices (data/corpus/DATASHEET.md)"
    bundle.save(tagger, output, metrics, {**source, "created": now.isoformat(timespec="seconds"), "config": request.config.as_dict()})
    run = Run(version, str(output), now.isoformat(timespec="seconds"), request.config.as_dict(), figures, metrics["certificates"], source)
    place = run.save(predictions)
    if learned:
        learned.save(place)
    measured, tested = _measured(predictions)
    plots = all_plots(tested, place / "plots", tagger.decider.thresholds.auto)
    RunReport(version, _shown(fitted), evaluations, tested, measured, plots, _texts(request, sources, tested)).save(place)

    def items() -> Iterable[Item]:
        yield from flat("", request.config.as_dict())
        yield from flat("provenance.", source)
        for evaluation in evaluations:
            yield from (Figure(name.replace("%", ""), value) for name, value in evaluation.flat())
        for told in learned.evaluations if learned else ():
            yield from (Figure(f"{told.name.replace(' ', '_')}.{name}", figure.value) for name, figure in told.figures.items())
        yield Files(place / "predictions.jsonl")
        yield Files(place / "run.json")
        yield Files(place / REPORT)
        yield Files(place / "plots", "plots")
        yield Files(output, "bundle")

    with progress.task(f"tracking to {tracking_uri().split('@')[-1].rsplit('/', 1)[-1]}", 1):
        tracked = track(version, items(), {"model": version, "commit": str(source["commit"]), "dirty": str(source["dirty"])}, progress.say)
    if request.promote:
        promote(output)
        set_alias(tracked, version, "champion", progress.say)
        progress.say(f"promoted {version}")
    return run


def _measured(predictions: Predictions) -> tuple[str, Predictions]:
    """What a report shows plots and confusions of: the test set or, where there is none, everything."""
    tested = predictions.where(set="test")
    return ("test", tested) if len(tested) else ("all sets", predictions)


def _shown(fitted: Fitted) -> list[str]:
    return [*proof_lines(fitted.proof, fitted.tagger.decider.taxonomy), *(choice.line(name) for name, choice in fitted.choices.items())]


def _texts(request: Request, sources: Sources, table: Predictions) -> dict[str, str]:
    """Masked texts of the confusions' examples; only those of the bundled corpus may stand in a report."""
    if not request.is_bundled:
        return {}
    wanted = {example for item in most_confused(table) for example in item.examples}
    return {example.id: mask(example.text).text for example in sources.examples if example.id in wanted}


def _sizes(predictions: Predictions) -> dict[str, int]:
    return {name: len(predictions.where(set=name)) for name in sorted({row.set for row in predictions.rows})}
