"""One predictor process as the event loop sees it: started, spoken to over a socket pair, ended."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from data.errors import BundleError, ServiceError
from data.taxonomy import Taxonomy
from serving import frames
from serving.asking import Ask
from serving.prediction import ModelFacts

START_SECONDS = 120.0
STOP_SECONDS = 10.0
# The service batches, so a second thread inside the algebra only takes the core that the HTTP process needs.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


class _Link(asyncio.Protocol):
    def __init__(self, received: Callable[[Any], None], ended: Callable[[], None]) -> None:
        self._decoder, self._received, self._ended = frames.Decoder(), received, ended
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for value in self._decoder.feed(data):
            self._received(value)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        self._ended()


class Child:
    """A running predictor process.

    Attributes:
        facts: the model that it loaded.
        on_answers: called with (batch number, answers, seconds of computing) for each batch; an answer is the frame of an Answer or {"error": type}.
        on_end: called once when the process has gone, for whatever reason.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._link: asyncio.Transport | None = None
        self._first: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.facts: ModelFacts
        self.on_answers: Callable[[int, Sequence[Any], float], None] | None = None
        self.on_end: Callable[[], None] | None = None
        self.ended = False

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @classmethod
    async def start(cls, model: Path, program: str = "serving.predicting") -> Child:
        """Start a process (`program`: the module it runs) and wait until it has loaded the model and predicted once.

        Raises:
            BundleError: the model is missing, damaged or foreign.
            ServiceError: the process died or did not answer within START_SECONDS.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", program, str(theirs.fileno()), str(model)),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                # Standard output belongs to the service (a table, a log): what a library prints goes where errors go.
                stdout=sys.stderr.fileno() if _has_descriptor() else asyncio.subprocess.DEVNULL,
                env={**os.environ, **ONE_THREAD},
            )
        child = cls(process)
        link = _Link(child._receive, child._end)
        ours.setblocking(False)
        await asyncio.get_running_loop().create_connection(lambda: link, sock=ours)
        child._link = link.transport
        try:
            async with asyncio.timeout(START_SECONDS):
                first = await child._first
        except TimeoutError:
            await child.stop()
            raise ServiceError(
                f"the predictor did not load {model} within {START_SECONDS:.0f} s; is the machine short of memory or disk?"
            ) from None
        except BaseException:
            await child.stop()
            raise
        facts = first["facts"]
        child.facts = ModelFacts(**{**facts, "taxonomy": Taxonomy.from_dict(facts["taxonomy"])})
        return child

    def send(self, batch: int, asks: Sequence[Ask]) -> None:
        """Hand over one batch."""
        if self._link and not self.ended:
            self._link.write(frames.encode({"batch": batch, "asks": [ask.frame() for ask in asks]}))

    async def answers(self, asks: Sequence[Ask], seconds: float) -> Sequence[Any]:
        """Answers to one batch, before the process is in service.

        Raises:
            ServiceError: it died, or took longer.
        """
        done: asyncio.Future[Sequence[Any]] = asyncio.get_running_loop().create_future()
        self.on_answers = lambda _batch, answers, _seconds: None if done.done() else done.set_result(answers)
        self.on_end = lambda: None if done.done() else done.set_exception(ServiceError("the predictor process died on the probes"))
        try:
            self.send(0, asks)
            async with asyncio.timeout(seconds):
                return await done
        except TimeoutError:
            raise ServiceError(f"the predictor process did not answer the probes within {seconds:.0f} s") from None
        finally:
            self.on_answers = self.on_end = None

    async def stop(self) -> None:
        """End the process: it ends by itself when the socket closes, and is killed if it does not."""
        self.on_end = None
        if self._link:
            self._link.close()
        try:
            async with asyncio.timeout(STOP_SECONDS if self._first.done() and not self.ended else 0.5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _receive(self, value: Any) -> None:
        if value["kind"] == "answers":
            if self.on_answers:
                self.on_answers(value["batch"], value["answers"], value["seconds"])
        elif not self._first.done():
            if value["kind"] == "ready":
                self._first.set_result(value)
            else:
                self._first.set_exception(BundleError(value["message"]))

    def _end(self) -> None:
        self.ended = True
        if not self._first.done():
            self._first.set_exception(ServiceError("the predictor process died while it loaded the model; its own words stand above"))
        if self.on_end:
            self.on_end()


def _has_descriptor() -> bool:
    try:
        return sys.stderr.fileno() >= 0
    except (OSError, ValueError, AttributeError):
        return False
