"""`mlflow models serve` of two models: our bundle, and a plain TF-IDF + logistic regression pipeline; nothing is downloaded."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.corpus import labelled
from tests.bench.processes import START_SECONDS, running

# It says nothing to anybody, and records no runs.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def save_bundle(bundle: Path, place: Path) -> Path:
    """The bundle, wrapped for MLflow."""
    os.environ |= QUIET
    import mlflow.pyfunc

    code = Path(__file__).with_name("mlflow_model.py")
    mlflow.pyfunc.save_model(str(place), python_model=str(code), artifacts={"bundle": str(bundle)}, pip_requirements=["mlflow"])
    return place


def save_pipeline(place: Path) -> Path:
    """What a first tutorial makes: words, TF-IDF, logistic regression on the topics of the same corpus."""
    import mlflow.sklearn
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts, topics = zip(*labelled(), strict=True)
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(texts, topics)
    mlflow.sklearn.save_model(pipeline, str(place), pip_requirements=["scikit-learn"])
    return place


@contextmanager
def serving(model: Path, folder: Path, workers: int = 1) -> Iterator[int]:
    """The port of `mlflow models serve` with that many worker processes."""
    port = _free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model), "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # it looks for uvicorn there
    given = {**QUIET, "PATH": path, "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    with running(command, folder / "mlflow.log", given) as process:
        until = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit((folder / "mlflow.log").read_text("utf-8")[-2000:])
            time.sleep(0.1)
        yield port


def write_bodies(path: Path, texts: Sequence[str]) -> str:
    """A file of bodies of POST /invocations, in the form that MLflow reads fastest."""
    path.write_text("".join(json.dumps({"inputs": [text]}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    return str(path)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
