"""Figures of a table of predictions; every function takes Columns and returns one number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from experiments.predictions import Columns

Metric = Callable[[Columns], float]
BINS = 15


def accuracy(table: Columns) -> float:
    """Share of messages whose topic is right."""
    return float(table.right.mean()) if len(table) else float("nan")


def f1(table: Columns, label: str) -> float:
    """F1 of one label: 2 TP / (2 TP + FP + FN)."""
    code = table.code(label)
    hits = int(((table.gold_code == code) & table.right).sum())
    total = int((table.gold_code == code).sum() + (table.predicted_code == code).sum())
    return 2 * hits / total if hits else 0.0


def macro_f1(table: Columns) -> float:
    """Mean F1 over the labels that occur in the gold column."""
    size = len(table.labels)
    hits = np.bincount(table.gold_code[table.right], minlength=size)
    gold, said = np.bincount(table.gold_code, minlength=size), np.bincount(table.predicted_code, minlength=size)
    present = gold > 0
    return float((2 * hits[present] / (gold + said)[present]).mean()) if present.any() else float("nan")


def need_accuracy(table: Columns) -> float:
    """Share of right needs among messages whose topic is right and is a request (a null need counts as wrong)."""
    known = table.right & (table.gold_code != table.code(table.no_request))
    return float(table.need_right[known].mean()) if known.any() else float("nan")


def also_f1(table: Columns) -> float:
    """F1 of further topics named, over all (message, further topic) pairs (nan if no message has one)."""
    if not table.also_gold.any():
        return float("nan")
    return float(2 * table.also_right.sum() / (table.also_named.sum() + table.also_gold.sum()))


def auto_precision(table: Columns) -> float:
    """Share of right topics among messages marked auto."""
    auto = table.status == "auto"
    return float(table.right[auto].mean()) if auto.any() else float("nan")


def coverage(table: Columns) -> float:
    """Share of requests that are marked auto."""
    requests = table.gold_code != table.code(table.no_request)
    return float((table.status[requests] == "auto").mean()) if requests.any() else float("nan")


def swallowed(table: Columns) -> float:
    """Share of real requests among messages that are said to be none."""
    said = table.status == "no_request"
    return float((table.gold_code[said] != table.code(table.no_request)).mean()) if said.any() else float("nan")


def brier(table: Columns) -> float:
    """Mean squared difference of confidence and being right (Brier 1950, for the answer given)."""
    return float(((table.confidence - table.right) ** 2).mean()) if len(table) else float("nan")


def ece(table: Columns) -> float:
    """Expected calibration error with equal-mass bins (Nixon et al. 2019, arXiv:1904.01685)."""
    return _ece(table.confidence, table.right.astype(np.float64)) if len(table) else float("nan")


def ece_if_perfect(table: Columns, rounds: int = 200, seed: int = 0) -> float:
    """The ECE that a perfectly calibrated model with these confidences would show by chance, mean over draws: the floor to read `ece` against."""
    if not len(table):
        return float("nan")
    draw = np.random.default_rng(seed)
    return float(np.mean([_ece(table.confidence, (draw.random(len(table)) < table.confidence).astype(np.float64)) for _ in range(rounds)]))


def _ece(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    return float(sum(abs(confidence[part].sum() - right[part].sum()) for part in parts) / len(order))


def unknown_auroc(table: Columns) -> float:
    """Area under the ROC curve of the open topic's probability: open messages against all others (nan if only one kind occurs)."""
    if table.open_label is None:
        return float("nan")
    positive = table.gold_code == table.code(table.open_label)
    if positive.all() or not positive.any():
        return float("nan")
    from scipy.stats import rankdata

    ranks = rankdata(table.open_probability)
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(table) - count)))


def in_scope_accuracy(table: Columns) -> float:
    """Share of right labels among messages that are not of the open label (an answer `open` counts as wrong)."""
    inside = table.gold_code != table.code(table.open_label)
    return float(table.right[inside].mean()) if table.open_label and inside.any() else float("nan")


def in_scope_accuracy_unrefused(table: Columns) -> float:
    """The same if nothing could be refused: the likeliest label but the open one is the answer."""
    inside = table.gold_code != table.code(table.open_label)
    return float(table.known_right[inside].mean()) if table.open_label and inside.any() else float("nan")


def open_recall(table: Columns) -> float:
    """Share of messages of the open label that got it."""
    outside = table.gold_code == table.code(table.open_label)
    return float(table.right[outside].mean()) if table.open_label and outside.any() else float("nan")


HEADLINES: dict[str, Metric] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "need_accuracy": need_accuracy,
    "also_f1": also_f1,
    "auto_precision": auto_precision,
    "coverage": coverage,
    "swallowed": swallowed,
    "ece": ece,
    "brier": brier,
    "unknown_auroc": unknown_auroc,
    "in_scope_accuracy": in_scope_accuracy,
    "in_scope_accuracy_unrefused": in_scope_accuracy_unrefused,
    "open_recall": open_recall,
}
