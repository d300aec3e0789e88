"""The two ways to load a service: clients that wait for their answers, and messages that come whether it keeps up or not."""

from __future__ import annotations

import asyncio
import random
from collections import deque

from tests.bench.connection import Connection
from tests.bench.generator import PAUSE, Generator
from tests.bench.job import Job

MOST_CONNECTIONS = 4000


class ClosedLoop(Generator):
    """Each of `clients` sends its next message when it has the answer to the one before."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._connections: list[Connection] = []

    async def prepare(self) -> None:
        self._connections = [await self.connect() for _ in range(self.job.clients)]

    async def offer(self) -> None:
        for connection in self._connections:
            self.send(connection, self.number(), self.now())

    def free(self, connection: Connection, again: int | None) -> None:
        if connection.open and again is None:
            self.send(connection, self.number(), self.now())
        else:
            self.spawn(self._go_on(connection, again))

    def closed(self, connection: Connection) -> None:
        pass

    async def _go_on(self, connection: Connection, again: int | None) -> None:
        """Wait a moment, as a client does whose service has gone or asks it to come again."""
        while not self.stopped.is_set():
            await asyncio.sleep(PAUSE)
            try:
                connection = connection if connection.open else await self.connect()
            except OSError:
                continue
            if not self.stopped.is_set():
                self.send(connection, self.number() if again is None else again, self.now())
            return


class OpenLoop(Generator):
    """Messages come as a Poisson process of `rate` a second; each takes an idle connection, or a new one."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._idle: list[Connection] = []
        self._due: deque[tuple[int, float]] = deque()
        self._connections = 0

    async def prepare(self) -> None:
        self._idle = [await self.connect() for _ in range(self.job.clients)]
        self._connections = len(self._idle)

    async def offer(self) -> None:
        draw, due = random.Random(self.job.seed), 0.0
        while not self.stopped.is_set():
            due += draw.expovariate(self.job.rate)
            if due > self.now():
                await asyncio.sleep(due - self.now())
            self._due.append((self.number(), due))
            self._serve()

    def free(self, connection: Connection, again: int | None) -> None:
        if again is not None:
            self._due.append((again, self.now()))
        if connection.open:
            self._idle.append(connection)
        self._serve()

    def closed(self, connection: Connection) -> None:
        self._connections -= 1
        if connection in self._idle:
            self._idle.remove(connection)

    def _serve(self) -> None:
        while self._due and self._idle:
            self.send(self._idle.pop(), *self._due.popleft())
        # Those who found no connection wait for the next free one or a new one, whichever is first.
        if self._due and self._connections < MOST_CONNECTIONS:
            self._connections += 1
            self.spawn(self._grow())

    async def _grow(self) -> None:
        try:
            connection = await self.connect()
        except OSError:
            self._connections -= 1
            await asyncio.sleep(PAUSE)
        else:
            self._idle.append(connection)
        self._serve()
