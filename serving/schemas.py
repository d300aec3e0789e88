"""What clients send and get, as pydantic models: the source of the OpenAPI document."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

MAX_CHARACTERS = 20_000
MAX_ITEMS = 1_000
_TIME = r"^20\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$"


def _real_time(value: str) -> str:
    try:
        # The day of a report may be a day apart in its own time zone: such a time must be there too.
        datetime.fromisoformat(value).astimezone()
    except (ValueError, OverflowError):
        raise PydanticCustomError("time", "expected a time with its offset, such as 2026-11-22T10:00:00+03:00") from None
    return value


def _readable(value: str) -> str:
    if re.search("[\ud800-\udfff]", value):
        raise PydanticCustomError("text", "expected Unicode text without lone surrogates")
    return value


Text = Annotated[str, Field(max_length=MAX_CHARACTERS), AfterValidator(_readable)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$"), AfterValidator(_readable)]
Channel = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9_-]+$", description="one of the taxonomy's channels")]
Time = Annotated[str, Field(pattern=_TIME, json_schema_extra={"format": "date-time"}), AfterValidator(_real_time)]
Role = Literal["client", "agent", "bot"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MessageIn(_In):
    """One message to tag. The text may be empty only where there are attachments."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "m-1", "channel": "app", "text": "Перенесутся ли гигабайты на следующий месяц?"}]},
    )

    id: Name = Field(description="your id of the message: the same id and text again get the stored answer")
    channel: Channel
    text: Text = ""
    attachments: list[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_readable)]] = (
        Field([], max_length=50, description="kinds of what came with it: photo, voice")
    )
    conversation_id: Name | None = None
    role: Role = "client"
    sent_at: Time | None = None
    client: Name | None = Field(None, description="your id of the client; only a keyed hash of it is kept")

    @model_validator(mode="after")
    def _something_to_read(self) -> MessageIn:
        if not self.text.strip() and not self.attachments:
            raise PydanticCustomError("empty", "expected a text, or attachments where the text is empty", {"field": "text"})
        return self


class BatchIn(_In):
    """Up to 1,000 messages."""

    messages: list[MessageIn] = Field(min_length=1, max_length=MAX_ITEMS)


class Share(BaseModel):
    """A topic (or the no-request label) and its calibrated probability."""

    topic: str
    probability: float


class TagOut(BaseModel):
    """What the model says of one message."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "m-1",
                    "topic": "tariffs",
                    "need": "rollover",
                    "confidence": 0.93,
                    "status": "auto",
                    "reason": "confident",
                    "also": [],
                    "queue": "tariffs-line1",
                    "priority": 3,
                    "ranking": [{"topic": "tariffs", "probability": 0.93}, {"topic": "sim", "probability": 0.07}],
                    "model": "2026-11-22.1+ab12cd34",
                }
            ]
        }
    )

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


class BatchOut(BaseModel):
    """Tags in the order of the messages."""

    model: str
    tags: list[TagOut]


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str
    expected: str


class Problem(BaseModel):
    """An error (RFC 9457); never holds a client's text."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    request_id: str | None = None
