"""Look at runs, compare two of them, promote one: python -m experiments list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.console import command_line, run
from experiments.runs import RUNS, Run, all_runs

app = command_line("experiments", "Look at runs of training, compare two of them, promote one.")
FIGURES = ("macro_f1", "accuracy", "need_accuracy", "auto_precision", "coverage", "ece")
SETS = ("test", "cross-validation", "certify")


@app.command(name="list")
def list_(measured: Annotated[str, typer.Option("--set", help="Set whose figures are shown.")] = "test") -> None:
    """List the runs of training with their headline figures.

    Example: python -m experiments list --set cross-validation
    """
    table = Table("run", "config", "commit", *FIGURES, title=f"figures on {measured!r}", title_justify="left")
    for item in all_runs():
        values = [item.headline(measured, figure) for figure in FIGURES]
        dirty = "*" if item.provenance.get("dirty") else ""
        cells = ["" if value is None else f"{value:.4f}" for value in values]
        table.add_row(item.name, str(item.config.get("name", "")), f"{item.provenance.get('commit', '')}{dirty}", *cells)
    Console().print(table if table.row_count else f"no runs in {RUNS} yet; make one with: make train")


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="Run name, a part of it, or 'latest'.")],
    b: Annotated[str, typer.Argument(help="The other run.")],
) -> None:
    """Compare two runs on the messages both were measured on, with paired 95 % intervals of the difference.

    Example: python -m experiments compare 2026-11-22.1015 latest
    """
    from experiments.intervals import paired_interval
    from experiments.metrics import HEADLINES

    first, second = Run.load(a), Run.load(b)
    left, right = first.predictions(), second.predictions()
    console = Console()
    console.print(f"A {first.name}\nB {second.name}", highlight=False)
    for name in SETS:
        mine, theirs = left.where(set=name), right.where(set=name)
        if not len({row.id for row in mine.rows} & {row.id for row in theirs.rows}):
            continue
        shared = len({row.id for row in mine.rows} & {row.id for row in theirs.rows})
        table = Table(
            "figure",
            "B - A",
            "95 % over messages",
            "95 % over authors",
            "verdict",
            title=f"{name}: {shared} messages in common",
            title_justify="left",
        )
        for figure in FIGURES:
            over_messages = paired_interval(mine, theirs, HEADLINES[figure])
            over_authors = paired_interval(mine, theirs, HEADLINES[figure], "authors")
            if over_messages.value != over_messages.value:
                continue
            low, high = min(over_messages.low, over_authors.low), max(over_messages.high, over_authors.high)
            verdict = "differs" if low > 0 or high < 0 else "no difference shown"
            table.add_row(
                figure,
                f"{over_messages.value:+.4f}",
                f"{over_messages.low:+.4f} .. {over_messages.high:+.4f}",
                f"{over_authors.low:+.4f} .. {over_authors.high:+.4f}",
                verdict,
            )
        console.print(table)


@app.command()
def promote(name: Annotated[str, typer.Argument(metavar="RUN", help="Run name, a part of it, or 'latest'.")]) -> None:
    """Make the bundle of a run the champion, in one atomic step, and set the registry's alias.

    Example: python -m experiments promote latest
    """
    from experiments.promote import promote as promote_bundle
    from experiments.tracking import find_run, set_alias

    item, console = Run.load(name), Console()
    version = promote_bundle(Path(item.bundle))
    set_alias(find_run(item.name, console.print), version, "champion", console.print)
    console.print(f"champion is now {version}", highlight=False)


@app.command()
def audit(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Run name, a part of it, or 'latest'.")] = "latest",
    worst: Annotated[int, typer.Option(help="How many messages to list.", min=1)] = 200,
) -> None:
    """List the messages whose labels look wrong, worst first, one JSON object a line: read them, mend the label or keep it.

    Example: python -m experiments audit latest --worst 50
    """
    import dataclasses
    import json

    from experiments.audit import suspects

    for suspect in suspects(Run.load(name).predictions(), worst):
        typer.echo(json.dumps(dataclasses.asdict(suspect), ensure_ascii=False))


if __name__ == "__main__":
    run(app)
