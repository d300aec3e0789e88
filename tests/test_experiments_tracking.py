"""experiments/tracking.py: what reaches MLflow, and that a server which is away never stops anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from experiments import tracking
from experiments.tracking import Figure, Files, Param, find_run, flat, set_alias, track, tracking_uri


def test_nested_parameters_are_joined_by_dots() -> None:
    assert list(flat("", {"seed": 0, "model": {"C": 0.6, "words": (1, 2)}})) == [
        Param("seed", 0),
        Param("model.C", 0.6),
        Param("model.words", (1, 2)),
    ]


def test_the_address_of_the_server_is_honoured(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracking_uri() == f"sqlite:///{workplace.resolve()}/experiments/runs/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.org")
    assert tracking_uri() == "http://mlflow.example.org"


def test_a_run_keeps_parameters_figures_files_and_tags(workplace: Path) -> None:
    folder = workplace / "plots"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"png")
    (workplace / "run.json").write_text("{}", encoding="utf-8")
    said: list[str] = []
    items = [Param("seed", 7), Figure("accuracy", 0.5), Figure("ece", float("nan")), Files(workplace / "run.json"), Files(folder, "plots")]
    run_id = track("2026-01-01+aa", iter(items), {"model": "m"}, said.append)
    assert said == []
    assert run_id is not None
    client = tracking._client()
    run = client.get_run(run_id)
    assert run.data.params == {"seed": "7"}
    assert run.data.metrics == {"accuracy": 0.5}, "what is no number is not logged"
    assert run.data.tags["model"] == "m"
    assert run.info.status == "FINISHED"
    assert sorted(item.path for item in client.list_artifacts(run_id)) == ["plots", "run.json"]
    assert [item.path for item in client.list_artifacts(run_id, "plots")] == ["plots/a.png"]
    assert run.info.artifact_uri.startswith((workplace / "experiments/runs/mlflow-artifacts").resolve().as_uri())
    assert find_run("2026-01-01+aa", said.append) == run_id
    assert find_run("none such", said.append) is None
    assert said == []


def test_the_registry_alias_follows_the_promotion(workplace: Path) -> None:
    said: list[str] = []
    for number, version in enumerate(("v1", "v2"), 1):
        set_alias(track(version, [], {}, said.append), version, "champion", said.append)
        found = tracking._client().get_model_version_by_alias("rubricator", "champion")
        assert (int(found.version), found.tags) == (number, {"bundle": version})
    assert said == []


def test_a_run_that_is_not_tracked_gets_no_alias(workplace: Path) -> None:
    said: list[str] = []
    set_alias(None, "v1", "champion", said.append)
    assert said == ["registry: the run is not tracked, so no alias was set"]


@pytest.fixture
def dead_server(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server that is not there, with a password in it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:secret@127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return f"127.0.0.1:{port}"


def test_a_dead_server_stops_nothing_and_is_named_without_its_password(dead_server: str) -> None:
    said: list[str] = []
    assert track("a", [Param("seed", 0)], {}, said.append) is None
    assert find_run("a", said.append) is None
    set_alias("some id", "v1", "champion", said.append)
    assert said == [
        f"tracking: not logged to {dead_server} (MlflowException); the run is complete on disk all the same",
        f"tracking: {dead_server} could not be asked (MlflowException)",
        "registry: alias 'champion' not set (MlflowException); the promotion itself is done",
    ]


def test_an_item_that_fails_stops_nothing_either(workplace: Path) -> None:
    said: list[str] = []
    assert track("a", [Files(workplace / "missing.json")], {}, said.append) is None
    assert said == [
        "tracking: not logged to sqlite:///"
        + str(workplace.resolve() / "experiments/runs/mlflow.db")
        + " (FileNotFoundError); the run is complete on disk all the same"
    ]
