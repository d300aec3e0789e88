"""Figures as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from experiments.evaluation import Evaluation
from experiments.intervals import Interval
from models.proof import OWN, Certificate, Cheapest, TopicProof

TITLES = {
    "accuracy": "topic right",
    "macro_f1": "macro-F1 of topics",
    "need_accuracy": "need right where topic right",
    "also_f1": "further topics, F1",
    "auto_precision": "topic right among auto",
    "coverage": "share of requests marked auto",
    "swallowed": "requests among no_request",
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
    "unknown_auroc": "open topic, AUROC",
    "in_scope_accuracy": "right among all but the open topic",
    "in_scope_accuracy_unrefused": "the same if nothing could be refused",
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


def show_certificate(console: Console, name: str, certificate: Certificate | Cheapest | None) -> None:
    """Print in one line what was proven, or what is the cheapest where costs were given."""
    console.print(certificate_line(name, certificate), highlight=False, soft_wrap=True)


def certificate_line(name: str, certificate: Certificate | Cheapest | None, what: str = "messages") -> str:
    """What was proven of the threshold of an action, in one sentence; `what` was certified on."""
    if certificate is None:
        return f"{name}: nothing to certify on, so nothing is done without a person"
    if isinstance(certificate, Cheapest):
        return f"{name}: {_cheapest(certificate)}"
    sure = f"{100 * (1 - certificate.delta):.0f} %"
    if certificate.threshold is None:
        more = (
            f"about {certificate.needed} more {what} would prove it"
            if certificate.needed
            else f"more {what} alone would not: the model must get better"
        )
        return (
            f"{name}: not proven (target {certificate.target:.2f}; {certificate.errors} errors in the {certificate.n} tested first, "
            f"bound {certificate.bound:.4f}); {more}"
        )
    return (
        f"{name}: from {certificate.threshold:.4f} on; {certificate.n} of {certificate.total} {what} ({certificate.coverage:.1%}), "
        f"{certificate.errors} errors; with {sure} confidence at least {certificate.bound:.4f} are right (target {certificate.target:.2f})"
    )


def _cheapest(found: Cheapest) -> str:
    costs = f"a wrong topic costs {found.wrong:g}, a review {found.review:g}; no target is proven"
    if found.threshold is None:
        return f"never; that is the cheapest on {found.total} messages ({costs}): {found.cost:.4f} a message"
    return (
        f"from {found.threshold:.4f} on, the cheapest threshold ({costs}); {found.n} of {found.total} messages ({found.coverage:.1%}), "
        f"{found.errors} errors; {found.cost:.4f} a message, with {100 * (1 - found.delta):.0f} % confidence at most {found.bound:.4f} "
        f"({found.review:.4f} if nothing were auto)"
    )


def topic_lines(topics: Sequence[TopicProof], limit: int = 12) -> list[str]:
    """What the one threshold of automatic routing does on each topic, the least sure first."""
    if not topics:
        return []
    parts = "  ".join(f"{item.topic} {item.errors} errors in {item.n}, at least {item.bound:.4f}" for item in topics[:limit])
    more = f"  and {len(topics) - limit} surer topics" if len(topics) > limit else ""
    few = sum(item.n < OWN for item in topics)
    return [
        f"auto by topic: {parts}{more}",
        f"  one threshold for all topics, each bound by itself; a threshold of a topic's own needs {OWN} auto messages of it, "
        f"{few} of {len(topics)} topics have fewer",
    ]
