"""What is proven of a threshold, and which one is the cheapest, on messages of authors that neither fitted nor calibrated the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

OWN = 500  # auto messages of a topic from which on a threshold of its own could be proven


@dataclass(frozen=True)
class Certificate:
    """What was proven of one threshold on authors that neither fitted nor calibrated the model.

    n messages were at or above it, errors of them wrong; with probability 1 - delta the share right is at least `bound`. Without a threshold,
    `needed` estimates how many more messages of this kind would prove the target.
    """

    target: float
    delta: float
    threshold: float | None
    n: int
    errors: int
    bound: float
    total: int
    needed: int | None = None

    @property
    def coverage(self) -> float:
        """Share of all messages at or above the threshold."""
        return self.n / self.total if self.total else 0.0


@dataclass(frozen=True)
class Cheapest:
    """The threshold with the least expected cost, in place of a proof that a target is reached.

    A wrong topic among auto costs `wrong`, a message left to a person `review`. n messages were at or above the threshold (None: none should be
    auto), errors of them wrong; `cost` is the mean cost a message, with probability 1 - delta it is at most `bound`.
    """

    wrong: float
    review: float
    delta: float
    threshold: float | None
    n: int
    errors: int
    cost: float
    bound: float
    total: int

    @property
    def coverage(self) -> float:
        """Share of all messages at or above the threshold."""
        return self.n / self.total if self.total else 0.0


@dataclass(frozen=True)
class TopicProof:
    """What one threshold for all topics does on one of them: n messages auto, errors of them wrong, the share right at least `bound`.

    Each bound holds by itself with probability 1 - delta, not all of them together.
    """

    topic: str
    n: int
    errors: int
    bound: float


def lower_bound(right: int, n: int, delta: float = 0.05) -> float:
    """One-sided lower confidence bound of a share (Clopper and Pearson 1934)."""
    return float(beta.ppf(delta, right, n - right + 1)) if right else 0.0


def certify(
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    candidates: Sequence[float],
    target: float = 0.97,
    delta: float = 0.05,
) -> Certificate:
    """The smallest threshold at which the share right is proven to be at least the target.

    Fixed-sequence testing (Maurer, Hothorn and Lehmacher 1995; used so in Learn then Test, Angelopoulos et al. 2021, arXiv:2110.01052): the
    candidates, fixed beforehand on other messages, are tested from the strictest on, each at level delta with the exact binomial bound, and
    the first that fails ends it; so the family-wise error stays delta. Candidates that so few messages reach that not even all right would prove
    the target are passed over: how many reach them says nothing of how many are right.

    Args:
        confidence: (n,) rounded probabilities of messages by certifying authors.
        right: (n,) whether the topic given was right.
        candidates: thresholds, any order.
        target: least share right.
        delta: accepted probability that the bound does not hold.
    """
    best = Certificate(target, delta, None, 0, 0, 0.0, len(confidence))
    lowest = min(candidates, default=0.0)
    for threshold in sorted(set(candidates), reverse=True):
        above = confidence >= threshold
        n, good = int(above.sum()), int(right[above].sum())
        bound = lower_bound(good, n, delta)
        if bound < target:
            if lower_bound(n, n, delta) < target and threshold != lowest:
                continue
            if best.threshold is None:
                best = Certificate(target, delta, None, n, n - good, bound, len(confidence), _needed(good, n, target, delta))
            break
        best = Certificate(target, delta, float(threshold), n, n - good, bound, len(confidence))
    return best


def _needed(right: int, n: int, target: float, delta: float) -> int | None:
    """How many more messages at this threshold would prove the target, the share right staying as it is; None: no number would."""
    share = right / n if n else 1.0
    if share <= target:
        return None
    total = max(n, 1)
    while lower_bound(int(share * total), total, delta) < target:
        total = int(total * 1.05) + 1
        if total > 10_000_000:
            return None
    return total - n


def cheapest(
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    candidates: Sequence[float],
    wrong: float,
    review: float,
    delta: float = 0.05,
) -> Cheapest:
    """The candidate with the least expected cost, or none where a person for every message is cheaper still.

        cost(t) = wrong * share of messages that are at or above t and wrong + review * share of messages below t

    This is the reject rule of Chow (1970), whose best threshold is 1 - review / wrong where the probabilities are exact, with the threshold
    taken from what happened instead. Of equal costs the strictest wins. The bound puts exact binomial upper bounds in place of both shares, each
    at level delta / (2 * number of candidates): it holds although the threshold was chosen on the same messages.

    Args:
        confidence: (n,) rounded probabilities of messages by certifying authors.
        right: (n,) whether the topic given was right.
        candidates: thresholds fixed beforehand on other messages, any order.
        wrong: cost of a wrong topic among auto, above `review`.
        review: cost of a message that a person looks at, above 0.
        delta: accepted probability that the bound does not hold.
    """
    total, steps = len(confidence), sorted(set(candidates), reverse=True)
    best = Cheapest(wrong, review, delta, None, 0, 0, review, review, total)
    for threshold in steps if total else ():
        above = confidence >= threshold
        n, errors = int(above.sum()), int((above & ~right).sum())
        cost = (wrong * errors + review * (total - n)) / total
        if cost < best.cost:
            level = delta / (2 * len(steps))
            most = wrong * (1 - lower_bound(total - errors, total, level)) + review * (1 - lower_bound(n, total, level))
            best = Cheapest(wrong, review, delta, float(threshold), n, errors, cost, most, total)
    return best


def by_topic(
    topics: npt.NDArray[np.object_],
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    threshold: float | None,
    delta: float = 0.05,
) -> list[TopicProof]:
    """What the one threshold does on every topic given at or above it, the least sure first; a report, no threshold follows from it.

    Args:
        topics: (n,) topics given.
        confidence: (n,) rounded probabilities.
        right: (n,) whether the topic given was right.
        threshold: None: nothing is auto, so nothing is said.
        delta: accepted probability that one bound does not hold.
    """
    if threshold is None:
        return []
    above = confidence >= threshold
    found = []
    for topic in sorted(set(topics[above])):
        mine = right[above & (topics == topic)]
        found.append(TopicProof(str(topic), len(mine), int((~mine).sum()), lower_bound(int(mine.sum()), len(mine), delta)))
    return sorted(found, key=lambda item: (item.bound, item.topic))
