"""What certifying authors' conversations prove of the thresholds that were chosen on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.conversation_metrics import bounds
from experiments.conversation_rows import ConversationRow
from models.conversation_weights import GROUPS, ConversationWeights
from models.decision import Decider
from models.proof import Certificate, certify
from training.config import DecisionConfig
from training.conversation_fit import Told, retelling
from training.conversation_thresholds import BRIEF
from training.conversations import rows_of


def prove_conversations(
    told: Sequence[Told], decider: Decider, weights: ConversationWeights, config: DecisionConfig
) -> tuple[ConversationWeights, Certificate]:
    """The weights with the smallest threshold that the certifying authors' conversations prove, and the proof.

    The candidates were fixed on other authors; they are tested on what is answered at the end of a conversation (models.proof.certify). Early
    answers (BRIEF groups) must be at least as sure, and as sure as was chosen for them; `bounds` say what was measured of every group. With few
    conversations nothing is proven (99 without an error are needed for 0.97): then nothing in a conversation is auto, for auto means shown.
    `no_request` stays only where it is proven by itself that it overlooks few enough requests.
    """
    silent = decider.taxonomy.no_request_label
    rows = rows_of(told, retelling(decider, weights), "certify")
    proof = _certify(rows, [row for row in rows if row.end.label != silent], weights.candidates, config.target_precision, config.delta)
    nothing = _certify(
        rows,
        [row for row in rows if row.end.label == silent],
        () if weights.no_request is None else (weights.no_request,),
        1 - config.max_swallowed,
        config.delta,
    )
    auto: tuple[float | None, ...] = ()
    if proof.threshold is not None:
        early = weights.auto[:BRIEF] or (None,) * BRIEF
        auto = (*(None if own is None else max(own, proof.threshold) for own in early), *[proof.threshold] * (len(GROUPS) - BRIEF))
    proven = replace(weights, auto=auto, no_request=nothing.threshold)
    measured = bounds(rows_of(told, retelling(decider, proven), "certify"), config.delta)
    said = {"target": config.target_precision, "delta": config.delta, "proven": proof.threshold is not None}
    return replace(proven, bounds={**said, **{name: list(values) for name, values in measured.items()}}), proof


def _certify(
    rows: Sequence[ConversationRow], asked: Sequence[ConversationRow], candidates: Sequence[float], target: float, delta: float
) -> Certificate:
    confidence = np.asarray([row.end.confidence for row in asked])
    right = np.asarray([row.end.label == row.label for row in asked], dtype=bool)
    return replace(certify(confidence, right, candidates, target, delta), total=len(rows))
