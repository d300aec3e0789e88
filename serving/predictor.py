"""ProcessPredictor: batches what is waiting, keeps a predictor process alive, refuses early."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import RubricatorError
from data.messages import Message
from serving.child import Child
from serving.prediction import Answer, DeadlineMissed, Lane, ModelFacts, PredictorDown
from serving.waiting import Job, Slot, WaitingRoom

# Two batches are under way: one is computed while the other lies ready in the socket, so the process never waits for the event loop.
IN_FLIGHT = 2
RESTART_PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0)
STOPPED = "the service is stopping"


class ProcessPredictor:
    """A Predictor whose model lives in its own process.

    Args:
        model: the bundle's folder.
        queue_limit: single messages that may wait.
        bulk_limit: messages of batches that may wait beside them.
        batch_limit: messages that are computed together.
        window: seconds that a half-full batch waits for company while another is computed; none waits when the process is idle.
        program: module that the process runs.
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
    ) -> None:
        self._model, self._batch_limit, self._window, self._program = model, batch_limit, window, program
        self._waiting = WaitingRoom(queue_limit, bulk_limit)
        self._child: Child | None = None
        self._facts: ModelFacts | None = None
        self._under_way: dict[int, list[Slot]] = {}
        self._batches = 0
        self._timer: asyncio.TimerHandle | None = None
        self._restart: asyncio.Task[None] | None = None
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
        if self._timer:
            self._timer.cancel()
        self._waiting.fail_all(PredictorDown(STOPPED))
        child, self._child = self._child, None
        if child:
            await child.stop()
        self._drop_under_way(STOPPED)

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
            ahead = self._waiting.ahead(lane) + sum(map(len, self._under_way.values())) + len(messages)
            if loop.time() + ahead * self._seconds_each >= deadline:
                raise DeadlineMissed("it could not be answered before the deadline", retry_after=max(1.0, ahead * self._seconds_each))
        if not messages:
            return []
        job = Job(messages, with_repairs, explain, loop.create_future())
        self._waiting.add(job, lane)
        self._dispatch()
        if deadline is None:
            return await job.done
        try:
            async with asyncio.timeout_at(deadline):
                return await job.done
        except TimeoutError:
            raise DeadlineMissed("it could not be answered before the deadline") from None

    def _dispatch(self, window_over: bool = False) -> None:
        while self._child and len(self._under_way) < IN_FLIGHT and len(self._waiting):
            if self._under_way and not window_over and len(self._waiting) < self._batch_limit:
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(self._window, self._window_over)
                return
            if slots := self._waiting.take(self._batch_limit):
                self._batches += 1
                self._under_way[self._batches] = slots
                self._child.send(self._batches, [job.item(number) for job, number in slots])

    def _window_over(self) -> None:
        self._timer = None
        self._dispatch(window_over=True)

    def _take_over(self, child: Child) -> None:
        self._child, self._facts = child, child.facts
        child.on_answers = self._answered
        child.on_end = self._died
        if child.ended:
            self._died()

    def _answered(self, batch: int, answers: Sequence[Any], seconds: float) -> None:
        slots = self._under_way.pop(batch, [])
        if slots:
            self._seconds_each += 0.1 * (seconds / len(slots) - self._seconds_each)
        self._dispatch()
        for (job, number), answer in zip(slots, answers, strict=False):
            job.put(number, None if isinstance(answer, dict) else Answer(answer[0], answer[1]))

    def _died(self) -> None:
        self._child = None
        self._drop_under_way("the predictor stopped while it read this message; it is being started again")
        self._waiting.fail_all(PredictorDown("the predictor is being started again", retry_after=2.0))
        if not self._stopping:
            self._restart = asyncio.get_running_loop().create_task(self._start_again())

    def _drop_under_way(self, why: str) -> None:
        under_way, self._under_way = self._under_way, {}
        for slots in under_way.values():
            for job, _ in slots:
                job.fail(PredictorDown(why, retry_after=2.0))

    async def _start_again(self) -> None:
        attempt = 0
        while not self._stopping:
            await asyncio.sleep(RESTART_PAUSES[min(attempt, len(RESTART_PAUSES) - 1)])
            attempt += 1
            try:
                child = await Child.start(self._model, self._program)
            except RubricatorError:
                continue
            self._take_over(child)
            return
