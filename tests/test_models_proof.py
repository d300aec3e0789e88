"""models/proof.py: what is proven of a threshold, the cheapest one, what it does by topic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from models.proof import Certificate, Cheapest, TopicProof, by_topic, certify, cheapest, lower_bound


@pytest.mark.parametrize(
    ("right", "n", "bound"), [(100, 100, 0.05 ** (1 / 100)), (1, 1, 0.05), (9, 10, 0.6058), (8, 10, 0.4931), (0, 10, 0)]
)
def test_the_lower_bound_is_clopper_and_pearson_s(right: int, n: int, bound: float) -> None:
    assert lower_bound(right, n) == pytest.approx(bound, abs=5e-5)


@pytest.mark.parametrize(("right", "n", "delta"), [(95, 100, 0.05), (290, 300, 0.05), (7, 9, 0.01), (999, 1000, 0.1)])
def test_at_the_lower_bound_so_many_right_ones_have_probability_delta(right: int, n: int, delta: float) -> None:
    assert binom.sf(right - 1, n, lower_bound(right, n, delta)) == pytest.approx(delta)


def test_the_smallest_proven_threshold_is_certified() -> None:
    confidence = np.repeat([0.99, 0.9, 0.8], 200)
    right = np.ones(600, dtype=bool)
    right[400:500] = False  # half of those at 0.8 are wrong
    found = certify(confidence, right, [0.8, 0.99, 0.9])
    assert found == Certificate(0.97, 0.05, 0.9, 400, 0, pytest.approx(0.05 ** (1 / 400)), 600)
    assert found.coverage == pytest.approx(2 / 3)


def test_testing_stops_at_the_first_failure_though_a_later_one_would_pass() -> None:
    confidence = np.repeat([0.99, 0.95, 0.9], [200, 10, 1000])
    right = np.ones(1210, dtype=bool)
    right[200:210] = False
    assert lower_bound(1200, 1210) > 0.97
    assert certify(confidence, right, [0.99, 0.95, 0.9]).threshold == 0.99


def test_if_the_strictest_fails_nothing_is_certified_and_what_is_missing_is_said() -> None:
    found = certify(np.full(50, 0.99), np.ones(50, dtype=bool), [0.9, 0.5])
    assert (found.threshold, found.n, found.errors, found.total) == (None, 50, 0, 50)
    assert found.bound == pytest.approx(0.05 ** (1 / 50))
    assert found.needed is not None
    assert lower_bound(50 + found.needed, 50 + found.needed) >= 0.97
    assert 99 <= 50 + found.needed <= 105  # 99 right ones of 99 are the least that prove 0.97


def test_where_the_share_right_is_below_the_target_no_number_would_do() -> None:
    assert certify(np.full(100, 0.99), np.arange(100) > 5, [0.9]).needed is None


def test_without_messages_or_candidates_nothing_is_certified() -> None:
    nothing = certify(np.zeros(0), np.zeros(0, dtype=bool), [0.9])
    assert (nothing.threshold, nothing.n, nothing.coverage, nothing.bound) == (None, 0, 0.0, 0.0)
    assert certify(np.ones(9), np.ones(9, dtype=bool), []).threshold is None


def test_a_message_at_the_threshold_counts() -> None:
    assert certify(np.full(200, 0.9), np.ones(200, dtype=bool), [0.9]).n == 200


def test_in_at_least_95_of_100_draws_the_share_right_is_what_was_promised() -> None:
    random = np.random.default_rng(11)
    candidates, target = np.linspace(0.0, 0.7, 15), 0.95
    broken = proven = 0
    for _ in range(500):
        confidence = random.random(800)
        right = random.random(800) < 0.8 + 0.2 * confidence
        found = certify(confidence, right, candidates, target)
        if found.threshold is not None:
            proven += 1
            broken += 0.8 + 0.2 * (1 + found.threshold) / 2 < target  # the true share right at or above the threshold
    assert proven > 150
    assert broken <= 25


# 100 messages at 0.9 with 1 error, 100 at 0.8 with 4, 100 at 0.5 with 40.
CONFIDENCE = np.repeat([0.9, 0.8, 0.5], 100)
RIGHT = np.ones(300, dtype=bool)
RIGHT[[0, *range(100, 104), *range(200, 240)]] = False


@pytest.mark.parametrize(
    ("wrong", "threshold", "n", "errors", "cost"),
    [
        (20.0, 0.8, 200, 5, (20 * 5 + 100) / 300),  # 0.9: (20 + 200) / 300; 0.5: 20 * 45 / 300
        (40.0, 0.9, 100, 1, (40 + 200) / 300),
        (2.0, 0.5, 300, 45, 90 / 300),
        (200.0, None, 0, 0, 1.0),  # (200 + 200) / 300 at 0.9
    ],
)
def test_the_cheapest_threshold_weighs_errors_against_reviews(
    wrong: float, threshold: float | None, n: int, errors: int, cost: float
) -> None:
    found = cheapest(CONFIDENCE, RIGHT, [0.5, 0.9, 0.8, 0.9], wrong, 1.0)
    assert (found.threshold, found.n, found.errors, found.total) == (threshold, n, errors, 300)
    assert found.cost == pytest.approx(cost)
    assert found.coverage == n / 300


def test_the_bound_of_the_cost_is_of_both_shares_and_of_every_candidate() -> None:
    found = cheapest(CONFIDENCE, RIGHT, [0.5, 0.9, 0.8], 20.0, 1.0, delta=0.06)
    level = 0.06 / 6
    most_wrong, most_left = 1 - lower_bound(295, 300, level), 1 - lower_bound(200, 300, level)
    assert binom.cdf(5, 300, most_wrong) == pytest.approx(level)
    assert binom.cdf(100, 300, most_left) == pytest.approx(level)
    assert found.bound == pytest.approx(20 * most_wrong + most_left)


def test_of_equal_costs_the_strictest_threshold_wins() -> None:
    confidence, right = np.asarray([0.9, 0.9, 0.8, 0.8]), np.asarray([True, True, True, False])
    assert cheapest(confidence, right, [0.9, 0.8], 2.0, 1.0).threshold == 0.9  # both cost 2 / 4


def test_without_messages_or_candidates_a_person_looks_at_all() -> None:
    everyone = Cheapest(5.0, 1.0, 0.05, None, 0, 0, 1.0, 1.0, 0)
    assert cheapest(np.zeros(0), np.zeros(0, dtype=bool), [0.5], 5.0, 1.0) == everyone
    assert everyone.coverage == 0.0
    assert cheapest(np.ones(9), np.ones(9, dtype=bool), [], 5.0, 1.0).threshold is None


def test_in_at_least_95_of_100_draws_the_cost_is_at_most_the_bound() -> None:
    random = np.random.default_rng(5)
    candidates = np.linspace(0.0, 0.9, 10)
    broken = 0
    for _ in range(300):
        confidence = random.random(200)
        right = random.random(200) < confidence
        found = cheapest(confidence, right, candidates, 5.0, 1.0)
        limit = 1.0 if found.threshold is None else found.threshold
        broken += 5 * (1 - limit) ** 2 / 2 + limit > found.bound  # expected cost: errors above the limit, reviews below it
    assert broken <= 15


def test_one_threshold_is_reported_by_topic_the_least_sure_first() -> None:
    topics = np.asarray(["money"] * 100 + ["network"] * 100 + ["other"] * 100, dtype=object)
    assert by_topic(topics, CONFIDENCE, RIGHT, 0.8) == [
        TopicProof("network", 100, 4, lower_bound(96, 100)),
        TopicProof("money", 100, 1, lower_bound(99, 100)),
    ]
    assert by_topic(topics, CONFIDENCE, RIGHT, None) == []
