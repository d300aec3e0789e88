"""What a handler can ask for: named dependencies, so that its signature reads as a sentence."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header, Request

from serving.locks import KeyedLocks
from serving.prediction import Predictor
from serving.problems import ProblemError
from serving.settings import Settings
from serving.store.store import Store


@dataclass
class State:
    """The parts of one running application."""

    predictor: Predictor
    settings: Settings
    store: Store | None = None
    conversations: KeyedLocks = field(default_factory=KeyedLocks)


async def _state(request: Request) -> State:
    state: State = request.app.state.rubricator
    return state


async def _deadline(
    x_deadline_ms: Annotated[
        int | None,
        Header(ge=1, le=600_000, description="answer within so many milliseconds, or refuse at once with 429"),
    ] = None,
) -> float | None:
    return None if x_deadline_ms is None else asyncio.get_running_loop().time() + x_deadline_ms / 1000


async def _store(state: Annotated[State, Depends(_state)]) -> Store:
    if state.store is None:
        raise ProblemError(503, "this service keeps nothing: it runs with RUBRICATOR_STORE=none", headers={"Retry-After": "3600"})
    return state.store


StateDep = Annotated[State, Depends(_state)]
StoreDep = Annotated[Store, Depends(_store)]
# In seconds of the event loop's clock, or None.
DeadlineDep = Annotated[float | None, Depends(_deadline)]
