"""Texts of a conversation cut to what a small state can hold, and times that messages carry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from data.messages import Turn

TEXT_BYTES = 240  # of a turn, as JSON in UTF-8


def tail(text: str, limit: int) -> str:
    """The end of a text that takes at most `limit` bytes as JSON."""
    if json_bytes(text) <= limit:
        return text
    start, size = len(text), 0
    while start > 0:
        size += _character_bytes(text[start - 1])
        if size > limit:
            break
        start -= 1
    return text[start:]


def json_bytes(text: str) -> int:
    """Bytes of a text inside a JSON string in UTF-8."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2


# Asked for character by character, of few different ones.
_character_bytes = lru_cache(maxsize=1024)(json_bytes)


def cut(text: str) -> str:
    """A text that takes at most TEXT_BYTES: its beginning and its end."""
    if json_bytes(text) <= TEXT_BYTES:
        return text
    half = TEXT_BYTES // 2 - 2
    return f"{tail(text[::-1], half)[::-1]} {tail(text, half)}"


def clean(text: str) -> str:
    """A text on one line, without control characters and lone surrogates."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def seconds(sent_at: str | None) -> float | None:
    """Seconds since 1970 of an ISO 8601 time (UTC where it names no zone), or None if it is none."""
    try:
        moment = datetime.fromisoformat(sent_at) if sent_at else None
        return None if moment is None else (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def in_order(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Turns in the order they were sent; as they are, if the time of one is not known."""
    times = [seconds(turn.sent_at) for turn in turns]
    known = [time for time in times if time is not None]
    return turns if len(known) < len(times) else [turns[number] for number in sorted(range(len(turns)), key=known.__getitem__)]
