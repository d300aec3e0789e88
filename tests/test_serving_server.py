"""The running service, as a process with its predictor process: ports, signals, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from data.errors import ServiceError
from serving.app import create_app
from serving.server import take_port
from serving.settings import Settings
from tests.serving_fakes import FakePredictor, calling

# Nothing is written into the folder that the tests run in.
ENVIRONMENT = {**os.environ, "RUBRICATOR_STORE": "none"}
MESSAGE = {"id": "m-1", "channel": "app", "text": "заблокируйте сим"}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "serving", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=ENVIRONMENT | environment,
    )


@contextmanager
def service(**settings: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    code = (
        "import json, sys, uvloop; from serving.server import serve; from serving.settings import load_settings;"
        "uvloop.run(serve(load_settings(**json.loads(sys.argv[1])), lambda line: print(line, flush=True), program='tests.serving_fakes'))"
    )
    given = json.dumps({"port": 0, "store": "none", **settings})
    process = subprocess.Popen([sys.executable, "-c", code, given], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, next(word for word in process.stdout.readline().split() if word.startswith("http:"))
    finally:
        process.kill()
        process.communicate()


def test_a_port_in_use_is_one_line_that_says_what_to_do() -> None:
    with take_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"^127.0.0.1:{port} cannot be used: Address already in use; .* --port {port + 1}$"):
            take_port("127.0.0.1", port)
        result = run("run", "--port", str(port))
        assert (result.returncode, result.stderr.count("\n"), "Traceback" in result.stderr) == (1, 1, False)


def test_a_missing_or_damaged_bundle_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with ThreadPoolExecutor(2) as pool:
        missing, damaged = pool.map(lambda folder: run("run", "--port", "0", "--model", str(folder)), (tmp_path / "none", tmp_path))
    assert [(result.returncode, result.stderr.count("\n")) for result in (missing, damaged)] == [(1, 1), (1, 1)]
    assert missing.stderr.endswith("no model there (manifest.json is missing); train and promote one with: make train\n")
    assert "damaged" in damaged.stderr


def test_a_setting_that_makes_no_sense_is_named() -> None:
    result = run("run", "--port", "0", RUBRICATOR_QUEUE_LIMIT="many")
    assert (result.returncode, result.stderr.count("\n"), "RUBRICATOR_QUEUE_LIMIT" in result.stderr) == (2, 1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_answers_and_ends_cleanly_with_its_predictor(number: signal.Signals) -> None:
    with service() as (process, address):
        with httpx.Client(base_url=address, trust_env=False) as client:
            assert client.get("/health/ready").status_code == 200
            assert client.post("/v1/tags", json=MESSAGE).json()["topic"] == "sim"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        process.send_signal(number)
        assert process.wait(30) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(int(children[0]), 0)


def test_requests_in_flight_are_answered_before_the_service_ends() -> None:
    async def scenario(address: str, process: subprocess.Popen[str]) -> list[int]:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            await client.get("/health/ready")
            batch = {"messages": [{**MESSAGE, "id": f"m-{number}"} for number in range(1000)]}
            requests = [asyncio.ensure_future(client.post("/v1/tags/batch", json=batch)) for _ in range(4)]
            await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
            process.send_signal(signal.SIGTERM)
            return [(await request).status_code for request in requests]

    with service() as (process, address):
        assert asyncio.run(scenario(address, process)) == [200] * 4
        assert process.wait(30) == 0


def test_when_the_service_ends_every_request_is_answered_or_refused_and_no_connection_is_reset() -> None:
    async def until_refused(address: str, name: str, enough: asyncio.Event, keep: bool) -> set[int]:
        """Statuses of requests one after another, on one connection or each on its own; any other error than a refusal is raised."""
        statuses, number = set(), 0
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client:
            while True:
                number += 1
                headers = {} if keep else {"Connection": "close"}
                try:
                    response = await client.post("/v1/tags", json={**MESSAGE, "id": f"{name}-{number}"}, headers=headers)
                except httpx.ConnectError:
                    return statuses
                statuses.add(response.status_code)
                if number == 20:
                    enough.set()

    async def scenario(address: str, process: subprocess.Popen[str]) -> set[int]:
        enough = asyncio.Event()
        clients = [asyncio.ensure_future(until_refused(address, str(number), enough, keep=number > 3)) for number in range(16)]
        await enough.wait()
        process.send_signal(signal.SIGTERM)
        return set().union(*await asyncio.gather(*clients))

    with service(log_requests=False) as (process, address):
        assert asyncio.run(scenario(address, process)) == {200}
        assert process.wait(30) == 0


def test_while_the_service_ends_it_is_not_ready_and_answers_close_their_connections() -> None:
    with calling(create_app(FakePredictor(), Settings())) as client:
        client.app.state.rubricator.stop()
        assert client.get("/health/ready").status_code == 503
        answer = client.post("/v1/tags", json=MESSAGE)
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")


def test_the_predictor_ends_when_the_service_is_killed() -> None:
    with service() as (process, _):
        child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        process.kill()
        process.wait(30)
        descriptor = os.pidfd_open(child) if Path(f"/proc/{child}").exists() else None
        if descriptor is not None:
            import select

            ended, _, _ = select.select([descriptor], [], [], 30)
            os.close(descriptor)
            assert ended
