"""Probabilities into a Tag: what it is about, how sure, and whether a router may act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from data.taxonomy import Taxonomy

Status = Literal["auto", "review", "no_request"]
Reason = Literal["confident", "uncertain", "unfamiliar", "no_request"]
DECIMALS = 4  # probabilities are rounded before any threshold, so that a message gets the same tag alone and in any batch


@dataclass(frozen=True, slots=True)
class Tag:
    """What the model says of one message or conversation (the contract of the command line, the API, the stream and the store).

    `topic` is None with status no_request; with status review it may be the no-request label, where that is the best guess. `confidence` is
    the calibrated probability that the topic given is right.
    """

    id: str
    topic: str | None
    need: str | None
    confidence: float
    status: Status
    reason: Reason
    also: tuple[str, ...]
    queue: str | None
    priority: int
    ranking: tuple[tuple[str, float], ...]
    model: str
    repairs: tuple[str, ...] | None = None
    explanation: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of the contract; optional members only where they are set."""
        result = {
            name: getattr(self, name)
            for name in ("id", "topic", "need", "confidence", "status", "reason", "also", "queue", "priority", "ranking", "model")
        }
        result["also"] = list(self.also)
        result["ranking"] = [{"topic": topic, "probability": probability} for topic, probability in self.ranking]
        if self.repairs is not None:
            result["repairs"] = list(self.repairs)
        if self.explanation is not None:
            result["explanation"] = dict(self.explanation)
        return result


@dataclass(frozen=True)
class Thresholds:
    """From which probability on what is done; None: never.

    auto: route without a person. no_request: say that nothing has been asked. open: give the open topic from this probability of
    it on, whatever else seems likelier. also: name a further topic. need: name the need (its probability given the topic); below it the need is null,
    not a guess.
    """

    auto: float | None = None
    no_request: float | None = None
    open: float | None = None
    also: float = 0.2
    need: float = 0.4

    def as_dict(self) -> dict[str, float | None]:
        """Plain values for a manifest."""
        return asdict(self)


@dataclass(frozen=True)
class Candidates:
    """Thresholds that may be tested, fixed on messages that prove nothing, so that a later proof on other messages holds."""

    auto: tuple[float, ...] = ()
    no_request: tuple[float, ...] = ()


@dataclass(frozen=True)
class Decider:
    """The rules of one bundle: taxonomy, thresholds, and what every tag carries.

    `topics` are the columns of the probabilities, `leaves` the (topic, need) pairs of the leaf probabilities.
    """

    taxonomy: Taxonomy
    topics: tuple[str, ...]
    leaves: tuple[tuple[str, str], ...]
    thresholds: Thresholds
    model: str
    candidates: Candidates = Candidates()

    def tag(
        self,
        message_id: str,
        topics: npt.NDArray[np.float64],
        leaves: npt.NDArray[np.float64],
        unknown: float,
        repairs: Sequence[str] | None = None,
    ) -> Tag:
        """Decide on one message: (topics,) and (leaves,) probabilities, and the probability that it is like nothing known."""
        shown, leaves, unknown = np.round(topics, DECIMALS), np.round(leaves, DECIMALS), round(unknown, DECIMALS)
        order = np.argsort(-shown, kind="stable")
        ranking = tuple((self.topics[number], float(shown[number])) for number in order)
        best, confidence = self.answer(shown)
        status, reason = self._status(best, confidence, leaves, unknown)
        need = self._need(best, leaves, confidence)
        topic = None if status == "no_request" else best
        queue, priority = self.taxonomy.route(best, need)
        if status == "review":
            queue = self.taxonomy.review_queue
        also = tuple(
            name for name, probability in ranking if name != best and probability >= self.thresholds.also and name in self.taxonomy.topics
        )
        return Tag(
            id=message_id,
            topic=topic,
            need=need,
            confidence=confidence,
            status=status,
            reason=reason,
            also=() if status == "no_request" else also,
            queue=None if status == "no_request" else queue,
            priority=priority,
            ranking=ranking,
            model=self.model,
            repairs=None if repairs is None else tuple(repairs),
        )

    def answer(self, shown: npt.NDArray[np.float64]) -> tuple[str, float]:
        """The topic given and its probability, from (topics,) rounded probabilities."""
        best = int(np.argmax(shown))
        limit, name = self.thresholds.open, self.taxonomy.open_topic
        if limit is not None and name in self.topics and shown[self.topics.index(name)] >= limit:
            best = self.topics.index(name)
        return self.topics[best], float(shown[best])

    def attachment(self, message_id: str) -> Tag:
        """The tag of a message that is only an attachment: there is nothing to read, so nothing is asked."""
        label = self.taxonomy.no_request_label
        ranking = tuple((name, 1.0 if name == label else 0.0) for name in sorted(self.topics, key=lambda name: name != label))
        if label is None:
            return Tag(message_id, None, None, 0.0, "review", "unfamiliar", (), self.taxonomy.review_queue, 3, ranking, self.model)
        _, priority = self.taxonomy.route(label, self.taxonomy.attachment)
        return Tag(message_id, None, self.taxonomy.attachment, 1.0, "no_request", "no_request", (), None, priority, ranking, self.model)

    def _status(self, best: str, confidence: float, leaves: npt.NDArray[np.float64], unknown: float) -> tuple[Status, Reason]:
        limits = self.thresholds
        if best == self.taxonomy.no_request_label:
            if limits.no_request is not None and confidence >= limits.no_request:
                return "no_request", "no_request"
            return "review", "uncertain"
        if limits.auto is not None and confidence >= limits.auto:
            return "auto", "confident"
        known = max((float(value) for value, (topic, _) in zip(leaves, self.leaves, strict=True) if topic == best), default=0.0)
        return "review", "unfamiliar" if best == self.taxonomy.open_topic and unknown > known else "uncertain"

    def _need(self, best: str, leaves: npt.NDArray[np.float64], probability: float) -> str | None:
        mine = [(float(leaves[number]), need) for number, (topic, need) in enumerate(self.leaves) if topic == best and need]
        if not mine or probability <= 0:
            return None
        value, need = max(mine)
        return need if round(value / probability, DECIMALS) >= self.thresholds.need else None


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
    the first that fails ends it; so the family-wise error stays delta.

    Args:
        confidence: (n,) rounded probabilities of messages by certifying authors.
        right: (n,) whether the topic given was right.
        candidates: thresholds, any order.
        target: least share right.
        delta: accepted probability that the bound does not hold.
    """
    best = Certificate(target, delta, None, 0, 0, 0.0, len(confidence))
    for threshold in sorted(set(candidates), reverse=True):
        above = confidence >= threshold
        n, good = int(above.sum()), int(right[above].sum())
        bound = lower_bound(good, n, delta)
        if bound < target:
            if best.threshold is None:
                best = Certificate(target, delta, None, n, n - good, bound, len(confidence), _needed(good, n, target, delta))
            break
        best = Certificate(target, delta, float(threshold), n, n - good, bound, len(confidence))
    return best


def _needed(right: int, n: int, target: float, delta: float) -> int | None:
    """How many more messages at the strictest threshold would prove the target, the share right staying as it is; None: no number would."""
    share = right / n if n else 1.0
    if share <= target:
        return None
    total = max(n, 1)
    while lower_bound(int(share * total), total, delta) < target:
        total = int(total * 1.05) + 1
        if total > 10_000_000:
            return None
    return total - n
