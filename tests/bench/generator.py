"""The load generator, a process of its own, cheap enough not to be what is measured: uvloop, keep-alive, requests cut from templates.

python -m tests.bench.generator, started by tests.bench.load: the job is the first line of standard input, the end of standard input ends it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any

import uvloop

from tests.bench.connection import Connection
from tests.bench.job import Job, Outcome, Outcomes

PAUSE = 0.02  # seconds before a lost connection is made again


class Generator(ABC):
    """Sends what a job asks for, and notes what comes of it."""

    def __init__(self, job: Job) -> None:
        self.job, self.outcomes, self.stopped = job, Outcomes(), asyncio.Event()
        head = f"POST {job.path} HTTP/1.1\r\nhost: 127.0.0.1:{job.port}\r\ncontent-type: application/json\r\ncontent-length: "
        self._head = head.encode("ascii")
        with open(job.bodies, "rb") as file:
            self._templates = [line.rstrip(b"\n").split(b"@ID@") for line in file]
        self._began, self._under_way, self._following = time.perf_counter(), 0, 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> Outcomes:
        """Until the time is over or `stopped` is set."""
        await self.prepare()
        _say("started")
        self._began, cpu = time.perf_counter(), sum(os.times()[:2])
        self.spawn(self.offer())
        try:
            async with asyncio.timeout(self.job.seconds):
                await self.stopped.wait()
        except TimeoutError:
            self.stopped.set()
        self.outcomes.seconds = self.now()
        self.outcomes.core = (sum(os.times()[:2]) - cpu) / self.outcomes.seconds
        until = self.now() + self.job.patience
        while self._under_way and self.now() < until:
            await asyncio.sleep(0.01)
        self.outcomes.unanswered = self._under_way
        return self.outcomes

    @abstractmethod
    async def prepare(self) -> None:
        """Make the connections that are there from the beginning."""

    @abstractmethod
    async def offer(self) -> None:
        """Send, until `stopped` is set."""

    @abstractmethod
    def free(self, connection: Connection, again: int | None) -> None:
        """A connection has its answer; `again` is the number of a message that must be sent once more."""

    @abstractmethod
    def closed(self, connection: Connection) -> None:
        """See connection.Listener."""

    def answered(self, connection: Connection, status: int, kept: bool) -> None:
        """See connection.Listener."""
        self._under_way -= 1
        self.outcomes.rows.append(Outcome(connection.number, connection.due, connection.sent, self.now(), status, kept))
        if not self.stopped.is_set():
            self.free(connection, connection.number if self.job.retry and status in (0, 503) else None)

    def now(self) -> float:
        """Seconds since the load began."""
        return time.perf_counter() - self._began

    def number(self) -> int:
        """Number of the next new message."""
        self._following += 1
        return self._following - 1

    def send(self, connection: Connection, number: int, due: float) -> None:
        """Send a message."""
        body = b"%b-%d" % (self.job.prefix.encode("ascii"), number)
        body = body.join(self._templates[number % len(self._templates)])
        self._under_way += 1
        connection.number, connection.due, connection.sent = number, due, self.now()
        connection.send(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    async def connect(self) -> Connection:
        """A new connection; OSError if nobody listens."""
        _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(self), "127.0.0.1", self.job.port)
        return connection

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on by itself."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _EndOfInput(asyncio.Protocol):
    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    def eof_received(self) -> None:
        self._ended.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended.set()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    """Read the job, do it, print the outcomes."""
    from tests.bench.loops import ClosedLoop, OpenLoop

    job = Job(**json.loads(sys.stdin.buffer.raw.readline()))  # type: ignore[attr-defined]
    generator = OpenLoop(job) if job.rate else ClosedLoop(job)
    await asyncio.get_running_loop().connect_read_pipe(lambda: _EndOfInput(generator.stopped), sys.stdin)
    _say((await generator.run()).text())


if __name__ == "__main__":
    uvloop.run(main())
