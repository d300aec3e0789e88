"""Figures of conversations on a terminal and as a file beside a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from experiments.conversation_metrics import HEADLINES, ConversationEvaluation
from experiments.conversation_rows import ConversationRow


def show_conversations(console: Console, evaluation: ConversationEvaluation) -> None:
    """Print one set's figures, the curve by client turns, and what is shown of `auto` by client turns seen."""
    title = f"{evaluation.name}: {evaluation.n} conversations" + (f" by {evaluation.authors} authors" if evaluation.authors else "")
    table = Table("figure", "value", "95 % over authors", title=title, title_justify="left")
    for name, figure in evaluation.figures.items():
        table.add_row(HEADLINES[name][0], f"{figure.value:.4f}", f"{figure.low:.4f} .. {figure.high:.4f}")
    console.print(table)
    turns = Table(
        "client turns", "requests with so many", "topic right", "joined text", "already auto", title="the topic after k client turns"
    )
    for number, (n, right, joined, auto) in evaluation.curve.items():
        turns.add_row(str(number), str(n), f"{right:.3f}", f"{joined:.3f}", f"{auto:.3f}")
    console.print(turns)
    proofs = Table("client turns seen", "auto", "right so far", "share at least (95 %)", title="what is shown of auto")
    for name, (n, right, bound) in evaluation.bounds.items():
        proofs.add_row(name, str(n), str(right), f"{bound:.4f}" if n else "-")
    console.print(proofs)


def save_conversations(rows: Sequence[ConversationRow], path: Path) -> None:
    """One JSON object a conversation: ids and labels, no texts."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
