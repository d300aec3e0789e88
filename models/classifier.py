"""TopicClassifier: a scikit-learn estimator over raw texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from models.encoders import Encoder, Vectors, make_encoder
from models.features import TextFeatures
from models.prepare import Preparation

Scores = npt.NDArray[np.float64]


class TopicClassifier(ClassifierMixin, BaseEstimator):
    """Repair, mask, TF-IDF beside a sentence encoder, then one linear support vector machine over *leaves*.

    A leaf is a need inside its topic (or the topic itself where no needs are known): topics gather needs that have little in common, so
    separating the needs and adding up their probabilities is better than separating the topics (measured: experiments/LOG.md).

    Args:
        lang: spaCy language code.
        words, characters: (shortest, longest) n-grams, or None for none.
        lemmas: add lemma n-grams (Russian).
        encoder: "use", "none" or "folder:PATH" of a saved sentence-transformers or model2vec model.
        encoder_weight: length of the encoder's vector beside the TF-IDF blocks, each of length 1.
        C: inverse strength of regularisation.
        repair: "all", "none", or names of models.text.STEPS joined by commas.
        sharpness: scale of the decision values in the softmax of `predict_proba` (calibration learns its own).
        seed: of the coordinate descent.
        encodings: what encodes the training texts in `fit` (a cache); None: the encoder itself.
    """

    def __init__(
        self,
        lang: str = "ru",
        words: tuple[int, int] | None = (1, 2),
        characters: tuple[int, int] | None = (2, 5),
        lemmas: bool = False,
        encoder: str = "use",
        encoder_weight: float = 1.0,
        C: float = 0.5,
        repair: str = "all",
        sharpness: float = 4.0,
        seed: int = 0,
        encodings: Encoder | None = None,
    ) -> None:
        self.lang = lang
        self.words = words
        self.characters = characters
        self.lemmas = lemmas
        self.encoder = encoder
        self.encoder_weight = encoder_weight
        self.C = C
        self.repair = repair
        self.sharpness = sharpness
        self.seed = seed
        self.encodings = encodings

    def fit(self, X: Sequence[str], y: Sequence[str], needs: Sequence[str | None] | None = None) -> Self:
        """Learn from n raw texts, their topics and, if known, their needs.

        Raises:
            ValueError: X is not a list of texts, y holds no classes, or fewer than two.
        """
        texts = _texts(X)
        if len(texts) != len(y):
            raise ValueError(f"{len(texts)} texts, but {len(y)} topics")
        check_classification_targets(np.asarray(y))
        self.classes_ = np.unique(np.asarray(y))
        if len(self.classes_) < 2:
            raise ValueError(f"at least two classes are needed to learn from, got {len(self.classes_)} class")
        prepared = self.prepare(texts)
        self.features_ = TextFeatures(self.lang, self.words, self.characters, self.lemmas).fit(prepared)
        vectors = self.encode(prepared, self.encodings)
        return self.fit_leaves(self.features_.transform(prepared), vectors, y, needs)

    def fit_leaves(
        self, sparse_part: sparse.csr_matrix, vectors: Vectors, y: Sequence[str], needs: Sequence[str | None] | None = None
    ) -> Self:
        """The linear part of `fit`: (n, features) TF-IDF and (n, dimension) encodings of prepared texts -> weights of every leaf."""
        pairs = [(str(topic), need or "") for topic, need in zip(y, needs if needs is not None else [None] * len(y), strict=True)]
        self.leaves_: list[tuple[str, str]] = sorted(set(pairs))
        number = {leaf: position for position, leaf in enumerate(self.leaves_)}
        target = np.asarray([number[pair] for pair in pairs])
        matrix = (
            sparse.hstack([sparse_part, sparse.csr_matrix(vectors * np.float32(self.encoder_weight))], format="csr")
            if vectors.shape[1]
            else sparse_part
        )
        machine = LinearSVC(C=self.C, tol=0.1, random_state=self.seed, max_iter=2000).fit(matrix, target)
        weights, intercept = machine.coef_, machine.intercept_
        if len(self.leaves_) == 2:  # scikit-learn keeps one row for two classes
            weights, intercept = np.vstack([-weights, weights]), np.concatenate([-intercept, intercept])
        self.weights_ = np.ascontiguousarray(weights[:, : sparse_part.shape[1]].T, dtype=np.float32)
        self.encoder_weights_ = np.ascontiguousarray(weights[:, sparse_part.shape[1] :].T * self.encoder_weight, dtype=np.float32)
        self.intercept_ = intercept.astype(np.float32)
        return self

    def prepare(self, texts: Sequence[str]) -> list[str]:
        """Repaired and masked texts: what the features and the encoder see."""
        preparation = Preparation(self.repair, self.lang)
        return [preparation(text).text for text in texts]

    def encode(self, prepared: Sequence[str], encoder: Encoder | None = None) -> Vectors:
        """Encodings of n prepared texts, (n, dimension); (n, 0) without an encoder."""
        encoder = encoder or make_encoder(self.encoder)
        return encoder.encode(prepared) if encoder else np.zeros((len(prepared), 0), dtype=np.float32)

    def leaf_scores(self, sparse_part: sparse.csr_matrix, vectors: Vectors) -> Scores:
        """Decision values of n texts for every leaf, (n, leaves)."""
        scores = sparse_part @ self.weights_
        if vectors.shape[1]:
            scores = scores + vectors @ self.encoder_weights_
        return np.asarray(scores + self.intercept_, dtype=np.float64)

    def leaf_topics_in(self, topics: Iterable[str]) -> npt.NDArray[np.intp]:
        """Position in `topics` of every leaf's topic, (leaves,)."""
        names = [str(name) for name in topics]
        return np.asarray([names.index(topic) for topic, _ in self.leaves_], dtype=np.intp)

    def _scores(self, X: Sequence[str]) -> Scores:
        check_is_fitted(self, "weights_")
        prepared = self.prepare(_texts(X))
        return self.leaf_scores(self.features_.transform(prepared), self.encode(prepared))

    def predict_proba(self, X: Sequence[str]) -> Scores:
        """Probabilities of n raw texts for every topic, (n, topics); not calibrated on other authors (models.calibration does that)."""
        return sum_leaves(softmax(self.sharpness * self._scores(X)), self.leaf_topics_in(self.classes_), len(self.classes_))

    def predict(self, X: Sequence[str]) -> npt.NDArray[Any]:
        """The most probable topic of n raw texts, (n,)."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags


def softmax(scores: Scores) -> Scores:
    """Row-wise softmax of an (n, k) array."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def sum_leaves(leaves: Scores, topics: npt.NDArray[np.intp], count: int) -> Scores:
    """(n, leaves) probabilities added up by topic, (n, count)."""
    result = np.zeros((len(leaves), count))
    for leaf, topic in enumerate(topics):
        result[:, topic] += leaves[:, leaf]
    return result


def _texts(X: Sequence[str]) -> list[str]:
    if isinstance(X, str):
        raise ValueError("expected a list of texts, got one text")
    texts = list(np.asarray(X, dtype=object).ravel()) if isinstance(X, np.ndarray) else list(X)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"expected texts, got {type(text).__name__} at position {number}")
    return texts
