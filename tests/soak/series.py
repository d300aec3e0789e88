"""One series of kills under load, of the service, of its predictor, or of its database."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.job import Job, Outcomes
from tests.bench.load import Load, loaded
from tests.bench.service import Service, service
from tests.soak.postgres import Cluster
from tests.soak.watching import are_gone, is_kept, is_ready, wait_until

KEY = "a key for a store that is thrown away afterwards"
PREFIX = "kill"
CLIENTS = 16
LIMIT = 7200.0  # seconds of load at most
ORPHAN_SECONDS = 10.0


@dataclass
class Series:
    """What is killed how often, and what came of it.

    `recovered`: seconds until all went on; `left`: predictors that outlived their service; `probes`: ids sent beside the load.
    """

    model: Path
    folder: Path
    bodies: str
    store: str
    times: int
    recovered: list[float] = field(default_factory=list)
    left: int = 0
    probes: set[str] = field(default_factory=set)
    outcomes: Outcomes = field(default_factory=Outcomes)
    draw: random.Random = field(default_factory=lambda: random.Random(5))

    def serve(self, port: int = 0) -> AbstractContextManager[Service]:
        """The service over this store."""
        return service(self.model, self.folder, self.store, port, hash_key=KEY)

    def load(self, port: int) -> AbstractContextManager[Load]:
        """Clients that send again, under the same id, what was not answered."""
        return loaded(Job(port, "/v1/tags", self.bodies, PREFIX, CLIENTS, seconds=LIMIT, retry=True))

    def let_it_run(self) -> None:
        """For a moment of random length, so that kills meet every stage of the work."""
        time.sleep(self.draw.uniform(0.3, 1.5))

    def sent(self) -> set[str]:
        """All ids that may have reached the store."""
        most = max((row.number for row in self.outcomes.rows), default=0) + 2 * CLIENTS
        return {*(f"{PREFIX}-{number}" for number in range(most)), *self.probes}


def kill_services(series: Series) -> None:
    """The load goes on through all of them; the predictor of a killed service must end by itself."""
    port, running = 0, None
    with ExitStack() as stack:
        for _ in range(series.times):
            began = time.monotonic()
            with series.serve(port) as one:
                series.recovered.append(time.monotonic() - began)
                port = one.port
                running = running or stack.enter_context(series.load(port))
                series.let_it_run()
                predictors = one.predictors
                os.kill(one.process.pid, signal.SIGKILL)
                one.process.wait()
                series.left += not _end_by_themselves(predictors)
        with series.serve(port):
            time.sleep(2)
            assert running
            series.outcomes = running.stop()


def kill_predictors(series: Series) -> None:
    """The service stays; requests in flight get 503."""
    with series.serve() as one, series.load(one.port) as running:
        for _ in range(series.times):
            series.let_it_run()
            (victim,) = one.predictors
            os.kill(victim, signal.SIGKILL)
            series.recovered.append(wait_until(lambda gone=victim: is_ready(one.port) and gone not in one.predictors, "a new predictor"))
        series.let_it_run()
        series.outcomes = running.stop()


def kill_databases(series: Series, postgres: Cluster) -> None:
    """The service stays, and says `stored: false` while the database is away."""
    with series.serve() as one, series.load(one.port) as running:
        for number in range(series.times):
            series.let_it_run()
            postgres.kill()
            time.sleep(series.draw.uniform(0.1, 1.0))
            postgres.start()
            name = f"probe-{number}"
            series.probes.add(name)
            series.recovered.append(wait_until(lambda name=name: is_kept(one.port, name), "a tag that is kept"))
        series.let_it_run()
        series.outcomes = running.stop()


def _end_by_themselves(pids: list[int]) -> bool:
    until = time.monotonic() + ORPHAN_SECONDS
    while not are_gone(pids) and time.monotonic() < until:
        time.sleep(0.02)
    return are_gone(pids)
