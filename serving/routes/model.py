"""GET /v1/taxonomy and /v1/model: what can be answered, and who answers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from serving.routes.responses import problem_responses
from serving.routes.tags import json_response
from serving.state import StateDep

router = APIRouter(tags=["model"])


class NeedOut(BaseModel):
    """What exactly is wanted inside a topic."""

    name: str
    titles: dict[str, str]
    description: str
    queue: str | None
    priority: int


class TopicOut(NeedOut):
    """A topic, or the label that says nothing has been asked."""

    open: bool
    needs: list[NeedOut]


class TaxonomyOut(BaseModel):
    """Every label that a message can get."""

    name: str
    model: str
    topics: list[TopicOut]
    no_request: TopicOut | None
    channels: list[str]
    review_queue: str | None


class ModelOut(BaseModel):
    """The model in service."""

    model: str
    encoder: str
    thresholds: dict[str, Any]
    metrics: dict[str, Any]
    provenance: dict[str, Any]


@router.get("/v1/taxonomy", response_model=TaxonomyOut, responses=problem_responses(503))
async def taxonomy(state: StateDep) -> Response:
    """Topics with their needs, titles, queues and priorities; channels."""
    facts = state.predictor.facts
    raw = facts.taxonomy.as_dict()
    no_request = raw["no_request"]
    return json_response(
        {
            "name": raw["name"],
            "model": facts.version,
            "topics": [_topic(topic) for topic in raw["topics"].values()],
            "no_request": _topic(no_request) if no_request else None,
            "channels": raw["channels"],
            "review_queue": raw["review_queue"],
        }
    )


@router.get("/v1/model", response_model=ModelOut, responses=problem_responses(503))
async def model(state: StateDep) -> Response:
    """Version, thresholds, figures and provenance of the model in service."""
    facts = state.predictor.facts
    return json_response(
        {
            "model": facts.version,
            "encoder": facts.encoder,
            "thresholds": facts.thresholds,
            "metrics": facts.metrics,
            "provenance": facts.provenance,
        }
    )


def _topic(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "needs": list(raw["needs"].values())}
