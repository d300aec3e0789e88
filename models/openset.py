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
MESSAGES_PER_CENTRE = 7
NEAREST = 2


class Neighbours:
    """The memory that says what has been seen: centres of the training messages' encodings, leaf by leaf.

    Centres tell the unknown better than the messages themselves (CLINC150, validation: AUROC 0.983 with one centre to seven messages, 0.976
    with all 15,000 messages: experiments/LOG.md), take less room, and are nobody's message.

    Args:
        vectors: (p, dimension) unit vectors, p at most MAX_PROTOTYPES.
        leaves: (p,) leaf of each.
        ids: (p,) id of the message nearest to each centre, for evidence.
    """

    def __init__(self, vectors: Vectors, leaves: npt.NDArray[np.intp], ids: Sequence[str]) -> None:
        self.vectors, self.leaves, self.ids = vectors, leaves, list(ids)

    @classmethod
    def learn(cls, vectors: Vectors, leaves: npt.NDArray[np.intp], ids: Sequence[str], limit: int = MAX_PROTOTYPES, seed: int = 0) -> Self:
        """k-means within each leaf, one centre to about MESSAGES_PER_CENTRE messages (more where `limit` would be passed)."""
        from sklearn.cluster import KMeans

        if not vectors.shape[1]:
            return cls(vectors[:0], leaves[:0], [])
        each = max(MESSAGES_PER_CENTRE, len(vectors) / max(limit - len(set(leaves.tolist())), 1))
        centres, owners, nearest = [], [], []
        for leaf in np.unique(leaves):
            members = np.flatnonzero(leaves == leaf)
            count = max(1, min(int(len(members) / each), len(np.unique(vectors[members], axis=0))))
            found = KMeans(count, n_init=1, max_iter=20, random_state=seed).fit(vectors[members]).cluster_centers_
            found = (found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)).astype(np.float32)
            centres.append(found)
            owners += [leaf] * count
            nearest += [ids[members[number]] for number in (vectors[members] @ found.T).argmax(axis=0)]
        return cls(np.vstack(centres), np.asarray(owners, dtype=np.intp), nearest)

    def without(self, leaves: Sequence[int]) -> Self:
        """The prototypes of all other leaves."""
        stay = ~np.isin(self.leaves, leaves)
        return type(self)(self.vectors[stay], self.leaves[stay], [name for name, keep in zip(self.ids, stay, strict=True) if keep])

    def similarity(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """Cosine similarity of n texts to every prototype, (n, p)."""
        return np.asarray(vectors @ self.vectors.T)


def signals(scores: Scores, vectors: Vectors, neighbours: Neighbours, leaf_topics: npt.NDArray[np.intp], nearest: int = NEAREST) -> Scores:
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
    # A few searches for the largest are cheaper than one partition of thousands.
    values, rows = values.copy(), np.arange(len(values))
    largest = []
    for _ in range(min(count, values.shape[1])):
        place = values.argmax(axis=1)
        largest.append(values[rows, place])
        values[rows, place] = -np.inf
    return np.mean(largest, axis=0)
