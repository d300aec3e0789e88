"""What certifying authors' conversations prove of the thresholds that were chosen on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from experiments.conversation_metrics import bounds
from models.conversation_weights import GROUPS, ConversationWeights
from models.decision import Decider
from models.proof import Certificate, certify
from training.config import DecisionConfig
from training.conversation_fit import Told, retelling
from training.conversation_thresholds import Answers, answers_of
from training.conversations import rows_of


def prove_conversations(
    told: Sequence[Told], decider: Decider, weights: ConversationWeights, config: DecisionConfig
) -> tuple[ConversationWeights, Mapping[str, Certificate]]:
    """The weights with the smallest thresholds that the certifying authors' conversations prove, and the proof of every group of client turns.

    The candidates were fixed on other authors; those of a group are tested on what was answered last with so many client turns, one answer a
    conversation (models.proof.certify): right is the final topic or, before that can be told, an earlier request of it. Each group's proof holds
    by itself. Where nothing is proven (99 answers without an error are needed for 0.97) nothing is auto, for auto means shown. `no_request`
    stays only where it is proven that it overlooks few enough requests. `bounds` say what was measured, at the end of conversations too.
    """
    silent = decider.taxonomy.no_request_label
    rows = rows_of(told, retelling(decider, weights), "certify")
    proofs = {
        name: _certify(
            answers_of(rows, place, silent),
            candidates,
            config.target_precision,
            config.delta,
            sum(bool(row.last_of(place)) for row in rows),
        )
        for place, (name, candidates) in enumerate(zip(GROUPS, weights.candidates, strict=True))
    }
    overlooked = [(row.end.confidence, row.end.label == row.label) for row in rows if row.end.label == silent]
    candidates = () if weights.no_request is None else (weights.no_request,)
    nothing = _certify(overlooked, candidates, 1 - config.max_swallowed, config.delta, len(rows))
    auto = tuple(proof.threshold for proof in proofs.values())
    proven = replace(weights, auto=auto, no_request=nothing.threshold)
    measured = bounds(rows_of(told, retelling(decider, proven), "certify"), config.delta)
    said = {"target": config.target_precision, "delta": config.delta, "proven": any(limit is not None for limit in auto)}
    return replace(proven, bounds={**said, **{name: list(values) for name, values in measured.items()}}), proofs


def _certify(answers: Answers, candidates: Sequence[float], target: float, delta: float, total: int) -> Certificate:
    confidence = np.asarray([value for value, _ in answers])
    right = np.asarray([good for _, good in answers], dtype=bool)
    return replace(certify(confidence, right, candidates, target, delta), total=total)
