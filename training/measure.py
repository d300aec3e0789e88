"""A finished model on somebody's own labelled messages: measured, or its thresholds proven anew, never changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from data.errors import DataError
from data.parsing import Fields, example_parser
from data.readers import read, read_map
from data.taxonomy import Taxonomy
from experiments.confusions import show_confusions
from experiments.evaluation import Evaluation, evaluate
from experiments.predictions import Predictions
from experiments.report import certificate_line, show, topic_lines
from models import bundle
from models.tagger import Tagger
from training.config import Config
from training.fit import rows_of
from training.material import Material, prepare
from training.priors import ESTIMATE, Shares, learned_shares, live_shares, under_shares
from training.progress import Progress
from training.sources import put_aside
from training.thresholds import Proof, prove


@dataclass(frozen=True)
class Labelled:
    """A labelled file and how it is read: names of its fields, and a map of its labels to the model's."""

    path: Path
    labels: Path | None = None
    text_field: str = "text"
    label_field: str = "topic"

    def read(self, tagger: Tagger, progress: Progress) -> Material:
        """The usable messages, prepared as the model reads them.

        Raises:
            DataError: nothing is usable.
        """
        fields = Fields(text=self.text_field, label=self.label_field, rename=read_map(self.labels) if self.labels else {})
        taxonomy: Taxonomy = tagger.decider.taxonomy
        batch = read([self.path], example_parser(taxonomy, fields))
        put_aside(batch, Path(f"{self.path.stem}.rejected.jsonl"), progress)
        if not batch.records:
            reason = batch.rejected[0].reason if batch.rejected else "the file is empty"
            raise DataError(f"{self.path}: no usable messages; first reason: {reason}")
        classifier = tagger.classifier
        model = replace(Config().model, repair=classifier.repair, lang=classifier.lang, encoder=classifier.encoder)
        return prepare(batch.records, replace(Config(), model=model), progress)


def evaluate_file(file: Labelled, model: Path, output: Path | None = None, priors: str | None = None) -> list[Evaluation]:
    """Measure a bundle on a labelled file and print the figures; with `priors` once more under the class shares of live traffic.

    Args:
        file: the messages.
        model: the bundle.
        output: where the table of predictions as they are goes.
        priors: "estimate" or a JSON file (`training.priors.live_shares`).
    """
    tagger, console = bundle.load(model), Console()
    learned = learned_shares(bundle.read_manifest(model)) if priors else None
    material = file.read(tagger, Progress())
    prediction = tagger.predict_prepared(material.prepared, material.vectors)
    name, taxonomy = file.path.stem, tagger.decider.taxonomy
    table = Predictions(rows_of(tagger, material, prediction, name), taxonomy.no_request_label, taxonomy.open_topic)
    evaluations = [evaluate(table, name)]
    if priors and learned is not None:
        live = live_shares(priors, tagger, prediction, learned)
        _show_shares(console, tagger.decider.topics, learned, live, material.labels, "estimated" if priors == ESTIMATE else "given")
        after = table.keep(rows_of(tagger, material, under_shares(tagger, prediction, learned, live), name))
        evaluations.append(evaluate(after, f"{name} under these shares"))
    for evaluation in evaluations:
        show(console, evaluation)
    if priors:
        console.print("thresholds are those proven under the shares learned with", highlight=False, soft_wrap=True)
    show_confusions(console, table)
    if output:
        table.save(output)
    return evaluations


def _show_shares(console: Console, topics: tuple[str, ...], learned: Shares, live: Shares, labels: list[str], how: str) -> None:
    counts = Counter(labels)
    table = Table("label", "share learned with", f"share {how}", "share labelled", title="class shares", title_justify="left")
    for topic, one, other in zip(topics, learned, live, strict=True):
        table.add_row(topic, f"{one:.4f}", f"{other:.4f}", f"{counts[topic] / len(labels):.4f}")
    console.print(table)


def certify_file(file: Labelled, model: Path, config: Config, output: Path | None = None) -> dict[str, Any]:
    """Prove thresholds on a labelled file with the candidates that were fixed when the model was trained; write them into a copy if asked."""
    tagger, manifest, console = bundle.load(model), bundle.read_manifest(model), Console()
    material = file.read(tagger, Progress())
    proof = prove(tagger, tagger.decider.candidates, material, config.decision)
    for line in proof_lines(proof, tagger.decider.taxonomy):
        console.print(line, highlight=False, soft_wrap=True)
    shown = proof_metrics(proof)
    if output:
        certified = tagger.with_decider(thresholds=proof.thresholds)
        version = f"{manifest.version.split('+')[0]}+{bundle.fingerprint(certified)[:8]}"
        kept = {**manifest.metrics, **shown, "certified_on": file.path.name}
        bundle.save(certified.with_decider(model=version), output, kept, manifest.provenance)
        console.print(f"bundle {output} with these thresholds, version {version}", highlight=False, soft_wrap=True)
    return shown


def proof_lines(proof: Proof, taxonomy: Taxonomy) -> list[str]:
    """What was shown of automatic routing, as a whole and by topic, and of no_request."""
    nothing = [certificate_line("no_request", proof.no_request)] if taxonomy.no_request_label else []
    return [certificate_line("auto", proof.auto), *topic_lines(proof.topics), *nothing]


def proof_metrics(proof: Proof) -> dict[str, Any]:
    """Plain values for a manifest: the certificates, and what automatic routing does on every topic."""
    certificates = {name: asdict(value) for name, value in (("auto", proof.auto), ("no_request", proof.no_request)) if value}
    return {"certificates": certificates, "auto_by_topic": [asdict(item) for item in proof.topics]}
