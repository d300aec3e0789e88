"""A table of predictions into figures with intervals, whole and by slice."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments import metrics
from experiments.intervals import Interval, interval
from experiments.predictions import Columns, Predictions, Row

SLICES = ("channel", "lang", "length", "slice", "repairs")


@dataclass(frozen=True)
class Evaluation:
    """The figures of one set: n, authors, headline intervals (over messages and, from four authors on, over authors), F1 by label, slices."""

    name: str
    n: int
    authors: int
    figures: Mapping[str, Interval]
    over_authors: Mapping[str, Interval]
    ece_if_perfect: float
    f1_by_label: Mapping[str, float]
    slices: Mapping[str, Mapping[str, tuple[int, float]]]

    def flat(self) -> Iterator[tuple[str, float]]:
        """(name, value) of all figures and bounds that are numbers, as a tracker takes them."""
        for name, figure in self.figures.items():
            yield f"{self.name}.{name}", figure.value
            yield f"{self.name}.{name}.low", figure.low
            yield f"{self.name}.{name}.high", figure.high
        for label, value in self.f1_by_label.items():
            yield f"{self.name}.f1.{label}", value

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a manifest or a report."""

        def plain(figures: Mapping[str, Interval]) -> dict[str, list[float]]:
            return {name: [round(value, 4) for value in (figure.value, figure.low, figure.high)] for name, figure in figures.items()}

        return {
            "n": self.n,
            "authors": self.authors,
            "figures": plain(self.figures),
            "over_authors": plain(self.over_authors),
            "ece_if_perfect": round(self.ece_if_perfect, 4),
            "f1_by_label": {label: round(value, 4) for label, value in self.f1_by_label.items()},
            "slices": {name: {key: [n, round(value, 4)] for key, (n, value) in groups.items()} for name, groups in self.slices.items()},
        }


def evaluate(table: Predictions, name: str, rounds: int = 500) -> Evaluation:
    """All figures of one set; those that cannot be computed on it (no open label, nothing auto) are left out."""
    authors = len({row.author for row in table.rows if row.author})
    figures = {
        key: interval(table, metric, "messages", rounds)
        for key, metric in metrics.HEADLINES.items()
        if not math.isnan(metric(table.columns))
    }
    over_authors = {key: interval(table, metrics.HEADLINES[key], "authors", rounds) for key in figures} if authors >= 4 else {}
    labels = sorted({row.label for row in table.rows})
    return Evaluation(
        name=name,
        n=len(table),
        authors=authors,
        figures=figures,
        over_authors=over_authors,
        ece_if_perfect=metrics.ece_if_perfect(table.columns),
        f1_by_label={label: metrics.f1(table.columns, label) for label in labels},
        slices={key: groups for key in SLICES if len(groups := _slice(table, key)) > 1},
    )


def _slice(table: Predictions, key: str) -> dict[str, tuple[int, float]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        for value in _values(row, key):
            groups[value].append(row)
    return {value: (len(rows), sum(row.right for row in rows) / len(rows)) for value, rows in sorted(groups.items())}


def _values(row: Row, key: str) -> tuple[str, ...]:
    if key == "length":
        return (
            next(
                name
                for limit, name in ((3, "1-3 words"), (12, "4-12 words"), (30, "13-30 words"), (10**9, "over 30 words"))
                if row.length <= limit
            ),
        )
    if key == "repairs":
        return row.repairs or ("none",)
    return (str(getattr(row, key)) or "not given",)


def by_member(table: Predictions, member: str) -> dict[str, Columns]:
    """The table in parts by a member of its rows ("predicted", "channel" ...), sorted by its values; an empty value is "not given"."""
    groups: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(table.rows):
        groups[str(getattr(row, member)) or "not given"].append(position)
    return {value: table.columns.take(np.asarray(index)) for value, index in sorted(groups.items())}
