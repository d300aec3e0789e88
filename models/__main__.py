"""Tag messages with a saved model, explain a tag, write the model card: python -m models tag | explain | card."""

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
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help=".jsonl or .csv with id, channel, text; - reads JSON lines from standard input.")
    ],
    output: Annotated[Path, typer.Option("--output", help="JSON lines to write; - writes to standard output.")],
    model: Model = CHAMPION,
    repairs: Annotated[bool, typer.Option("--repairs", help="Say what was repaired in each text.")] = False,
    timeline: Annotated[bool, typer.Option("--timeline", help="Of conversations, also the tag after every client turn.")] = False,
) -> None:
    """Tag every message or conversation (a row with turns) of a file, one JSON object a line, in order.

    Labels in the input are not looked at. Rows that cannot be read go to OUTPUT.rejected.jsonl with the reason, and the exit code is 1.

    Example: python -m models tag messages.jsonl --output tags.jsonl
    """
    from models.bulk import tag_file

    rejected = tag_file(source, output, model, repairs, timeline)
    if rejected:
        raise typer.Exit(1)


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="The message; - reads it from standard input.")],
    model: Model = CHAMPION,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: the tag with its explanation.")] = False,
) -> None:
    """Tag one message and say which words and repairs decided, for (green) and against (red), and what it resembles.

    Example: python -m models explain "rfr gjvtyznm nfhba"
    """
    import json
    import sys
    from dataclasses import replace

    from rich.console import Console

    from data.errors import DataError
    from models.bundle import load
    from models.explain import explain as explained
    from models.explanation_view import show

    given = sys.stdin.buffer.read() if text == "-" else text.encode("utf-8", "surrogateescape")
    message = given.decode("utf-8", "replace").strip()
    if not message:
        raise DataError('nothing to explain: give a message, as in: python -m models explain "как поменять тариф"')
    explanation = explained(load(model), message)
    if as_json:
        typer.echo(json.dumps(replace(explanation.tag, explanation=explanation.as_dict()).as_dict(), ensure_ascii=False))
    else:
        show(Console(), explanation)


@app.command()
def card(
    model: Model = CHAMPION,
    output: Annotated[Path, typer.Option("--output", help="Markdown to write; - writes to standard output.")] = Path("-"),
) -> None:
    """Write the model card: what a model is, learned from what, what was measured and proven, what it must not be used for.

    Example: python -m models card --output MODEL_CARD.md
    """
    from data.errors import DataError
    from models.bundle import read_manifest
    from models.card import card as written

    markdown = written(read_manifest(model))
    if str(output) == "-":
        typer.echo(markdown, nl=False)
        return
    try:
        output.write_text(markdown, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{output}: cannot be written: {error.strerror}") from error


if __name__ == "__main__":
    run(app)
