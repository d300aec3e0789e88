"""What an agent's or bot's line may make clear in the client's next answer."""

from __future__ import annotations

from dataclasses import replace

from models.conversation_state import CUE_BYTES, Heard
from models.conversation_text import json_bytes, tail
from models.elliptical import menu, question


def offers(heard: Heard, text: str) -> Heard:
    """The turn with the choices and the question of its prepared text, together at most CUE_BYTES."""
    left, choices = CUE_BYTES, []
    for number, choice in menu(text).items():
        kept = tail(choice[:40], 100)
        left -= json_bytes(kept) + 8
        if left < 0:
            break
        choices.append((number, kept))
    return replace(heard, choices=tuple(choices), asked=tail(question(text), max(left, 0)), numbered=any(map(str.isdigit, text)))
