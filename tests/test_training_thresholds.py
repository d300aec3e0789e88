"""training/thresholds.py: what is chosen on calibrating messages, with probabilities made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.messages import Example
from data.taxonomy import Taxonomy
from models.decision import Decider, Thresholds
from models.tagger import Prediction
from training.material import Material
from training.thresholds import Choice, also_threshold, candidates_of, need_threshold, quantiles

TOPICS = ("money", "network", "other", "silent")
LEAVES = (("money", "fee"), ("money", "refund"), ("network", "outage"), ("network", "speed"), ("silent", "hello"))


@pytest.fixture
def decider(tiny_taxonomy: Taxonomy) -> Decider:
    return Decider(tiny_taxonomy, TOPICS, LEAVES, Thresholds(), "m")


def made(topics: list[list[float]], leaves: list[list[float]] | None = None) -> Prediction:
    """A prediction with nothing in it but probabilities."""
    nothing = np.zeros((len(topics), 0))
    return Prediction([], nothing.astype(np.float32), nothing, np.asarray(topics), np.asarray(leaves or nothing), np.zeros(len(topics)))


def held(*examples: Example) -> Material:
    return Material(list(examples), [], np.zeros((len(examples), 0), dtype=np.float32))


SPOKEN = Example("1", "", "money", also=("network",))
PLAIN = Example("2", "", "money")


def test_also_is_named_from_where_half_of_the_named_topics_are_right(decider: Decider) -> None:
    # Named from 0.3 on: 15 right; from 0.2 on: 15 of 25; from 0.1 on: 20 of 30; from 0.05 on: 20 of 50, too few.
    rows = [[0.7, 0.3, 0, 0]] * 15 + [[0.9, 0.1, 0, 0]] * 5 + [[0.8, 0.2, 0, 0]] * 10 + [[0.95, 0.05, 0, 0]] * 20
    hold = held(*[SPOKEN] * 20, *[PLAIN] * 30)
    assert also_threshold(decider, made(rows), hold) == Choice(0.1, 20, pytest.approx(20 / 30))
    rows[15:20] = [[0.99, 0.01, 0, 0]] * 5
    assert also_threshold(decider, made(rows), hold) == Choice(0.2, 20, pytest.approx(15 / 25))


def test_where_no_further_topic_is_right_none_is_named(decider: Decider) -> None:
    rows = [[0.1, 0.5, 0, 0.4]] * 20  # the second topic was given as the first, no_request is no topic; what is left: money at 0.1, wrong
    choice = also_threshold(decider, made(rows), held(*[SPOKEN] * 20))
    assert choice == Choice(1.0, 20, None)
    assert choice.line("also") == "also: none is named, at no threshold are enough of 20 calibrating messages with a second topic right"


def test_on_fewer_than_twenty_messages_with_a_second_topic_the_default_stays(decider: Decider) -> None:
    choice = also_threshold(decider, made([[0.7, 0.3, 0, 0]] * 40), held(*[SPOKEN] * 19, *[PLAIN] * 21))
    assert choice == Choice(0.2, 19, None)
    assert choice.line("also") == "also: from 0.2000 on, the default: only 19 calibrating messages with a second topic"


FEE, REFUND, THANKS = (Example(need, "", label, need) for need, label in (("fee", "money"), ("refund", "money"), ("thanks", "silent")))


def needs(*shares: float) -> Prediction:
    """Messages on money at 0.8, each with this probability of the need "fee" given the topic; "refund" gets 0.01."""
    return made([[0.8, 0.2, 0, 0]] * len(shares), [[0.8 * share, 0.01, 0, 0, 0] for share in shares])


def test_a_need_is_named_from_where_85_in_a_hundred_are_right(decider: Decider) -> None:
    # 16 right at 0.9; at 0.6 one right and 3 wrong (17 of 20 are 85 %); at 0.5 one more wrong.
    hold = held(*[FEE] * 16, FEE, *[REFUND] * 4)
    choice = need_threshold(decider, needs(*[0.9] * 16, *[0.6] * 4, 0.5), hold)
    assert choice == Choice(0.6, 21, 0.85)
    assert (
        choice.line("need") == "need: from 0.6000 on; named needs right 0.8500 on 21 calibrating messages with a need and the right topic"
    )


def test_only_messages_count_whose_topic_is_a_request_and_right(decider: Decider) -> None:
    wrong_topic, no_need = Example("w", "", "network", "speed"), Example("n", "", "money")
    hold = held(*[FEE] * 20, *[wrong_topic] * 50, *[no_need] * 50)
    assert need_threshold(decider, needs(*[0.9] * 120), hold) == Choice(0.9, 20, 1.0)
    silent = made([[0, 0, 0, 1]] * 20, [[0, 0, 0, 0, 1]] * 20)
    assert need_threshold(decider, silent, held(*[THANKS] * 20)) == Choice(0.4, 0, None)


def test_where_needs_are_never_right_often_enough_only_certain_ones_are_named(decider: Decider) -> None:
    assert need_threshold(decider, needs(*[0.9] * 20), held(*[FEE] * 16, *[REFUND] * 4)) == Choice(1.0, 20, 0.0)


def test_without_needs_the_default_stays(decider: Decider) -> None:
    assert need_threshold(replace(decider, leaves=()), made([[1, 0, 0, 0]] * 30), held(*[PLAIN] * 30)) == Choice(0.4, 0, None)


def test_candidates_are_quantiles_of_either_kind_of_answer(decider: Decider) -> None:
    rows = [[0.9, 0.1, 0, 0], [0.6, 0.4, 0, 0], [0.1, 0.1, 0.1, 0.7]]
    found = candidates_of(decider, made(rows))
    assert (min(found.auto), max(found.auto)) == (0.6, pytest.approx(0.825))  # from the quantile 0.75 down to 0
    assert found.no_request == (0.7,)
    assert quantiles(np.zeros(0)) == []
