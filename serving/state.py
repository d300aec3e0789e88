"""What a handler can ask for: named dependencies, so that its signature reads as a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header, Request

from serving.auth import Caller, KeyRing
from serving.locks import KeyedLocks
from serving.logs import Log
from serving.prediction import Predictor
from serving.problems import ProblemError
from serving.rates import RateLimit
from serving.schemas import MAX_DEADLINE_MS
from serving.settings import Settings
from serving.store.store import Store
from serving.telemetry import Telemetry


@dataclass
class State:
    """The parts of one running application."""

    predictor: Predictor
    settings: Settings
    store: Store | None = None
    telemetry: Telemetry = field(default_factory=Telemetry)
    log: Log | None = None
    reload: Callable[[], Awaitable[bool]] | None = None
    conversations: KeyedLocks = field(default_factory=KeyedLocks)
    stopping: bool = False
    keys: KeyRing = field(init=False)
    rates: RateLimit = field(init=False)

    def __post_init__(self) -> None:
        self.keys = KeyRing(self.store)
        self.rates = RateLimit(self.settings.rate_limit)
        self.telemetry.watch_model(lambda: self.predictor.facts.version)
        self.telemetry.watch("predictor_ready", "1 while a predictor process is in service", lambda: float(self.predictor.ready))
        if (store := self.store) is not None:
            self.telemetry.watch("store_waiting", "Requests that wait for their commit", lambda: float(store.waiting))
            self.telemetry.watch("store_away", "1 while the store does not answer", lambda: float(store.away))

    def stop(self) -> None:
        """From now on readiness fails, and every answer closes its connection."""
        self.stopping = True


async def _state(request: Request) -> State:
    state: State = request.app.state.rubricator
    return state


async def _deadline(
    x_deadline_ms: Annotated[
        int | None,
        Header(ge=1, le=MAX_DEADLINE_MS, description="answer within so many milliseconds, or refuse at once with 429"),
    ] = None,
) -> float | None:
    return None if x_deadline_ms is None else asyncio.get_running_loop().time() + x_deadline_ms / 1000


async def _store(state: Annotated[State, Depends(_state)]) -> Store:
    if state.store is None:
        raise ProblemError(503, "this service keeps nothing: it runs with RUBRICATOR_STORE=none", headers={"Retry-After": "3600"})
    return state.store


class _Needs:
    """A dependency: the caller, whose key must have the role."""

    def __init__(self, role: str) -> None:
        self._role = role

    async def __call__(self, request: Request) -> Caller:
        caller: Caller = request.scope["caller"]
        if not caller.may(self._role):
            raise ProblemError(403, f"this key's roles do not allow it; it needs the role {self._role}")
        return caller


StateDep = Annotated[State, Depends(_state)]
StoreDep = Annotated[Store, Depends(_store)]
Classifier = Annotated[Caller, Depends(_Needs("classify"))]
Reporter = Annotated[Caller, Depends(_Needs("report"))]
Teacher = Annotated[Caller, Depends(_Needs("feedback"))]
Admin = Annotated[Caller, Depends(_Needs("admin"))]
# In seconds of the event loop's clock, or None.
DeadlineDep = Annotated[float | None, Depends(_deadline)]
