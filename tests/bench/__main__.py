"""Speed as ratios within one run: python -m tests.bench [text] [tags] [conversations] [http] [mlflow] (needs a champion: make train)."""

from __future__ import annotations

import os

# Before numpy: figures must not depend on how many threads a machine gives its linear algebra.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

from enum import StrEnum
from typing import Annotated

import typer

from data.errors import RubricatorError
from tests.bench.processes import end_on_signals


class Section(StrEnum):
    """What can be measured."""

    TEXT = "text"
    TAGS = "tags"
    CONVERSATIONS = "conversations"
    HTTP = "http"
    MLFLOW = "mlflow"


def main(
    sections: Annotated[list[Section] | None, typer.Argument(help="what to measure; all unless named", show_default=False)] = None,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="rounds of everything")] = 7,
    seconds: Annotated[float, typer.Option(min=1, max=120, help="length of one round of load")] = 10.0,
) -> None:
    """Measure speed and print Markdown. Example: python -m tests.bench text http --rounds 3 --seconds 5."""
    end_on_signals()
    try:
        for section in sections or list(Section):
            typer.echo(_measure(section, rounds, seconds))
    except RubricatorError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None


def _measure(section: Section, rounds: int, seconds: float) -> str:
    match section:
        case Section.TEXT:
            from tests.bench.text_speed import measure

            return measure(rounds)
        case Section.TAGS:
            from tests.bench.tag_speed import measure as measure_tags

            return measure_tags(rounds)
        case Section.CONVERSATIONS:
            from tests.bench.turn_speed import measure as measure_turns

            return measure_turns(rounds)
        case Section.HTTP:
            from tests.bench.service_speed import measure as measure_service

            return measure_service(rounds, seconds)
        case Section.MLFLOW:
            from tests.bench.mlflow_speed import measure as measure_mlflow

            return measure_mlflow(rounds, seconds)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
