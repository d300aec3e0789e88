"""experiments/runs.py: a run's folder is complete without any tracking server."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from data.errors import DataError
from experiments.runs import Run, all_runs, commit, provenance
from tests.tables import TEN


def run(name: str) -> Run:
    figures = {"test": {"figures": {"accuracy": [0.7, 0.5, 0.9]}}}
    return Run(
        name, f"models/{name}", "2026-01-01T00:00:00+00:00", {"name": "tiny"}, figures, {"auto": {"n": 1}}, {"commit": "abc", "dirty": True}
    )


def test_a_run_comes_back_with_its_table(tmp_path: Path) -> None:
    assert run("a").save(TEN, tmp_path) == tmp_path / "a"
    assert Run.load("a", tmp_path) == run("a")
    assert run("a").predictions(tmp_path) == TEN


def test_a_run_is_found_by_a_part_of_its_name_or_as_the_latest(tmp_path: Path) -> None:
    for name in ("2026-01-02+bb", "2026-01-01+aa", "2026-01-02+bb.again"):
        run(name).save(TEN, tmp_path)
    assert Run.load("+aa", tmp_path).name == "2026-01-01+aa"
    assert Run.load("latest", tmp_path).name == "2026-01-02+bb.again"
    assert Run.load("2026-01-02+bb", tmp_path).name == "2026-01-02+bb", "a whole name comes before a part"
    assert [item.name for item in all_runs(tmp_path)] == ["2026-01-01+aa", "2026-01-02+bb", "2026-01-02+bb.again"]


def test_an_unknown_or_ambiguous_run_is_refused(tmp_path: Path) -> None:
    for name in ("2026-01-01", "2026-01-02"):
        run(name).save(TEN, tmp_path)
    with pytest.raises(DataError, match=r"^no run named '2026-01-03' \(did you mean '2026-01-0\d'\?\); see: python -m experiments list$"):
        Run.load("2026-01-03", tmp_path)
    with pytest.raises(DataError, match=r"^2 runs named '2026'"):
        Run.load("2026", tmp_path)
    with pytest.raises(DataError, match=r"^no run named 'latest'; see"):
        Run.load("latest", tmp_path / "empty")


def test_an_unfinished_folder_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    TEN.save(tmp_path / "a" / "predictions.jsonl")
    assert all_runs(tmp_path) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "a"}'])
def test_a_damaged_record_says_what_to_do(text: str, tmp_path: Path) -> None:
    run("a").save(TEN, tmp_path)
    (tmp_path / "a" / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"run\.json: damaged \(\w+\); remove the folder$"):
        Run.load("a", tmp_path)


def test_a_headline_is_a_number_or_nothing() -> None:
    assert run("a").headline("test", "accuracy") == 0.7
    assert run("a").headline("test", "ece") is None
    assert run("a").headline("certify", "accuracy") is None


def test_provenance_names_what_a_run_rests_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = provenance("fingerprint", 7)
    assert found.keys() == {"commit", "dirty", "data", "seed", "python", "machine"}
    assert (found["commit"], found["dirty"], found["data"], found["seed"]) == ("unknown", True, "fingerprint", 7)


def test_a_commit_is_dirty_once_a_tracked_file_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def git(*words: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    Path("a").write_text("1", encoding="utf-8")
    git("add", "a")
    git("commit", "-q", "-m", "one")
    Path("untracked").touch()
    clean = commit()
    assert len(clean["commit"]) == 12
    assert clean["dirty"] is False
    Path("a").write_text("2", encoding="utf-8")
    assert commit() == {"commit": clean["commit"], "dirty": True}
