"""From which probability on an answer in a conversation may be acted on: chosen on the learning authors, to be proven on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import binom

from experiments.conversation_rows import ConversationRow, right_so_far
from models.conversation_weights import GROUPS, ConversationWeights
from models.decision import Decider
from models.proof import lower_bound
from training.config import DecisionConfig
from training.thresholds import quantiles

LEAST_AUTO = 20
Answers = Sequence[tuple[float, bool]]
"""(confidence, whether right) of answers."""


def answers_of(rows: Sequence[ConversationRow], place: int, silent: str | None) -> Answers:
    """What was answered last with client turns of a group (a position in GROUPS), no_request left out, and whether it was right so far."""
    last = [(row, said) for row in rows if (said := row.last_of(place)) and said.label != silent]
    return [(said.confidence, right_so_far(row, said)) for row, said in last]


def choose_thresholds(
    rows: Sequence[ConversationRow], decider: Decider, weights: ConversationWeights, config: DecisionConfig, certifying: int
) -> ConversationWeights:
    """The weights with thresholds at which authors left out were observed to reach the target, and the candidates for a proof on others.

    One threshold for every group of client turns: who acts on a running topic acts in the middle of a conversation, where less can be told than
    at its end.

    Args:
        rows: answers of cross-validation inside the learning authors.
        decider: labels.
        weights: what else was learned.
        config: the target.
        certifying: how many conversations the candidates will be tested on.
    """
    silent = decider.taxonomy.no_request_label
    by_group = [answers_of(rows, place, silent) for place in range(len(GROUPS))]
    none = [(row.end.confidence, row.end.label == row.label) for row in rows if row.end.label == silent]
    return replace(
        weights,
        auto=tuple(_observed(answers, config.target_precision) for answers in by_group),
        no_request=_observed(none, config.target_precision),
        candidates=tuple(_candidates(answers, certifying * len(answers) // max(len(rows), 1), config) for answers in by_group),
    )


def _candidates(answers: Answers, certifying: int, config: DecisionConfig) -> tuple[float, ...]:
    """Thresholds to test, from the one on that would most likely be proven by so many certifying answers.

    Certifying conversations are few: where the test began at the strictest threshold, one error there, or too few answers, would end it. How
    likely a threshold is proven follows from the learning authors' answers: n = the share at or above it of the certifying answers would be
    acted on, each wrong with probability (wrong + 1) / (answers + 1), and as many errors may be among n as leave the bound at the target.
    """
    confidence, right = np.asarray([value for value, _ in answers]), np.asarray([good for _, good in answers], dtype=bool)
    steps = quantiles(confidence)

    def power(step: float) -> float:
        above = confidence >= step
        wrong = (int((above & ~right).sum()) + 1) / (int(above.sum()) + 1)
        n = int(certifying * above.mean())
        allowed = next((k for k in range(n + 1) if lower_bound(n - k, n, config.delta) < config.target_precision), n + 1) - 1
        return float(binom.cdf(allowed, n, wrong))

    start = max(steps, key=lambda step: (power(step), step), default=0.0)
    return tuple(step for step in steps if step <= start)


def _observed(answers: Answers, target: float) -> float | None:
    """The smallest confidence from which on the share right, one more error allowed for, is at least the target."""
    best, wrong = None, 0
    for number, (confidence, right) in enumerate(sorted(answers, key=lambda pair: -pair[0]), 1):
        wrong += not right
        if number >= LEAST_AUTO and (wrong + 1) / (number + 1) <= 1 - target:
            best = confidence
    return best
