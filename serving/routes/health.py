"""/health/live: the process runs; /health/ready: a real prediction has just been made."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from data.messages import Message
from serving.asking import Tagging
from serving.prediction import PredictionFailed, Refused
from serving.problems import ProblemError
from serving.routes.responses import problem_responses
from serving.routes.tags import json_response
from serving.state import StateDep

router = APIRouter(tags=["health"])
PROBE = Tagging(Message("readiness", "Какой у меня тариф?"))
PROBE_SECONDS = 2.0


class Live(BaseModel):
    """The process runs."""

    status: Literal["live"]


class Ready(BaseModel):
    """Messages are being tagged by this model."""

    status: Literal["ready"]
    model: str


@router.get("/health/live", response_model=Live)
async def live() -> Response:
    """Whether the HTTP process runs."""
    return json_response({"status": "live"})


@router.get("/health/ready", response_model=Ready, responses={503: problem_responses(503)[503]})
async def ready(state: StateDep) -> Response:
    """Whether a message would be tagged now: one is."""
    if state.stopping:
        raise ProblemError(503, "not ready: the service is stopping", headers={"Retry-After": "2"})
    deadline = asyncio.get_running_loop().time() + PROBE_SECONDS
    try:
        (answer,) = await state.predictor.answer([PROBE], deadline=deadline, lane="probe")
    except (Refused, PredictionFailed) as error:
        raise ProblemError(503, f"not ready: {error}", headers={"Retry-After": "2"}) from None
    return json_response({"status": "ready", "model": answer.tag["model"]})
