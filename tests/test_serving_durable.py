"""What was acknowledged is there, whatever is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from serving.commands import in_store
from serving.settings import Settings
from serving.store.schema import DAY_COUNTS, HOUR_COUNTS, MESSAGES, TAGS
from tests.test_serving_server import service

KEY = "k" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path / 'store.db'}"
    return Settings(store=url, hash_key=KEY)


async def load(address: str, prefix: str, enough: asyncio.Event, acknowledged: set[str]) -> None:
    """Send messages until the service is gone; note those whose answer says that they are stored."""

    async def client(number: int) -> None:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            for turn in range(100_000):
                name = f"{prefix}-{number}-{turn}"
                try:
                    response = await http.post("/v1/tags", json={"id": name, "channel": "app", "text": f"сим {name}"})
                except httpx.TransportError:
                    return
                if response.status_code == 200 and response.json()["stored"]:
                    acknowledged.add(name)
                if turn == 10:
                    enough.set()

    await asyncio.gather(*(client(number) for number in range(8)))


def test_no_acknowledged_tag_is_lost_or_counted_twice_when_the_service_is_killed(settings: Settings) -> None:
    acknowledged: set[str] = set()

    async def scenario(address: str, pid: int, prefix: str) -> None:
        enough = asyncio.Event()
        work = asyncio.ensure_future(load(address, prefix, enough, acknowledged))
        await enough.wait()
        os.kill(pid, signal.SIGKILL)
        await work

    for kill in range(2):
        with service(store=settings.store, hash_key=KEY, log_requests=False) as (process, address):
            asyncio.run(scenario(address, process.pid, str(kill)))
    kept = in_store(settings, lambda connection: list(connection.execute(select(TAGS.c.id)).scalars()))
    assert len(acknowledged) > 2 * 8
    assert acknowledged <= set(kept)
    assert len(kept) == len(set(kept))
    for table in (DAY_COUNTS, HOUR_COUNTS):
        assert in_store(settings, lambda connection, table=table: connection.execute(select(func.sum(table.c.n))).scalar()) == len(kept)
    assert in_store(settings, lambda connection: connection.execute(select(func.count()).select_from(MESSAGES)).scalar()) == len(kept)


def test_requests_in_flight_get_503_when_the_predictor_is_killed_and_all_goes_on_after_it() -> None:
    async def scenario(address: str, pid: int) -> None:
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http:
            seen: list[int] = []
            os.kill(int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]), signal.SIGKILL)
            while not seen or seen[-1] != 200:
                response = await http.post("/v1/tags", json={"id": f"m-{len(seen)}", "channel": "app", "text": "сим"})
                seen.append(response.status_code)
            assert set(seen) <= {200, 503}
            assert (await http.get("/health/ready")).status_code == 200

    with service(log_requests=False) as (process, address):
        for _ in range(2):
            asyncio.run(scenario(address, process.pid))
