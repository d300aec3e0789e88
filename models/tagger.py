"""Tagger: everything from a raw message to its tag, as one object that a bundle holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from data.messages import Message
from models.calibration import Calibration
from models.classifier import Scores, TopicClassifier
from models.conversation_weights import ConversationWeights
from models.decision import DECIMALS, Decider, Tag
from models.encoders import Vectors
from models.explain import explain_prediction
from models.openset import Neighbours, signals
from models.prepare import Preparation, Prepared

# By how much a logit may differ between a message alone and the same in a batch: products of float32 matrices depend on their shape
# (800 messages, the `use` encoder: at most 0.8e-5).
MARGIN = 2e-5


@dataclass(frozen=True)
class Prediction:
    """Probabilities of n texts: topics (n, topics), leaves (n, leaves), unknown (n,); and what they were read from."""

    prepared: list[Prepared]
    vectors: Vectors
    scores: Scores
    topics: Scores
    leaves: Scores
    unknown: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """A tag, and the client's own text with personal data masked: all that may be stored of it."""

    tag: Tag
    masked: str


class Tagger:
    """A fitted classifier with its calibration, memory of prototypes and rules, and what was learned from conversations, if anything."""

    def __init__(
        self,
        classifier: TopicClassifier,
        calibration: Calibration,
        neighbours: Neighbours,
        decider: Decider,
        conversation: ConversationWeights | None = None,
    ) -> None:
        self.classifier, self.calibration, self.neighbours, self.decider = classifier, calibration, neighbours, decider
        self.conversation = conversation
        self.preparation = Preparation(classifier.repair, classifier.lang)
        self._leaf_topics = classifier.leaf_topics_in(decider.topics)

    @property
    def version(self) -> str:
        """The model's version, as every tag names it."""
        return self.decider.model

    def with_decider(self, **changes: Any) -> Tagger:
        """The same model with other members of its decider (thresholds, candidates, model)."""
        return Tagger(self.classifier, self.calibration, self.neighbours, replace(self.decider, **changes), self.conversation)

    def with_conversation(self, weights: ConversationWeights) -> Tagger:
        """The same model with what was learned from conversations."""
        return Tagger(self.classifier, self.calibration, self.neighbours, self.decider, weights)

    def predict(self, texts: Sequence[str]) -> Prediction:
        """Probabilities of n raw texts.

        Where a last bit could tip the rounding, a text is computed once more alone: so its rounded probabilities are the same in any batch.
        """
        prepared = [self.preparation(text) for text in texts]
        together = self._predict(prepared)
        if len(prepared) > 1:
            for position in _tipping(together):
                alone = self._predict([prepared[position]])
                for name in ("vectors", "scores", "topics", "leaves", "unknown"):
                    getattr(together, name)[position] = getattr(alone, name)[0]
        return together

    def _predict(self, prepared: list[Prepared]) -> Prediction:
        return self.predict_prepared(prepared, self.classifier.encode([item.text for item in prepared]))

    def predict_prepared(self, prepared: list[Prepared], vectors: Vectors) -> Prediction:
        """Probabilities of n prepared texts whose encodings, (n, dimension), are known."""
        scores = self.classifier.leaf_scores(self.classifier.features_.transform([item.text for item in prepared]), vectors)
        unlike = signals(scores, vectors, self.neighbours, self._leaf_topics)
        leaves, unknown = self.calibration.leaves(scores, unlike)
        return Prediction(prepared, vectors, scores, self.calibration.topics(leaves, unknown, self._leaf_topics), leaves, unknown)

    def decide(self, message: Message, prediction: Prediction, position: int, with_repairs: bool = False) -> Tag:
        """The tag of the message at `position` of a prediction."""
        return self.decider.tag(
            message.id,
            prediction.topics[position],
            prediction.leaves[position],
            float(prediction.unknown[position]),
            prediction.prepared[position].repairs if with_repairs else None,
        )

    def tag(self, messages: Sequence[Message], with_repairs: bool = False) -> list[Tag]:
        """Tags of messages, in their order."""
        return [answer.tag for answer in self.answer(messages, with_repairs)]

    def answer(self, messages: Sequence[Message], with_repairs: bool = False, explain: bool = False) -> list[Answer]:
        """Tags of messages with their masked texts, in their order.

        With `explain` a tag says why it was given (`models.explain.Explanation.as_dict`), some 20 ms a message; nothing for an attachment.
        """
        readable = [number for number, message in enumerate(messages) if not message.is_attachment_only]
        prediction = self.predict([messages[number].text for number in readable]) if readable else None
        answers = [Answer(self.decider.attachment(message.id), "") for message in messages]
        for position, number in enumerate(readable):
            assert prediction is not None  # noqa: S101 - there is one wherever something is readable
            message = messages[number]
            tag = self.decide(message, prediction, position, with_repairs)
            if explain:
                tag = replace(tag, explanation=explain_prediction(self, message.text, prediction, position, tag).as_dict())
            answers[number] = Answer(tag, prediction.prepared[position].masked)
        return answers


def _tipping(prediction: Prediction) -> npt.NDArray[np.intp]:
    """Positions of texts with a probability that a logit's error of MARGIN could bring over the point where its rounding tips."""
    probabilities = np.column_stack([prediction.topics, prediction.leaves, prediction.unknown])
    steps = probabilities * 10**DECIMALS
    reach = MARGIN * probabilities * (1 - probabilities) * 10**DECIMALS
    return np.flatnonzero((np.abs(steps - np.floor(steps) - 0.5) <= reach).any(axis=1))
