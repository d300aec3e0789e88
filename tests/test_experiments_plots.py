"""experiments/plots.py: PNG files, also of tables with next to nothing in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.plots import all_plots
from experiments.predictions import Predictions
from tests.tables import TEN, row

MANY = Predictions([row(number, f"topic{number}", f"topic{number + 1}") for number in range(20)])


WHOLE = ["confusion", "reliability", "risk-coverage"]


@pytest.mark.parametrize(
    ("table", "threshold", "names"),
    [
        (TEN, 0.8, [*WHOLE, "reliability-topics", "reliability-channels", "unknown"]),
        (Predictions([row(0, "money", "money")]), None, WHOLE),
        (MANY, None, [*WHOLE, "reliability-topics"]),
        (TEN.where(label="other"), None, [*WHOLE, "reliability-topics", "unknown"]),
        (TEN.where(predicted="silent"), 0.8, [*WHOLE, "unknown"]),
    ],
    ids=["ten", "one message", "many topics", "open only", "no topic given"],
)
def test_plots_are_png_files(table: Predictions, threshold: float | None, names: list[str], tmp_path: Path) -> None:
    paths = all_plots(table, tmp_path / "plots", threshold)
    assert [path.name for path in paths] == [f"{name}.png" for name in names]
    assert all(path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") for path in paths)
