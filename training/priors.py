"""Class shares of live traffic in place of those that the probabilities were learned with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import BundleError, DataError, nearest
from models.bundle import Manifest
from models.calibration import estimate_priors, prior_ratio, reweigh
from models.tagger import Prediction, Tagger

Shares = npt.NDArray[np.float64]
ESTIMATE = "estimate"


def learned_shares(manifest: Manifest) -> Shares:
    """Shares of the labels among the calibrating messages of a bundle, (topics,), summing to 1.

    Raises:
        BundleError: the bundle does not say them.
    """
    shares: Mapping[str, float] | None = manifest.metrics.get("label_shares")
    if shares is None or set(shares) != set(manifest.topics):
        raise BundleError(
            f"{manifest.version}: the manifest does not say what label shares it was calibrated with; train the model again with this version"
        )
    return np.asarray([shares[topic] for topic in manifest.topics], dtype=np.float64)


def live_shares(given: str, tagger: Tagger, prediction: Prediction, learned: Shares) -> Shares:
    """Shares of live traffic, (topics,): estimated from the prediction, which never sees a label, or read from a file.

    Args:
        given: "estimate", or the path of a JSON file {"topic": share} that names every label of the model.
        tagger: names the topics.
        prediction: of the messages whose shares are wanted.
        learned: what the probabilities were learned with.

    Raises:
        DataError: the file cannot be used; the message says why.
    """
    if given == ESTIMATE:
        return estimate_priors(prediction.topics, learned)
    return read_shares(Path(given), tagger.decider.topics)


def read_shares(path: Path, topics: tuple[str, ...]) -> Shares:
    """Shares of a JSON file {"topic": share}, in the order of `topics`."""
    example = json.dumps({topic: round(1 / len(topics), 2) for topic in topics[:2]}, ensure_ascii=False)[:-1]
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"--priors {path}: cannot be read: {error.strerror}; give a JSON file or the word estimate") from error
    except ValueError as error:
        raise DataError(f"--priors {path}: not JSON; expected {example}, ...}}") from error
    if not isinstance(raw, dict) or not all(type(share) in (int, float) and 0 < share <= 1 for share in raw.values()):
        raise DataError(f"--priors {path}: expected a share above 0 and up to 1 for every label: {example}, ...}}")
    for name in raw:
        if name not in topics:
            raise DataError(f"--priors {path}: unknown label {name!r}{nearest(name, topics)}")
    for topic in topics:
        if topic not in raw:
            raise DataError(f"--priors {path}: no share for {topic!r}; give one for every label of the model, a small one if it is rare")
    shares = np.asarray([raw[topic] for topic in topics], dtype=np.float64)
    if abs(shares.sum() - 1) > 0.01:
        raise DataError(f"--priors {path}: shares must sum to 1, these sum to {shares.sum():.4f}")
    return np.asarray(shares / shares.sum())


def under_shares(tagger: Tagger, prediction: Prediction, learned: Shares, live: Shares) -> Prediction:
    """The same n texts under other class shares (Saerens et al. 2002): leaves and the unknown move with their topic."""
    ratio = prior_ratio(learned, live)
    scale = (prediction.topics * ratio).sum(axis=1)
    leaf_topics = tagger.classifier.leaf_topics_in(tagger.decider.topics)
    name, topics = tagger.decider.taxonomy.open_topic, tagger.decider.topics
    lift = ratio[topics.index(name)] if name in topics else 1.0
    return replace(
        prediction,
        topics=reweigh(prediction.topics, learned, live),
        leaves=prediction.leaves * ratio[leaf_topics] / scale[:, None],
        unknown=prediction.unknown * lift / scale,
    )
