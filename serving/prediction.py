"""What the service asks of a predictor, and what it gets: the seam where tests put a fake one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from data.errors import ServiceError
from data.taxonomy import Taxonomy
from serving.asking import Answer, Ask

# single: somebody waits for this one; bulk: a batch, which gives way; probe: a readiness check, which goes first and is never refused.
Lane = Literal["single", "bulk", "probe"]


@dataclass(frozen=True)
class ModelFacts:
    """What is known of the model in service, without importing it."""

    version: str
    taxonomy: Taxonomy
    metrics: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    encoder: str = "none"


class Refused(ServiceError):
    """This request is not answered now; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(Refused):
    """The queue is full."""


class DeadlineMissed(Refused):
    """It cannot be answered before the deadline that the client set."""


class PredictorDown(Refused):
    """No predictor process is running; one is being started."""


class PredictionFailed(ServiceError):
    """The model could not read one message; others are not touched by it."""


class Observer(Protocol):
    """Who is told how prediction goes (the telemetry)."""

    def waited(self, seconds: float) -> None:
        """A message has left the queue after so long."""

    def batch(self, messages: int, seconds: float) -> None:
        """A batch has been computed."""

    def model_event(self, event: str) -> None:
        """The predictor has been "restarted"."""


class Predictor(Protocol):
    """Tags messages and reads conversations; the real one does so in another process."""

    @property
    def facts(self) -> ModelFacts:
        """The model that answers now."""

    @property
    def ready(self) -> bool:
        """Whether there is a model to answer."""

    def admit(self, count: int = 1, lane: Lane = "single") -> None:
        """Raise what `answer` would raise at once, before any work is done for `count` messages.

        Raises:
            Overloaded: no room for them.
            PredictorDown: no predictor process is running.
        """

    async def answer(self, asks: Sequence[Ask], *, deadline: float | None = None, lane: Lane = "single") -> list[Answer]:
        """Answers in the order of what is asked, all by one model.

        Args:
            asks: any number of them; texts are the client's own.
            deadline: in seconds of the event loop's clock, or None.
            lane: who gives way to whom.

        Raises:
            Refused: Overloaded, DeadlineMissed or PredictorDown.
            PredictionFailed: the model could not read a message.
        """
