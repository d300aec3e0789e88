"""TF-IDF rows of a few texts without what scikit-learn's vectorisers cost each time they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

CACHED, LONGEST = 16_384, 40  # words whose columns are remembered, and their most characters


@dataclass(frozen=True)
class Counted:
    """One fitted block: text -> terms, term -> column, column -> inverse document frequency (float32).

    by_word: the terms of a text are those of its words, each by itself (character n-grams inside words), so that common words are cut up once.
    """

    terms: Callable[[Any], Iterable[str]]
    known: Mapping[str, int]
    idf: npt.NDArray[np.float32]
    by_word: bool = False

    @classmethod
    def of(cls, block: TfidfVectorizer) -> Self:
        """What a fitted vectoriser has learned; it must count sublinearly and give unit rows."""
        known = getattr(block, "vocabulary_", None) or block.vocabulary
        return cls(block.build_analyzer(), known, np.asarray(block.idf_, dtype=np.float32), block.analyzer == "char_wb")

    def columns(self, item: Any) -> npt.NDArray[np.intp]:
        """The column of every known term, as often as it occurs."""
        if not self.by_word:
            return self._columns(item)
        words = [self._of_word(word) if len(word) <= LONGEST else self._columns(word) for word in item.split()]
        return np.concatenate(words) if words else np.zeros(0, dtype=np.intp)

    def _columns(self, item: Any) -> npt.NDArray[np.intp]:
        return np.asarray([column for term in self.terms(item) if (column := self.known.get(term)) is not None], dtype=np.intp)

    @cached_property
    def _of_word(self) -> Callable[[str], npt.NDArray[np.intp]]:
        return lru_cache(maxsize=CACHED)(self._columns)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_of_word"}  # a cache does not travel to other processes


def matrix(blocks: Mapping[str, Counted], read: Mapping[str, Sequence[Any]], n: int) -> sparse.csr_matrix:
    """Rows of n texts, the blocks side by side, (n, features) float32; `read` holds what each block counts in every text.

    A value is (1 + log count) * idf, each block's part of a row has length 1 (Salton and Buckley 1988).
    """
    idf = np.concatenate([block.idf for block in blocks.values()])
    starts = np.cumsum([0, *(len(block.idf) for block in blocks.values())])
    width = int(starts[-1])
    found = [
        block.columns(read[name][row]) + (row * width + start)
        for row in range(n)
        for (name, block), start in zip(blocks.items(), starts, strict=False)
    ]
    # All texts at once: numpy's calls cost more than its work on a few hundred numbers.
    places, counts = np.unique(np.concatenate(found) if found else np.zeros(0, dtype=np.intp), return_counts=True)
    rows, columns = np.divmod(places, width)
    values = (1 + np.log(counts)) * idf[columns]
    part = rows * len(blocks) + np.searchsorted(starts, columns, side="right") - 1
    values /= np.sqrt(np.bincount(part, weights=values**2))[part] if len(part) else 1.0
    ends = np.searchsorted(rows, np.arange(n + 1))
    return sparse.csr_matrix((values.astype(np.float32), columns.astype(np.int32), ends.astype(np.int32)), shape=(n, width))
