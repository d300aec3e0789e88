"""The figures of a model card: every measured set, then one of them by topic, channel, length, language and noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.bundle import Manifest
from models.proof import lower_bound

MISSING = "missing: not stored in this bundle"
SETS = {
    "test": "messages of authors that neither fitted, calibrated nor certified the model",
    "ordinary": "the part of the test set that has the natural shares of traffic",
    "cross-validation": "every author left out in turn",
    "certify": "authors on whom the thresholds were proven",
    "calibrate": "authors on whom probabilities were calibrated: their figures flatter the model",
}
FIGURES = {
    "accuracy": "topic right",
    "macro_f1": "macro-F1 of topics",
    "need_accuracy": "need right where the topic is",
    "also_f1": "further topics, F1",
    "auto_precision": "topic right among auto",
    "coverage": "share of requests marked auto",
    "swallowed": "real requests among no_request",
    "ece": "calibration error (ECE, equal-mass bins)",
    "brier": "Brier score",
    "in_scope_accuracy": "topic right among all but the open topic",
    "in_scope_accuracy_unrefused": "the same if nothing could be refused",
    "open_recall": "recall of the open topic",
    "unknown_auroc": "AUROC of the open topic against the known ones",
}
SLICES = {
    "channel": "channel",
    "length": "length",
    "lang": "language",
    "repairs": "noise (what was repaired)",
    "slice": "slice",
}


def figures_section(manifest: Manifest) -> Iterator[str]:
    """Paragraphs and tables of everything that was measured."""
    figures: Mapping[str, Any] = manifest.metrics.get("figures", {})
    yield "## Figures"
    if not figures:
        yield f"{MISSING}. Measure it: `python -m training evaluate --help`"
        return
    for name in sorted(figures, key=lambda name: ([*SETS, name].index(name), name)):
        yield from _one_set(name, figures[name])
    yield "### By topic, channel, length, language, noise"
    name = next((name for name in SETS if name in figures), min(figures))
    yield f"On `{name}`."
    yield from _by_topic(figures[name])
    for key, title in SLICES.items():
        yield from _slice(title, figures[name].get("slices", {}).get(key))


def _one_set(name: str, stored: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}: {stored.get('n', '?')} messages, {stored.get('authors', '?')} authors"
    if name in SETS:
        yield f"{SETS[name].capitalize()}."
    over = stored.get("over_authors", {})
    rows = [
        (
            title,
            *value_and_range(stored.get("figures", {}).get(key)),
            value_and_range(over.get(key))[1] if over else "missing: under four authors",
        )
        for key, title in FIGURES.items()
    ]
    yield table(("figure", "value", "95 % over messages", "95 % over authors"), rows)
    yield f"ECE that a perfectly calibrated model would show here: {stored.get('ece_if_perfect', MISSING)}."


def _by_topic(stored: Mapping[str, Any]) -> Iterator[str]:
    by_label = stored.get("f1_by_label")
    if not by_label:
        yield f"By topic: {MISSING}."
        return
    yield table(("topic", "F1"), [(label, f"{value:.4f}") for label, value in by_label.items()])
    yield f"Intervals of F1 by topic: {MISSING}."


def _slice(title: str, groups: Mapping[str, Sequence[float]] | None) -> Iterator[str]:
    if not groups:
        yield f"By {title}: {MISSING} (nothing is stored of a set with one group only)."
        return
    rows = []
    for group, (n, share) in groups.items():
        right = round(n * share)
        low, high = lower_bound(right, int(n), 0.025), 1 - lower_bound(int(n) - right, int(n), 0.025)
        rows.append((group, f"{n:.0f}", *value_and_range((share, low, high))))
    yield table((title, "messages", "topic right", "95 % (Clopper-Pearson)"), rows)


def value_and_range(figure: Sequence[float] | None) -> tuple[str, str]:
    """A figure [value, low, high] as two cells."""
    if figure is None:
        return "missing", ""
    value, low, high = figure
    return f"{value:.4f}", f"{low:.4f} to {high:.4f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in line)} |" for line in lines)
