"""GET /metrics: what Prometheus asks for."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from serving.routes.responses import problem_responses
from serving.state import Reporter, StateDep
from serving.telemetry import CONTENT_TYPE

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse, responses=problem_responses())
async def metrics(_: Reporter, state: StateDep) -> Response:
    """Metrics in Prometheus' text format."""
    return Response(state.telemetry.text(), headers={"content-type": CONTENT_TYPE})
