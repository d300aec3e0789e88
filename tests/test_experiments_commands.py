"""python -m experiments list | compare | promote, through the command line's own parser."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner, Result

from data.errors import DataError
from experiments import tracking
from experiments.__main__ import app
from experiments.runs import Run
from tests.tables import TEN


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def saved(name: str, bundle: str = "", right: int = 0) -> Run:
    """A run whose first `right` messages are all right."""
    run = Run(
        name, bundle, "", {"name": "tiny"}, {"test": {"figures": {"accuracy": [0.7, 0.5, 0.9]}}}, {}, {"commit": "abc", "dirty": True}
    )
    run.save(TEN.keep(replace(row, predicted=row.label) if number < right else row for number, row in enumerate(TEN.rows)))
    return run


def test_list_of_nothing_says_how_to_begin(workplace: Path) -> None:
    result = call("list")
    assert result.exit_code == 0
    assert "no runs in experiments/runs yet; make one with: make train" in result.output


def test_list_shows_runs_with_their_figures(workplace: Path) -> None:
    saved("2026-01-01+aa")
    result = call("list")
    assert "figures on 'test'" in result.output
    (line,) = [line for line in result.output.splitlines() if "2026-01-01+aa" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == ["2026-01-01+aa", "tiny", "abc*", "", "0.7000", "", "", "", ""]


def test_compare_says_what_differs(workplace: Path) -> None:
    saved("one")
    saved("two", right=10)
    result = call("compare", "one", "two")
    assert result.exit_code == 0
    assert "test: 10 messages in common" in result.output
    rows = {
        cells[0].strip(): [cell.strip() for cell in cells]
        for line in result.output.splitlines()
        if len(cells := line.strip("│").split("│")) == 5
    }
    assert rows["accuracy"][1] == "+0.3000"
    assert rows["coverage"][-1] == "no difference shown"
    assert rows["coverage"][1:3] == ["+0.0000", "+0.0000 .. +0.0000"]


def test_compare_names_a_run_that_is_not_there(workplace: Path) -> None:
    saved("one")
    result = call("compare", "one", "on2")
    assert isinstance(result.exception, DataError)
    assert str(result.exception).startswith("no run named 'on2' (did you mean 'one'?)")


def test_promote_makes_the_champion_and_sets_the_alias(workplace: Path, tiny_bundle: Path) -> None:
    shutil.copytree(tiny_bundle, workplace / "models/artifacts/tiny+0")
    saved("tiny+0", "models/artifacts/tiny+0")
    assert tracking.track("tiny+0", [], {}, print)
    result = call("promote", "latest")
    assert result.exit_code == 0
    assert result.output == "champion is now tiny+0\n"
    assert (workplace / "models/artifacts/champion/manifest.json").is_file()
    assert tracking._client().get_model_version_by_alias("rubricator", "champion").tags == {"bundle": "tiny+0"}
