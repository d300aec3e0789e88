"""ProcessPredictor: batches what is waiting, keeps a predictor process alive, refuses early."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import RubricatorError, ServiceError
from data.messages import Message
from serving.child import Child
from serving.prediction import Answer, DeadlineMissed, Lane, ModelFacts, Observer, PredictorDown
from serving.probes import check_probe
from serving.under_way import UnderWay
from serving.waiting import Job, Slot, WaitingRoom

# Two batches are under way: one is computed while the other lies ready in the socket, so the process never waits for the event loop.
IN_FLIGHT = 2
RESTART_PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0)
PROBE_SECONDS = 60.0
STOPPED = "the service is stopping"
DIED = "the predictor stopped while it read this message; it is being started again"


class ProcessPredictor:
    """A Predictor whose model lives in its own process.

    Args:
        model: the bundle's folder.
        queue_limit: single messages that may wait.
        bulk_limit: messages of batches that may wait beside them.
        batch_limit: messages that are computed together.
        window: seconds that a half-full batch waits for company while another is computed; none waits when the process is idle.
        program: module that the process runs.
        observer: told how it goes.
    """

    def __init__(
        self,
        model: Path,
        *,
        queue_limit: int = 512,
        bulk_limit: int = 4000,
        batch_limit: int = 64,
        window: float = 0.002,
        program: str = "serving.predicting",
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self._model, self._batch_limit, self._window, self._program = model, batch_limit, window, program
        self._waiting = WaitingRoom(queue_limit, bulk_limit)
        self._child: Child | None = None
        self._facts: ModelFacts | None = None
        self._under_way = UnderWay()
        self._timer: asyncio.TimerHandle | None = None
        self._restart: asyncio.Task[None] | None = None
        self._ending: asyncio.Future[None] | None = None
        self._seconds_each = 0.002
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
        return self._child is not None

    @property
    def waiting(self) -> int:
        """Messages in the queue."""
        return len(self._waiting)

    @property
    def pid(self) -> int | None:
        """Process id of the predictor in service."""
        return self._child.pid if self._child else None

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
        if self._timer:
            self._timer.cancel()
        self._waiting.fail_all(PredictorDown(STOPPED))
        child, self._child = self._child, None
        if child:
            await child.stop()
        self._under_way.give_up(None, STOPPED)

    def admit(self, count: int = 1, lane: Lane = "single") -> None:
        """See Predictor.admit."""
        if self._child is None:
            raise PredictorDown("the predictor is being started again", retry_after=2.0)
        self._waiting.admit(count, lane, self._seconds_each)

    async def tag(
        self,
        messages: Sequence[Message],
        *,
        with_repairs: bool = False,
        explain: bool = False,
        deadline: float | None = None,
        lane: Lane = "single",
    ) -> list[Answer]:
        """See Predictor.tag."""
        self.admit(len(messages), lane)
        loop = asyncio.get_running_loop()
        if deadline is not None:
            ahead = self._waiting.ahead(lane) + self._under_way.messages + len(messages)
            if loop.time() + ahead * self._seconds_each >= deadline:
                raise DeadlineMissed("it could not be answered before the deadline", retry_after=max(1.0, ahead * self._seconds_each))
        if not messages:
            return []
        while True:
            job = Job(messages, with_repairs, explain, loop.create_future(), loop.time())
            self._waiting.add(job, lane)
            self._dispatch()
            try:
                async with asyncio.timeout_at(deadline):
                    answers = await job.done
            except TimeoutError:
                raise DeadlineMissed("it could not be answered before the deadline") from None
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
            items = [Job([probe], False, False, asyncio.get_running_loop().create_future()).item(0) for probe in probes]
            for probe, answer in zip(probes, await child.answers(items, PROBE_SECONDS), strict=True):
                check_probe(child.facts, probe, answer)
        except BaseException:
            await child.stop()
            raise
        if self._stopping:
            await child.stop()
            raise ServiceError(STOPPED)
        old = self._child
        self._take_over(child)
        self._dispatch()
        if old:
            old.on_end = lambda: self._old_died(old)
            # A task of its own: who asked for the swap may go away, the old process must not stay.
            self._ending = asyncio.ensure_future(self._end(old))
            await asyncio.shield(self._ending)

    def _old_died(self, old: Child) -> None:
        self._under_way.give_up(old, DIED)
        self._dispatch()

    async def _end(self, old: Child) -> None:
        while self._under_way.count(old) and not self._stopping:
            await asyncio.sleep(0.01)
        await old.stop()

    def _dispatch(self, window_over: bool = False) -> None:
        while (child := self._child) and len(self._waiting):
            busy = self._under_way.count(child)
            # After a swap the old model's last batches end first: two models never answer at the same time.
            if busy >= IN_FLIGHT or busy < len(self._under_way):
                return
            if busy and not window_over and len(self._waiting) < self._batch_limit:
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(self._window, self._window_over)
                return
            if slots := self._waiting.take(self._batch_limit):
                self._tell_waits(slots)
                self._under_way.put(child, slots)

    def _window_over(self) -> None:
        self._timer = None
        self._dispatch(window_over=True)

    def _take_over(self, child: Child) -> None:
        self._child, self._facts = child, child.facts
        child.on_answers = self._answered
        child.on_end = lambda: self._died(child)
        if child.ended:
            self._died(child)

    def _answered(self, batch: int, answers: Sequence[Any], seconds: float) -> None:
        slots = self._under_way.take(batch)
        if slots:
            if self._observer:
                self._observer.batch(len(slots), seconds)
            self._seconds_each += 0.1 * (seconds / len(slots) - self._seconds_each)
        self._dispatch()
        for (job, number), answer in zip(slots, answers, strict=False):
            job.put(number, None if isinstance(answer, dict) else Answer(answer[0], answer[1]))

    def _died(self, child: Child) -> None:
        self._child = None
        self._under_way.give_up(child, DIED)
        self._waiting.fail_all(PredictorDown("the predictor is being started again", retry_after=2.0))
        if not self._stopping:
            self._restart = asyncio.get_running_loop().create_task(self._start_again())

    def _tell_waits(self, slots: Sequence[Slot]) -> None:
        if self._observer:
            now = asyncio.get_running_loop().time()
            for job, number in slots:
                if number == 0:
                    self._observer.waited(now - job.since)

    async def _start_again(self) -> None:
        attempt = 0
        while not self._stopping:
            await asyncio.sleep(RESTART_PAUSES[min(attempt, len(RESTART_PAUSES) - 1)])
            attempt += 1
            try:
                child = await Child.start(self._model, self._program)
            except RubricatorError:
                continue
            if self._child:
                # A promotion has taken over meanwhile.
                await child.stop()
                return
            if self._observer:
                self._observer.model_event("restarted")
            self._take_over(child)
            return
