"""Which conversations are learned from, by weights and as texts of the message model, and which only certify or test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.errors import DataError
from data.messages import Example, LabelledConversation
from training.material import TOLD

LEAST = 30  # fewer conversations to learn from teach nothing


@dataclass(frozen=True)
class Dealt:
    """Conversations, and the authors whose conversations only certify or test (`held`, by part)."""

    conversations: Sequence[LabelledConversation]
    held: Mapping[str, set[str]]

    @classmethod
    def of(cls, conversations: Sequence[LabelledConversation], parts: Mapping[str, Sequence[Example]], named: Sequence[str] = ()) -> Dealt:
        """Deal them by the parts of the messages and the authors named to certify.

        Raises:
            DataError: an author named has no conversation, or messages of its own.
        """
        held = {name: {example.group for example in parts[name]} for name in ("certify", "test") if name in parts}
        writers = {example.group for members in parts.values() for example in members}
        held["certify"] = _certifiers(conversations, writers, held, named)
        return cls(conversations, held)

    @property
    def learning(self) -> list[LabelledConversation]:
        """Those that may be learned from."""
        apart = {group for groups in self.held.values() for group in groups}
        return [told for told in self.conversations if told.group not in apart]

    def texts(self, parts: Mapping[str, Sequence[Example]]) -> list[Example]:
        """The client's words of every learning conversation as one message for the message model, of the slice TOLD.

        What clients write in a conversation is read joined: a model that has seen only single messages is surer of such texts than right. Authors
        on whose messages the model is calibrated or measured stay out, and, where messages have needs, conversations without one.
        """
        apart = {example.group for name, members in parts.items() if name != "fit" for example in members}
        needs = any(example.need for example in parts["fit"])
        texts = [as_text(told) for told in self.learning if told.group not in apart and (told.need or not needs)]
        return [example for example in texts if example.text.strip()]


def as_text(told: LabelledConversation) -> Example:
    """The client's words of a conversation as one labelled message."""
    words = "\n".join(turn.text for turn in told.conversation.turns if turn.is_client)
    return Example(f"{told.id}~told", words, told.label, told.need, author=told.group, labeller=told.labeller, slice=TOLD)


def _certifiers(
    conversations: Sequence[LabelledConversation], writers: set[str], held: Mapping[str, set[str]], named: Sequence[str]
) -> set[str]:
    """Authors whose conversations certify.

    Those named, if the names are of these conversations; else the certifying authors of messages and who left no message: all of these where
    the others' conversations are enough to learn from, else every third.

    Raises:
        DataError: an author named has no conversation, or messages of its own.
    """
    known = {told.group for told in conversations}
    named = named if known & set(named) else ()
    for name in named:
        if name not in known or name in writers:
            what = "has messages too, so that the message model may have learned from it" if name in writers else "has no conversation"
            raise DataError(f"[split]: conversations names {name!r}, which {what}; leave it out, or set conversations = []")
    if named:
        return set(named)
    strangers = sorted(known - writers)
    apart = {group for groups in held.values() for group in groups}
    own = sum(told.group in writers and told.group not in apart for told in conversations)
    return held.get("certify", set()) | set(strangers if own >= LEAST else strangers[2::3])
