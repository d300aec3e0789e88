"""training/priors.py: shares of live traffic, given or estimated, and what they make of probabilities."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import BundleError, DataError
from models import bundle
from models.tagger import Prediction, Tagger
from training.fit import label_shares
from training.priors import learned_shares, live_shares, read_shares, under_shares

TOPICS = ("money", "network", "other", "silent")
EVEN = np.full(4, 0.25)


@pytest.fixture(scope="module")
def tagger(tiny_bundle: Path) -> Tagger:
    return bundle.load(tiny_bundle)


def predicted(tagger: Tagger, topics: list[list[float]], unknown: float = 0.0) -> Prediction:
    """Probabilities made by hand; a topic's go to its first leaf, but for the unknown's part of the open topic."""
    leaves = np.zeros((len(topics), len(tagger.decider.leaves)))
    for number, topic in enumerate(tagger.decider.topics):
        leaf = next(place for place, (name, _) in enumerate(tagger.decider.leaves) if name == topic)
        leaves[:, leaf] = np.asarray(topics)[:, number] - (unknown if topic == "other" else 0.0)
    return Prediction([], np.zeros((len(topics), 0), np.float32), leaves, np.asarray(topics), leaves, np.full(len(topics), unknown))


def test_label_shares_are_of_labels_that_are_topics() -> None:
    assert label_shares(["a", "a", "b", "unheard"], ["a", "b", "c"]) == {"a": 2 / 3, "b": 1 / 3, "c": 0.0}


def test_probabilities_move_with_the_shares_and_leaves_with_their_topic(tagger: Tagger) -> None:
    assert tagger.decider.topics == TOPICS
    before = predicted(tagger, [[0.4, 0.2, 0.4, 0.0]], unknown=0.3)
    after = under_shares(tagger, before, EVEN, np.asarray([0.5, 0.25, 0.125, 0.125]))
    # ratios 2, 1, 0.5, 0.5: 0.8, 0.2, 0.2, 0 of 1.2
    np.testing.assert_allclose(after.topics, [[2 / 3, 1 / 6, 1 / 6, 0.0]])
    np.testing.assert_allclose(after.unknown, [0.3 * 0.5 / 1.2])
    assert after.leaves.sum() + after.unknown[0] == pytest.approx(1.0)
    np.testing.assert_allclose(after.leaves.max(axis=1), 2 / 3)


def test_a_topic_that_nothing_was_learned_of_keeps_its_weight(tagger: Tagger) -> None:
    learned = np.asarray([0.5, 0.5, 0.0, 0.0])
    after = under_shares(tagger, predicted(tagger, [[0.25, 0.25, 0.5, 0.0]]), learned, np.asarray([0.25, 0.25, 0.25, 0.25]))
    np.testing.assert_allclose(after.topics, [[1 / 6, 1 / 6, 2 / 3, 0.0]])


def test_shares_are_estimated_from_probabilities_alone(tagger: Tagger) -> None:
    # Sure answers: the shares are those of the answers, whatever was learned.
    prediction = predicted(tagger, [[1, 0, 0, 0]] * 6 + [[0, 1, 0, 0]] * 3 + [[0, 0, 0, 1]])
    np.testing.assert_allclose(live_shares("estimate", tagger, prediction, EVEN), [0.6, 0.3, 0.0, 0.1])


def test_given_shares_are_read_in_the_order_of_the_topics(tmp_path: Path, tagger: Tagger) -> None:
    path = tmp_path / "shares.json"
    path.write_text(json.dumps({"silent": 0.1, "other": 0.2, "network": 0.3, "money": 0.4}), encoding="utf-8")
    assert live_shares(str(path), tagger, predicted(tagger, [[1, 0, 0, 0]]), EVEN).tolist() == pytest.approx([0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read: No such file or directory; give a JSON file or the word estimate"),
        ("{", 'not JSON; expected {"money": 0.25, "network": 0.25, ...}'),
        ("[1]", "expected a share above 0 and up to 1 for every label: "),
        ('{"money": 0}', "expected a share above 0 and up to 1 for every label: "),
        ('{"money": true}', "expected a share above 0 and up to 1 for every label: "),
        ('{"mony": 0.5}', "unknown label 'mony' (did you mean 'money'?)"),
        ('{"money": 0.5}', "no share for 'network'; give one for every label of the model, a small one if it is rare"),
        ('{"money": 0.5, "network": 0.5, "other": 0.5, "silent": 0.5}', "shares must sum to 1, these sum to 2.0000"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "shares.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_shares(path, TOPICS)
    assert str(caught.value).startswith(f"--priors {path}: {message}")


def test_what_was_learned_with_stands_in_the_manifest(tiny_bundle: Path) -> None:
    manifest = bundle.read_manifest(tiny_bundle)
    told = replace(manifest, metrics={"label_shares": {"silent": 0.1, "other": 0.2, "network": 0.3, "money": 0.4}})
    assert learned_shares(told).tolist() == [0.4, 0.3, 0.2, 0.1]
    with pytest.raises(BundleError, match=r"^tiny\+0: the manifest does not say what label shares"):
        learned_shares(manifest)
