"""The one thread that writes: a commit starts as soon as the one before has ended, with all that came meanwhile (no timer)."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from serving.store.engine import first_line
from serving.store.records import StoreAway, Stored, Tagged
from serving.store.tags import write_tags

ROWS = 500  # most messages in one commit
AWAY_SECONDS = 1.0  # a database that did not answer is left alone for so long, so that nobody waits for it in vain


@dataclass(eq=False, slots=True)
class _Work:
    rows: Sequence[Tagged]
    task: Callable[[Connection], Any] | None
    done: asyncio.Future[Any]


def lost(error: Exception) -> bool:
    """Whether an error says that the database does not answer, rather than that it does not like what it was asked."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, PoolTimeoutError)


class Writer:
    """Commits what it is given; must be made on the event loop that awaits the answers.

    Args:
        engine: the database.
        zone: time zone of the reports' days and hours.
        on_commit: told rows and seconds of each commit, on the event loop.
    """

    def __init__(self, engine: Engine, zone: tzinfo, on_commit: Callable[[int, float], None] | None = None) -> None:
        self._engine, self._zone, self._on_commit = engine, zone, on_commit
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._away_until = 0.0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests that wait for their commit."""
        return self._queue.qsize()

    @property
    def away(self) -> bool:
        """Whether the database did not answer a moment ago."""
        return time.monotonic() < self._away_until

    def tags(self, rows: Sequence[Tagged]) -> asyncio.Future[list[Stored]]:
        """Write tagged messages (at most ROWS), in one commit with others'; fails with StoreAway."""
        return self._put(_Work(rows, None, self._loop.create_future()))

    def task(self, work: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """Run `work` in a transaction of its own."""
        return self._put(_Work((), work, self._loop.create_future()))

    async def stop(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _put(self, work: _Work) -> asyncio.Future[Any]:
        if self.away:
            work.done.set_exception(StoreAway("the store does not answer"))
        else:
            self._queue.put(work)
        return work.done

    def _run(self) -> None:
        held: _Work | None = None
        while True:
            work = held or self._queue.get()
            held = None
            if work is None:
                return
            batch = [work]
            rows = len(work.rows)
            while not work.task:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None or following.task or rows + len(following.rows) > ROWS:
                    held = following
                    if following is None:
                        self._queue.put(None)
                    break
                batch.append(following)
                rows += len(following.rows)
            self._commit(batch)

    def _commit(self, batch: Sequence[_Work]) -> None:
        started = time.perf_counter()
        try:
            results = self._transaction(batch)
        except Exception as error:
            failure = self._failure(error)
            if len(batch) > 1 and not isinstance(failure, StoreAway):
                # One request's rows cannot be written: the others' can.
                for work in batch:
                    self._commit([work])
                return
            results = [failure] * len(batch)
        self._loop.call_soon_threadsafe(self._answer, batch, results, time.perf_counter() - started)

    def _transaction(self, batch: Sequence[_Work]) -> list[Any]:
        with self._engine.begin() as connection:
            if batch[0].task:
                return [batch[0].task(connection)]
            stored = write_tags(connection, [row for work in batch for row in work.rows], self._zone)
        results, start = [], 0
        for work in batch:
            results.append(stored[start : start + len(work.rows)])
            start += len(work.rows)
        return results

    def _failure(self, error: Exception) -> Exception:
        if not lost(error):
            return error
        assert isinstance(error, SQLAlchemyError)  # noqa: S101 - narrows the type; both are
        self._away_until = time.monotonic() + AWAY_SECONDS
        # Connections of a server that has gone are of no use to the next commit.
        self._engine.dispose()
        return StoreAway(f"the store does not answer: {first_line(error)}")

    def _answer(self, batch: Sequence[_Work], results: Sequence[Any], seconds: float) -> None:
        if self._on_commit:
            self._on_commit(sum(len(work.rows) for work in batch), seconds)
        for work, result in zip(batch, results, strict=True):
            if work.done.done():
                continue
            if isinstance(result, Exception):
                work.done.set_exception(result)
            else:
                work.done.set_result(result)
