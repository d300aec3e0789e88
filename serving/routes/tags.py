"""POST /v1/tags and /v1/tags/batch: messages in, tags out; GET /v1/tags/{channel}/{id}: a tag again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from serving.answers import BatchOut, MessageTagOut
from serving.problems import ProblemError
from serving.routes.responses import problem_responses
from serving.schemas import BatchIn, Channel, MessageIn, Name
from serving.state import Classifier, DeadlineDep, StateDep, StoreDep
from serving.tagging import Wish, tag_many
from serving.talks import tag_in_turn

router = APIRouter(tags=["tags"])
Repairs = Annotated[bool, Query(description="name what was mended in the text")]
Explain = Annotated[bool, Query(description="say which words decided, for and against; slower")]


@router.post("/v1/tags", response_model=MessageTagOut, responses=problem_responses(400, 408, 409, 413, 415, 422, 429, 503))
async def tag_message(
    message: MessageIn, _: Classifier, state: StateDep, deadline: DeadlineDep, repairs: Repairs = False, explain: Explain = False
) -> Response:
    """Tag one message; the same message again gets the same answer.

    With a conversation_id it continues that conversation, whose tag so far is given as `conversation`; late messages (`sent_at`) are put in
    their place. What an agent or a bot wrote (`role`) is sent here, too: it is context for what the client says next, and no request itself.
    """
    return json_response(await tag_in_turn(state, message, Wish(deadline, repairs, explain)))


@router.post("/v1/tags/batch", response_model=BatchOut, responses=problem_responses(400, 408, 413, 415, 422, 429, 503))
async def tag_batch(batch: BatchIn, _: Classifier, state: StateDep, deadline: DeadlineDep, repairs: Repairs = False) -> Response:
    """Tag up to 1,000 messages; single messages go first, conversations are not continued."""
    answers = await tag_many(state, batch.messages, Wish(deadline, repairs))
    return json_response({"model": state.predictor.facts.version, "tags": answers})


@router.get("/v1/tags/{channel}/{id:path}", response_model=MessageTagOut, responses=problem_responses(404, 422, 503))
async def stored_tag(channel: Channel, id: Name, _: Classifier, store: StoreDep) -> Response:
    """The tag that was given to a message."""
    tag = await store.tag(channel, id)
    if tag is None:
        raise ProblemError(404, "no message with this id is known in this channel")
    return json_response({**tag, "stored": True})


def json_response(value: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer in UTF-8."""
    return Response(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), status, media_type="application/json")
