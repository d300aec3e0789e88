"""The bounded queue in front of the predictor: who waits, who goes first, who is refused."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from data.messages import Message
from serving.prediction import Answer, Lane, Overloaded, PredictionFailed


@dataclass(eq=False, slots=True)
class Job:
    """The messages of one request; `done` gets all answers at once, or the error of the first that failed."""

    messages: Sequence[Message]
    with_repairs: bool
    explain: bool
    done: asyncio.Future[list[Answer]]
    since: float = 0.0
    answers: list[Answer | None] = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = len(self.messages)
        self.answers = [None] * self.left

    def item(self, number: int) -> list[object]:
        """What the predictor process needs to know of one message."""
        message = self.messages[number]
        return [message.id, message.text, message.channel, message.attachments, self.with_repairs, self.explain]

    def put(self, number: int, answer: Answer | None) -> None:
        """Take the answer to one message; None: the model could not read it."""
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


class WaitingRoom:
    """Messages that wait for the predictor.

    Args:
        limit: how many single messages may wait.
        bulk_limit: how many messages of batches may wait beside them.
        seconds: how long a single message may have to wait; who would wait longer is refused at once.
    """

    def __init__(self, limit: int, bulk_limit: int, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._limits: dict[Lane, int] = {"single": limit, "bulk": bulk_limit}
        self._lanes: dict[Lane, deque[Slot]] = {"probe": deque(), "single": deque(), "bulk": deque()}

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def ahead(self, lane: Lane) -> int:
        """How many messages would be taken before a new one of this lane."""
        return len(self) if lane == "bulk" else len(self._lanes[lane])

    def admit(self, count: int, lane: Lane, seconds_each: float) -> None:
        """Raise Overloaded if `count` more do not fit; a batch that finds its lane empty always fits."""
        if lane == "probe":
            return
        waiting = len(self._lanes[lane])
        too_long = lane == "single" and waiting * seconds_each > self._seconds
        if waiting and (too_long or waiting + count > self._limits[lane]):
            raise Overloaded("too many messages are waiting; try again a little later", retry_after=max(1.0, waiting * seconds_each))

    def add(self, job: Job, lane: Lane) -> None:
        """Let all messages of a job wait."""
        self._lanes[lane].extend((job, number) for number in range(len(job.messages)))

    def take(self, most: int) -> list[Slot]:
        """At most `most` messages: singles before batches, but a quarter is kept for batches, so that they are served too.

        Those of given-up jobs are dropped.
        """
        bulk = self._lanes["bulk"]
        slots: list[Slot] = []
        for lane, limit in (("probe", most), ("single", most - min(len(bulk), most // 4)), ("bulk", most)):
            queue = self._lanes[lane]  # type: ignore[index]
            while queue and len(slots) < limit:
                slot = queue.popleft()
                if not slot[0].done.done():
                    slots.append(slot)
        return slots

    def fail_all(self, error: Exception) -> None:
        """Give up everybody who waits."""
        for queue in self._lanes.values():
            while queue:
                queue.popleft()[0].fail(error)
