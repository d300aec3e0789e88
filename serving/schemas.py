"""What clients send, as pydantic models: checked before anything is done with it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from serving import examples
from serving.examples import shown

MAX_CHARACTERS = 20_000
MAX_ITEMS = 1_000
MAX_DEADLINE_MS = 600_000
# Letters of one alphabet only: \d and \s are other sets here, in JavaScript and in Rust, and the document must mean what is checked.
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"^20[0-9]{{2}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T{_CLOCK}:[0-5][0-9](\.[0-9]{{1,6}})?(Z|[+-]{_CLOCK})$"
# A character that str.strip() leaves: what the lower floors, too, call something to read.
READABLE = r"[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"


def _real_time(value: str) -> str:
    try:
        datetime.fromisoformat(value if re.fullmatch(_TIME, value) else "")
    except ValueError:
        raise PydanticCustomError("time", "expected a time with its offset, such as 2026-11-22T10:00:00+03:00") from None
    return value


def _readable(value: str) -> str:
    if re.search("[\ud800-\udfff]", value):
        raise PydanticCustomError("text", "expected Unicode text without lone surrogates")
    return value


def _whole(value: object) -> object:
    """9.0 is an integer in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Text = Annotated[str, Field(max_length=MAX_CHARACTERS), AfterValidator(_readable)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$"), AfterValidator(_readable)]
# No slash: it stands in the middle of an address.
ConversationName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f/]+$"), AfterValidator(_readable)]
Channel = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9_-]+$", description="one of the taxonomy's channels")]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time", "pattern": _TIME}), AfterValidator(_real_time)]
Label = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_readable)]
Role = Literal["client", "agent", "bot"]
Attachments = list[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_readable)]]


# What the validator of _Readable says, for the OpenAPI document.
_SOMETHING: JsonDict = {
    "anyOf": [
        {"required": ["text"], "properties": {"text": {"type": "string", "pattern": READABLE}}},
        {"required": ["attachments"], "properties": {"attachments": {"type": "array", "minItems": 1}}},
    ]
}


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Readable(_In):
    model_config = ConfigDict(json_schema_extra=_SOMETHING)

    text: Text = ""
    attachments: Attachments = Field([], max_length=50, description="kinds of what came with it: photo, voice")

    @model_validator(mode="after")
    def _something_to_read(self) -> Self:
        if not self.text.strip() and not self.attachments:
            raise PydanticCustomError("empty", "expected a text, or attachments where the text is empty", {"field": "text"})
        return self


class MessageIn(_Readable):
    """One message to tag. The text may be empty only where there are attachments."""

    model_config = ConfigDict(
        json_schema_extra={**_SOMETHING, **shown(examples.MESSAGE, examples.MESSAGE_IN_TURN)},
    )

    id: Name = Field(description="your id of the message: the same id and text again get the stored answer")
    channel: Channel
    conversation_id: ConversationName | None = None
    role: Role = "client"
    sent_at: Time | None = None
    client: Name | None = Field(None, description="your id of the client; only a keyed hash of it is kept")


class BatchIn(_In):
    """Up to 1,000 messages."""

    model_config = ConfigDict(json_schema_extra=shown(examples.BATCH))

    messages: list[MessageIn] = Field(min_length=1, max_length=MAX_ITEMS)


class TurnIn(_Readable):
    """One turn of a conversation."""

    role: Role
    sent_at: Time | None = None


class ConversationIn(_In):
    """A conversation with all its turns; nothing of it is kept."""

    model_config = ConfigDict(json_schema_extra=shown(examples.TALK))

    id: ConversationName
    channel: Channel
    turns: list[TurnIn] = Field(min_length=1, max_length=MAX_ITEMS)


class OutcomeIn(_In):
    """How a conversation ended; a later outcome takes the place of an earlier one."""

    model_config = ConfigDict(json_schema_extra=shown(examples.OUTCOME))

    handled_by: Literal["bot", "agent"]
    first_response_at: Time | None = None
    resolved_at: Time | None = None
    first_line: bool | None = Field(None, description="whether the first line resolved it")
    nps: Annotated[int, Field(ge=0, le=10), BeforeValidator(_whole)] | None = None


class FeedbackIn(_In):
    """What a person says a message is about. It is kept; it trains nothing by itself."""

    model_config = ConfigDict(json_schema_extra=shown(examples.FEEDBACK))

    channel: Channel
    message_id: Name
    topic: Label = Field(description="a topic, or the no-request label")
    need: Label | None = None
