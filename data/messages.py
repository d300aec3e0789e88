"""Frozen records: what travels between the floors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CLIENT = "client"
ROLES = (CLIENT, "agent", "bot")


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came in; `text` is the client's own, not repaired, not masked.

    `attachments` names what came with it ("photo", "voice"); a message may be only that, with an empty text.
    """

    id: str
    text: str
    channel: str = ""
    attachments: tuple[str, ...] = ()

    @property
    def is_attachment_only(self) -> bool:
        """Whether there is nothing to read."""
        return not self.text.strip() and bool(self.attachments)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation: who (client, agent or bot), what, and when (ISO 8601, or None)."""

    role: str
    text: str
    sent_at: str | None = None

    @property
    def is_client(self) -> bool:
        """Whether the client wrote it."""
        return self.role == CLIENT


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns of all roles in order."""

    id: str
    turns: tuple[Turn, ...]
    channel: str = ""

    def client_text(self, separator: str = "\n") -> str:
        """All that the client wrote, joined."""
        return separator.join(turn.text for turn in self.turns if turn.is_client)


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled message.

    `label` is a topic or the no-request label; `author` is whose voice it is, the unit that splits and folds are grouped by;
    `labeller` is who gave the label; `slice` names a part that is reported apart ("ordinary": traffic in its natural shares).
    """

    id: str
    text: str
    label: str
    need: str | None = None
    also: tuple[str, ...] = ()
    channel: str = ""
    author: str = ""
    labeller: str = ""
    lang: str = ""
    slice: str = ""

    @property
    def group(self) -> str:
        """What must not be torn apart by a split: the author, or the message itself where no author is known."""
        return self.author or self.id


@dataclass(frozen=True, slots=True)
class LabelledConversation:
    """A conversation with its gold labels.

    `first_informative_turn` counts all turns from 0 (None where there is no request); `shift` says that the client moved to another request.
    """

    conversation: Conversation
    label: str
    need: str | None = None
    also: tuple[str, ...] = ()
    first_informative_turn: int | None = None
    shift: bool = False
    author: str = ""
    labeller: str = ""

    @property
    def id(self) -> str:
        """The conversation's id."""
        return self.conversation.id

    @property
    def group(self) -> str:
        """What must not be torn apart by a split: the author, or the conversation itself where no author is known."""
        return self.author or self.id


def texts(examples: Sequence[Example]) -> list[str]:
    """The texts of examples, in their order."""
    return [example.text for example in examples]
