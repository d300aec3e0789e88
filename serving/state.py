"""What a handler can ask for: named dependencies, so that its signature reads as a sentence."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from serving.prediction import Predictor
from serving.settings import Settings


@dataclass
class State:
    """The parts of one running application."""

    predictor: Predictor
    settings: Settings


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


StateDep = Annotated[State, Depends(_state)]
# In seconds of the event loop's clock, or None.
DeadlineDep = Annotated[float | None, Depends(_deadline)]
