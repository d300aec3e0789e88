from __future__ import annotations

import numpy as np
import pytest

from models.openset import MESSAGES_PER_CENTRE, SIGNALS, Neighbours, signals

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def cloud(size: int, leaves: int, dimension: int = 8) -> tuple[np.ndarray, np.ndarray, list[str]]:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(size, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, np.arange(size) % leaves, [f"m{number}" for number in range(size)]


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours(np.asarray([EAST, EAST, NORTH, NORTH], dtype=np.float32), np.asarray([0, 0, 1, 1]), ["a", "b", "c", "d"])


def test_the_signals_of_vectors_made_by_hand(neighbours: Neighbours) -> None:
    scores = np.asarray([[2.0, -1.0, 0.5], [2.0, -1.0, 0.5], [-3.0, -1.0, -2.0]])
    vectors = np.asarray([EAST, NORTH, WEST], dtype=np.float32)
    found = signals(scores, vectors, neighbours, np.asarray([0, 1, 1]))
    assert found.shape == (3, len(SIGNALS)) == (3, 4)
    # near what it is called; near the data, but not what it is called; far from all
    np.testing.assert_allclose(found, [[2.0, 1.0, 1.0, 0.5], [2.0, 1.0, 0.0, 0.5], [-1.0, 0.0, 0.0, -2.0]], atol=1e-7)


def test_without_an_encoder_or_prototypes_only_the_decision_values_speak() -> None:
    scores = np.asarray([[0.1, 0.3]])
    nothing = Neighbours(np.zeros((0, 2), dtype=np.float32), np.zeros(0, dtype=np.intp), [])
    np.testing.assert_allclose(signals(scores, np.zeros((1, 0), dtype=np.float32), nothing, np.asarray([0, 1])), [[0.3, 0, 0, 0.1]])
    np.testing.assert_allclose(signals(scores, np.ones((1, 2), dtype=np.float32), nothing, np.asarray([0, 1])), [[0.3, 0, 0, 0.1]])


def test_a_best_topic_without_prototypes_is_as_far_as_can_be(neighbours: Neighbours) -> None:
    found = signals(np.asarray([[0.0, 0.0, 1.0]]), np.asarray([EAST], dtype=np.float32), neighbours, np.asarray([0, 1, 2]))
    np.testing.assert_allclose(found, [[1.0, 1.0, -1.0, 0.0]])


def test_signals_of_many_are_those_of_each() -> None:
    vectors, leaves, ids = cloud(1200, 6)
    memory = Neighbours.learn(vectors[:200], leaves[:200], ids[:200])
    scores = np.random.default_rng(2).normal(size=(1200, 6))
    topics = np.asarray([0, 0, 1, 1, 2, 2])
    every = signals(scores, vectors, memory, topics)
    for number in (0, 511, 512, 1199):
        one = slice(number, number + 1)
        np.testing.assert_allclose(every[one], signals(scores[one], vectors[one], memory, topics), atol=1e-6)


def test_prototypes_are_unit_centres_of_every_leaf_named_by_a_message_of_it() -> None:
    vectors, leaves, ids = cloud(200, 4)
    memory = Neighbours.learn(vectors, leaves, ids)
    assert memory.vectors.dtype == np.float32
    assert np.bincount(memory.leaves).tolist() == [50 // MESSAGES_PER_CENTRE] * 4
    np.testing.assert_allclose(np.linalg.norm(memory.vectors, axis=1), 1.0, rtol=1e-5)
    assert all(leaves[ids.index(name)] == leaf for name, leaf in zip(memory.ids, memory.leaves, strict=True))


def test_prototypes_are_the_same_for_the_same_seed() -> None:
    one, two = Neighbours.learn(*cloud(200, 4), seed=3), Neighbours.learn(*cloud(200, 4), seed=3)
    assert one.vectors.tobytes() == two.vectors.tobytes()
    assert one.ids == two.ids


@pytest.mark.parametrize("limit", [4, 5, 16, 4096])
def test_prototypes_are_at_most_the_limit_with_one_for_every_leaf(limit: int) -> None:
    memory = Neighbours.learn(*cloud(200, 4), limit=limit)
    assert 4 <= len(memory.vectors) <= limit
    assert set(memory.leaves.tolist()) == {0, 1, 2, 3}


def test_copies_of_a_message_are_one_prototype() -> None:
    vectors = np.asarray([EAST] * 30 + [NORTH] * 30, dtype=np.float32)
    memory = Neighbours.learn(vectors, np.repeat([0, 1], 30), [str(number) for number in range(60)])
    np.testing.assert_array_equal(memory.vectors, [EAST, NORTH])
    assert memory.leaves.tolist() == [0, 1]


def test_without_an_encoder_there_are_no_prototypes() -> None:
    memory = Neighbours.learn(np.zeros((5, 0), dtype=np.float32), np.arange(5), list("abcde"))
    assert memory.vectors.shape == (0, 0)
    assert memory.ids == []


def test_a_leaf_can_be_left_out_of_the_memory(neighbours: Neighbours) -> None:
    rest = neighbours.without([0])
    assert rest.ids == ["c", "d"]
    assert rest.leaves.tolist() == [1, 1]
    np.testing.assert_array_equal(rest.vectors, [NORTH, NORTH])
    assert neighbours.ids == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(rest.similarity(np.asarray([NORTH, EAST], dtype=np.float32)), [[1, 1], [0, 0]])
