"""What goes into the store and comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.errors import ServiceError


class StoreAway(ServiceError):
    """The database does not answer; what was to be written has not been acknowledged."""


class ConversationMoved(ServiceError):
    """Another process has continued this conversation meanwhile; read its state again."""


@dataclass(frozen=True, slots=True)
class ConversationStep:
    """A conversation after one more message: what it was read as (`seen_version`, 0: it is new) and what it has become."""

    id: str
    seen_version: int
    state: str
    tag: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tagged:
    """One tagged message on its way into the store; times in milliseconds since 1970."""

    channel: str
    id: str
    text_hash: str
    masked: str | None
    role: str
    client_hash: str | None
    at: int
    received_at: int
    tag: Mapping[str, Any]
    conversation_id: str | None = None
    step: ConversationStep | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What a message is known by."""
        return self.channel, self.id


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store now holds for a message.

    `tag` is its tag: the one just written, or the earlier one of the same message. `conflict` says that the id is known with another text;
    nothing has been written then.
    """

    tag: Mapping[str, Any]
    new: bool
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class KnownConversation:
    """A conversation as it is remembered."""

    id: str
    channel: str
    state: str
    tag: Mapping[str, Any]
    version: int
    started_at: int
    updated_at: int
    outcome: Mapping[str, Any] | None = None
