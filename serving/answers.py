"""What clients get, as pydantic models: the source of the OpenAPI document (answers themselves are written as JSON, not through these)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.examples import shown


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str
    expected: str


class Problem(BaseModel):
    """An error (RFC 9457); never holds a client's text."""

    model_config = ConfigDict(json_schema_extra=shown(examples.PROBLEM))

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    request_id: str | None = None


class Share(BaseModel):
    """A topic (or the no-request label) and its calibrated probability."""

    topic: str
    probability: float


class TagOut(BaseModel):
    """What the model says of one message."""

    model_config = ConfigDict(json_schema_extra=shown(examples.TAG))

    id: str
    topic: str | None = Field(description="null where nothing has been asked")
    need: str | None
    confidence: float = Field(ge=0, le=1, description="calibrated probability that the topic given is right")
    status: Literal["auto", "review", "no_request"]
    reason: Literal["confident", "uncertain", "unfamiliar", "no_request"]
    also: list[str]
    queue: str | None = Field(description="where to send the message now; null where nothing has been asked")
    priority: int = Field(ge=1, le=5, description="1 first, 5 last")
    ranking: list[Share]
    model: str
    repairs: list[str] | None = Field(None, description="what was mended in the text, if asked for")
    explanation: dict[str, Any] | None = Field(None, description="which words decided, if asked for")


class TurnTopic(BaseModel):
    """A client turn that was a request by itself."""

    turn: int = Field(description="of all turns, counted from 0")
    topic: str


class ConversationTagOut(TagOut):
    """What the model says of a conversation so far."""

    model_config = ConfigDict(json_schema_extra=shown(examples.CONVERSATION_TAG))

    decided_at: int | None = Field(description="the turn, of all counted from 0, from which on it has been sure")
    shift: bool = Field(description="whether the client moved from one request to another")
    turns: list[TurnTopic] = Field(description="client turns that were a request by themselves, the last ten")
    decisive_turn: int | None = Field(description="the turn that spoke for the topic most")


class MessageTagOut(TagOut):
    """What the model says of one message, and where it has been kept."""

    model_config = ConfigDict(
        json_schema_extra=shown(examples.MESSAGE_TAG, {**examples.MESSAGE_TAG, "conversation": examples.CONVERSATION_TAG})
    )

    stored: bool | None = Field(None, description="true: it is durably kept; false: the store is away; absent: nothing is kept here")
    conversation: ConversationTagOut | None = Field(None, description="of all so far, where a conversation_id was given")


class ConflictOut(BaseModel):
    """A message of a batch whose id is known with another text; nothing has been changed."""

    model_config = ConfigDict(json_schema_extra=shown(examples.CONFLICT))

    id: str
    problem: Problem


class BatchOut(BaseModel):
    """Tags in the order of the messages."""

    model_config = ConfigDict(json_schema_extra=shown(examples.BATCH_TAGS))

    model: str
    tags: list[MessageTagOut | ConflictOut]


class StepOut(ConversationTagOut):
    """The tag of a conversation on the way."""

    model_config = ConfigDict(json_schema_extra=shown({**examples.CONVERSATION_TAG, "turn": 2}))

    turn: int = Field(description="the turn after which it was so, of all counted from 0")


class TalkOut(ConversationTagOut):
    """The tag of a conversation sent whole; its `explanation` names the deciding `turn`, and what it `stands_for` where a menu was answered."""

    model_config = ConfigDict(json_schema_extra=shown(examples.CONVERSATION_TAG))

    timeline: list[StepOut] | None = Field(None, description="the tag after each client turn, if asked for")


class OutcomeOut(BaseModel):
    """How a conversation ended."""

    model_config = ConfigDict(json_schema_extra=shown(examples.OUTCOME))

    handled_by: Literal["bot", "agent"]
    first_response_at: str | None
    resolved_at: str | None
    first_line: bool | None
    nps: int | None


class ConversationOut(BaseModel):
    """A conversation as it is remembered."""

    model_config = ConfigDict(json_schema_extra=shown(examples.CONVERSATION))

    id: str
    channel: str
    messages: int
    started_at: str
    updated_at: str
    tag: ConversationTagOut
    outcome: OutcomeOut | None


class FeedbackOut(BaseModel):
    """One piece of feedback."""

    model_config = ConfigDict(json_schema_extra=shown(examples.FEEDBACK_GIVEN))

    id: str
    channel: str
    message_id: str
    topic: str
    need: str | None
    model: str = Field(description="the model whose tag it is about")
    given_by: str
    at: str


class FeedbackList(BaseModel):
    """Feedback, newest first; `next_before` asks for what is older."""

    feedback: list[FeedbackOut]
    next_before: str | None
