"""POST /v1/tags and /v1/tags/batch: messages in, tags out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from data.messages import Message
from data.taxonomy import Taxonomy
from serving.problems import ProblemError
from serving.routes.responses import problem_responses
from serving.schemas import BatchIn, BatchOut, MessageIn, TagOut
from serving.state import DeadlineDep, StateDep

router = APIRouter(tags=["tags"])
Repairs = Annotated[bool, Query(description="name what was mended in the text")]


@router.post("/v1/tags", response_model=TagOut, responses=problem_responses(400, 408, 413, 415, 422, 429, 503))
async def tag_message(message: MessageIn, state: StateDep, deadline: DeadlineDep, repairs: Repairs = False) -> Response:
    """Tag one message."""
    predictor = state.predictor
    predictor.admit()
    check_channel(predictor.facts.taxonomy, message.channel, "channel")
    (answer,) = await predictor.tag([record(message)], with_repairs=repairs, deadline=deadline)
    return json_response(answer.tag)


@router.post("/v1/tags/batch", response_model=BatchOut, responses=problem_responses(400, 408, 413, 415, 422, 429, 503))
async def tag_batch(batch: BatchIn, state: StateDep, deadline: DeadlineDep, repairs: Repairs = False) -> Response:
    """Tag up to 1,000 messages; single messages go first."""
    predictor = state.predictor
    predictor.admit(len(batch.messages), "bulk")
    for number, message in enumerate(batch.messages):
        check_channel(predictor.facts.taxonomy, message.channel, f"messages.{number}.channel")
    answers = await predictor.tag([record(message) for message in batch.messages], with_repairs=repairs, deadline=deadline, lane="bulk")
    return json_response({"model": answers[0].tag["model"], "tags": [answer.tag for answer in answers]})


def record(message: MessageIn) -> Message:
    """The message as the lower floors know it."""
    return Message(message.id, message.text, message.channel, tuple(message.attachments))


def check_channel(taxonomy: Taxonomy, channel: str, field: str) -> None:
    """Refuse a channel that the model's taxonomy does not name (where it names any)."""
    if taxonomy.channels and channel not in taxonomy.channels:
        expected = f"is not a known channel; known: {', '.join(taxonomy.channels)}"
        raise ProblemError(422, f"field {field!r}: {expected}", [(field, expected)])


def json_response(value: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer in UTF-8."""
    return Response(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), status, media_type="application/json")
