"""The real service for a measurement: python -m serving run with a store of its own in a temporary folder."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import children, running, wait_for_line


@dataclass(frozen=True)
class Service:
    """A service that answers: its process, port, and the store's URL."""

    process: subprocess.Popen[bytes]
    port: int
    store: str

    @property
    def predictors(self) -> list[int]:
        """Process ids of predictors; two while a model is being swapped."""
        return children(self.process.pid)


@contextmanager
def service(model: Path, folder: Path, store: str = "", port: int = 0, **settings: object) -> Iterator[Service]:
    """Run it until the block ends.

    Args:
        model: the bundle's folder.
        folder: for the store (a SQLite file unless `store` names another) and the log.
        port: 0 for any.
        settings: RUBRICATOR_... by their names in small letters.
    """
    store = store or f"sqlite:///{folder / 'store.db'}"
    given = {f"RUBRICATOR_{name.upper()}": str(value) for name, value in settings.items()}
    log = folder / "service.log"
    skip = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "serving", "run", "--port", str(port), "--model", str(model)]
    with running(command, log, {"RUBRICATOR_STORE": store, **given}) as process:
        line = wait_for_line(process, log, "on http://127.0.0.1:", skip)
        yield Service(process, int(line.split("http://127.0.0.1:")[1].split()[0]), store)


def post(port: int, path: str) -> str:
    """An empty POST; the answer's body."""
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", method="POST"), timeout=120) as answer:
        return str(answer.read().decode("utf-8"))
