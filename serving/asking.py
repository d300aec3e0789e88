"""What the HTTP process asks of the predictor process, and what it gets: the same records on both sides of the pipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.messages import CLIENT, Message, Turn

Frame = list[Any]
"""A record as plain JSON values."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation that something continues.

    `state` is what an earlier answer called `Continued.state` (None: it begins); `words` says whether the next state may hold masked words.
    """

    id: str
    state: str | None = None
    words: bool = True


@dataclass(frozen=True, slots=True)
class Tagging:
    """A message to tag; one that no client wrote asks for nothing, and its tag says so.

    With a `talk` it also continues that conversation. `repairs` and `explain` add to the tag what was mended, and which words decided.
    """

    message: Message
    role: str = CLIENT
    sent_at: str | None = None
    talk: Talk | None = None
    repairs: bool = False
    explain: bool = False

    @property
    def weight(self) -> int:
        """How many texts have to be read for it; a choice from a menu, read beside the message, is not counted."""
        return 1

    @property
    def is_readable(self) -> bool:
        """Whether there is a client's text in it."""
        return self.role == CLIENT and not self.message.is_attachment_only

    def frame(self) -> Frame:
        """For the pipe."""
        message, talk = self.message, self.talk
        told = talk and [talk.id, talk.state, talk.words]
        return [[message.id, message.text, message.channel, message.attachments], self.role, self.sent_at, told, self.repairs, self.explain]


@dataclass(frozen=True, slots=True)
class Reading:
    """Turns by which a conversation goes on; no turn is tagged by itself. `timeline` asks for the tag after each client turn."""

    talk: Talk
    turns: tuple[Turn, ...]
    timeline: bool = False

    @property
    def weight(self) -> int:
        """How many texts have to be read for it."""
        return max(1, sum(turn.is_client for turn in self.turns))

    def frame(self) -> Frame:
        """For the pipe."""
        turns = [[turn.role, turn.text, turn.sent_at] for turn in self.turns]
        return [[self.talk.id, self.talk.state, self.talk.words], turns, self.timeline]


Ask = Tagging | Reading


def read_ask(frame: Frame) -> Ask:
    """The inverse of `frame`."""
    if len(frame) == 3:
        talk, turns, timeline = frame
        return Reading(Talk(*talk), tuple(Turn(*turn) for turn in turns), timeline)
    (name, text, channel, attachments), role, sent_at, told, repairs, explain = frame
    return Tagging(Message(name, text, channel, tuple(attachments)), role, sent_at, told and Talk(*told), repairs, explain)


@dataclass(frozen=True, slots=True)
class Continued:
    """A conversation after what was asked.

    `state`, under 4 KB, continues it; `tag` is its tag now. `anew`: the state given could not be read, so it has begun anew. Of a Reading
    also `timeline`, the tags after client turns, if asked for, and `meant`: of each turn the choice of a menu that it stands for, or "".
    """

    state: str
    tag: Mapping[str, Any]
    anew: bool = False
    timeline: Sequence[Mapping[str, Any]] = ()
    meant: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says: of a message its `tag`, the JSON object of the contract, and `masked`, its text as it may be stored and shown.

    Of a Reading, `tag` is the conversation's, and `masked` is empty.
    """

    tag: Mapping[str, Any]
    masked: str = ""
    talk: Continued | None = None

    def frame(self) -> Frame:
        """For the pipe."""
        talk = self.talk
        return [self.tag, self.masked, talk and [talk.state, talk.tag, talk.anew, talk.timeline, talk.meant]]

    @classmethod
    def read(cls, frame: Frame) -> Answer:
        """The inverse of `frame`."""
        tag, masked, talk = frame
        return cls(tag, masked, talk and Continued(*talk))
