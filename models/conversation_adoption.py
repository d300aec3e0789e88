"""A state that a model with other labels has written, read anew: a swap of models in the middle of a conversation loses no words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from models.conversation_state import Given, Heard, State, Summary, fold

Hear = Callable[[Summary, Heard, str | None], tuple[Heard, Given | None, Any]]


def adopt(state: State, labels: str, hear: Hear) -> State:
    """The state as a model whose lists of labels and leaves are named `labels` reads it.

    A state holds labels by their positions, which mean nothing to a model with other lists; what it holds in words does. So positions are
    dropped and words are read again: those of settled turns joined, those of the window turn by turn. What cannot be known again is left
    out: which of the settled turns was a request and spoke for what, and since when it has been sure. Where no words are kept
    (State.without_words) the conversation begins anew, with its turns counted on.

    Args:
        state: of any model.
        labels: see ConversationReader.labels.
        hear: see ConversationReader.hear.
    """
    old = state.before
    summary, given = Summary(turns=old.turns, clients=old.clients), None
    if old.joined:
        earlier = Summary(turns=old.turns - 1, clients=old.clients - 1)
        heard, given, _ = hear(earlier, Heard(client=True), old.joined)
        summary = replace(fold(earlier, heard), joined=old.joined, own=(), best=(), trail=(), decided=None)
    before = summary = replace(summary, choices=old.choices, asked=old.asked)
    window: list[Heard] = []
    for was in state.window:
        bare = Heard(was.key, was.sent, was.client, was.text, choices=was.choices, asked=was.asked, numbered=was.numbered)
        heard, answer, _ = hear(summary, bare, None)
        given = answer or given
        summary = fold(summary, heard)
        window.append(heard)
    return State(before, tuple(window), state.seen, given, labels)
