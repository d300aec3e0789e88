"""Endurance under overload, swaps, kills, ever-new words: python -m tests.soak [overload] [swaps] [kills] [words] (needs a champion)."""

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
    """What can be endured."""

    OVERLOAD = "overload"
    SWAPS = "swaps"
    KILLS = "kills"
    WORDS = "words"


def main(
    sections: Annotated[list[Section] | None, typer.Argument(help="what to do; all unless named", show_default=False)] = None,
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="length of the overload")] = 60.0,
    times: Annotated[int, typer.Option(min=2, max=1000, help="most swaps, and kills of each kind")] = 1000,
    messages: Annotated[int, typer.Option(min=10_000, max=100_000_000, help="messages with ever-new words")] = 2_000_000,
) -> None:
    """Endure and print Markdown. Example: python -m tests.soak kills --times 5."""
    end_on_signals()
    try:
        for section in sections or list(Section):
            typer.echo(_measure(section, seconds, times, messages))
    except RubricatorError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None


def _measure(section: Section, seconds: float, times: int, messages: int) -> str:
    match section:
        case Section.OVERLOAD:
            from tests.soak.overload import measure

            return measure(seconds)
        case Section.SWAPS:
            from tests.soak.swaps import measure as measure_swaps

            return measure_swaps(times)
        case Section.KILLS:
            from tests.soak.kills import measure as measure_kills

            return measure_kills(times)
        case Section.WORDS:
            from tests.soak.words import measure as measure_words

            return measure_words(messages)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
