"""Turns of many conversations read together: each text is prepared and scored once, however many ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.messages import Turn
from models.classifier import Scores
from models.conversation import ConversationReader
from models.conversation_state import State
from models.conversation_weights import ConversationWeights
from models.prepare import Prepared
from models.tagger import Prediction, Tagger


@dataclass(frozen=True, slots=True)
class Going:
    """A conversation that goes on: where it stood, and the turns that came, each with its message's id ("": it has none)."""

    state: State
    turns: tuple[tuple[Turn, str], ...]


class ConversationBatch:
    """Reads conversations with a memory of texts that lasts until `forget`.

    A turn costs at most one text beside the message's own: what was computed for the message's own tag is taken over by `learn`, and all
    further texts of a batch are computed together by `read_ahead`. Scores of a text in different batches differ in their last bits
    (measured: at most 1.2e-6), which can move a probability of a conversation by one in its fourth decimal.

    Attributes:
        reader: the ConversationReader with this memory.
    """

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._prepared: dict[str, Prepared] = {}
        self._scores: dict[str, Scores] = {}
        weights = tagger.conversation or ConversationWeights()
        self.reader = ConversationReader(self._score, lambda text: self.prepare(text).text, tagger.decider, weights)

    def forget(self) -> None:
        """Let go of all texts."""
        self._prepared.clear()
        self._scores.clear()

    def prepare(self, text: str) -> Prepared:
        """A raw text, repaired and masked."""
        if text not in self._prepared:
            self._prepared[text] = self._tagger.preparation(text)
        return self._prepared[text]

    def learn(self, texts: Sequence[str], prediction: Prediction) -> None:
        """Remember what has been computed of raw texts."""
        for text, prepared, scores in zip(texts, prediction.prepared, prediction.scores, strict=True):
            self._prepared[text] = prepared
            self._scores[prepared.text] = scores

    def read_ahead(self, many: Sequence[Going]) -> None:
        """Score all texts that `read` will ask for, together: which they are depends on no score, so a dry reading names them."""
        if sum(len(going.turns) for going in many) < 2:
            return  # a turn asks for all its texts at once anyway
        asked: dict[str, None] = {}

        def note(texts: Sequence[str]) -> Scores:
            asked.update(dict.fromkeys(texts))
            return np.zeros((len(texts), len(self.reader.leaf_topics)))

        dry = ConversationReader(note, self.reader.prepare, self.reader.decider, self.reader.weights)
        for going in many:
            state = going.state
            for turn, message_id in going.turns:
                state = dry.advance(state, turn, message_id)
        self._compute(list(asked))

    def read(self, going: Going) -> list[State]:
        """The state after each turn, in their order; at least one turn is expected."""
        states = [going.state]
        for turn, message_id in going.turns:
            states.append(self.reader.advance(states[-1], turn, message_id))
        return states[1:]

    def _score(self, texts: Sequence[str]) -> Scores:
        self._compute(texts)
        return np.stack([self._scores[text] for text in texts])

    def _compute(self, texts: Sequence[str]) -> None:
        classifier = self._tagger.classifier
        if missing := [text for text in dict.fromkeys(texts) if text not in self._scores]:
            scores = classifier.leaf_scores(classifier.features_.transform(missing), classifier.encode(missing))
            self._scores.update(zip(missing, scores, strict=True))
