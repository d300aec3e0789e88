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
BRIEF = 2  # the first groups of client turns


def choose_thresholds(
    rows: Sequence[ConversationRow], decider: Decider, weights: ConversationWeights, config: DecisionConfig, certifying: int
) -> ConversationWeights:
    """The weights with thresholds at which authors left out were observed to reach the target, and the candidates for a proof on others.

    At the end of a conversation, and, where few conversations end so early (BRIEF groups), also for what was right so far.

    Args:
        rows: answers of cross-validation inside the learning authors.
        decider: labels.
        weights: what else was learned.
        config: the target.
        certifying: how many conversations the candidates will be tested on.
    """
    silent, target = decider.taxonomy.no_request_label, config.target_precision
    asked = [(row.end.confidence, row.end.label == row.label) for row in rows if row.end.label != silent]
    end = _observed(asked, target)
    auto: list[float | None] = [end] * len(GROUPS)
    for place in range(BRIEF):
        last = [(row, said) for row in rows if (said := row.last_of(place)) and said.label != silent]
        own = _observed([(said.confidence, right_so_far(row, said)) for row, said in last], target)
        auto[place] = None if own is None or end is None else max(own, end)
    none = _observed([(row.end.confidence, row.end.label == row.label) for row in rows if row.end.label == silent], target)
    return replace(weights, auto=tuple(auto), no_request=none, candidates=_candidates(asked, certifying, config))


def _candidates(answers: Sequence[tuple[float, bool]], certifying: int, config: DecisionConfig) -> tuple[float, ...]:
    """Thresholds to test, from the one on that would most likely be proven by so many certifying conversations.

    Certifying conversations are few: where the test began at the strictest threshold, one error there, or too few answers, would end it. How
    likely a threshold is proven follows from the learning authors' answers: n = the share at or above it of the certifying conversations would
    be acted on, each wrong with probability (wrong + 1) / (answers + 1), and as many errors may be among n as leave the bound at the target.
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


def _observed(answers: Sequence[tuple[float, bool]], target: float) -> float | None:
    """The smallest confidence from which on the share right, one more error allowed for, is at least the target."""
    best, wrong = None, 0
    for number, (confidence, right) in enumerate(sorted(answers, key=lambda pair: -pair[0]), 1):
        wrong += not right
        if number >= LEAST_AUTO and (wrong + 1) / (number + 1) <= 1 - target:
            best = confidence
    return best
