"""Conversations in `train` and `evaluate`: from files to weights, figures and a report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from data.errors import DataError
from data.messages import LabelledConversation
from data.parsing import Fields, conversation_parser
from data.readers import read, read_map, rows
from data.taxonomy import Taxonomy
from experiments.conversation_metrics import ConversationEvaluation, evaluate_conversations
from experiments.conversation_report import save_conversations, show_conversations
from experiments.conversation_rows import ConversationRow
from experiments.report import certificate_line
from models import bundle
from models.conversation_weights import ConversationWeights
from models.decision import Decider, Thresholds
from models.proof import Certificate
from models.tagger import Tagger
from training.config import Config
from training.conversation_deal import LEAST, Dealt, as_text
from training.conversation_fit import retelling
from training.conversation_proof import prove_conversations
from training.conversations import cross_rows, hear, learn_weights, rows_of
from training.fit import UNNAMED, fit_classifier
from training.material import Material, prepare, split_authors, with_noise
from training.progress import Progress
from training.sources import gather


@dataclass(frozen=True)
class Learned:
    """What conversations gave: weights for the bundle, figures by set, a row for each conversation, and what was proven, by client turns."""

    weights: ConversationWeights
    evaluations: list[ConversationEvaluation]
    rows: list[ConversationRow]
    proofs: Mapping[str, Certificate] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """What was proven, a sentence for each number of client turns; nothing where nothing was tried."""
        return [
            f"conversations, {certificate_line(f'auto after {turns} client turns', proof, 'conversations')}"
            for turns, proof in self.proofs.items()
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a manifest."""
        return {one.name: one.as_dict() for one in self.evaluations}

    def save(self, folder: Path) -> None:
        """Write the rows and figures beside a run's record."""
        save_conversations(self.rows, folder / "conversations.jsonl")
        (folder / "conversations.json").write_text(json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_conversations(paths: Sequence[Path], taxonomy: Taxonomy, fields: Fields, progress: Progress) -> list[LabelledConversation]:
    """Labelled conversations of files; rows that cannot be used are named and put aside.

    Raises:
        DataError: nothing is usable.
    """
    batch = read(paths, conversation_parser(taxonomy, fields))
    if batch.rejected:
        aside = Path(f"{paths[0].stem if len(paths) == 1 else 'conversations'}.rejected.jsonl")
        batch.write_rejected(aside)
        progress.say(f"{len(batch.rejected)} conversations put aside, kept in {aside}; first: {batch.rejected[0]}")
    if not batch.records:
        reason = f"; first reason: {batch.rejected[0].reason}" if batch.rejected else ""
        raise DataError(f"{paths[0]}: no usable conversations{reason}")
    return batch.records


def bundled(corpus: Path) -> list[Path]:
    """The conversation files of a corpus folder; none is no fault."""
    return sorted((corpus / "conversations").glob("*.jsonl"))


def learn_conversations(dealt: Dealt, parts: Mapping[str, Material], tagger: Tagger, config: Config, progress: Progress) -> Learned | None:
    """Weights from the conversations of all authors that do not certify or test, measured on those that do; None with too few.

    Authors that fitted the message model are read by models of folds without them. The set "conversations" is author-grouped cross-validation
    of the weights over all who neither certify nor test.
    """
    learning, held = {told.id for told in dealt.learning}, dealt.held
    if len(learning) < LEAST:
        return None
    decider = tagger.decider
    told = hear(dealt.conversations, parts["fit"], tagger.classifier, decider, config, progress)
    told = [one for one in told if one.conversation.label in decider.topics]
    learn = [one for one in told if one.conversation.id in learning]
    if len({one.conversation.group for one in learn}) < 2:
        return None
    certifying = [one for one in told if one.conversation.group in held["certify"]]
    with progress.task("learning from conversations", len(learn)):
        weights = learn_weights(learn, decider, config, certifying=len(certifying))
        proofs: Mapping[str, Certificate] = {}
        if certifying:
            weights, proofs = prove_conversations(certifying, decider, weights, config.decision)
    result: list[ConversationRow] = []
    with progress.task("conversations: cross-validation", len(learn)):
        result += cross_rows(learn, decider, config, "conversations")
    reader = retelling(decider, weights)
    for name, groups in held.items():
        result += rows_of([one for one in told if one.conversation.group in groups], reader, f"conversations {name}")
    return Learned(weights, list(evaluations_of(result)), result, proofs)


def evaluations_of(result: Sequence[ConversationRow]) -> list[ConversationEvaluation]:
    """One evaluation a set, in the order of their names."""
    return [evaluate_conversations([row for row in result if row.set == name], name) for name in sorted({row.set for row in result})]


def holds_turns(path: Path, turns_field: str) -> bool:
    """Whether the first readable row of a file has turns."""
    return next((turns_field in row for _, row, _ in rows(path) if isinstance(row, dict)), False)


def evaluate_conversation_file(
    path: Path, model: Path, labels: Path | None, turns_field: str, label_field: str, output: Path | None
) -> ConversationEvaluation:
    """Measure a bundle on labelled conversations that it did not learn from, and print the figures."""
    progress, tagger = Progress(), bundle.load(model)
    fields = Fields(turns=turns_field, label=label_field, rename=read_map(labels) if labels else {})
    conversations = read_conversations([path], tagger.decider.taxonomy, fields, progress)
    classifier = tagger.classifier
    config = Config()
    config = replace(config, model=replace(config.model, repair=classifier.repair, lang=classifier.lang, encoder=classifier.encoder))
    told = hear(conversations, Material([], [], classifier.encode([])), classifier, tagger.decider, config, progress)
    measured = rows_of(told, retelling(tagger.decider, tagger.conversation or ConversationWeights()), path.stem)
    evaluation = evaluate_conversations(measured, path.stem)
    show_conversations(Console(), evaluation)
    if output:
        save_conversations(measured, output)
    return evaluation


def conversation_study(config: Config, folds: int) -> list[ConversationEvaluation]:
    """Author-grouped cross-validation over all authors: message models, weights and thresholds that never saw the author measured on.

    The set "certified and tested" holds the authors that the message model of `train` neither learns from nor is calibrated on. Authors named to
    certify conversations stay out: who looks at them to choose something has no proof left.
    """
    progress = Progress()
    sources = gather(Path(config.data), Path(config.taxonomy), [], {}, Fields(), progress)
    parts = split_authors(sources.examples, config, {})
    found = read_conversations(bundled(Path(config.data)), sources.taxonomy, Fields(), progress)
    conversations = [told for told in found if told.group not in config.split.conversations]
    material = prepare([*with_noise(sources.examples, config), *map(as_text, conversations)], config, progress)
    classifier = fit_classifier(material, config)
    topics = tuple(label for label in sources.taxonomy.labels if label in classifier.classes_)
    decider = Decider(sources.taxonomy, topics, tuple(classifier.leaves_), Thresholds(), UNNAMED)
    told = hear(conversations, material, classifier, decider, config, progress, count=folds)
    with progress.task("cross-validation of the weights", len(told)):
        result = cross_rows(told, decider, config, "all authors")
    held = {example.group for part in ("certify", "test") for example in parts[part]}
    result += [replace(row, set="certified and tested") for row in result if row.author in held]
    evaluations = evaluations_of(result)
    for evaluation in evaluations:
        show_conversations(Console(), evaluation)
    return evaluations
