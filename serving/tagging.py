"""From a checked message to its durable answer: predict, write, then answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from data.messages import Message
from data.taxonomy import Taxonomy
from serving.prediction import Answer
from serving.problems import ProblemError
from serving.running import advance
from serving.schemas import MessageIn
from serving.state import State
from serving.store.records import ConversationMoved, ConversationStep, StoreAway, Stored, Tagged
from serving.store.store import Store, now_ms

CONFLICT = "this id is known in this channel with another text; a changed message needs an id of its own"
ATTEMPTS = 5  # how often a conversation that other processes continue at the same time is tried


@dataclass(frozen=True, slots=True)
class Wish:
    """How a request wants to be answered; the deadline is in seconds of the event loop's clock."""

    deadline: float | None = None
    with_repairs: bool = False
    explain: bool = False


async def tag_one(state: State, message: MessageIn, wish: Wish) -> dict[str, Any]:
    """The answer to one message, kept before it is given; with a conversation_id the conversation is continued.

    Raises:
        ProblemError: 422 for an unknown channel, 409 for a known id with another text.
        Refused: the predictor is overloaded or away.
        StoreAway: it is, and the settings say to refuse then.
    """
    state.predictor.admit()
    check_channel(state.predictor.facts.taxonomy, message.channel, "channel")
    in_turn = state.conversations.hold(message.conversation_id) if message.conversation_id and state.store else nullcontext()
    async with in_turn:
        (answer,) = await state.predictor.tag(
            [record(message)], with_repairs=wish.with_repairs, explain=wish.explain, deadline=wish.deadline
        )
        state.telemetry.tagged(message.channel, answer.tag)
        if state.store is None:
            return dict(answer.tag)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(state.settings.store_seconds):
                kept = await _keep_one(state.store, message, answer)
        except (StoreAway, TimeoutError) as error:
            _serve_or_refuse(state, error, 1)
            return {**answer.tag, "stored": False}
        state.telemetry.stored(time.perf_counter() - started)
        return kept


async def tag_many(state: State, messages: Sequence[MessageIn], wish: Wish) -> list[dict[str, Any]]:
    """The answers to many messages, kept together; a conflict is an answer of its own. Conversations are noted, not continued."""
    state.predictor.admit(len(messages), "bulk")
    for number, message in enumerate(messages):
        check_channel(state.predictor.facts.taxonomy, message.channel, f"messages.{number}.channel")
    asked = [record(message) for message in messages]
    answers = await state.predictor.tag(asked, with_repairs=wish.with_repairs, deadline=wish.deadline, lane="bulk")
    for message, answer in zip(messages, answers, strict=True):
        state.telemetry.tagged(message.channel, answer.tag)
    if state.store is None:
        return [dict(answer.tag) for answer in answers]
    rows = [_row(state.store, message, answer) for message, answer in zip(messages, answers, strict=True)]
    try:
        async with asyncio.timeout(state.settings.store_seconds + len(rows) / 100):
            stored = await state.store.write_tags(rows)
    except (StoreAway, TimeoutError) as error:
        _serve_or_refuse(state, error, len(rows))
        return [{**answer.tag, "stored": False} for answer in answers]
    return [
        {"id": answer.tag["id"], "problem": {"type": "about:blank", "title": "Conflict", "status": 409, "detail": CONFLICT}}
        if one.conflict
        else _answer(one, answer)
        for one, answer in zip(stored, answers, strict=True)
    ]


def record(message: MessageIn) -> Message:
    """The message as the lower floors know it."""
    return Message(message.id, message.text, message.channel, tuple(message.attachments))


def check_channel(taxonomy: Taxonomy, channel: str, field: str) -> None:
    """Refuse a channel that the model's taxonomy does not name (where it names any)."""
    if taxonomy.channels and channel not in taxonomy.channels:
        expected = f"is not a known channel; known: {', '.join(taxonomy.channels)}"
        raise ProblemError(422, f"field {field!r}: {expected}", [(field, expected)])


async def _keep_one(store: Store, message: MessageIn, answer: Answer) -> dict[str, Any]:
    row = _row(store, message, answer)
    if message.conversation_id is None:
        (stored,) = await store.write_tags([row])
        return _kept(stored, answer)
    for attempt in range(ATTEMPTS):
        known = await store.conversation(message.conversation_id)
        after, tag = advance(known.state if known else None, message.conversation_id, message.role, answer.tag)
        step = ConversationStep(message.conversation_id, known.version if known else 0, after, tag)
        try:
            (stored,) = await store.write_tags([replace(row, step=step)])
        except ConversationMoved:
            if attempt == ATTEMPTS - 1:
                raise StoreAway("this conversation is continued by too many at once") from None
            continue
        so_far: Mapping[str, Any] | None = tag if stored.new else known.tag if known else None
        return {**_kept(stored, answer), "conversation": so_far}
    raise AssertionError("unreachable")


def _kept(stored: Stored, answer: Answer) -> dict[str, Any]:
    if stored.conflict:
        raise ProblemError(409, CONFLICT, [("id", CONFLICT)])
    return _answer(stored, answer)


def _answer(stored: Stored, answer: Answer) -> dict[str, Any]:
    return {**(answer.tag if stored.new else stored.tag), "stored": True}


def _row(store: Store, message: MessageIn, answer: Answer) -> Tagged:
    now = now_ms()
    return Tagged(
        channel=message.channel,
        id=message.id,
        text_hash=store.hasher.text(message.text, message.attachments),
        masked=answer.masked if store.keep_text else None,
        role=message.role,
        client_hash=store.hasher.client(message.client) if message.client else None,
        at=round(datetime.fromisoformat(message.sent_at).timestamp() * 1000) if message.sent_at else now,
        received_at=now,
        # What was asked for in passing is not kept: it may name the words that decided.
        tag={name: value for name, value in answer.tag.items() if name not in ("repairs", "explanation")},
        conversation_id=message.conversation_id,
    )


def _serve_or_refuse(state: State, error: Exception, answers: int) -> None:
    if state.settings.store_away == "refuse":
        raise StoreAway("the store does not answer") from error
    state.telemetry.unstored(answers)
