"""The only module that talks to MLflow: what a run yields goes to the tracking server, and a server that is away never stops a training."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.runs import RUNS

EXPERIMENT = "rubricator"
REGISTERED = "rubricator"
BATCH = 100  # what MLflow takes at once


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a run."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of a run."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Files:
    """A file or folder kept with a run, under a path of its own."""

    path: Path
    place: str | None = None


Item = Param | Figure | Files


def flat(prefix: str, values: Mapping[str, Any]) -> Iterable[Param]:
    """Params of a nested mapping, names joined by dots."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(f"{prefix}{name}.", value)
        else:
            yield Param(f"{prefix}{name}", value)


def tracking_uri() -> str:
    """Where runs are tracked: MLFLOW_TRACKING_URI, or a SQLite file beside the runs."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{RUNS.resolve() / 'mlflow.db'}"


def track(name: str, items: Iterable[Item], tags: Mapping[str, str], say: Callable[[str], None]) -> str | None:
    """Log one run; returns its MLflow id, or None if the server could not be reached (said, not raised)."""
    try:
        client = _client()
        experiment = client.get_experiment_by_name(EXPERIMENT)
        local = tracking_uri().startswith("sqlite:")
        place = (RUNS / "mlflow-artifacts").resolve().as_uri() if local else None
        experiment_id = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT, artifact_location=place)
        run_id: str = client.create_run(experiment_id, run_name=name, tags=dict(tags)).info.run_id
        _log(client, run_id, list(items))
        client.set_terminated(run_id)
    except Exception as error:
        say(f"tracking: not logged to {_host(tracking_uri())} ({type(error).__name__}); the run is complete on disk all the same")
        return None
    return run_id


def _log(client: Any, run_id: str, items: Sequence[Item]) -> None:
    from mlflow.entities import Metric
    from mlflow.entities import Param as Parameter

    now = int(time.time() * 1000)
    params = [Parameter(item.name, str(item.value)) for item in items if isinstance(item, Param)]
    metrics = [Metric(item.name, item.value, now, 0) for item in items if isinstance(item, Figure) and item.value == item.value]
    for start in range(0, max(len(params), len(metrics)), BATCH):  # in batches: a request each would take longer than all the rest
        client.log_batch(run_id, metrics[start : start + BATCH], params[start : start + BATCH])
    for item in items:
        if isinstance(item, Files) and item.path.is_dir():
            client.log_artifacts(run_id, str(item.path), item.place)
        elif isinstance(item, Files):
            client.log_artifact(run_id, str(item.path), item.place)


def find_run(name: str, say: Callable[[str], None]) -> str | None:
    """MLflow id of the run that was logged under this name, or None."""
    try:
        client = _client()
        experiment = client.get_experiment_by_name(EXPERIMENT)
        found = client.search_runs([experiment.experiment_id], f"attributes.run_name = '{name}'") if experiment else []
        return str(found[0].info.run_id) if found else None
    except Exception as error:
        say(f"tracking: {_host(tracking_uri())} could not be asked ({type(error).__name__})")
        return None


def set_alias(run_id: str | None, bundle_version: str, alias: str, say: Callable[[str], None]) -> None:
    """Register the bundle of a tracked run and let the alias point at it."""
    if run_id is None:
        say("registry: the run is not tracked, so no alias was set")
        return
    try:
        client = _client()
        if not client.search_registered_models(f"name = '{REGISTERED}'"):
            client.create_registered_model(REGISTERED)
        source = f"{client.get_run(run_id).info.artifact_uri}/bundle"
        version = client.create_model_version(REGISTERED, source, run_id, tags={"bundle": bundle_version})
        client.set_registered_model_alias(REGISTERED, alias, version.version)
    except Exception as error:
        say(f"registry: alias {alias!r} not set ({type(error).__name__}); the promotion itself is done")


def _client() -> Any:
    # A dead server must cost seconds, not MLflow's default of minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient
    # After the import: it sets levels of its own.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    RUNS.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri(), registry_uri=tracking_uri())


def _host(uri: str) -> str:
    return uri.rsplit("@", maxsplit=1)[-1]
