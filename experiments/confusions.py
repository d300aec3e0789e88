"""What each topic is most often taken for, with examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from experiments.predictions import Predictions, Row

SHOWN = 12  # lines on a terminal


@dataclass(frozen=True, slots=True)
class Confusion:
    """Of n messages of `label`, `count` were taken for `taken_for`; `examples` are ids, the most confident errors first."""

    label: str
    n: int
    taken_for: str
    count: int
    examples: tuple[str, ...]


def most_confused(table: Predictions, others: int = 2, examples: int = 3) -> Iterator[Confusion]:
    """For every label, in alphabetical order, the labels it is most often taken for, the most frequent first (equal ones by name)."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        groups[row.label].append(row)
    for label, rows in sorted(groups.items()):
        errors: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: (-row.confidence, row.id)):
            if not row.right:
                errors[row.predicted].append(row)
        for name, wrong in sorted(errors.items(), key=lambda item: (-len(item[1]), item[0]))[:others]:
            yield Confusion(label, len(rows), name, len(wrong), tuple(row.id for row in wrong[:examples]))


def show_confusions(console: Console, table: Predictions) -> None:
    """Print what each topic is most often taken for; of many topics only the most frequent errors."""
    found = list(most_confused(table))
    shown = found if len(found) <= SHOWN else sorted(found, key=lambda item: (-item.count, item.label, item.taken_for))[:SHOWN]
    if not shown:
        return
    title = "most confused with" + (f" ({len(shown)} of {len(found)}, most frequent first)" if len(shown) < len(found) else "")
    lines = Table("right", "messages", "taken for", "times", "examples", title=title, title_justify="left")
    for item in shown:
        lines.add_row(item.label, str(item.n), item.taken_for, str(item.count), ", ".join(item.examples))
    console.print(lines)
