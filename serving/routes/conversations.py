"""Conversations: tagged whole, remembered by their messages, and how they ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from serving.answers import ConversationOut, OutcomeOut, TalkOut
from serving.problems import ProblemError
from serving.routes.responses import problem_responses
from serving.routes.tags import json_response
from serving.schemas import ConversationIn, ConversationName, OutcomeIn
from serving.state import Classifier, DeadlineDep, StateDep, StoreDep
from serving.tagging import Wish
from serving.talks import read_whole

router = APIRouter(tags=["conversations"])
WRITTEN = (400, 408, 413, 415, 422, 503)
UNKNOWN = "no conversation with this id is known; it begins with POST /v1/tags and a conversation_id"
Timeline = Annotated[bool, Query(description="also the tag after each client turn")]
Explain = Annotated[bool, Query(description="say which turn decided, and which of its words; slower")]


@router.post("/v1/conversations", response_model=TalkOut, responses=problem_responses(400, 408, 413, 415, 422, 429, 503))
async def tag_conversation(
    talk: ConversationIn, _: Classifier, state: StateDep, deadline: DeadlineDep, timeline: Timeline = False, explain: Explain = False
) -> Response:
    """Tag a conversation sent with all its turns; nothing of it is kept. What agents and bots say is context, never the request."""
    return json_response(await read_whole(state, talk, Wish(deadline, explain=explain), timeline=timeline))


@router.get("/v1/conversations/{id}", response_model=ConversationOut, responses=problem_responses(404, 422, 503))
async def conversation(id: ConversationName, _: Classifier, store: StoreDep) -> Response:
    """What is remembered of a conversation."""
    known = await store.conversation(id)
    if known is None:
        raise ProblemError(404, UNKNOWN)
    return json_response(
        {
            "id": known.id,
            "channel": known.channel,
            "messages": await store.messages_of(id),
            "started_at": moment(known.started_at),
            "updated_at": moment(known.updated_at),
            "tag": known.tag,
            "outcome": known.outcome,
        }
    )


@router.put("/v1/conversations/{id}/outcome", response_model=OutcomeOut, responses=problem_responses(*WRITTEN, 404))
async def put_outcome(id: ConversationName, outcome: OutcomeIn, _: Classifier, store: StoreDep) -> Response:
    """Say how a conversation ended; said again, the later one holds."""
    if not await store.put_outcome(id, outcome.model_dump()):
        raise ProblemError(404, UNKNOWN)
    return json_response(outcome.model_dump())


def moment(at: int) -> str:
    """ISO 8601 in UTC of milliseconds since 1970."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
