"""Suspected wrong labels, by confident learning on out-of-fold predictions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from data.errors import DataError
from experiments.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Suspect:
    """One message whose label looks wrong: the label given, the one that the model would give, and the label's quality (0 worst .. 1)."""

    id: str
    label: str
    need: str | None
    suggested: str
    suggested_need: str | None
    quality: float


def suspects(table: Predictions, worst: int = 200, measured: str = "cross-validation") -> list[Suspect]:
    """The messages most likely to be labelled wrongly, worst first.

    Confident learning (Northcutt, Jiang, Chuang 2021, arXiv:1911.00068) as cleanlab implements it, on predictions by models that did not see the
    message's author.

    Raises:
        DataError: the table holds no out-of-fold predictions.
    """
    rows = table.where(set=measured).rows
    if not rows:
        raise DataError(f"the run has no {measured} predictions; train with [split] folds of at least 2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cleanlab imports what it does not need here
        from cleanlab.rank import get_label_quality_scores

    labels = sorted({row.label for row in rows})
    probabilities = np.asarray([[row.probabilities.get(label, 0.0) for label in labels] for row in rows])
    probabilities /= np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-9)
    gold = np.asarray([labels.index(row.label) for row in rows])
    quality = get_label_quality_scores(gold, probabilities, method="normalized_margin")
    order = np.argsort(quality, kind="stable")[:worst]
    return [
        Suspect(rows[n].id, rows[n].label, rows[n].need, rows[n].predicted, rows[n].predicted_need, round(float(quality[n]), 4))
        for n in order
        if rows[n].predicted != rows[n].label
    ]
