"""Tag messages with a saved model: python -m models tag."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from pathlib import Path
from typing import Annotated

import typer

from data.console import command_line, run

app = command_line("models", "Tag messages with a saved model, and read what it is worth.")
Model = Annotated[Path, typer.Option("--model", help="Bundle to use.")]
CHAMPION = Path("models/artifacts/champion")


@app.command()
def tag(
    source: Annotated[str, typer.Argument(metavar="INPUT", help=".jsonl or .csv with id, channel, text; - reads JSON lines from standard input.")],
    output: Annotated[Path, typer.Option("--output", help="JSON lines to write; - writes to standard output.")],
    model: Model = CHAMPION,
    repairs: Annotated[bool, typer.Option("--repairs", help="Say what was repaired in each text.")] = False,
) -> None:
    """Tag every message of a file, one JSON object a line, in order.

    Labels in the input are not looked at. Rows that cannot be read go to OUTPUT.rejected.jsonl with the reason, and the exit code is 1.

    Example: python -m models tag messages.jsonl --output tags.jsonl
    """
    from models.bulk import tag_file

    rejected = tag_file(source, output, model, repairs)
    if rejected:
        raise typer.Exit(1)


if __name__ == "__main__":
    run(app)
