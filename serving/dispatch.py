"""Dispatcher: what waits goes to the predictor process in batches, and the answers find their way back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from serving.asking import Answer
from serving.child import Child
from serving.prediction import Lane, Observer, PredictorDown
from serving.under_way import UnderWay
from serving.waiting import Job, Slot, WaitingRoom, weight

# Two batches are under way: one is computed while the other lies ready in the socket, so the process never waits for the event loop.
IN_FLIGHT = 2
STARTING = "the predictor is being started again"
DIED = "the predictor stopped while it read this message; it is being started again"


class Dispatcher:
    """Batches for the process in service.

    Args:
        waiting: who waits.
        batch_limit: texts that are read together.
        window: seconds that a half-full batch waits for company while another is computed; none waits when the process is idle.
        observer: told how it goes.

    Attributes:
        child: the process in service, or None.
        seconds_each: how long a text takes, a running mean.
    """

    def __init__(self, waiting: WaitingRoom, batch_limit: int, window: float, observer: Observer | None) -> None:
        self.waiting, self.seconds_each = waiting, 0.002
        self.child: Child | None = None
        self._batch_limit, self._window, self._observer = batch_limit, window, observer
        self._under_way = UnderWay()
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, count: int, lane: Lane) -> None:
        """Raise Overloaded or PredictorDown if `count` more texts cannot be taken."""
        if self.child is None:
            raise PredictorDown(STARTING, retry_after=2.0)
        self.waiting.admit(count, lane, self.seconds_each)

    def seconds_until(self, count: int, lane: Lane) -> float:
        """When `count` more texts would be read, as far as is known, in seconds from now."""
        return (self.waiting.ahead(lane) + self._under_way.texts + count) * self.seconds_each

    def add(self, job: Job, lane: Lane) -> None:
        """Let a job wait, and send it if the process is free."""
        self.waiting.add(job, lane)
        self._send()

    def take_over(self, child: Child) -> None:
        """From now on this process computes; batches that another has under way end first."""
        self.child = child
        child.on_answers = self._answered
        self._send()

    def busy(self, child: Child) -> bool:
        """Whether a process has a batch under way."""
        return self._under_way.count(child) > 0

    def lost(self, child: Child) -> None:
        """A process has gone: its batches fail, and if it was in service all that wait."""
        self._under_way.give_up(child, DIED)
        if self.child is child:
            self.child = None
            self.waiting.fail_all(PredictorDown(STARTING, retry_after=2.0))
        self._send()

    def stop(self, why: str) -> None:
        """Give up everybody."""
        self.child = None
        if self._timer:
            self._timer.cancel()
        self.waiting.fail_all(PredictorDown(why))
        self._under_way.give_up(None, why)

    def _send(self, window_over: bool = False) -> None:
        while (child := self.child) and len(self.waiting):
            busy = self._under_way.count(child)
            # After a swap the old model's last batches end first: two models never answer at the same time.
            if busy >= IN_FLIGHT or busy < len(self._under_way):
                return
            if busy and not window_over and len(self.waiting) < self._batch_limit:
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(self._window, self._window_over)
                return
            if slots := self.waiting.take(self._batch_limit):
                self._tell_waits(slots)
                self._under_way.put(child, slots)

    def _window_over(self) -> None:
        self._timer = None
        self._send(window_over=True)

    def _answered(self, batch: int, answers: Sequence[Any], seconds: float) -> None:
        slots = self._under_way.take(batch)
        if slots:
            if self._observer:
                self._observer.batch(len(slots), seconds)
            self.seconds_each += 0.1 * (seconds / sum(map(weight, slots)) - self.seconds_each)
        self._send()
        for (job, number), answer in zip(slots, answers, strict=False):
            job.put(number, None if isinstance(answer, dict) else Answer.read(answer))

    def _tell_waits(self, slots: Sequence[Slot]) -> None:
        if self._observer:
            now = asyncio.get_running_loop().time()
            for job, number in slots:
                if number == 0:
                    self._observer.waited(now - job.since)
