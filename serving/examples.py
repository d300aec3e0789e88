"""Examples of what clients send and get, for the OpenAPI document; a test holds them to the models they belong to."""

from __future__ import annotations

from typing import Any

MODEL = "2026-11-22.1+ab12cd34"
Example = dict[str, Any]

TAG: Example = {
    "id": "m-1",
    "topic": "tariffs",
    "need": "rollover",
    "confidence": 0.93,
    "status": "auto",
    "reason": "confident",
    "also": [],
    "queue": "tariffs-line1",
    "priority": 3,
    "ranking": [{"topic": "tariffs", "probability": 0.93}, {"topic": "sim", "probability": 0.07}],
    "model": MODEL,
}
CONVERSATION_TAG: Example = {
    **TAG,
    "id": "c-1",
    "topic": "sim",
    "need": "block",
    "queue": "sim-urgent",
    "priority": 1,
    "ranking": [{"topic": "sim", "probability": 0.93}, {"topic": "tariffs", "probability": 0.07}],
    "decided_at": 2,
    "shift": False,
    "turns": [{"turn": 2, "topic": "sim"}],
    "decisive_turn": 2,
}
MESSAGE: Example = {"id": "m-1", "channel": "app", "text": "Перенесутся ли гигабайты на следующий месяц?"}
MESSAGE_IN_TURN: Example = {
    "id": "m-7",
    "channel": "messenger",
    "text": "потеряла телефон, заблокируйте симку",
    "conversation_id": "c-1",
    "role": "client",
    "sent_at": "2026-11-22T10:00:00+03:00",
}
MESSAGE_TAG: Example = {**TAG, "stored": True}
CONFLICT: Example = {
    "id": "m-2",
    "problem": {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "this id is known in this channel with another text"},
}
BATCH: Example = {"messages": [MESSAGE, {"id": "m-2", "channel": "voice", "text": "", "attachments": ["voice"]}]}
BATCH_TAGS: Example = {"model": MODEL, "tags": [MESSAGE_TAG, CONFLICT]}
TALK: Example = {
    "id": "c-1",
    "channel": "messenger",
    "turns": [
        {"role": "client", "text": "Здравствуйте"},
        {"role": "bot", "text": "Добрый день! Что случилось?"},
        {"role": "client", "text": "потеряла телефон, заблокируйте симку"},
    ],
}
OUTCOME: Example = {
    "handled_by": "agent",
    "first_response_at": "2026-11-22T10:00:12+03:00",
    "resolved_at": "2026-11-22T10:01:40+03:00",
    "first_line": True,
    "nps": 9,
}
CONVERSATION: Example = {
    "id": "c-1",
    "channel": "messenger",
    "messages": 3,
    "started_at": "2026-11-22T07:00:00.000+00:00",
    "updated_at": "2026-11-22T07:00:40.000+00:00",
    "tag": CONVERSATION_TAG,
    "outcome": OUTCOME,
}
FEEDBACK: Example = {"channel": "app", "message_id": "m-1", "topic": "tariffs", "need": "rollover"}
FEEDBACK_GIVEN: Example = {
    **FEEDBACK,
    "id": "0123456789abcdef0123456789abcdef",
    "model": MODEL,
    "given_by": "quality-desk",
    "at": "2026-11-22T07:00:00.000+00:00",
}
PROBLEM: Example = {
    "type": "about:blank",
    "title": "Not as expected",
    "status": 422,
    "detail": "field 'channel': is not a known channel; known: app, messenger",
    "errors": [{"field": "channel", "expected": "is not a known channel; known: app, messenger"}],
    "request_id": "5f3a9c1e7b2d4f60a1c2b3d4",
}


def shown(*examples: Example) -> dict[str, Any]:
    """The part of a model's JSON schema that shows them."""
    return {"examples": list(examples)}
