"""TF-IDF rows of a few texts without what scikit-learn's vectorisers cost each time they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

CACHED, LONGEST = 16_384, 40  # words whose columns are remembered, and their most characters


@dataclass(frozen=True)
class Counted:
    """One fitted block: text -> the column of every known term, as often as it occurs; column -> inverse document frequency (float32)."""

    columns: Callable[[Any], Sequence[int]]
    idf: npt.NDArray[np.float32]

    @classmethod
    def of(cls, block: TfidfVectorizer) -> Self:
        """What a fitted vectoriser has learned; it must count sublinearly and give unit rows."""
        known: Mapping[str, int] = getattr(block, "vocabulary_", None) or block.vocabulary
        terms = block.build_analyzer()

        def columns(item: Any) -> tuple[int, ...]:
            return tuple(column for term in terms(item) if (column := known.get(term)) is not None)

        # Character n-grams inside words are those of each word by itself: common words are cut up once.
        of_word = lru_cache(maxsize=CACHED)(columns)

        def by_word(text: str) -> list[int]:
            return [column for word in text.split() for column in (of_word(word) if len(word) <= LONGEST else columns(word))]

        return cls(by_word if block.analyzer == "char_wb" else columns, np.asarray(block.idf_, dtype=np.float32))

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
