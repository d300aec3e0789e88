"""One run of training: learn on some authors, calibrate on others, prove on others again, measure on the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from data import split
from data.errors import DataError
from data.taxonomy import Taxonomy
from experiments.predictions import Predictions, Row
from models.calibration import Calibration
from models.classifier import Scores, TopicClassifier
from models.decision import DECIMALS, Candidates, Certificate, Decider, Thresholds, certify
from models.features import TextFeatures
from models.openset import Neighbours, signals
from models.tagger import Prediction, Tagger
from training.config import Config
from training.material import SPOILT, Material, classifier_of
from training.progress import Progress

Calibrated = tuple[Scores, Scores, npt.NDArray[np.intp]]
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Fitted:
    """What a run of training gives: the tagger that ships, what was proven of it, and its predictions on every held-out part."""

    tagger: Tagger
    auto: Certificate | None
    no_request: Certificate | None
    predictions: Predictions


def fit(parts: dict[str, Material], taxonomy: Taxonomy, config: Config, progress: Progress) -> Fitted:
    """Fit, calibrate, certify, predict.

    Nothing is fitted again after certifying: the model that is certified is the model that ships.

    Raises:
        DataError: fewer than two topics to learn from.
    """
    learn, hold = parts["fit"], parts["calibrate"]
    if len(set(learn.labels)) < 2:
        raise DataError(f"only one topic ({learn.labels[0]!r}) to learn from; give messages of at least two")
    with progress.task("learning", len(learn.examples)):
        classifier = fit_classifier(learn, config)
    topics = tuple(label for label in taxonomy.labels if label in {*classifier.classes_, taxonomy.open_topic})
    number = {leaf: position for position, leaf in enumerate(classifier.leaves_)}
    leaves = np.asarray([number[label, need or ""] for label, need in zip(learn.labels, learn.needs, strict=True)])
    with progress.task("learning prototypes", len(learn.examples)):
        neighbours = Neighbours.learn(
            learn.vectors, leaves, [example.id for example in learn.examples], config.decision.prototypes, config.seed
        )
    with progress.task("calibrating", len(hold.examples)):
        calibration = calibrate(classifier, neighbours, learn, hold, topics, taxonomy, config)
    tagger = Tagger(classifier, calibration, neighbours, Decider(taxonomy, topics, tuple(classifier.leaves_), Thresholds(), UNNAMED))
    tagger = tagger.with_decider(thresholds=Thresholds(open=open_threshold(tagger, hold, config.decision.open_cost)))
    tagger = tagger.with_decider(candidates=candidates_of(tagger, hold))
    thresholds, auto, no_request = prove(tagger, tagger.decider.candidates, parts["certify"], config)
    tagger = tagger.with_decider(thresholds=thresholds)
    rows: list[Row] = []
    for name in ("calibrate", "certify", "test"):
        if parts[name].examples:
            with progress.task(f"predicting: {name}", len(parts[name].examples)):
                rows += predict(tagger, parts[name], name)
    return Fitted(tagger, auto, no_request, Predictions(rows, taxonomy.no_request_label, taxonomy.open_topic))


def fit_classifier(material: Material, config: Config) -> TopicClassifier:
    """The classifier of prepared material."""
    classifier = classifier_of(config)
    classifier.classes_ = np.unique(np.asarray(material.labels))
    classifier.features_ = _features(classifier, material.texts)
    return classifier.fit_leaves(classifier.features_.transform(material.texts), material.vectors, material.labels, material.needs)


def _features(classifier: TopicClassifier, texts: Sequence[str]) -> TextFeatures:
    return TextFeatures(classifier.lang, classifier.words, classifier.characters, classifier.lemmas).fit(texts)


def calibrate(
    classifier: TopicClassifier,
    neighbours: Neighbours,
    learn: Material,
    hold: Material,
    topics: tuple[str, ...],
    taxonomy: Taxonomy,
    config: Config,
) -> Calibration:
    """Fit the calibration on the calibrating authors.

    With an `unseen_weight`, messages of every need of the open topic are scored once more by a classifier that was not shown that need, so
    that the weights of the unlikeness signals are learned on kinds that are truly new. They take that share of the open topic's weight: more of
    it finds more new kinds and costs known ones (figures in experiments/LOG.md).
    """
    leaf_topics = classifier.leaf_topics_in(topics)
    open_topic = topics.index(taxonomy.open_topic) if taxonomy.open_topic in topics else None
    gold = np.asarray([topics.index(label) if label in topics else -1 for label in hold.labels])
    matrix = classifier.features_.transform(hold.texts)
    scores = classifier.leaf_scores(matrix, hold.vectors)
    parts: list[Calibrated] = [(scores, signals(scores, hold.vectors, neighbours, leaf_topics), gold)]
    share = config.decision.unseen_weight
    if open_topic is not None and share:
        parts += unseen(classifier, neighbours, learn, hold, topics, open_topic, config)
    every, unlike, right = (np.concatenate([part[position] for part in parts]) for position in range(3))
    weight = np.ones(len(right))
    if len(parts) > 1:
        weight[right == open_topic] = 1 - share
        weight[len(gold) :] = share
    known = right >= 0
    return Calibration.fit(every[known], unlike[known], right[known], leaf_topics, len(topics), open_topic, weight[known])


def unseen(
    classifier: TopicClassifier,
    neighbours: Neighbours,
    learn: Material,
    hold: Material,
    topics: tuple[str, ...],
    open_topic: int,
    config: Config,
) -> list[Calibrated]:
    """Held-back messages of each need of the open topic, scored by a classifier that never saw the need (its leaf can never win)."""
    from joblib import Parallel, delayed

    name = topics[open_topic]
    kinds = sorted({need for label, need in classifier.leaves_ if label == name and need})
    if len(kinds) < 3:
        return []
    learned, held = classifier.features_.transform(learn.texts), classifier.features_.transform(hold.texts)
    leaf_topics = classifier.leaf_topics_in(topics)

    def one(kind: str) -> Calibrated:
        stay = np.asarray([need != kind for need in learn.needs])
        other = classifier_of(config)
        other.fit_leaves(
            learned[stay],
            learn.vectors[stay],
            [x for x, s in zip(learn.labels, stay, strict=True) if s],
            [x for x, s in zip(learn.needs, stay, strict=True) if s],
        )
        mine = np.asarray([label == name and need == kind for label, need in zip(hold.labels, hold.needs, strict=True)])
        blind = other.leaf_scores(held[mine], hold.vectors[mine])
        scores = np.full((int(mine.sum()), len(classifier.leaves_)), blind.min() - 10.0)
        scores[:, [classifier.leaves_.index(leaf) for leaf in other.leaves_]] = blind
        memory = neighbours.without(classifier.leaves_.index((name, kind)))
        return scores, signals(scores, hold.vectors[mine], memory, leaf_topics), np.full(len(scores), open_topic)

    return list(Parallel(n_jobs=config.jobs)(delayed(one)(kind) for kind in kinds))


def prove(tagger: Tagger, steps: Candidates, proof: Material, config: Config) -> tuple[Thresholds, Certificate | None, Certificate | None]:
    """Thresholds with their certificates, from the certifying authors; the candidates were fixed on others."""
    if not proof.examples:
        return tagger.decider.thresholds, None, None
    decision, label = config.decision, tagger.decider.taxonomy.no_request_label
    answer, confidence = answers(tagger, proof)
    gold = np.asarray(proof.labels, dtype=object)
    silent = answer == label
    auto = certify(confidence[~silent], (answer == gold)[~silent], steps.auto, decision.target_precision, decision.delta)
    nothing = None
    if label is not None:
        # The error of this action is to overlook a real request; the no-request label itself is all that counts as right.
        nothing = certify(confidence[silent], gold[silent] == label, steps.no_request, 1 - decision.max_swallowed, decision.delta)
    thresholds = replace(tagger.decider.thresholds, auto=auto.threshold, no_request=nothing.threshold if nothing else None)
    return thresholds, auto, nothing


def answers(tagger: Tagger, material: Material) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
    """The most probable label of n examples and its rounded probability."""
    prediction = tagger.predict_prepared(material.prepared, material.vectors)
    given = [tagger.decider.answer(row) for row in np.round(prediction.topics, DECIMALS)]
    return np.asarray([topic for topic, _ in given], dtype=object), np.asarray([confidence for _, confidence in given])


def open_threshold(tagger: Tagger, hold: Material, cost: float) -> float | None:
    """The smallest threshold of the open-set test that costs known topics at most `cost` of their accuracy on the calibrating messages.

    It rests on the many messages of known topics, not on the few of the open one, and asks for no guess how many of those live traffic holds.
    None where there is no open topic or no cost is granted: then the open topic is given only where it is the likeliest.
    """
    name = tagger.decider.taxonomy.open_topic
    inside = np.asarray([label != name for label in hold.labels])
    if name not in tagger.decider.topics or not cost or not inside.any():
        return None
    topics = np.round(tagger.predict_prepared(hold.prepared, hold.vectors).topics[inside], DECIMALS)
    right = np.asarray(tagger.decider.topics, dtype=object)[topics.argmax(axis=1)] == np.asarray(hold.labels, dtype=object)[inside]
    # Every right answer at or above the threshold is lost; the k-th largest probability of the open topic among right answers costs k of them.
    open_probability = np.sort(topics[right, tagger.decider.topics.index(name)])[::-1]
    granted = int(cost * len(right))
    return float(open_probability[granted] + 10.0**-DECIMALS) if granted < len(open_probability) else 0.0


def candidates_of(tagger: Tagger, hold: Material) -> Candidates:
    """Thresholds to test later, from messages that do not prove anything: quantiles of their confidences."""
    answer, confidence = answers(tagger, hold)
    silent = answer == tagger.decider.taxonomy.no_request_label
    return Candidates(tuple(quantiles(confidence[~silent])), tuple(quantiles(confidence[silent])))


def quantiles(confidence: npt.NDArray[np.float64]) -> list[float]:
    """Thresholds to test: quantiles of other messages' confidences, for coverages from a quarter to all in steps of 2.5 points."""
    if not len(confidence):
        return []
    return sorted({float(np.round(np.quantile(confidence, 1 - step / 40), DECIMALS)) for step in range(10, 41)})


def predict(tagger: Tagger, material: Material, name: str) -> list[Row]:
    """One row for every example."""
    prediction: Prediction = tagger.predict_prepared(material.prepared, material.vectors)
    rows = []
    for position, example in enumerate(material.examples):
        unknown = float(prediction.unknown[position])
        tag = tagger.decider.tag(
            example.id, prediction.topics[position], prediction.leaves[position], unknown, material.prepared[position].repairs
        )
        rows.append(Row.of(example, tag, name, unknown))
    return rows


def cross_validate(material: Material, taxonomy: Taxonomy, config: Config, progress: Callable[[int], None] = lambda _: None) -> list[Row]:
    """Author-grouped cross-validation over all material, without thresholds: rows of the set "cross-validation"."""
    from joblib import Parallel, delayed

    count = min(config.split.folds, len({example.group for example in material.examples}))
    rare = [label for label, n in Counter(material.labels).items() if n < count]
    if rare:
        raise DataError(
            f"topic {sorted(rare)[0]!r} has fewer examples than the {count} folds; add examples or lower [split] folds (0: none)"
        )
    fold = np.asarray(split.folds([example.group for example in material.examples], material.labels, count, config.seed))

    measured = np.asarray([example.slice != SPOILT for example in material.examples])

    def one(number: int) -> list[Row]:
        learn, hold = material.take(np.flatnonzero(fold != number)), material.take(np.flatnonzero((fold == number) & measured))
        classifier = fit_classifier(learn, config)
        topics = tuple(label for label in taxonomy.labels if label in classifier.classes_)
        plain = Calibration(classifier.sharpness, np.zeros(0), 0.0, len(topics), None)
        nothing = Neighbours(np.zeros((0, learn.vectors.shape[1]), dtype=np.float32), np.zeros(0, dtype=np.intp), [])
        return predict(
            Tagger(classifier, plain, nothing, Decider(taxonomy, topics, tuple(classifier.leaves_), Thresholds(), UNNAMED)),
            hold,
            "cross-validation",
        )

    rows: list[Row] = []
    for done, part in enumerate(Parallel(n_jobs=config.jobs, return_as="generator")(delayed(one)(number) for number in range(count)), 1):
        rows += part
        progress(done)
    return rows
