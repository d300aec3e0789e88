"""What a load generator is asked to do, and what came of it: plain values that travel between two processes as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import NamedTuple, Self


@dataclass(frozen=True)
class Job:
    """Load on 127.0.0.1.

    port, path: where requests are posted.
    bodies: a file of JSON bodies, one a line, used in turn; @ID@ in them becomes PREFIX-NUMBER.
    clients: connections; each sends its next message when it has its answer (closed loop), unless there is a `rate`.
    rate: messages a second that come by themselves (open loop); connections are added as needed.
    seconds: how long; it ends earlier when the one who asked for it says so.
    patience: seconds that the last answers are waited for.
    retry: send again, under the same id, what met a lost connection or a 503.
    """

    port: int
    path: str
    bodies: str
    prefix: str = "m"
    clients: int = 16
    rate: float = 0.0
    seconds: float = 5.0
    patience: float = 10.0
    retry: bool = False
    seed: int = 0


class Outcome(NamedTuple):
    """One request: its number, when it was due, sent and answered (seconds since the load began), the status (0: connection lost).

    `kept` says that the answer says the tag is stored.
    """

    number: int
    due: float
    sent: float
    answered: float
    status: int
    kept: bool

    @property
    def seconds(self) -> float:
        """What the one who waits has seen: from the time it was due, also where the load came late."""
        return self.answered - self.due


@dataclass
class Outcomes:
    """All requests of a job in the order of their answers; `core` is the generator's own share of a core."""

    rows: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    core: float = 0.0
    unanswered: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """The inverse of `text`."""
        raw = json.loads(text)
        return cls(**{**raw, "rows": [Outcome(*row) for row in raw["rows"]]})

    def text(self) -> str:
        """As JSON."""
        return json.dumps({**asdict(self), "rows": self.rows})

    def where(self, *statuses: int, since: float = 0.0, until: float = float("inf")) -> Iterator[Outcome]:
        """Those with one of the statuses (any, if none is named) that were due in a span of time."""
        return (row for row in self.rows if since <= row.due < until and (not statuses or row.status in statuses))

    def rate(self, since: float = 0.0, until: float | None = None) -> float:
        """Answers with status 200 a second, by the time of their answer."""
        until = self.seconds if until is None else until
        return sum(since <= row.answered < until for row in self.rows if row.status == 200) / (until - since)

    def statuses(self) -> dict[int, int]:
        """How many requests ended with each status."""
        counts: dict[int, int] = {}
        for row in self.rows:
            counts[row.status] = counts.get(row.status, 0) + 1
        return dict(sorted(counts.items()))
