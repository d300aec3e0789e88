"""data/taxonomy.py: the bundled taxonomy, its checks, routes, and taxonomies of foreign labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.errors import ConfigError
from data.taxonomy import Taxonomy, load_taxonomy

GOOD = """
name: shop
review_queue: people
channels: [app]
no_request: {label: nothing, attachment: scrap, needs: {hi: {en: Hello}, scrap: {}}}
topics:
  orders: {queue: orders-1, priority: 2, title: {en: Orders}, needs: {late: {}, lost: {queue: urgent, priority: 1}}}
  else: {open: true, needs: {any: {}}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "taxonomy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_taxonomy_is_read(tmp_path: Path) -> None:
    taxonomy = load_taxonomy(written(tmp_path, GOOD))
    assert taxonomy.labels == ("orders", "else", "nothing")
    assert (taxonomy.open_topic, taxonomy.no_request_label, taxonomy.attachment) == ("else", "nothing", "scrap")
    assert (taxonomy.name, taxonomy.channels, taxonomy.review_queue) == ("shop", ("app",), "people")
    assert taxonomy.needs("orders") == ("late", "lost")
    assert taxonomy.label("orders").titles == {"en": "Orders"}
    assert taxonomy.label("nothing").needs["hi"].titles == {"en": "Hello"}


def test_a_need_may_override_the_route_of_its_topic(tmp_path: Path) -> None:
    taxonomy = load_taxonomy(written(tmp_path, GOOD))
    assert taxonomy.route("orders", None) == ("orders-1", 2)
    assert taxonomy.route("orders", "late") == ("orders-1", 2)
    assert taxonomy.route("orders", "lost") == ("urgent", 1)
    assert taxonomy.route("orders", "no such need") == ("orders-1", 2)
    assert taxonomy.route("nothing", "hi") == (None, 3)


def test_an_unknown_topic_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^unknown topic 'order' \(did you mean 'orders'\?\)$"):
        load_taxonomy(written(tmp_path, GOOD)).label("order")


def test_the_bundled_taxonomy_is_usable() -> None:
    taxonomy = load_taxonomy()
    assert taxonomy.open_topic in taxonomy.topics
    assert taxonomy.no_request_label == taxonomy.labels[-1]
    assert taxonomy.attachment in taxonomy.needs(taxonomy.labels[-1])
    for label in taxonomy.labels:
        topic = taxonomy.label(label)
        assert {"ru", "en"} <= set(topic.titles)
        assert topic.description
        assert taxonomy.needs(label)
        for need in topic.needs.values():
            assert {"ru", "en"} <= set(need.titles)
            assert need.description
            assert need.queue or label == taxonomy.no_request_label


@pytest.mark.parametrize("source", ["bundled", "tiny", "labels"])
def test_a_taxonomy_survives_json(source: str, tiny_taxonomy: Taxonomy) -> None:
    taxonomy = {"bundled": load_taxonomy(), "tiny": tiny_taxonomy, "labels": Taxonomy.from_labels(["b", "a"], "oos")}[source]
    assert Taxonomy.from_dict(json.loads(json.dumps(taxonomy.as_dict()))) == taxonomy


def test_labels_of_a_foreign_set_are_topics_without_needs() -> None:
    taxonomy = Taxonomy.from_labels(["b", "a", "b"], "oos")
    assert taxonomy.labels == ("a", "b", "oos")
    assert taxonomy.open_topic == "oos"
    assert taxonomy.no_request_label is None
    assert taxonomy.needs("a") == ()
    assert Taxonomy.from_labels(["a"]).open_topic is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("topics: [", "not a readable taxonomy"),
        ("[]", "expected a mapping with 'topics'"),
        ("topics: {}", "expected a mapping with 'topics'"),
        ("topics: {a: {}}\nchanels: [x]", r"taxonomy: unknown key 'chanels' \(did you mean 'channels'\?\)"),
        ("topics: {a: 3}", "topic 'a': expected a mapping"),
        ("topics: {a: {quue: x}}", r"topic 'a': unknown key 'quue' \(did you mean 'queue'\?\)"),
        ("topics: {a: {needs: {n: x}}}", "need 'n' of topic 'a': expected a mapping"),
        ("topics: {a: {needs: {n: {prio: 1}}}}", r"need 'n' of topic 'a': unknown key 'prio' \(did you mean 'priority'\?\)"),
        ("topics: {a: {priority: 6}}", "topic 'a': priority must be a whole number from 1 .* got 6"),
        ("topics: {a: {needs: {n: {priority: soon}}}}", "need 'n' of topic 'a': priority must be .* got 'soon'"),
        ("topics: {a: {open: true}, b: {open: true}}", "only one topic can have 'open: true'"),
        ("topics: {a: {needs: {n: {}}}, b: {needs: {n: {}}}}", "need 'n' stands in 'a' and in 'b'"),
        (
            "topics: {a: {}}\nno_request: {attachment: scrp, needs: {scrap: {}}}",
            r"attachment 'scrp' is none of its needs \(did you mean 'scrap'\?\)",
        ),
    ],
)
def test_a_wrong_taxonomy_is_refused_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_taxonomy(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_taxonomy_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: not a readable taxonomy"):
        load_taxonomy(tmp_path / "nowhere.yaml")
