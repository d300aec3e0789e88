from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.taxonomy import Need, Taxonomy
from models.decision import Decider, Tag, Thresholds

TOPICS = ("money", "network", "other", "silent")
LEAVES = (
    ("money", "fee"),
    ("money", "refund"),
    ("network", "outage"),
    ("network", "speed"),
    ("other", "job"),
    ("other", "shop"),
    ("silent", "hello"),
    ("silent", "thanks"),
)


@pytest.fixture
def decider(tiny_taxonomy: Taxonomy) -> Decider:
    return Decider(tiny_taxonomy, TOPICS, LEAVES, Thresholds(auto=0.9, no_request=0.8), "m+1")


def tagged(decider: Decider, *leaves: float, unknown: float = 0.0) -> Tag:
    values = np.asarray(leaves)
    topics = values.reshape(4, 2).sum(axis=1)
    topics[2] += unknown
    return decider.tag("id", topics, values, unknown)


def test_a_confident_message_goes_to_its_queue(decider: Decider) -> None:
    tag = tagged(decider, 0.9, 0.05, 0.05, 0, 0, 0, 0, 0)
    assert tag.as_dict() == {
        "id": "id",
        "topic": "money",
        "need": "fee",
        "confidence": 0.95,
        "status": "auto",
        "reason": "confident",
        "also": [],
        "queue": "money-line",
        "priority": 3,
        "ranking": [
            {"topic": "money", "probability": 0.95},
            {"topic": "network", "probability": 0.05},
            {"topic": "other", "probability": 0.0},
            {"topic": "silent", "probability": 0.0},
        ],
        "model": "m+1",
    }


def test_an_uncertain_message_goes_to_a_person(decider: Decider) -> None:
    tag = tagged(decider, 0.6, 0.1, 0.3, 0, 0, 0, 0, 0)
    assert (tag.topic, tag.need, tag.confidence, tag.status, tag.reason, tag.queue) == (
        "money",
        "fee",
        0.7,
        "review",
        "uncertain",
        "people",
    )


def test_a_message_like_nothing_known_is_unfamiliar(decider: Decider) -> None:
    tag = tagged(decider, 0.2, 0, 0.1, 0, 0.05, 0.05, 0, 0, unknown=0.6)
    assert (tag.topic, tag.need, tag.confidence, tag.status, tag.reason, tag.queue) == (
        "other",
        None,
        0.7,
        "review",
        "unfamiliar",
        "people",
    )


def test_a_known_kind_of_the_open_topic_is_not_unfamiliar(decider: Decider) -> None:
    tag = tagged(decider, 0.2, 0, 0.1, 0, 0.4, 0.05, 0, 0, unknown=0.25)
    assert (tag.topic, tag.need, tag.reason) == ("other", "job", "uncertain")


def test_the_unknown_can_be_sure_enough_to_be_routed(decider: Decider) -> None:
    tag = tagged(decider, 0, 0, 0, 0, 0.01, 0.01, 0, 0, unknown=0.98)
    assert (tag.topic, tag.need, tag.status, tag.reason, tag.queue) == ("other", None, "auto", "confident", "other-line")


def test_no_request_has_no_topic_and_no_queue(decider: Decider) -> None:
    tag = tagged(decider, 0, 0, 0.15, 0, 0, 0, 0.05, 0.8)
    assert (tag.topic, tag.need, tag.confidence, tag.status, tag.reason) == (None, "thanks", 0.85, "no_request", "no_request")
    assert (tag.queue, tag.also) == (None, ())
    assert tag.ranking[0] == ("silent", 0.85)


def test_an_uncertain_no_request_is_reviewed_under_its_label(decider: Decider) -> None:
    tag = tagged(decider, 0, 0, 0.3, 0, 0, 0, 0.05, 0.65)
    assert (tag.topic, tag.status, tag.reason, tag.queue, tag.also) == ("silent", "review", "uncertain", "people", ("network",))


def test_without_thresholds_everything_is_reviewed(decider: Decider) -> None:
    careful = replace(decider, thresholds=Thresholds())
    assert tagged(careful, 1, 0, 0, 0, 0, 0, 0, 0).status == "review"
    assert tagged(careful, 0, 0, 0, 0, 0, 0, 0, 1).status == "review"


def test_probabilities_are_rounded_before_any_threshold(decider: Decider) -> None:
    assert tagged(decider, 0.89996, 0, 0.10004, 0, 0, 0, 0, 0).status == "auto"
    assert tagged(decider, 0.89994, 0, 0.10006, 0, 0, 0, 0, 0).status == "review"
    assert tagged(decider, 0, 0, 0, 0.20004, 0, 0, 0, 0.79996).status == "no_request"
    assert tagged(decider, 0.8, 0, 0.19996, 0, 0, 0, 0.00004, 0).also == ("network",)
    assert tagged(decider, 0.8, 0, 0.19994, 0, 0, 0, 0.00006, 0).also == ()


def test_bits_below_the_fourth_decimal_change_nothing(decider: Decider) -> None:
    exact = tagged(decider, 0.36, 0.54, 0.06, 0.04, 0, 0, 0, 0)
    shaken = tagged(decider, 0.36 - 3e-6, 0.54 + 3e-6, 0.06 - 3e-6, 0.04 + 3e-6, 0, 0, 0, 0)
    assert shaken == exact


def test_a_need_below_its_threshold_is_null(decider: Decider) -> None:
    assert tagged(decider, 0.36, 0.54, 0.1, 0, 0, 0, 0, 0).need == "refund"
    assert tagged(decider, 0.2, 0.1, 0, 0, 0.2, 0.2, 0, 0, unknown=0.3).need is None  # 0.2 of 0.7
    eager = replace(decider, thresholds=Thresholds(need=0.2))
    assert tagged(eager, 0.2, 0.1, 0, 0, 0.25, 0.15, 0, 0, unknown=0.3).need == "job"


def test_a_topic_without_needs_has_none(tiny_taxonomy: Taxonomy) -> None:
    flat = Decider(Taxonomy.from_labels(["a", "b"]), ("a", "b"), (("a", ""), ("b", "")), Thresholds(auto=0.5), "m")
    tag = flat.tag("id", np.asarray([0.9, 0.1]), np.asarray([0.9, 0.1]), 0.0)
    assert (tag.topic, tag.need, tag.queue, tag.status) == ("a", None, None, "auto")


def test_further_topics_are_named_from_their_threshold_on_but_never_no_request(decider: Decider) -> None:
    tag = tagged(decider, 0.4, 0, 0.2, 0, 0.2, 0, 0.2, 0)
    assert tag.also == ("network", "other")


def test_ties_are_broken_by_the_order_of_topics(decider: Decider) -> None:
    tag = tagged(decider, 0, 0, 0.3, 0, 0.3, 0, 0.3, 0)
    assert tag.topic == "network"
    assert [topic for topic, _ in tag.ranking] == ["network", "other", "silent", "money"]


def test_from_its_threshold_on_the_open_topic_is_given_and_the_ranking_does_not_hide_what_was_likelier(decider: Decider) -> None:
    wary = replace(decider, thresholds=Thresholds(auto=0.9, no_request=0.8, open=0.3))
    below, at = 0.2999, 0.3
    assert tagged(wary, 0.7, 0, 0, 0, 0, 0, 0, 0, unknown=below).topic == "money"
    tag = tagged(wary, 0.7, 0, 0, 0, 0, 0, 0, 0, unknown=at)
    assert (tag.topic, tag.confidence, tag.status, tag.reason) == ("other", 0.3, "review", "unfamiliar")
    assert tag.also == ("money",)
    assert tag.ranking[0] == ("money", 0.7)


def test_a_need_has_its_own_queue_and_priority(tiny_taxonomy: Taxonomy, decider: Decider) -> None:
    money = tiny_taxonomy.topics["money"]
    urgent = replace(money, needs={**money.needs, "fee": Need("fee", "urgent-line", 1)})
    decider = replace(decider, taxonomy=replace(tiny_taxonomy, topics={**tiny_taxonomy.topics, "money": urgent}))
    tag = tagged(decider, 1, 0, 0, 0, 0, 0, 0, 0)
    assert (tag.queue, tag.priority) == ("urgent-line", 1)
    doubtful = tagged(decider, 0.7, 0, 0.3, 0, 0, 0, 0, 0)
    assert (doubtful.queue, doubtful.priority) == ("people", 1)
    other = tagged(decider, 0, 1, 0, 0, 0, 0, 0, 0)
    assert (other.queue, other.priority) == ("money-line", 3)


def test_an_attachment_alone_asks_nothing(decider: Decider) -> None:
    tag = decider.attachment("photo-1")
    assert (tag.topic, tag.need, tag.confidence, tag.status, tag.reason, tag.queue) == (
        None,
        "hello",
        1.0,
        "no_request",
        "no_request",
        None,
    )
    assert tag.ranking == (("silent", 1.0), ("money", 0.0), ("network", 0.0), ("other", 0.0))


def test_an_attachment_where_there_is_no_such_label_goes_to_a_person() -> None:
    flat = Decider(Taxonomy.from_labels(["a", "b"]), ("a", "b"), (("a", ""), ("b", "")), Thresholds(auto=0.5), "m")
    tag = flat.attachment("photo-1")
    assert (tag.topic, tag.status, tag.reason, tag.confidence) == (None, "review", "unfamiliar", 0.0)


def test_repairs_are_shown_only_when_asked(decider: Decider) -> None:
    leaves = np.asarray([1.0, 0, 0, 0, 0, 0, 0, 0])
    topics = np.asarray([1.0, 0, 0, 0])
    assert "repairs" not in decider.tag("id", topics, leaves, 0.0).as_dict()
    assert decider.tag("id", topics, leaves, 0.0, ()).as_dict()["repairs"] == []
    assert decider.tag("id", topics, leaves, 0.0, ["layout"]).as_dict()["repairs"] == ["layout"]
