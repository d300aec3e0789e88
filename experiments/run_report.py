"""The report of a run as Markdown: what was proven, every figure with its intervals, confusions with examples, plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments import metrics
from experiments.confusions import most_confused
from experiments.evaluation import Evaluation, by_member
from experiments.intervals import Interval
from experiments.predictions import Columns, Predictions
from experiments.report import TITLES

REPORT = "report.md"


@dataclass(frozen=True)
class RunReport:
    """What a report is made of.

    `proven` are sentences; `table` holds the predictions that calibration and confusions are shown of, `measured` names it; `plots` lie in or below
    the report's folder; `texts` are masked texts by id, only of messages that may be shown.
    """

    name: str
    proven: Sequence[str]
    evaluations: Sequence[Evaluation]
    table: Predictions
    measured: str
    plots: Sequence[Path] = ()
    texts: Mapping[str, str] = field(default_factory=dict)

    def save(self, folder: Path) -> Path:
        """Write it into the folder of the run."""
        path = folder / REPORT
        parts = [*self._proofs(), *self._figures(), *self._calibration(), *self._confusions(), *self._plots(folder)]
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        return path

    def _proofs(self) -> Iterator[str]:
        yield f"# Run {self.name}"
        yield "\n".join(f"* {line.strip()}" for line in self.proven)

    def _figures(self) -> Iterator[str]:
        for one in self.evaluations:
            yield f"## Figures: {one.name}"
            yield f"{one.n} messages" + (f" by {one.authors} authors." if one.authors else ".")
            rows = []
            for name, figure in one.figures.items():
                rows.append((TITLES.get(name, name), f"{figure.value:.4f}", _range(figure), _range(one.over_authors.get(name))))
                if name == "ece":
                    rows.append(("the same if calibration were perfect", f"{one.ece_if_perfect:.4f}", "", ""))
            rows += [(f"F1 of {label}", f"{value:.4f}", "", "") for label, value in one.f1_by_label.items()]
            yield _table(("figure", "value", "95 % over messages", "95 % over authors"), rows)

    def _calibration(self) -> Iterator[str]:
        for title, member in (("topic given", "predicted"), ("channel", "channel")):
            groups = by_member(self.table, member)
            if len(groups) < 2:
                continue
            yield f"## Calibration by {title}: {self.measured}"
            head = (title, "messages", "share right", "mean confidence", "ECE", "ECE if perfect", "Brier")
            yield _table(head, [(name, str(len(part)), *_calibrated(part)) for name, part in groups.items()])

    def _confusions(self) -> Iterator[str]:
        yield f"## Most confused with: {self.measured}"
        rows = [
            (item.label, str(item.n), item.taken_for, str(item.count), "<br>".join(self._example(example) for example in item.examples))
            for item in most_confused(self.table)
        ]
        yield _table(("right", "messages", "taken for", "times", "examples, the surest errors first"), rows) if rows else "No errors."

    def _example(self, example: str) -> str:
        return f"{example}: {self.texts[example]}" if example in self.texts else example

    def _plots(self, folder: Path) -> Iterator[str]:
        if self.plots:
            yield f"## Plots: {self.measured}"
        for path in self.plots:
            yield f"![{path.stem}]({path.relative_to(folder).as_posix()})"


def _calibrated(part: Columns) -> Iterator[str]:
    for figure in (metrics.accuracy, lambda table: float(table.confidence.mean()), metrics.ece, metrics.ece_if_perfect, metrics.brier):
        yield f"{figure(part):.4f}"


def _range(figure: Interval | None) -> str:
    return f"{figure.low:.4f} .. {figure.high:.4f}" if figure else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    """One line; placeholders (<PHONE>) are no HTML, line breaks of ours stay."""
    for old, new in (("&", "&amp;"), ("<", "&lt;"), ("&lt;br>", "<br>"), ("|", "\\|")):
        text = text.replace(old, new)
    return " ".join(text.split())
