"""Why a conversation got its tag: the turn that decided, and its words."""

from __future__ import annotations

from typing import Any

from data.messages import Conversation
from models.conversation import ConversationReader, ConversationTag
from models.conversation_state import State
from models.conversation_text import in_order
from models.explain import explain
from models.tagger import Tagger


def explain_conversation(tagger: Tagger, conversation: Conversation) -> tuple[ConversationTag, dict[str, Any] | None]:
    """The tag of a whole conversation, and why: the deciding turn and what its words add for and against.

    {"turn": the deciding turn among all, from 0, "stands_for": the menu's choice that it means, or None, and the members of
    `models.explain.Explanation.as_dict` for its words by themselves}; None where no turn decided: nothing has been asked.
    """
    reader = ConversationReader.of(tagger)
    turns = in_order(conversation.turns)
    state, meant = State(), []
    for turn in turns:
        state = reader.advance(state, turn)
        meant.append(state.window[-1].meant)
    tag = reader.tag(state, conversation.id)
    if tag.decisive is None:
        return tag, None
    chosen = meant[tag.decisive] or None
    words = explain(tagger, chosen or turns[tag.decisive].text)
    return tag, {"turn": tag.decisive, "stands_for": chosen, **words.as_dict()}
