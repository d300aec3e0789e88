"""A demonstration: starts the service as a child, tags sample messages over HTTP, shows a table, stays until it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from data.errors import ServiceError
from data.masking import mask

# As clients write: plain, noisy (typos, wrong keyboard layout, translit, speech), with personal data, a mere greeting, an attachment.
SAMPLES: tuple[dict[str, Any], ...] = (
    {"channel": "app", "text": "Здравствуйте! Если я не потрачу гигабайты до конца месяца, они перейдут на следующий?"},
    {"channel": "messenger", "text": "симку потеряла в автобусе заблокируйте пожалуйста срочно мой номер +7 916 123-45-67"},
    {"channel": "app", "text": "не магу зайти в лк, код в смс неприходит уже час!!!"},
    {"channel": "web", "text": "rfr gjlrk.xbnm egkfne htatyrb xthtp ghbkj;tybt"},
    {"channel": "social", "text": "ребят а kak podelitsya gigami s mamoy? у нее другой тариф"},
    {"channel": "voice", "text": "э-э я это самое хотел оплатить проезд телефоном а деньги списались а билета нет"},
    {"channel": "app", "text": "Добрый вечер"},
    {"channel": "social", "text": "Подскажите, как называется то кафе на Арбате, где вчера была ваша акция с лапшой?"},
    {"channel": "messenger", "text": "", "attachments": ["photo"]},
)
START_SECONDS = 60.0
MLFLOW = ".venv/bin/mlflow ui --backend-store-uri sqlite:///experiments/runs/mlflow.db"


def demo(port: int, model: str | None, console: Console) -> None:
    """Show the service at work on 127.0.0.1 and wait for Ctrl-C or SIGTERM.

    Raises:
        ServiceError: the service did not start; its own line has said why.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    command = [sys.executable, "-m", "serving", "run", "--port", str(port), *(["--model", model] if model else [])]
    # In a session of its own: Ctrl-C reaches this process alone, which then ends the service.
    # A store of its own that goes with it: samples are not an operator's traffic.
    with (
        tempfile.TemporaryDirectory(prefix="rubricator-demo-") as folder,
        _service(command, f"sqlite:///{folder}/demo.db") as service,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10.0, trust_env=False) as client,
    ):
        if _wait_until_ready(client, service, stop):
            console.print(_table(client))
            console.print(f"API docs: http://127.0.0.1:{port}/docs", soft_wrap=True)
            console.print(f"Experiments: {MLFLOW}", soft_wrap=True)
            console.print("Ctrl-C ends it.")
            _stay(service, stop)


def _wait_until_ready(client: httpx.Client, service: subprocess.Popen[bytes], stop: threading.Event) -> bool:
    waited = 0.0
    while not stop.is_set():
        if service.poll() is not None:
            raise ServiceError("the service did not start; the line above says why")
        try:
            if client.get("/health/ready").status_code == 200:
                return True
        except httpx.TransportError:
            pass
        if waited > START_SECONDS:
            raise ServiceError(f"the service is not ready after {START_SECONDS:.0f} s; python -m serving run shows what it says")
        stop.wait(0.1)
        waited += 0.1
    return False


def _table(client: httpx.Client) -> Table:
    table = Table(title="Sample messages, tagged over HTTP")
    table.add_column("channel", no_wrap=True)
    table.add_column("message, masked", ratio=1, overflow="fold")
    for name in ("topic", "need", "sure", "status", "queue"):
        table.add_column(name, no_wrap=True, justify="right" if name == "sure" else "left")
    for number, sample in enumerate(SAMPLES):
        response = client.post("/v1/tags", json={"id": f"demo-{number}", **sample})
        if response.status_code != 200:
            raise ServiceError(f"the service answered {response.status_code} to a sample message: {response.json()['detail']}")
        tag = response.json()
        shown = mask(sample["text"]).text or f"({', '.join(sample['attachments'])})"
        row = (
            sample["channel"],
            shown,
            tag["topic"] or "-",
            tag["need"] or "-",
            f"{tag['confidence']:.0%}",
            tag["status"],
            tag["queue"] or "-",
        )
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    return table


def _stay(service: subprocess.Popen[bytes], stop: threading.Event) -> None:
    while not stop.wait(0.2):
        if service.poll() is not None:
            raise ServiceError(f"the service ended by itself with code {service.returncode}")


@contextmanager
def _service(command: list[str], store: str) -> Iterator[subprocess.Popen[bytes]]:
    # The table is what the demo is about; its own requests need no log.
    env = {**os.environ, "RUBRICATOR_STORE": store, "RUBRICATOR_LOG_REQUESTS": "false"}
    service = subprocess.Popen(command, start_new_session=True, env=env)  # noqa: S603 - our own module
    try:
        yield service
    finally:
        _end(service)


def _end(service: subprocess.Popen[bytes]) -> None:
    if service.poll() is None:
        service.terminate()
    try:
        service.wait(20)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
