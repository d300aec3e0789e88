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

    def columns(self, item: Any) -> Sequence[int]:
        """The column of every known term, as often as it occurs."""
        if self.by_word:
            return [column for word in item.split() for column in (self._of_word(word) if len(word) <= LONGEST else self._columns(word))]
        return self._columns(item)

    def _columns(self, item: Any) -> tuple[int, ...]:
        return tuple(column for term in self.terms(item) if (column := self.known.get(term)) is not None)

    @cached_property
    def _of_word(self) -> Callable[[str], tuple[int, ...]]:
        return lru_cache(maxsize=CACHED)(self._columns)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_of_word"}  # a cache does not travel to other processes

    def row(self, item: Any) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Columns in rising order and their values: (1 + log count) * idf, of length 1 (Salton and Buckley 1988)."""
        columns, counts = np.unique(np.asarray(self.columns(item), dtype=np.intp), return_counts=True)
        values = (1 + np.log(counts.astype(np.float32))) * self.idf[columns]
        length = np.sqrt(values @ values)
        return columns, values / length if length else values


def matrix(blocks: Mapping[str, Counted], read: Mapping[str, Sequence[Any]], n: int) -> sparse.csr_matrix:
    """Rows of n texts, the blocks side by side, (n, features) float32; `read` holds what each block counts in every text."""
    columns, values, ends = [], [], [0]
    for number in range(n):
        first, total = 0, ends[-1]
        for name, block in blocks.items():
            where, what = block.row(read[name][number])
            columns.append(where + first)
            values.append(what)
            first, total = first + len(block.idf), total + len(where)
        ends.append(total)
    width = sum(len(block.idf) for block in blocks.values())
    data = np.concatenate(values) if values else np.zeros(0)
    place = np.concatenate(columns) if columns else np.zeros(0)
    return sparse.csr_matrix((data.astype(np.float32), place.astype(np.int32), np.asarray(ends, dtype=np.int32)), shape=(n, width))
