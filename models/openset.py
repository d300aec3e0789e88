"""How unlike everything known a message is: a few signals, each cheap, none of them a classifier of the unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.classifier import Scores
from models.encoders import Vectors

SIGNALS = ("largest decision value", "neighbour similarity", "topic neighbour similarity", "second decision value")
MAX_PROTOTYPES = 4096


class Neighbours:
    """Training messages kept as prototypes, by encoding: the memory that says what has been seen.

    Args:
        vectors: (p, dimension) unit vectors, p at most MAX_PROTOTYPES.
        leaves: (p,) leaf of each.
        ids: (p,) message id of each, for evidence.
    """

    def __init__(self, vectors: Vectors, leaves: npt.NDArray[np.intp], ids: Sequence[str]) -> None:
        self.vectors, self.leaves, self.ids = vectors, leaves, list(ids)

    @classmethod
    def choose(cls, vectors: Vectors, leaves: npt.NDArray[np.intp], ids: Sequence[str], limit: int = MAX_PROTOTYPES) -> Self:
        """All messages if they are few, else `limit` of them spread by farthest-first traversal (Gonzalez 1985): near-copies go first."""
        if len(vectors) <= limit:
            return cls(vectors, leaves, ids)
        chosen = np.zeros(limit, dtype=np.intp)
        closest = vectors @ vectors.mean(axis=0)
        chosen[0] = int(closest.argmax())
        closest = vectors @ vectors[chosen[0]]
        for position in range(1, limit):
            chosen[position] = int(closest.argmin())
            np.maximum(closest, vectors @ vectors[chosen[position]], out=closest)
        chosen.sort()
        return cls(vectors[chosen], leaves[chosen], [ids[number] for number in chosen])

    def without(self, leaf: int) -> Self:
        """The prototypes of all other leaves."""
        stay = self.leaves != leaf
        return type(self)(self.vectors[stay], self.leaves[stay], [name for name, keep in zip(self.ids, stay, strict=True) if keep])

    def similarity(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """Cosine similarity of n texts to every prototype, (n, p)."""
        return np.asarray(vectors @ self.vectors.T)


def signals(scores: Scores, vectors: Vectors, neighbours: Neighbours, leaf_topics: npt.NDArray[np.intp], nearest: int = 5) -> Scores:
    """The signals of n texts, (n, len(SIGNALS)); a low value speaks for the unknown.

    1. largest decision value (maximum logit: Hendrycks et al. 2022, arXiv:1911.11132);
    2. mean cosine similarity to the `nearest` prototypes (deep nearest neighbours: Sun et al. 2022, arXiv:2204.06507);
    3. the same to prototypes of the best topic only: near the data, but not near what it is called (trust score: Jiang et al. 2018,
       arXiv:1805.11783);
    4. second largest decision value: two strong answers are a border between known things, none is the unknown.

    Args:
        scores: (n, leaves) decision values.
        vectors: (n, dimension) encodings; without an encoder (dimension 0) signals 2 and 3 are zero.
        neighbours: the prototypes.
        leaf_topics: (leaves,) topic of every leaf.
        nearest: how many neighbours are averaged.
    """
    best = np.partition(scores, -2, axis=1)
    result = np.zeros((len(scores), len(SIGNALS)))
    result[:, 0], result[:, 3] = best[:, -1], best[:, -2]
    if vectors.shape[1] and len(neighbours.vectors):
        topics_of_prototypes = leaf_topics[neighbours.leaves]
        answers = leaf_topics[scores.argmax(axis=1)]
        for start in range(0, len(vectors), 512):
            part = slice(start, start + 512)
            similar = neighbours.similarity(vectors[part])
            result[part, 1] = _mean_of_largest(similar, nearest)
            similar[topics_of_prototypes[None, :] != answers[part, None]] = -1.0
            result[part, 2] = _mean_of_largest(similar, nearest)
    return result


def _mean_of_largest(values: npt.NDArray[np.float32], count: int) -> Any:
    count = min(count, values.shape[1])
    return np.partition(values, -count, axis=1)[:, -count:].mean(axis=1)
