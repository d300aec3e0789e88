"""Progress of long work: bars on a terminal, plain lines elsewhere, nothing in tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress:
    """Tells a person what is going on and how far it is."""

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        self.console = console or Console(stderr=True, quiet=quiet)

    def say(self, line: str) -> None:
        """One line."""
        self.console.print(line, highlight=False, markup=False)

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """A piece of work of `total` steps; the value yielded is called with the number of steps done."""
        started = time.monotonic()
        if self.console.is_terminal:
            columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Bars(*columns, console=self.console, transient=True) as bars:
                task = bars.add_task(name, total=total)
                yield lambda done: bars.update(task, completed=done)
        else:
            yield lambda _: None
        self.say(f"  {name:<34} {total:>7}  {time.monotonic() - started:6.1f} s")
