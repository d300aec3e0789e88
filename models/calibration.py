"""Scores into honest probabilities: one softmax over all leaves and the unknown, its few numbers learned on other authors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.classifier import Scores, softmax, sum_leaves

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Calibration:
    """Temperature scaling (Guo et al. 2017, arXiv:1706.04599) over leaves and an *unknown* leaf of the open topic.

        logit of leaf l   = sharpness * score_l
        logit of unknown  = weights . signals + unknown_bias           (only where there is an open topic)

    A bias for each topic was tried and lost: it fits the few calibrating authors, not the next ones (experiments/LOG.md). A topic's probability
    is the sum over its leaves; unlikeness to everything known thus raises the open topic and lowers all others in one step, and what comes out
    stays a probability.
    """

    sharpness: float
    weights: npt.NDArray[np.float64]
    unknown_bias: float
    topic_count: int
    open_topic: int | None

    @classmethod
    def fit(
        cls,
        scores: Scores,
        signals: Scores,
        gold: Indices,
        leaf_topics: Indices,
        topics: int,
        open_topic: int | None,
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> Self:
        """Maximise the likelihood of the gold topics of n texts by authors that did not fit the classifier.

        Args:
            scores: (n, leaves) decision values.
            signals: (n, s) unlikeness signals of models.openset, s at most 5.
            gold: (n,) position of the right topic.
            leaf_topics: (leaves,) topic of every leaf.
            topics: their number.
            open_topic: position of the open topic, or None: then nothing is ever unknown.
            sample_weight: (n,) weights.
        """
        n, weight = len(scores), np.ones(len(scores)) if sample_weight is None else sample_weight
        count = signals.shape[1] if open_topic is not None else 0
        centre, spread = (signals.mean(axis=0), np.maximum(signals.std(axis=0), 1e-6)) if count else (np.zeros(0), np.ones(0))
        standard = (signals - centre) / spread if count else np.zeros((n, 0))
        member = leaf_topics[None, :] == gold[:, None]

        def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
            sharpness = np.exp(parameters[0])
            logits = sharpness * scores
            mine = member
            if open_topic is not None:
                unknown = standard @ parameters[1:-1] + parameters[-1]
                logits = np.column_stack([logits, unknown])
                mine = np.column_stack([member, gold == open_topic])
            leaves = softmax(logits)
            right = np.maximum((leaves * mine).sum(axis=1), 1e-12)
            slope = (leaves - leaves * mine / right[:, None]) * weight[:, None]
            gradient = np.zeros_like(parameters)
            gradient[0] = sharpness * (slope[:, : len(leaf_topics)] * scores).sum()
            penalty = 0.0
            if open_topic is not None:
                gradient[1:-1] = slope[:, -1] @ standard + parameters[1:-1]
                gradient[-1] = slope[:, -1].sum()
                penalty += 0.5 * float(parameters[1:-1] @ parameters[1:-1])
            return float(-(weight * np.log(right)).sum() + penalty), gradient

        start = np.zeros(1 + (count + 1 if open_topic is not None else 0))
        start[0] = np.log(4.0)
        best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
        weights = best[1:-1] / spread if count else np.zeros(0)
        unknown_bias = float(best[-1] - weights @ centre) if open_topic is not None else 0.0
        return cls(float(np.exp(best[0])), weights, unknown_bias, topics, open_topic)

    def leaves(self, scores: Scores, signals: Scores) -> tuple[Scores, npt.NDArray[np.float64]]:
        """Probabilities of every leaf, (n, leaves), and of the unknown, (n,): together they sum to 1."""
        logits = self.sharpness * scores
        if self.open_topic is None:
            return softmax(logits), np.zeros(len(scores))
        both = softmax(np.column_stack([logits, signals @ self.weights + self.unknown_bias]))
        return both[:, :-1], both[:, -1]

    def topics(self, leaves: Scores, unknown: npt.NDArray[np.float64], leaf_topics: Indices) -> Scores:
        """Probabilities of every topic, (n, topics): its leaves and, for the open topic, the unknown."""
        result = sum_leaves(leaves, leaf_topics, self.topic_count)
        if self.open_topic is not None:
            result[:, self.open_topic] += unknown
        return result

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a manifest."""
        return {
            "sharpness": self.sharpness,
            "weights": self.weights.tolist(),
            "unknown_bias": self.unknown_bias,
            "topic_count": self.topic_count,
            "open_topic": self.open_topic,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        return cls(
            float(raw["sharpness"]), np.asarray(raw["weights"]), float(raw["unknown_bias"]), int(raw["topic_count"]), raw["open_topic"]
        )


def reweigh(probabilities: Scores, learned: npt.NDArray[np.float64], live: npt.NDArray[np.float64]) -> Scores:
    """Probabilities (n, topics) under other class shares: Bayes' rule with the ratio of live to learned priors (Saerens et al. 2002, eq. 4).

    A topic that no calibrating message had keeps its weight: nothing is known of what it was learned with.
    """
    scaled = probabilities * prior_ratio(learned, live)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def prior_ratio(learned: npt.NDArray[np.float64], live: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Live over learned shares, (topics,); 1 where the learned share is 0."""
    return np.divide(live, learned, out=np.ones(len(live)), where=learned > 0)


def estimate_priors(probabilities: Scores, learned: npt.NDArray[np.float64], rounds: int = 200) -> npt.NDArray[np.float64]:
    """Class shares of unlabelled traffic by expectation maximisation (Saerens, Latinne, Decaestecker 2002, eq. 5), (topics,)."""
    live = learned.copy()
    for _ in range(rounds):
        before, live = live, reweigh(probabilities, learned, live).mean(axis=0)
        if np.abs(live - before).max() < 1e-7:
            break
    return live
