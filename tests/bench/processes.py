"""Processes that a measurement starts: found by a line they say, ended whatever happens, their memory read."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

# One thread of linear algebra each: two cores are shared by three processes.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
START_SECONDS = 120.0


@contextmanager
def running(
    command: Sequence[str], log: Path, given: Mapping[str, str] | None = None, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its own children, all of which are killed at the end; what they say is appended to `log`."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, **ONE_THREAD, **(given or {})},
            start_new_session=True,
            user=user,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> None:
    """End a process by a signal, then whatever is left of its group."""
    if process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for_line(process: subprocess.Popen[bytes], log: Path, words: str, skip: int = 0) -> str:
    """The first line of a log, from that byte on, that holds those words; SystemExit if the process ends or takes too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with log.open("rb") as file:
            file.seek(skip)
            lines = file.read().decode("utf-8", "replace").splitlines()
        if found := [line for line in lines if words in line]:
            return found[0]
        if process.poll() is not None:
            raise SystemExit("\n".join([f"{process.args!r} ended with {process.returncode}:", *lines[-20:]]))
        time.sleep(0.02)
    raise SystemExit(f"{process.args!r} did not say {words!r} within {START_SECONDS:.0f} s")


def children(pid: int) -> list[int]:
    """Process ids of all direct children, whichever thread started them."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, path.read_text().split())
    return found


def resident(pid: int) -> float:
    """Resident memory in MB; 0 of a process that has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def end_on_signals() -> None:
    """Let SIGTERM end a measurement as Ctrl-C does: through every `finally`."""

    def stop(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
