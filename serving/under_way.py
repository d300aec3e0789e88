"""Batches that a predictor process computes now; during a swap two processes do."""

from __future__ import annotations

from collections.abc import Sequence

from serving.child import Child
from serving.prediction import PredictorDown
from serving.waiting import Slot, weight


class UnderWay:
    """Batches by number, with the process that has them."""

    def __init__(self) -> None:
        self._batches: dict[int, tuple[Child, Sequence[Slot]]] = {}
        self._numbers = 0

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def texts(self) -> int:
        """Texts that are read in all batches."""
        return sum(weight(slot) for _, slots in self._batches.values() for slot in slots)

    def count(self, child: Child) -> int:
        """How many batches a process has."""
        return sum(by is child for by, _ in self._batches.values())

    def put(self, child: Child, slots: Sequence[Slot]) -> None:
        """Hand a batch to a process."""
        self._numbers += 1
        self._batches[self._numbers] = (child, slots)
        child.send(self._numbers, [job.asks[number] for job, number in slots])

    def take(self, number: int) -> Sequence[Slot]:
        """What was asked in a batch that has been answered; nothing if it has been given up."""
        _, slots = self._batches.pop(number, (None, ()))
        return slots

    def give_up(self, child: Child | None, why: str) -> None:
        """Fail the batches of a process that has gone (None: of all)."""
        for number, (by, slots) in list(self._batches.items()):
            if child is None or by is child:
                del self._batches[number]
                for job, _ in slots:
                    job.fail(PredictorDown(why, retry_after=2.0))
