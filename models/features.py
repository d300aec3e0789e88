"""Sparse character, word and lemma features of repaired, masked texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

from data.errors import ConfigError
from data.morphology import analyzer
from models.counting import Counted, matrix

PLACEHOLDER = re.compile(r"<[A-Z]+>")
_LETTERS = re.compile("[а-яё]+")
CACHED, LONGEST = 16_384, 40  # pieces of text whose tokens are remembered, and their most characters


@lru_cache(maxsize=8)
def tokenizer(lang: str) -> Callable[[str], list[str]]:
    """spaCy's rule-based tokeniser of a language ("ru", "en", "xx" for any): text -> words and marks, placeholders such as <PHONE> whole.

    What stands between spaces is read by itself, as spaCy does, so that a bounded cache spares common words the work; only texts with a special
    case that has a space in it are read whole. Strings live in a memory zone, so that ever-new words of live traffic do not pile up in spaCy's
    string store.
    """
    import spacy

    try:
        nlp = spacy.blank(lang)
    except ImportError as error:
        raise ConfigError(f"lang: spaCy knows no language {lang!r}; use one of its codes, or 'xx' for any language") from error
    rules = getattr(nlp.tokenizer, "rules", None) or {}
    spaced = [re.escape(case) for case in rules if len(case.split()) > 1]
    whole = re.compile("|".join(spaced)) if spaced else None

    def read(text: str) -> tuple[str, ...]:
        with nlp.memory_zone():
            return tuple(token.text for token in nlp.tokenizer(text) if not token.is_space)

    @lru_cache(maxsize=CACHED)
    def piece(text: str) -> tuple[str, ...]:
        # Small Cyrillic letters alone are one token, unless a special case says otherwise.
        return (text,) if text not in rules and _LETTERS.fullmatch(text) else read(text)

    def words(text: str) -> Iterator[str]:
        if whole and whole.search(text):
            return iter(read(text))
        return chain.from_iterable(piece(part) if len(part) <= LONGEST else read(part) for part in text.split())

    def tokenize(text: str) -> list[str]:
        tokens: list[str] = []
        start = 0
        for match in PLACEHOLDER.finditer(text):
            tokens.extend(words(text[start : match.start()]))
            tokens.append(match.group())
            start = match.end()
        tokens.extend(words(text[start:]))
        return tokens

    return tokenize


@lru_cache(maxsize=16_384)
def lemma(word: str) -> str:
    """The normal form of a Russian word by pymorphy3's most likely reading; bounded cache."""
    return str(analyzer().parse(word)[0].normal_form) if word[:1].isalpha() else word


def fold(text: str) -> str:
    """Case and ё folded; placeholders keep their capitals."""
    parts, start = [], 0
    for match in PLACEHOLDER.finditer(text):
        parts += [text[start : match.start()].lower().replace("ё", "е"), match.group()]
        start = match.end()
    return "".join([*parts, text[start:].lower().replace("ё", "е")])


def _as_it_is(item: Any) -> Any:
    return item


class TextFeatures(TransformerMixin, BaseEstimator):
    """TF-IDF of word n-grams, character n-grams inside words and, if asked, lemma n-grams; each block has unit rows.

    Args:
        lang: spaCy language code of the tokeniser.
        words: (shortest, longest) word n-grams, or None.
        characters: (shortest, longest) character n-grams, or None.
        lemmas: add lemma 1-2-grams (Russian).
        min_documents: character n-grams in fewer texts are left out.
    """

    def __init__(
        self,
        lang: str = "ru",
        words: tuple[int, int] | None = (1, 2),
        characters: tuple[int, int] | None = (2, 5),
        lemmas: bool = False,
        min_documents: int = 2,
    ) -> None:
        self.lang = lang
        self.words = words
        self.characters = characters
        self.lemmas = lemmas
        self.min_documents = min_documents

    def _blocks(self) -> dict[str, TfidfVectorizer]:
        common: dict[str, Any] = {"preprocessor": _as_it_is, "sublinear_tf": True, "dtype": np.float32}
        listed: dict[str, Any] = {**common, "tokenizer": _as_it_is, "token_pattern": None}
        blocks = {}
        if self.words:
            blocks["word"] = TfidfVectorizer(ngram_range=tuple(self.words), **listed)
        if self.characters:
            blocks["char"] = TfidfVectorizer(analyzer="char_wb", ngram_range=tuple(self.characters), min_df=self.min_documents, **common)
        if self.lemmas:
            blocks["lemma"] = TfidfVectorizer(ngram_range=(1, 2), **listed)
        return blocks

    def _read(self, X: Sequence[str]) -> dict[str, Sequence[Any]]:
        """What each block counts in n texts; they are tokenised once for words and lemmas."""
        folded = [fold(text) for text in X]
        tokens = [tokenizer(self.lang)(text) for text in folded] if self.words or self.lemmas else []
        lemmas = [[lemma(token) for token in one] for one in tokens] if self.lemmas else []
        return {"word": tokens, "char": folded, "lemma": lemmas}

    def fit(self, X: Sequence[str], y: object = None) -> Self:
        """Learn vocabularies and document frequencies of n texts."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Sequence[str], y: object = None) -> sparse.csr_matrix:  # noqa: ARG002 - scikit-learn's signature
        """Learn from n texts and turn them into an (n, features) float32 matrix, each read once."""
        self.blocks_, read = self._blocks(), self._read(X)
        parts = []
        for name, block in self.blocks_.items():
            try:
                parts.append(block.fit_transform(read[name]))
            except ValueError:
                if name == "char" and self.min_documents > 1:  # too few texts to share a character n-gram
                    block.set_params(min_df=1)
                    parts.append(block.fit_transform(read[name]))
                else:
                    raise
        self.counted_ = {name: Counted.of(block) for name, block in self.blocks_.items()}
        return sparse.hstack(parts, format="csr", dtype=np.float32)

    def transform(self, X: Sequence[str]) -> sparse.csr_matrix:
        """Turn n texts into an (n, features) float32 matrix."""
        return matrix(self.counted_, self._read(X), len(X))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:  # noqa: ARG002
        """Names such as "word:симка", in the order of the columns."""
        names: list[str] = []
        for name, block in self.blocks_.items():
            names += [f"{name}:{term}" for term in block.get_feature_names_out()]
        return np.asarray(names, dtype=object)

    def state(self) -> tuple[dict[str, list[str]], dict[str, npt.NDArray[np.float64]]]:
        """Vocabularies (terms in column order) and inverse document frequencies by block: all that was learned."""
        return (
            {name: list(block.get_feature_names_out()) for name, block in self.blocks_.items()},
            {name: block.idf_ for name, block in self.blocks_.items()},
        )

    def restore(self, vocabularies: Mapping[str, Iterable[str]], idf: Mapping[str, npt.NDArray[np.float64]]) -> Self:
        """The inverse of `state`."""
        self.blocks_ = self._blocks()
        for name, block in self.blocks_.items():
            block.vocabulary = {term: column for column, term in enumerate(vocabularies[name])}
            block.idf_ = idf[name]
        self.counted_ = {name: Counted.of(block) for name, block in self.blocks_.items()}
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "blocks_")
