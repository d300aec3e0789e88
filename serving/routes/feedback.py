"""Feedback: what people say a message is about; kept with who and when, never trains anything by itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from data.errors import nearest
from data.taxonomy import Taxonomy
from serving.answers import FeedbackList, FeedbackOut
from serving.problems import ProblemError
from serving.routes.conversations import moment
from serving.routes.responses import problem_responses
from serving.routes.tags import json_response
from serving.schemas import FeedbackIn
from serving.state import Reporter, StateDep, StoreDep, Teacher

router = APIRouter(tags=["feedback"])
LATEST = "9" * 15


@router.post(
    "/v1/feedback", status_code=201, response_model=FeedbackOut, responses=problem_responses(400, 404, 408, 409, 413, 415, 422, 503)
)
async def give(feedback: FeedbackIn, caller: Teacher, state: StateDep, store: StoreDep) -> Response:
    """Say what a tagged message is about."""
    _check(state.predictor.facts.taxonomy, feedback)
    row = await store.add_feedback({**feedback.model_dump(), "need": feedback.need or "", "given_by": caller.name})
    if row is None:
        raise ProblemError(404, "no message with this id is known in this channel")
    return json_response({**row, "need": row["need"] or None, "at": moment(row["at"])}, 201)


@router.get("/v1/feedback", response_model=FeedbackList, responses=problem_responses(422, 503))
async def given(
    _: Reporter,
    store: StoreDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str, Query(pattern="^[0-9]{1,15}(-[0-9a-f]{32})?$", description="next_before of the page before")] = LATEST,
) -> Response:
    """Feedback, newest first."""
    at, *last = before.split("-")
    rows = await store.feedback(int(at), "".join(last), limit)
    shown = [{**row, "need": row["need"] or None, "at": moment(row["at"])} for row in rows]
    return json_response({"feedback": shown, "next_before": f"{rows[-1]['at']}-{rows[-1]['id']}" if len(rows) == limit else None})


def _check(taxonomy: Taxonomy, feedback: FeedbackIn) -> None:
    if feedback.topic not in taxonomy.labels:
        expected = f"is not a known topic{nearest(feedback.topic, taxonomy.labels)}"
        raise ProblemError(422, f"field 'topic': {expected}", [("topic", expected)])
    needs = taxonomy.needs(feedback.topic)
    if feedback.need is not None and feedback.need not in needs:
        expected = f"is not a need of that topic{nearest(feedback.need, needs)}"
        raise ProblemError(409, f"field 'need': {expected}", [("need", expected)])
