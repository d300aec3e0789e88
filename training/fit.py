"""One run of training: learn on some authors, calibrate on others, prove on others again, measure on the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from data import split
from data.errors import DataError
from data.taxonomy import Taxonomy
from experiments.predictions import Predictions, Row
from models.calibration import Calibration
from models.classifier import Scores, TopicClassifier
from models.decision import Decider, Thresholds
from models.features import TextFeatures
from models.openset import Neighbours, signals
from models.tagger import Prediction, Tagger
from training.config import Config
from training.material import SPOILT, TOLD, Material, classifier_of
from training.progress import Progress
from training.thresholds import Choice, Proof, choose, prove

Calibrated = tuple[Scores, Scores, npt.NDArray[np.intp]]
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Fitted:
    """What a run of training gives: the tagger that ships, what was proven of it, and its predictions on every held-out part.

    `choices` are the thresholds "also" and "need"; `label_shares` are the labels' shares among the calibrating messages, which the
    probabilities rest on.
    """

    tagger: Tagger
    proof: Proof
    choices: Mapping[str, Choice]
    label_shares: Mapping[str, float]
    predictions: Predictions
    learned_from: int


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
        features = features_of(config)
        matrix = features.fit_transform(learn.texts)
        classifier = fit_on(matrix, learn, config)
        classifier.features_ = features
    topics = tuple(label for label in taxonomy.labels if label in {*classifier.classes_, taxonomy.open_topic})
    number = {leaf: position for position, leaf in enumerate(classifier.leaves_)}
    leaves = np.asarray([number[label, need or ""] for label, need in zip(learn.labels, learn.needs, strict=True)])
    messages = np.flatnonzero([example.slice != TOLD for example in learn.examples])
    with progress.task("learning prototypes", len(messages)):
        ids = [learn.examples[number].id for number in messages]
        neighbours = Neighbours.learn(learn.vectors[messages], leaves[messages], ids, config.decision.prototypes, config.seed)
    with progress.task("calibrating", len(hold.examples)):
        calibration = calibrate(classifier, neighbours, learn, matrix, hold, topics, taxonomy, config)
    tagger = Tagger(classifier, calibration, neighbours, Decider(taxonomy, topics, tuple(classifier.leaves_), Thresholds(), UNNAMED))
    tagger, choices = choose(tagger, hold, config.decision.open_cost)
    proof = prove(tagger, tagger.decider.candidates, parts["certify"], config.decision)
    tagger = tagger.with_decider(thresholds=proof.thresholds)
    rows: list[Row] = []
    for name in ("calibrate", "certify", "test"):
        if parts[name].examples:
            with progress.task(f"predicting: {name}", len(parts[name].examples)):
                rows += predict(tagger, parts[name], name)
    predictions = Predictions(rows, taxonomy.no_request_label, taxonomy.open_topic)
    return Fitted(tagger, proof, choices, label_shares(hold.labels, topics), predictions, len(learn.examples))


def label_shares(labels: Sequence[str], topics: Sequence[str]) -> dict[str, float]:
    """The share of every topic among the labels that are topics."""
    counts = Counter(labels)
    total = sum(counts[topic] for topic in topics)
    return {topic: counts[topic] / total for topic in topics}


def fit_classifier(material: Material, config: Config) -> TopicClassifier:
    """The classifier of prepared material."""
    features = features_of(config)
    classifier = fit_on(features.fit_transform(material.texts), material, config)
    classifier.features_ = features
    return classifier


def fit_on(matrix: sparse.csr_matrix, material: Material, config: Config) -> TopicClassifier:
    """The linear part of prepared material's classifier, from its (n, features) matrix; what made the matrix is not part of it."""
    classifier = classifier_of(config)
    classifier.classes_ = np.unique(np.asarray(material.labels))
    return classifier.fit_leaves(matrix, material.vectors, material.labels, material.needs)


def features_of(config: Config) -> TextFeatures:
    """Unfitted features with the configuration's parameters."""
    classifier = classifier_of(config)
    return TextFeatures(classifier.lang, classifier.words, classifier.characters, classifier.lemmas)


def calibrate(
    classifier: TopicClassifier,
    neighbours: Neighbours,
    learn: Material,
    learned: sparse.csr_matrix,
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
        parts += unseen(classifier, neighbours, learn, learned, hold, topics, open_topic, config)
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
    learned: sparse.csr_matrix,
    hold: Material,
    topics: tuple[str, ...],
    open_topic: int,
    config: Config,
) -> list[Calibrated]:
    """Held-back messages of the open topic's needs, scored by classifiers that never saw the need (its leaf can never win).

    Each classifier leaves out two needs: half the classifiers for the same number of messages. `learned` is the matrix of `learn`.
    """
    from joblib import Parallel, delayed

    name = topics[open_topic]
    held_back = {need for label, need in zip(hold.labels, hold.needs, strict=True) if label == name}
    kinds = sorted({need for label, need in classifier.leaves_ if label == name and need in held_back and need})
    if len(kinds) < 3:
        return []
    held = classifier.features_.transform(hold.texts)
    leaf_topics = classifier.leaf_topics_in(topics)

    def one(pair: Sequence[str]) -> Calibrated:
        # Without the copies with typing errors: they change little here and cost a third of the time.
        stay = np.asarray([not (example.label == name and example.need in pair) and example.slice != SPOILT for example in learn.examples])
        index = np.flatnonzero(stay)
        other = fit_on(learned[index], learn.take(index), config)
        mine = np.asarray([label == name and need in pair for label, need in zip(hold.labels, hold.needs, strict=True)])
        blind = other.leaf_scores(held[mine], hold.vectors[mine])
        scores = np.full((int(mine.sum()), len(classifier.leaves_)), blind.min() - 10.0)
        scores[:, [classifier.leaves_.index(leaf) for leaf in other.leaves_]] = blind
        memory = neighbours.without([classifier.leaves_.index((name, kind)) for kind in pair])
        return scores, signals(scores, hold.vectors[mine], memory, leaf_topics), np.full(len(scores), open_topic)

    pairs = [kinds[start :: (len(kinds) + 1) // 2] for start in range((len(kinds) + 1) // 2)]
    return list(Parallel(n_jobs=config.jobs)(delayed(one)(pair) for pair in pairs))


def predict(tagger: Tagger, material: Material, name: str) -> list[Row]:
    """One row for every example."""
    return rows_of(tagger, material, tagger.predict_prepared(material.prepared, material.vectors), name)


def rows_of(tagger: Tagger, material: Material, prediction: Prediction, name: str) -> list[Row]:
    """One row for every example, from probabilities that are known."""
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

    measured = np.asarray([example.slice not in (SPOILT, TOLD) for example in material.examples])

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
