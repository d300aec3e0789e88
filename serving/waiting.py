"""The bounded queue in front of the predictor: who waits, who goes first, who is refused."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from serving.asking import Answer, Ask
from serving.prediction import Lane, Overloaded, PredictionFailed


@dataclass(eq=False, slots=True)
class Job:
    """What one request asks; `done` gets all answers at once, or the error of the first that failed."""

    asks: Sequence[Ask]
    done: asyncio.Future[list[Answer]]
    since: float = 0.0
    answers: list[Answer | None] = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = len(self.asks)
        self.answers = [None] * self.left

    def put(self, number: int, answer: Answer | None) -> None:
        """Take one answer; None: the model could not read the message."""
        if self.done.done():
            return
        if answer is None:
            self.done.set_exception(PredictionFailed("the model could not read this message; it has been counted, please report it"))
            return
        self.answers[number] = answer
        self.left -= 1
        if not self.left:
            self.done.set_result([answer for answer in self.answers if answer is not None])

    def fail(self, error: Exception) -> None:
        """Give up the whole job, unless it is done."""
        if not self.done.done():
            self.done.set_exception(error)


Slot = tuple[Job, int]


def weight(slot: Slot) -> int:
    """How many texts the model has to read for it."""
    job, number = slot
    return job.asks[number].weight


class WaitingRoom:
    """What waits for the predictor, counted in texts that have to be read: one for a message, more where a conversation goes on.

    Args:
        limit: how many may wait in the lane of single messages.
        bulk_limit: how many of batches may wait beside them.
        seconds: how long a single message may have to wait; who would wait longer is refused at once.
    """

    def __init__(self, limit: int, bulk_limit: int, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._limits: dict[Lane, int] = {"single": limit, "bulk": bulk_limit}
        self._lanes: dict[Lane, deque[Slot]] = {"probe": deque(), "single": deque(), "bulk": deque()}
        self._texts: dict[Lane, int] = dict.fromkeys(self._lanes, 0)

    def __len__(self) -> int:
        return sum(self._texts.values())

    def ahead(self, lane: Lane) -> int:
        """How many texts would be read before a new one of this lane."""
        return len(self) if lane == "bulk" else self._texts[lane]

    def admit(self, count: int, lane: Lane, seconds_each: float) -> None:
        """Raise Overloaded if `count` more do not fit; a batch that finds its lane empty always fits."""
        if lane == "probe":
            return
        waiting = self._texts[lane]
        too_long = lane == "single" and waiting * seconds_each > self._seconds
        if waiting and (too_long or waiting + count > self._limits[lane]):
            raise Overloaded("too many messages are waiting; try again a little later", retry_after=max(1.0, waiting * seconds_each))

    def add(self, job: Job, lane: Lane) -> None:
        """Let all that a job asks wait."""
        self._lanes[lane].extend((job, number) for number in range(len(job.asks)))
        self._texts[lane] += sum(ask.weight for ask in job.asks)

    def take(self, most: int) -> list[Slot]:
        """Some `most` texts' worth: singles before batches, but a quarter is kept for batches, so that they are served too.

        Those of given-up jobs are dropped.
        """
        limits: tuple[tuple[Lane, int], ...] = (
            ("probe", most),
            ("single", most - min(self._texts["bulk"], most // 4)),
            ("bulk", most),
        )
        slots: list[Slot] = []
        taken = 0
        for lane, limit in limits:
            queue = self._lanes[lane]
            while queue and taken < limit:
                slot = queue.popleft()
                self._texts[lane] -= weight(slot)
                if not slot[0].done.done():
                    slots.append(slot)
                    taken += weight(slot)
        return slots

    def fail_all(self, error: Exception) -> None:
        """Give up everybody who waits."""
        for lane, queue in self._lanes.items():
            self._texts[lane] = 0
            while queue:
                queue.popleft()[0].fail(error)
