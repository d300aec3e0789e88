"""Bootstrap intervals over messages and over authors, single and paired; all seeded."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from data.errors import DataError
from experiments.metrics import Metric
from experiments.predictions import Predictions

Unit = Literal["messages", "authors"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % percentile interval; `unit` says what was drawn anew."""

    value: float
    low: float
    high: float
    unit: Unit = "messages"

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def interval(table: Predictions, metric: Metric, unit: Unit = "messages", rounds: int = 500, seed: int = 0) -> Interval:
    """Percentile bootstrap (Efron 1979); over authors whole authors are drawn (cluster bootstrap), the honest unit where texts share a voice."""
    draws = _draws(table, unit, rounds, seed)
    return _percentiles(metric(table.columns), [metric(table.columns.take(draw)) for draw in draws], unit)


def paired_interval(a: Predictions, b: Predictions, metric: Metric, unit: Unit = "messages", rounds: int = 500, seed: int = 0) -> Interval:
    """The interval of metric(b) - metric(a) on the same messages, drawn together.

    Raises:
        DataError: the two tables share no message.
    """
    other = {(row.set, row.id): row for row in b.rows}
    shared = [row for row in a.rows if (row.set, row.id) in other]
    if not shared:
        raise DataError("the two runs have no message in common: compare runs that were measured on the same set")
    table = a.keep(shared)
    left, right = table.columns, b.keep(other[row.set, row.id] for row in shared).columns
    differences = [metric(right.take(draw)) - metric(left.take(draw)) for draw in _draws(table, unit, rounds, seed)]
    return _percentiles(metric(right) - metric(left), differences, unit)


def _percentiles(value: float, draws: list[float], unit: Unit) -> Interval:
    finite = [draw for draw in draws if not math.isnan(draw)]
    if not finite:
        return Interval(value, float("nan"), float("nan"), unit)
    low, high = np.percentile(finite, [2.5, 97.5])
    return Interval(value, float(low), float(high), unit)


def _draws(table: Predictions, unit: Unit, rounds: int, seed: int) -> list[npt.NDArray[np.intp]]:
    generator = np.random.default_rng(seed)
    if unit == "messages":
        return [generator.integers(0, len(table), len(table)) for _ in range(rounds)] if len(table) else []
    members: dict[str, list[int]] = defaultdict(list)
    for number, group in enumerate(table.groups()):
        members[group].append(number)
    names = sorted(members)
    return (
        [np.concatenate([members[names[pick]] for pick in generator.integers(0, len(names), len(names))]) for _ in range(rounds)]
        if names
        else []
    )
