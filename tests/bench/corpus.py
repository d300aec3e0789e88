"""Texts and conversations of the bundled corpus in a seeded order: varied, and each used once where time is measured."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from data.messages import Conversation, Turn

CORPUS = Path("data/corpus")


@cache
def texts() -> tuple[str, ...]:
    """All messages, shuffled."""
    found = [row["text"] for row in _rows("messages")]
    random.Random(7).shuffle(found)
    return tuple(found)


def labelled() -> list[tuple[str, str]]:
    """Messages with their topics, "no_request" among them."""
    return [(row["text"], row["topic"]) for row in _rows("messages")]


@cache
def conversations() -> tuple[Conversation, ...]:
    """All conversations, shuffled."""
    found = [
        Conversation(row["id"], tuple(Turn(turn["role"], turn["text"], turn.get("sent_at")) for turn in row["turns"]))
        for row in _rows("conversations")
    ]
    random.Random(7).shuffle(found)
    return tuple(found)


def _rows(folder: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted((CORPUS / folder).glob("*.jsonl")) for line in path.read_text("utf-8").splitlines() if line]
