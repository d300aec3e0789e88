"""ProcessPredictor: the Predictor whose model lives in its own process, kept alive and swapped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from data.errors import RubricatorError, ServiceError
from data.messages import Message
from serving.asking import Answer, Ask, Tagging, Talk
from serving.child import Child
from serving.dispatch import Dispatcher
from serving.prediction import DeadlineMissed, Lane, ModelFacts, Observer, PredictorDown
from serving.probes import check_probe
from serving.waiting import Job, WaitingRoom

RESTART_PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0)
PROBE_SECONDS = 60.0
STOPPED = "the service is stopping"
LATE = "it could not be answered before the deadline"


class ProcessPredictor:
    """A Predictor over a process of its own.

    Args:
        model: the bundle's folder.
        queue_limit: single messages (rather: texts to read) that may wait.
        queue_seconds: how long they may have to wait, as far as is known.
        bulk_limit: messages of batches that may wait beside them.
        batch_limit: texts that are read together.
        window: seconds that a half-full batch waits for company while another is computed; none waits when the process is idle.
        program: module that the process runs.
        observer: told how it goes.
    """

    def __init__(
        self,
        model: Path,
        *,
        queue_limit: int = 512,
        queue_seconds: float = 1.0,
        bulk_limit: int = 4000,
        batch_limit: int = 64,
        window: float = 0.002,
        program: str = "serving.predicting",
        observer: Observer | None = None,
    ) -> None:
        self._model, self._program, self._observer = model, program, observer
        self._work = Dispatcher(WaitingRoom(queue_limit, bulk_limit, queue_seconds), batch_limit, window, observer)
        self._facts: ModelFacts | None = None
        self._restart: asyncio.Task[None] | None = None
        self._ending: asyncio.Future[None] | None = None
        self._stopping = False

    @property
    def facts(self) -> ModelFacts:
        """The model that answers now, or answered last."""
        if self._facts is None:
            raise PredictorDown("no model has been loaded yet")
        return self._facts

    @property
    def ready(self) -> bool:
        """Whether a process with a model is running."""
        return self._work.child is not None

    @property
    def waiting(self) -> int:
        """Texts in the queue."""
        return len(self._work.waiting)

    @property
    def pid(self) -> int | None:
        """Process id of the predictor in service."""
        return self._work.child.pid if self._work.child else None

    async def start(self) -> None:
        """Load the model.

        Raises:
            RubricatorError: it cannot be loaded; one line says why.
        """
        self._take_over(await Child.start(self._model, self._program))

    async def stop(self) -> None:
        """Give up who waits and end the process."""
        self._stopping = True
        if self._restart:
            self._restart.cancel()
            await asyncio.gather(self._restart, return_exceptions=True)
        if self._ending:
            await self._ending
        child = self._work.child
        self._work.stop(STOPPED)
        if child:
            await child.stop()

    def admit(self, count: int = 1, lane: Lane = "single") -> None:
        """See Predictor.admit."""
        self._work.admit(count, lane)

    async def answer(self, asks: Sequence[Ask], *, deadline: float | None = None, lane: Lane = "single") -> list[Answer]:
        """See Predictor.answer."""
        texts = sum(ask.weight for ask in asks)
        self.admit(texts, lane)
        if not asks:
            return []
        loop = asyncio.get_running_loop()
        if deadline is not None:
            expected = self._work.seconds_until(texts, lane)
            if loop.time() + expected >= deadline:
                raise DeadlineMissed(LATE, retry_after=max(1.0, expected))
        while True:
            job = Job(asks, loop.create_future(), loop.time())
            self._work.add(job, lane)
            try:
                async with asyncio.timeout_at(deadline):
                    answers = await job.done
            except TimeoutError:
                raise DeadlineMissed(LATE) from None
            # One request is answered by one model: if a swap fell into it, it is asked again as a whole.
            if len({answer.tag["model"] for answer in answers}) == 1:
                return answers

    async def swap(self, probes: Sequence[Message]) -> None:
        """Load the model's folder in a second process, try it on the probes, let it take over between two batches, end the old one.

        Raises:
            RubricatorError: it cannot be loaded or does not answer every probe; the old model goes on.
        """
        child = await Child.start(self._model, self._program)
        try:
            # Each as the beginning of a conversation: a model takes over only if it can read those, too.
            asks = [Tagging(probe, talk=Talk(probe.id)) for probe in probes]
            for probe, answer in zip(probes, await child.answers(asks, PROBE_SECONDS), strict=True):
                check_probe(child.facts, probe, answer)
        except BaseException:
            await child.stop()
            raise
        if self._stopping:
            await child.stop()
            raise ServiceError(STOPPED)
        old = self._work.child
        self._take_over(child)
        if old:
            old.on_end = lambda: self._work.lost(old)
            # A task of its own: who asked for the swap may go away, the old process must not stay.
            self._ending = asyncio.ensure_future(self._end(old))
            await asyncio.shield(self._ending)

    async def _end(self, old: Child) -> None:
        while self._work.busy(old) and not self._stopping:
            await asyncio.sleep(0.01)
        await old.stop()

    def _take_over(self, child: Child) -> None:
        self._facts = child.facts
        child.on_end = lambda: self._died(child)
        self._work.take_over(child)
        if child.ended:
            self._died(child)

    def _died(self, child: Child) -> None:
        self._work.lost(child)
        if not self._stopping:
            self._restart = asyncio.get_running_loop().create_task(self._start_again())

    async def _start_again(self) -> None:
        attempt = 0
        while not self._stopping:
            await asyncio.sleep(RESTART_PAUSES[min(attempt, len(RESTART_PAUSES) - 1)])
            attempt += 1
            try:
                child = await Child.start(self._model, self._program)
            except RubricatorError:
                continue
            if self._work.child:
                # A promotion has taken over meanwhile.
                await child.stop()
                return
            if self._observer:
                self._observer.model_event("restarted")
            self._take_over(child)
            return
