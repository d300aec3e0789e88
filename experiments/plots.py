"""Static plots of a table of predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.evaluation import by_member
from experiments.predictions import Columns, Predictions

MASS = 20  # messages in a bin of a small plot


def _figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def confusion(table: Predictions, path: Path, limit: int = 30) -> None:
    """Counts and row shares of gold against given topics (the `limit` most frequent)."""
    counts = Counter(row.label for row in table.rows)
    labels = sorted(label for label, _ in counts.most_common(limit))
    pairs = Counter((row.label, row.predicted) for row in table.rows)
    grid = np.asarray([[pairs[gold, said] for said in labels] for gold in labels])
    share = grid / np.maximum(grid.sum(axis=1, keepdims=True), 1)
    figure = _figure(2 + 0.8 * len(labels), 1.5 + 0.7 * len(labels))
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set(
        xticks=range(len(labels)),
        yticks=range(len(labels)),
        yticklabels=labels,
        xlabel="given",
        ylabel="right",
        title="Confusion: count and share of row",
    )
    axes.set_xticklabels(labels, rotation=45, ha="right")
    if len(labels) <= 12:
        for row in range(len(labels)):
            for column in range(len(labels)):
                colour = "white" if share[row, column] > 0.5 else "black"
                axes.text(column, row, f"{grid[row, column]}\n{share[row, column]:.0%}", ha="center", va="center", fontsize=8, color=colour)
    figure.savefig(path, dpi=110)


def reliability(table: Predictions, path: Path, bins: int = 15) -> None:
    """Share right against confidence in bins of equal mass, with 95 % binomial bars, above a histogram of confidences of right and wrong."""
    columns = table.columns
    figure = _figure(6, 7)
    top, bottom = figure.subplots(2, 1, height_ratios=(3, 1))
    _points(top, columns, bins)
    top.set(ylabel="share right", title="Reliability (equal-mass bins)")
    bottom.hist(
        [columns.confidence[columns.right], columns.confidence[~columns.right]],
        bins=20,
        range=(0, 1),
        label=["right", "wrong"],
        stacked=True,
    )
    bottom.set(xlabel="confidence", ylabel="messages")
    bottom.legend()
    figure.savefig(path, dpi=110)


def _points(axes: Any, columns: Columns, bins: int) -> None:
    for part in np.array_split(np.argsort(columns.confidence, kind="stable"), min(bins, max(len(columns), 1))):
        if len(part):
            right = columns.right[part].mean()
            spread = 1.96 * np.sqrt(max(right * (1 - right), 1e-4) / len(part))
            axes.errorbar(columns.confidence[part].mean(), right, yerr=spread, fmt="o", color="tab:blue")
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))


def reliabilities(groups: Mapping[str, Columns], path: Path, limit: int = 12) -> None:
    """Reliability of every group beside the others (the `limit` largest), in equal-mass bins of at least MASS messages where there are so many."""
    names = sorted(sorted(groups, key=lambda name: (-len(groups[name]), name))[:limit])
    across = min(4, len(names))
    down = -(-len(names) // across)
    figure = _figure(2.6 * across + 0.6, 2.8 * down + 0.6)
    for axes, name in zip(figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).flat, names, strict=False):
        _points(axes, groups[name], min(10, max(1, len(groups[name]) // MASS)))
        axes.set_title(f"{name} ({len(groups[name])})", fontsize=9)
    for axes in figure.axes[len(names) :]:
        axes.set_visible(False)
    figure.supxlabel("confidence")
    figure.supylabel("share right")
    figure.savefig(path, dpi=110)


def risk_coverage(table: Predictions, path: Path, threshold: float | None) -> None:
    """Share wrong among the most confident part, for every part (El-Yaniv and Wiener 2010), with the chosen threshold.

    Of messages that got a topic: no_request has a threshold of its own.
    """
    columns = table.columns.take(np.flatnonzero(table.columns.predicted_code != table.columns.code(table.no_request)))
    order = np.argsort(-columns.confidence, kind="stable")
    errors = np.cumsum(~columns.right[order]) / np.arange(1, len(order) + 1)
    figure = _figure(6, 4.5)
    axes = figure.add_subplot()
    axes.plot(np.arange(1, len(order) + 1) / max(len(order), 1), errors)
    if threshold is not None and len(columns):
        axes.axvline(
            float((columns.confidence >= threshold).mean()), color="tab:red", linestyle="--", label=f"auto from {threshold:.3f} on"
        )
        axes.legend()
    axes.set(xlabel="coverage of messages that got a topic", ylabel="share wrong", title="Risk and coverage", ylim=(0, None))
    figure.savefig(path, dpi=110)


def unknown(table: Predictions, path: Path) -> None:
    """The probability of being like nothing known, for messages of the open topic and of all others."""
    inside = [row.unknown for row in table.rows if row.label != table.open_label]
    outside = [row.unknown for row in table.rows if row.label == table.open_label]
    kinds = {name: values for name, values in (("other topics", inside), (str(table.open_label), outside)) if values}
    figure = _figure(6, 4)
    axes = figure.add_subplot()
    axes.hist(list(kinds.values()), bins=25, range=(0, 1), density=True, label=list(kinds))
    axes.set(xlabel="probability of the unknown", ylabel="density", title="Unlike everything known")
    axes.legend()
    figure.savefig(path, dpi=110)


def all_plots(table: Predictions, folder: Path, threshold: float | None) -> list[Path]:
    """Every plot of one set as PNG files in a folder; those with nothing to compare are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in ("confusion", "reliability", "risk-coverage")]
    confusion(table, paths[0])
    reliability(table, paths[1])
    risk_coverage(table, paths[2], threshold)
    for name, member in (("topics", "predicted"), ("channels", "channel")):
        groups = by_member(table, member)
        if len(groups) > 1:
            paths.append(folder / f"reliability-{name}.png")
            reliabilities(groups, paths[-1])
    if table.open_label is not None:
        paths.append(folder / "unknown.png")
        unknown(table, paths[-1])
    return paths
