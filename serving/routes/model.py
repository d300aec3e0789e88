"""GET /v1/taxonomy and /v1/model: what can be answered, and who answers."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from data.errors import RubricatorError
from serving.problems import ProblemError
from serving.routes.conversations import moment
from serving.routes.responses import problem_responses
from serving.routes.tags import json_response
from serving.state import Admin, Reporter, StateDep, StoreDep
from serving.store.records import StoreAway

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


class HistoryItem(BaseModel):
    """Something that happened to the model in service."""

    at: str
    event: str = Field(description="loaded, swapped or refused")
    model: str
    detail: str


class HistoryOut(BaseModel):
    """Newest first."""

    history: list[HistoryItem]


class ReloadOut(BaseModel):
    """The model in service after a reload."""

    model: str
    changed: bool


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


@router.get("/v1/model/history", response_model=HistoryOut, responses=problem_responses(422, 503))
async def history(_: Reporter, store: StoreDep, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
    """Models that were loaded, swapped in or refused, newest first."""
    rows = await store.model_history(limit)
    return json_response({"history": [{**row, "at": moment(row["at"])} for row in rows]})


@router.post("/v1/model/reload", response_model=ReloadOut, responses=problem_responses(409, 503))
async def reload(caller: Admin, state: StateDep) -> Response:
    """Load the promoted model now; answers when it has taken over, or was refused."""
    if state.reload is None:
        raise ProblemError(503, "models cannot be swapped here", headers={"Retry-After": "3600"})
    try:
        changed = await state.reload()
    except RubricatorError as error:
        raise ProblemError(409, f"the promoted model was refused, the old one goes on: {error}") from None
    if state.store:
        # What happened is in the model's history; this says who asked for it. A store that is away does not undo it.
        with contextlib.suppress(StoreAway):
            await state.store.audit("model reloaded", done_by=caller.name, detail={"changed": changed})
    return json_response({"model": state.predictor.facts.version, "changed": changed})


def _topic(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "needs": list(raw["needs"].values())}
