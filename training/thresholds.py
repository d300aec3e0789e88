"""Thresholds: chosen on the calibrating messages, or fixed there as candidates and proven on the certifying ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.decision import DECIMALS, Candidates, Decider, Thresholds
from models.proof import Certificate, Cheapest, TopicProof, by_topic, certify, cheapest
from models.tagger import Prediction, Tagger
from training.config import DecisionConfig
from training.material import Material

FEW = 20  # on fewer messages nothing is chosen: the default stays
WORDS = {"also": ("a second topic", "named topics right"), "need": ("a need and the right topic", "named needs right")}
NEED_RIGHT = 0.85  # share right that named needs must reach among messages whose topic is right
ALSO_RIGHT = 0.5  # share right that further topics named must have on the calibrating messages


@dataclass(frozen=True)
class Choice:
    """A threshold chosen on the calibrating messages; `figure` is what it reaches there on n messages, None where the default stays."""

    threshold: float
    n: int
    figure: float | None

    def line(self, name: str) -> str:
        """What was chosen, in one sentence; `name` is a key of WORDS."""
        what, reached = WORDS[name]
        if self.figure is None and self.threshold == 1.0:
            return f"{name}: none is named, at no threshold are enough of {self.n} calibrating messages with {what} right"
        if self.figure is None:
            return f"{name}: from {self.threshold:.4f} on, the default: only {self.n} calibrating messages with {what}"
        return f"{name}: from {self.threshold:.4f} on; {reached} {self.figure:.4f} on {self.n} calibrating messages with {what}"


@dataclass(frozen=True)
class Proof:
    """Thresholds of automatic routing and of no_request with what was shown of them on the certifying messages."""

    thresholds: Thresholds
    auto: Certificate | Cheapest | None = None
    no_request: Certificate | None = None
    topics: Sequence[TopicProof] = ()


def choose(tagger: Tagger, hold: Material, open_cost: float) -> tuple[Tagger, dict[str, Choice]]:
    """The tagger with every threshold that needs no proof and the candidates for those that do, and what "also" and "need" rest on."""
    prediction = tagger.predict_prepared(hold.prepared, hold.vectors)
    tagger = tagger.with_decider(thresholds=Thresholds(open=open_threshold(tagger.decider, prediction, hold, open_cost)))
    also, need = also_threshold(tagger.decider, prediction, hold), need_threshold(tagger.decider, prediction, hold)
    thresholds = replace(tagger.decider.thresholds, also=also.threshold, need=need.threshold)
    tagger = tagger.with_decider(thresholds=thresholds, candidates=candidates_of(tagger.decider, prediction))
    return tagger, {"also": also, "need": need}


def open_threshold(decider: Decider, prediction: Prediction, hold: Material, cost: float) -> float | None:
    """The smallest threshold of the open-set test that costs known topics at most `cost` of their accuracy on the calibrating messages.

    It rests on the many messages of known topics, not on the few of the open one, and asks for no guess how many of those live traffic holds.
    None where there is no open topic or no cost is granted: then the open topic is given only where it is the likeliest.
    """
    name = decider.taxonomy.open_topic
    inside = np.asarray([label != name for label in hold.labels])
    if name not in decider.topics or not cost or not inside.any():
        return None
    topics = np.round(prediction.topics[inside], DECIMALS)
    right = np.asarray(decider.topics, dtype=object)[topics.argmax(axis=1)] == np.asarray(hold.labels, dtype=object)[inside]
    # Every right answer at or above the threshold is lost; the k-th largest probability of the open topic among right answers costs k of them.
    open_probability = np.sort(topics[right, decider.topics.index(name)])[::-1]
    granted = int(cost * len(right))
    return float(open_probability[granted] + 10.0**-DECIMALS) if granted < len(open_probability) else 0.0


def also_threshold(decider: Decider, prediction: Prediction, hold: Material) -> Choice:
    """The smallest threshold at which at least half of the further topics named are right; where none is, only certain ones (1.0).

    The probabilities are those of one topic a message, so that further topics are named seldom rather than wrongly.
    """
    spoken = sum(bool(example.also) for example in hold.examples)
    if spoken < FEW:
        return Choice(Thresholds().also, spoken, None)
    pairs = [
        (chance, name in example.also)
        for example, row in zip(hold.examples, np.round(prediction.topics, DECIMALS), strict=True)
        for name, chance in decider.further(decider.answer(row)[0], list(zip(decider.topics, row.tolist(), strict=True)))
    ]
    probability, hit, last = _ranked(pairs)
    right = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    enough = last[right[last] >= ALSO_RIGHT]
    if not len(enough):
        return Choice(1.0, spoken, None)
    return Choice(float(probability[enough[-1]]), spoken, float(right[enough[-1]]))


def need_threshold(decider: Decider, prediction: Prediction, hold: Material) -> Choice:
    """The smallest threshold at which named needs are right often enough (NEED_RIGHT) where the topic, a request, is right.

    Where none is, only needs that are as good as certain (1.0) are named.
    """
    pairs = []
    topics, leaves = np.round(prediction.topics, DECIMALS), np.round(prediction.leaves, DECIMALS)
    for number, (label, gold) in enumerate(zip(hold.labels, hold.needs, strict=True)):
        answer, confidence = decider.answer(topics[number])
        if gold and answer == label != decider.taxonomy.no_request_label:
            need, share = decider.likeliest_need(answer, leaves[number], confidence)
            pairs.append((share, need == gold))
    if len(pairs) < FEW:
        return Choice(Thresholds().need, len(pairs), None)
    shares, hit, last = _ranked(pairs)
    right = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    enough = last[right[last] >= NEED_RIGHT]
    if not len(enough):
        return Choice(1.0, len(pairs), 0.0)
    return Choice(float(shares[enough[-1]]), len(pairs), float(right[enough[-1]]))


def _ranked(pairs: Sequence[tuple[float, bool]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Values in falling order, whether each was a hit, and the last position of every value: where a threshold can cut."""
    value = np.asarray([value for value, _ in pairs])
    order = np.argsort(-value, kind="stable")
    value = value[order]
    return value, np.asarray([hit for _, hit in pairs])[order], np.flatnonzero(np.append(value[1:] != value[:-1], True))


def candidates_of(decider: Decider, prediction: Prediction) -> Candidates:
    """Thresholds to test later, from messages that do not prove anything: quantiles of their confidences."""
    answer, confidence = answers(decider, prediction)
    silent = answer == decider.taxonomy.no_request_label
    return Candidates(tuple(quantiles(confidence[~silent])), tuple(quantiles(confidence[silent])))


def quantiles(confidence: npt.NDArray[np.float64]) -> list[float]:
    """Thresholds to test: quantiles of other messages' confidences, for coverages from a quarter to all in steps of 2.5 points."""
    if not len(confidence):
        return []
    return sorted({float(np.round(np.quantile(confidence, 1 - step / 40), DECIMALS)) for step in range(10, 41)})


def answers(decider: Decider, prediction: Prediction) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
    """The label given to each of n texts and its rounded probability."""
    given = [decider.answer(row) for row in np.round(prediction.topics, DECIMALS)]
    return np.asarray([topic for topic, _ in given], dtype=object), np.asarray([confidence for _, confidence in given])


def prove(tagger: Tagger, steps: Candidates, material: Material, config: DecisionConfig) -> Proof:
    """Thresholds with what the certifying authors' messages show of them; the candidates were fixed on others.

    Where costs are given automatic routing gets the cheapest threshold in place of one that is proven to reach the target.
    """
    if not material.examples:
        return Proof(tagger.decider.thresholds)
    label, costs = tagger.decider.taxonomy.no_request_label, config.costs
    answer, confidence = answers(tagger.decider, tagger.predict_prepared(material.prepared, material.vectors))
    gold = np.asarray(material.labels, dtype=object)
    silent, right = answer == label, answer == gold
    asked, asked_right = confidence[~silent], right[~silent]
    auto: Certificate | Cheapest
    if costs.given:
        auto = cheapest(asked, asked_right, steps.auto, costs.wrong, costs.review, config.delta)
    else:
        auto = certify(asked, asked_right, steps.auto, config.target_precision, config.delta)
    nothing = None
    if label is not None:
        # The error of this action is to overlook a real request; the no-request label itself is all that counts as right.
        nothing = certify(confidence[silent], gold[silent] == label, steps.no_request, 1 - config.max_swallowed, config.delta)
    thresholds = replace(tagger.decider.thresholds, auto=auto.threshold, no_request=nothing.threshold if nothing else None)
    return Proof(thresholds, auto, nothing, by_topic(answer[~silent], asked, asked_right, auto.threshold, config.delta))
