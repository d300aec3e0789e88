"""Tagger: everything from a raw message to its tag, as one object that a bundle holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.messages import Message
from models.calibration import Calibration
from models.classifier import Scores, TopicClassifier
from models.decision import Decider, Tag
from models.encoders import Vectors
from models.openset import Neighbours, signals
from models.prepare import Preparation, Prepared


@dataclass(frozen=True)
class Prediction:
    """Probabilities of n texts: topics (n, topics), leaves (n, leaves), unknown (n,); and what they were read from."""

    prepared: list[Prepared]
    vectors: Vectors
    scores: Scores
    topics: Scores
    leaves: Scores
    unknown: npt.NDArray[np.float64]


class Tagger:
    """A fitted classifier with its calibration, memory of prototypes and rules."""

    def __init__(self, classifier: TopicClassifier, calibration: Calibration, neighbours: Neighbours, decider: Decider) -> None:
        self.classifier, self.calibration, self.neighbours, self.decider = classifier, calibration, neighbours, decider
        self._prepare = Preparation(classifier.repair, classifier.lang)
        self._leaf_topics = classifier.leaf_topics_in(decider.topics)

    @property
    def version(self) -> str:
        """The model's version, as every tag names it."""
        return self.decider.model

    def predict(self, texts: Sequence[str]) -> Prediction:
        """Probabilities of n raw texts."""
        prepared = [self._prepare(text) for text in texts]
        read = [item.text for item in prepared]
        return self.predict_prepared(prepared, self.classifier.encode(read))

    def predict_prepared(self, prepared: list[Prepared], vectors: Vectors) -> Prediction:
        """Probabilities of n prepared texts whose encodings, (n, dimension), are known."""
        scores = self.classifier.leaf_scores(self.classifier.features_.transform([item.text for item in prepared]), vectors)
        unlike = signals(scores, vectors, self.neighbours, self._leaf_topics)
        leaves, unknown = self.calibration.leaves(scores, unlike, self._leaf_topics)
        return Prediction(prepared, vectors, scores, self.calibration.topics(leaves, unknown, self._leaf_topics), leaves, unknown)

    def tag(self, messages: Sequence[Message], with_repairs: bool = False) -> list[Tag]:
        """Tags of messages, in their order."""
        readable = [number for number, message in enumerate(messages) if not message.is_attachment_only]
        tags: list[Tag | None] = [self.decider.attachment(message.id) if message.is_attachment_only else None for message in messages]
        if readable:
            prediction = self.predict([messages[number].text for number in readable])
            for position, number in enumerate(readable):
                tags[number] = self.decider.tag(
                    messages[number].id,
                    prediction.topics[position],
                    prediction.leaves[position],
                    float(prediction.unknown[position]),
                    prediction.prepared[position].repairs if with_repairs else None,
                )
        return [tag for tag in tags if tag is not None]
