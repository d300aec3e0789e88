"""Which words and repairs decided a tag, for and against, and what the message resembles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import RubricatorError
from data.messages import Message
from data.parsing import example_parser
from data.readers import corpus_files, read
from data.taxonomy import DEFAULT_PATH
from models.alignment import Alignment
from models.attribution import Floats, occlusion, sparse_shares, words
from models.decision import DECIMALS, Tag
from models.encoders import make_encoder

if TYPE_CHECKING:
    from models.tagger import Prediction, Tagger

CORPUS = DEFAULT_PATH.with_name("corpus")
EVIDENCE = 3
MAX_SHOWN = 20
"""So many phrases for and so many against are told of, the strongest ones."""
SMALLEST = 0.01


@dataclass(frozen=True, slots=True)
class Phrase:
    """Characters `start` to `end` of the client's own masked text, and what they add to the log-odds of the topic given (in nats)."""

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A message of the training set that the one explained resembles.

    `similarity` is the cosine of their encodings (the message stands for a cluster of its need); `text`, masked, only if it is a message of
    the bundled corpus.
    """

    id: str
    topic: str
    need: str | None
    similarity: float
    text: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a message got its tag.

    `text` is the client's own, masked, and what the phrases' offsets point into; `given` is the topic explained (or the no-request label),
    `instead_of` the next likely one: a phrase's weight says by how much it speaks for the one against the other. Strongest phrases first.
    """

    tag: Tag
    text: str
    given: str
    instead_of: str
    repairs: tuple[str, ...]
    supporting: tuple[Phrase, ...]
    opposing: tuple[Phrase, ...]
    evidence: tuple[Evidence, ...]

    def as_dict(self) -> dict[str, Any]:
        """The `explanation` member of a tag.

        {"text", "topic", "instead_of", "for": [{"text", "start", "end", "weight"}, ...], "against": [the same, weights below 0],
        "repairs": [...], "evidence": [{"id", "topic", "need", "similarity", "text"}, ...]}
        """
        return {
            "text": self.text,
            "topic": self.given,
            "instead_of": self.instead_of,
            "for": [asdict(phrase) for phrase in self.supporting],
            "against": [asdict(phrase) for phrase in self.opposing],
            "repairs": list(self.repairs),
            "evidence": [asdict(item) for item in self.evidence],
        }


def explain(tagger: Tagger, text: str) -> Explanation:
    """Tag a raw text and say why."""
    prediction = tagger.predict([text])
    return explain_prediction(tagger, text, prediction, 0, tagger.decide(Message("message", text), prediction, 0, with_repairs=True))


def explain_prediction(tagger: Tagger, text: str, prediction: Prediction, position: int, tag: Tag) -> Explanation:
    """Say why the text at `position` of a prediction got its tag.

    A topic's score is taken as the mean of its leaves' scores by their probabilities; so the difference of two topics' scores is linear,
    and what the sparse features add to it is exact. The encoder's part is found by occlusion. Both are scaled as calibration scales them.
    """
    classifier, decider = tagger.classifier, tagger.decider
    prepared = prediction.prepared[position]
    shown = np.round(prediction.topics[position], DECIMALS)
    given, _ = decider.answer(shown)
    instead_of = next(decider.topics[number] for number in np.argsort(-shown, kind="stable") if decider.topics[number] != given)
    direction = _direction(tagger, prediction.leaves[position], given) - _direction(tagger, prediction.leaves[position], instead_of)
    direction *= tagger.calibration.sharpness
    ranges = words(prepared.text)
    sparse = sparse_shares(classifier.features_, prepared.text, classifier.weights_, direction)
    encoder, vector = make_encoder(classifier.encoder), prediction.vectors[position]
    dense = occlusion(encoder, prepared.text, vector, classifier.encoder_weights_ @ direction)
    weights = [float(sparse[start:end].sum() + part) for (start, end), part in zip(ranges, dense, strict=True)]
    # A lone surrogate cannot be sent on; "?" takes its place and moves nothing.
    own = prepared.masked.encode("utf-8", "replace").decode("utf-8")
    alignment = Alignment.of(text, tagger.preparation)
    phrases = _phrases(own, [(*alignment.place(*found), weight) for found, weight in zip(ranges, weights, strict=True)])
    supporting = sorted((phrase for phrase in phrases if phrase.weight >= SMALLEST), key=lambda phrase: (-phrase.weight, phrase.start))
    opposing = sorted((phrase for phrase in phrases if phrase.weight <= -SMALLEST), key=lambda phrase: (phrase.weight, phrase.start))
    return Explanation(
        tag=tag,
        text=own,
        given=given,
        instead_of=instead_of,
        repairs=prepared.repairs,
        supporting=tuple(supporting[:MAX_SHOWN]),
        opposing=tuple(opposing[:MAX_SHOWN]),
        evidence=_evidence(tagger, prediction, position),
    )


def _direction(tagger: Tagger, leaves: Floats, topic: str) -> Floats:
    """How much each leaf counts for a topic, (leaves,): its probability within it; zeros for a topic that was never learned from."""
    mine = np.asarray([leaf_topic == topic for leaf_topic, _ in tagger.classifier.leaves_])
    shares = np.where(mine, np.maximum(leaves, 1e-12), 0.0)
    return np.asarray(shares / shares.sum()) if mine.any() else shares


def _phrases(text: str, pieces: Sequence[tuple[int, int, float]]) -> list[Phrase]:
    """Pieces of the client's text with their weights; pieces that share characters are one."""
    merged: list[tuple[int, int, float]] = []
    for start, end, weight in sorted(pieces):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end), merged[-1][2] + weight)
        else:
            merged.append((start, end, weight))
    return [Phrase(text[start:end], start, end, round(weight, 3)) for start, end, weight in merged if end > start]


def _evidence(tagger: Tagger, prediction: Prediction, position: int) -> tuple[Evidence, ...]:
    neighbours, vector = tagger.neighbours, prediction.vectors[position]
    if not len(neighbours.vectors) or not vector.any():
        return ()
    similarity = neighbours.similarity(vector[None, :])[0]
    found: list[Evidence] = []
    for number in np.argsort(-similarity, kind="stable")[:EVIDENCE].tolist():
        topic, need = tagger.classifier.leaves_[neighbours.leaves[number]]
        name = neighbours.ids[number]
        # "~" begins what the maker of a noisy copy added to the id of the message it copied.
        known_topic, text = _corpus_texts().get(name.split("~")[0], ("", None))
        shown = tagger.preparation(text).masked if text is not None and known_topic == topic else None
        found.append(Evidence(name, topic, need or None, round(float(similarity[number]), 3), shown))
    return tuple(found)


@lru_cache(maxsize=1)
def _corpus_texts() -> dict[str, tuple[str, str]]:
    """(topic, text) of every message of the bundled corpus by id; nothing where it is not installed."""
    try:
        batch = read(corpus_files(CORPUS), example_parser(None))
    except RubricatorError:
        return {}
    return {example.id: (example.label, example.text) for example in batch.records}
