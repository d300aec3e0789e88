"""The table of conversations: one row each, with what was said after every client turn; ids and labels, never texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.messages import LabelledConversation
from models.conversation import ConversationTag
from models.conversation_weights import group


@dataclass(frozen=True, slots=True)
class Said:
    """What was said after one client turn: its place among all turns, the label, whether surely, and the joined text's label."""

    turn: int
    label: str
    confidence: float
    status: str
    joined: str


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation with its gold labels and what was said of it; `bare` is the label had agents and bots been silent."""

    id: str
    set: str
    author: str
    label: str
    need: str | None
    also: tuple[str, ...]
    first: int | None
    shift: bool
    said: tuple[Said, ...]
    said_need: str | None
    said_shift: bool
    decided_at: int | None
    bare: str

    @property
    def end(self) -> Said:
        """What was said at the end."""
        return self.said[-1]

    def after_first(self) -> Said | None:
        """What was said one client turn after the first informative one (at the end, if that was the last); None without a request."""
        if self.first is None:
            return None
        later = [said for said in self.said if said.turn >= self.first]
        return (later or [self.end])[:2][-1]

    def last_of(self, place: int) -> Said | None:
        """The last answer with a number of client turns of that group (a position in GROUPS), or None."""
        return next((said for number, said in reversed(list(enumerate(self.said, 1))) if group(number) == place), None)

    @classmethod
    def of(
        cls, told: LabelledConversation, tags: Sequence[ConversationTag], joined: Sequence[str], bare: str, name: str
    ) -> ConversationRow:
        """A row from the tags after every client turn, in order."""
        said = tuple(
            Said(tag.turn, tag.tag.topic or tag.tag.ranking[0][0], tag.tag.confidence, tag.tag.status, label)
            for tag, label in zip(tags, joined, strict=True)
        )
        last = tags[-1]
        return cls(
            id=told.id,
            set=name,
            author=told.author,
            label=told.label,
            need=told.need,
            also=told.also,
            first=told.first_informative_turn,
            shift=told.shift,
            said=said,
            said_need=last.tag.need,
            said_shift=last.shift,
            decided_at=last.decided_at,
            bare=bare,
        )


def right_so_far(row: ConversationRow, said: Said) -> bool:
    """Whether an answer is right as far as the conversation has gone: before the final topic can be told, an earlier request of it counts."""
    return said.label == row.label or (row.first is not None and said.turn < row.first and said.label in row.also)
