"""Runs on disk: one folder a run with its record, predictions and plots, complete without any tracking server."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from data.errors import DataError, nearest
from experiments.predictions import Predictions

RUNS = Path("experiments/runs")
RECORD, TABLE = "run.json", "predictions.jsonl"


@dataclass(frozen=True)
class Run:
    """What is known of one run of training: where its bundle is, the whole configuration, figures by set, certificates, provenance."""

    name: str
    bundle: str
    created: str
    config: Mapping[str, Any]
    figures: Mapping[str, Any]
    certificates: Mapping[str, Any]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def headline(self, name: str, figure: str) -> float | None:
        """One figure's value in one set, or None."""
        values = self.figures.get(name, {}).get("figures", {}).get(figure)
        return float(values[0]) if values else None

    def save(self, predictions: Predictions, folder: Path = RUNS) -> Path:
        """Write the run's folder; the record comes last and marks it complete."""
        place = folder / self.name
        place.mkdir(parents=True, exist_ok=True)
        predictions.save(place / TABLE)
        (place / RECORD).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
        return place

    @classmethod
    def load(cls, name: str, folder: Path = RUNS) -> Self:
        """Read a run by its name, an unambiguous part of it, or "latest".

        Raises:
            DataError: there is no such run; the nearest name is given.
        """
        names = sorted(path.parent.name for path in folder.glob(f"*/{RECORD}"))
        found = (
            names[-1:] if name == "latest" else [known for known in names if known == name] or [known for known in names if name in known]
        )
        if len(found) != 1:
            raise DataError(
                f"{'no run' if not found else str(len(found)) + ' runs'} named {name!r}{nearest(name, names)}; see: python -m experiments list"
            )
        try:
            return cls(**json.loads((folder / found[0] / RECORD).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"{folder / found[0] / RECORD}: damaged ({type(error).__name__}); remove the folder") from error

    def predictions(self, folder: Path = RUNS) -> Predictions:
        """The run's table of predictions."""
        return Predictions.load(folder / self.name / TABLE)


def all_runs(folder: Path = RUNS) -> list[Run]:
    """Every complete run, oldest first."""
    return [Run.load(path.parent.name, folder) for path in sorted(folder.glob(f"*/{RECORD}"))]


def provenance(data_fingerprint: str, seed: int) -> dict[str, Any]:
    """Commit and whether the working tree differs from it, data fingerprint, seed, Python and platform."""
    return {**commit(), "data": data_fingerprint, "seed": seed, "python": platform.python_version(), "machine": platform.machine()}


def commit() -> dict[str, Any]:
    """The git commit and a flag for uncommitted changes; empty outside a checkout."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603, S607

    try:
        return {"commit": git("rev-parse", "--short=12", "HEAD"), "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return {"commit": "unknown", "dirty": True}
