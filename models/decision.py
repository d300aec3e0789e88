"""Probabilities into a Tag: what it is about, how sure, and whether a router may act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

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
        need, share = self.likeliest_need(best, leaves, confidence)
        need = need if share >= self.thresholds.need else None
        topic = None if status == "no_request" else best
        queue, priority = self.taxonomy.route(best, need)
        if status == "review":
            queue = self.taxonomy.review_queue
        also = tuple(name for name, probability in self.further(best, ranking) if probability >= self.thresholds.also)
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

    def further(self, best: str, ranking: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """What may be named as further topics beside the answer, each with its probability, likeliest first."""
        return [(name, probability) for name, probability in ranking if name != best and name in self.taxonomy.topics]

    def likeliest_need(self, best: str, leaves: npt.NDArray[np.float64], probability: float) -> tuple[str | None, float]:
        """The likeliest need of the topic given and its rounded probability given the topic, from (leaves,) rounded probabilities."""
        mine = [(float(leaves[number]), need) for number, (topic, need) in enumerate(self.leaves) if topic == best and need]
        if not mine or probability <= 0:
            return None, 0.0
        value, need = max(mine)
        return need, round(value / probability, DECIMALS)
