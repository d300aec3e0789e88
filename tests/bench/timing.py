"""Microseconds of a function on single items, in rounds over different items, so that no cache has seen one before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def deal(items: Sequence[Item], rounds: int, each: int) -> list[Sequence[Item]]:
    """`rounds` parts of at most `each` items, no item in two of them."""
    each = min(each, len(items) // rounds)
    return [items[number * each : (number + 1) * each] for number in range(rounds)]


def microseconds(work: Callable[[Item], object], items: Sequence[Item]) -> list[float]:
    """How long each item took."""
    clock, taken = time.perf_counter_ns, []
    for item in items:
        began = clock()
        work(item)
        taken.append((clock() - began) / 1000)
    return taken


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean."""
    return sum(values) / len(values)
