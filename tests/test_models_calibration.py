from __future__ import annotations

import json

import numpy as np
import pytest

from models.calibration import Calibration, estimate_priors, reweigh
from models.classifier import softmax

LEAF_TOPICS = np.asarray([0, 0, 1, 2])


def drawn(size: int, sharpness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Decision values, and topics drawn from the very softmax that the calibration assumes."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(size, 4))
    leaves = softmax(sharpness * scores)
    chosen = (leaves.cumsum(axis=1) < random.random((size, 1))).sum(axis=1)
    return scores, LEAF_TOPICS[chosen]


def fitted(scores: np.ndarray, gold: np.ndarray, **options: object) -> Calibration:
    arguments = {"signals": np.zeros((len(scores), 0)), "leaf_topics": LEAF_TOPICS, "topics": 3, "open_topic": None, **options}
    return Calibration.fit(scores, gold=gold, **arguments)


def test_a_known_sharpness_is_recovered() -> None:
    for sharpness in (0.5, 3.0):
        found = fitted(*drawn(6000, sharpness))
        assert found.sharpness == pytest.approx(sharpness, rel=0.05)


def test_the_fit_is_an_optimum_by_finite_differences_in_every_parameter() -> None:
    scores, gold = drawn(400, 2.0)
    random = np.random.default_rng(5)
    signals = np.column_stack([scores.max(axis=1), random.normal(size=400) + 3.0 * (gold != 2)])
    weight = random.uniform(0.5, 2.0, size=400)
    best = fitted(scores, gold, signals=signals, open_topic=2, sample_weight=weight)
    spread = signals.std(axis=0)

    def loss(parameters: np.ndarray) -> float:
        one = Calibration(float(np.exp(parameters[0])), parameters[1:3], float(parameters[3]), 3, 2)
        topics = one.topics(*one.leaves(scores, signals), LEAF_TOPICS)
        pull = float(((parameters[1:3] * spread) ** 2).sum())
        return float(-(weight * np.log(topics[np.arange(400), gold])).sum() + 0.5 * pull)

    at = np.concatenate([[np.log(best.sharpness)], best.weights, [best.unknown_bias]])
    for number in range(len(at)):
        step = np.zeros(len(at))
        step[number] = 1e-4
        slope = (loss(at + step) - loss(at - step)) / 2e-4
        assert abs(slope) < 0.05, number
        step[number] = 0.1
        assert min(loss(at + step), loss(at - step)) > loss(at), number


def test_probabilities_are_honest_on_what_they_were_fitted_on() -> None:
    scores, gold = drawn(4000, 1.0)
    one = fitted(scores, gold)
    topics = one.topics(*one.leaves(scores, np.zeros((4000, 0))), LEAF_TOPICS)
    confident = topics.max(axis=1)
    for low, high in ((0.4, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8)):
        part = (confident >= low) & (confident < high)
        assert (topics.argmax(axis=1) == gold)[part].mean() == pytest.approx(confident[part].mean(), abs=0.05)


def test_unlikeness_raises_the_open_topic_and_lowers_the_others() -> None:
    random = np.random.default_rng(3)
    gold = np.repeat([0, 1, 2], 100)
    scores = random.normal(size=(300, 4)) * 0.3
    scores[:100, 0] += 1.0
    scores[100:200, 2] += 1.0
    familiar = np.where(gold == 2, 0.2, 0.8)[:, None] + random.normal(size=(300, 1)) * 0.1
    one = fitted(scores, gold, signals=familiar, open_topic=2)
    same = np.repeat([[0.5, 0.0, 0.1, 0.0]], 5, axis=0)
    leaves, unknown = one.leaves(same, np.linspace(0.9, 0.1, 5)[:, None])
    topics = one.topics(leaves, unknown, LEAF_TOPICS)
    assert (np.diff(unknown) > 0).all()
    assert (np.diff(topics[:, 2]) > 0).all()
    assert (np.diff(topics[:, :2], axis=0) < 0).all()
    assert unknown[0] < 0.05 < 0.9 < unknown[-1]
    np.testing.assert_allclose(leaves.sum(axis=1) + unknown, 1.0)
    np.testing.assert_allclose(topics.sum(axis=1), 1.0)


def test_without_an_open_topic_nothing_is_unknown_whatever_the_signals_say() -> None:
    scores, gold = drawn(300, 2.0)
    one = fitted(scores, gold, signals=np.random.default_rng(0).normal(size=(300, 4)))
    leaves, unknown = one.leaves(scores, np.zeros((300, 4)))
    assert one.weights.shape == (0,)
    assert not unknown.any()
    np.testing.assert_allclose(leaves.sum(axis=1), 1.0)


def test_a_weight_of_two_is_a_message_given_twice() -> None:
    scores, gold = drawn(200, 2.0)
    weight = np.where(np.arange(200) < 50, 2.0, 1.0)
    weighed = fitted(scores, gold, sample_weight=weight)
    twice = fitted(np.vstack([scores, scores[:50]]), np.concatenate([gold, gold[:50]]))
    assert weighed.sharpness == pytest.approx(twice.sharpness, rel=1e-3)


def test_as_dict_and_from_dict_are_a_round_trip_through_json() -> None:
    scores, gold = drawn(200, 2.0)
    one = fitted(scores, gold, signals=scores[:, :2], open_topic=1)
    same = Calibration.from_dict(json.loads(json.dumps(one.as_dict())))
    assert same.as_dict() == one.as_dict()
    for before, after in zip(one.leaves(scores, scores[:, :2]), same.leaves(scores, scores[:, :2]), strict=True):
        np.testing.assert_array_equal(before, after)


def test_reweighing_is_bayes_rule() -> None:
    half = np.asarray([[0.5, 0.5], [0.9, 0.1]])
    found = reweigh(half, np.asarray([0.5, 0.5]), np.asarray([0.8, 0.2]))
    np.testing.assert_allclose(found, [[0.8, 0.2], [0.72 / 0.74, 0.02 / 0.74]])
    np.testing.assert_allclose(reweigh(half, np.asarray([0.3, 0.7]), np.asarray([0.3, 0.7])), half)


def test_known_class_shares_are_recovered_from_unlabelled_traffic() -> None:
    likelihood = np.asarray([[0.7, 0.2, 0.05, 0.05], [0.1, 0.6, 0.2, 0.1], [0.05, 0.05, 0.3, 0.6]])  # three classes, four kinds of text
    learned, live = np.asarray([1 / 3, 1 / 3, 1 / 3]), np.asarray([0.7, 0.2, 0.1])
    posterior = (likelihood * learned[:, None]).T
    posterior /= posterior.sum(axis=1, keepdims=True)
    counts = np.round(live @ likelihood * 10_000).astype(int)
    found = estimate_priors(np.repeat(posterior, counts, axis=0), learned, rounds=2000)
    np.testing.assert_allclose(found, live, atol=0.002)
    assert learned.tolist() == [1 / 3, 1 / 3, 1 / 3]


def test_traffic_like_the_learned_keeps_its_shares() -> None:
    learned = np.asarray([0.6, 0.4])
    calm = np.asarray([[0.9, 0.1]] * 5 + [[0.3, 0.7]] * 5)  # mean: the learned shares
    np.testing.assert_allclose(estimate_priors(calm, learned), learned, atol=1e-6)
