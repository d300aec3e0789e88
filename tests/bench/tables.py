"""Markdown tables of measured figures, and one line that says on what machine and which code they were measured."""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A section of a log: a heading, the machine, a table."""
    lines = [" | ".join(map(str, row)) for row in (header, ["---"] * len(header), *rows)]
    return "\n".join([f"### {title}", "", machine(), "", *(f"| {line} |" for line in lines), ""])


def spread(values: Sequence[float], digits: int = 0) -> str:
    """median (min-max) of some rounds."""
    if not values:
        return "-"
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Round by round."""
    return [one / other for one, other in zip(above, below, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed; nan of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else math.nan


def verdict(reached: bool) -> str:
    """Whether a bar was reached."""
    return "reached" if reached else "**missed**"


def machine() -> str:
    """Cores, how busy they were, versions, commit."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {cores} cores (load {os.getloadavg()[0]:.1f} now), "
        f"Python {platform.python_version()}, commit {commit()}; median (min-max) of rounds unless said otherwise."
    )


def commit() -> str:
    """Short name of the commit, and whether the working tree differs from it."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        return f"{name} (working tree dirty)" if _git("status", "--porcelain", "--untracked-files=no") else name
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()
