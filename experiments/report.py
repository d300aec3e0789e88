"""Figures as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from experiments.evaluation import Evaluation
from experiments.intervals import Interval
from models.decision import Certificate

TITLES = {
    "accuracy": "topic right",
    "macro_f1": "macro-F1 of topics",
    "need_accuracy": "need right where topic right",
    "auto_precision": "topic right among auto",
    "coverage": "share of requests marked auto",
    "swallowed": "requests among no_request",
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
    "unknown_auroc": "open topic, AUROC",
    "in_scope_accuracy": "right among all but the open topic",
    "open_recall": "recall of the open topic",
}


def show(console: Console, evaluation: Evaluation, slices: bool = True) -> None:
    """Print one set's figures, F1 by label and slices."""
    table = Table(
        title=f"{evaluation.name}: {evaluation.n} messages" + (f" by {evaluation.authors} authors" if evaluation.authors else ""),
        title_justify="left",
    )
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("95 % over messages", justify="right")
    if evaluation.over_authors:
        table.add_column("95 % over authors", justify="right")
    for name, figure in evaluation.figures.items():
        cells = [TITLES.get(name, name), f"{figure.value:.4f}", _range(figure)]
        if evaluation.over_authors:
            cells.append(_range(evaluation.over_authors.get(name)))
        table.add_row(*cells)
        if name == "ece":
            table.add_row("  the same if calibration were perfect", f"{evaluation.ece_if_perfect:.4f}", "")
    console.print(table)
    if len(evaluation.f1_by_label) <= 12:
        console.print(
            "F1 by label: " + "  ".join(f"{label} {value:.3f}" for label, value in evaluation.f1_by_label.items()), highlight=False
        )
    if slices:
        _slices(console, evaluation.slices)


def _range(figure: Interval | None) -> str:
    return f"{figure.low:.4f} .. {figure.high:.4f}" if figure else ""


def _slices(console: Console, slices: Mapping[str, Mapping[str, tuple[int, float]]]) -> None:
    for name, groups in slices.items():
        parts = "  ".join(f"{key} {value:.3f} ({n})" for key, (n, value) in groups.items())
        console.print(f"topic right by {name}: {parts}", highlight=False, soft_wrap=True)


def show_certificate(console: Console, name: str, certificate: Certificate | None) -> None:
    """Say in one line what was proven."""
    if certificate is None:
        console.print(f"{name}: nothing to certify on, so nothing is done without a person", highlight=False, soft_wrap=True)
        return
    sure = f"{100 * (1 - certificate.delta):.0f} %"
    if certificate.threshold is None:
        more = (
            f"about {certificate.needed} more messages would prove it"
            if certificate.needed
            else "more messages alone would not: the model must get better"
        )
        console.print(
            f"{name}: not proven (target {certificate.target:.2f}; at the strictest threshold {certificate.errors} errors in {certificate.n}, "
            f"bound {certificate.bound:.4f}); {more}",
            highlight=False,
            soft_wrap=True,
        )
        return
    console.print(
        f"{name}: from {certificate.threshold:.4f} on; {certificate.n} of {certificate.total} messages ({certificate.coverage:.1%}), "
        f"{certificate.errors} errors; with {sure} confidence at least {certificate.bound:.4f} are right (target {certificate.target:.2f})",
        highlight=False,
        soft_wrap=True,
    )
