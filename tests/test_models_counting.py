from __future__ import annotations

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.feature_extraction.text import TfidfVectorizer

from models.counting import Counted, matrix

TEXTS = ["верните деньги деньги деньги", "где мои деньги", "нет связи нет сети", ""]
KINDS: tuple[dict[str, object], ...] = ({"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 5)})


@pytest.mark.parametrize("kind", KINDS, ids=["words", "characters"])
def test_rows_are_those_of_scikit_learn(kind: dict[str, object]) -> None:
    block = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **kind).fit(TEXTS)
    asked = [*TEXTS, "деньги и нечто небывалое", "совсем другое"]
    mine, theirs = matrix({"block": Counted.of(block)}, {"block": asked}, len(asked)), block.transform(asked)
    assert mine.dtype == np.float32
    assert mine.has_sorted_indices
    np.testing.assert_allclose(mine.toarray(), theirs.toarray(), atol=1e-6)


def test_a_block_travels_to_other_processes_without_its_cache() -> None:
    block = Counted.of(TfidfVectorizer(analyzer="char_wb", sublinear_tf=True, dtype=np.float32).fit(TEXTS))
    before = block.columns("где деньги")
    (there,) = Parallel(n_jobs=2)(delayed(block.columns)(text) for text in ["где деньги"])
    np.testing.assert_array_equal(there, before)


def test_blocks_stand_side_by_side_and_no_text_is_no_row() -> None:
    words, signs = (TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **kind).fit(TEXTS) for kind in KINDS)
    blocks = {"words": Counted.of(words), "signs": Counted.of(signs)}
    both = matrix(blocks, {"words": TEXTS, "signs": TEXTS}, len(TEXTS))
    width = len(words.vocabulary_)
    np.testing.assert_allclose(both[:, :width].toarray(), words.transform(TEXTS).toarray(), atol=1e-6)
    np.testing.assert_allclose(both[:, width:].toarray(), signs.transform(TEXTS).toarray(), atol=1e-6)
    assert matrix(blocks, {"words": [], "signs": []}, 0).shape == (0, both.shape[1])
