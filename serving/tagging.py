"""From checked messages to their durable answers: predict, write, then answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.messages import CLIENT, Message
from data.taxonomy import Taxonomy
from serving.asking import Answer, Tagging, Talk
from serving.problems import ProblemError
from serving.schemas import MessageIn
from serving.state import State
from serving.store.records import ConversationStep, StoreAway, Stored, Tagged
from serving.store.store import Store, now_ms

CONFLICT = "this id is known in this channel with another text; a changed message needs an id of its own"
# What was asked for in passing is not kept: it may name the words that decided.
IN_PASSING = ("repairs", "explanation")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a request wants to be answered; the deadline is in seconds of the event loop's clock."""

    deadline: float | None = None
    repairs: bool = False
    explain: bool = False


async def tag_one(state: State, message: MessageIn, wish: Wish) -> dict[str, Any]:
    """The answer to one message that continues no conversation, kept before it is given.

    Raises:
        ProblemError: 422 for an unknown channel, 409 for a known id with another text.
        Refused: the predictor is overloaded or away.
        StoreAway: it is, and the settings say to refuse then.
    """
    state.predictor.admit()
    check_channel(state.predictor.facts.taxonomy, message.channel, "channel")
    (answer,) = await state.predictor.answer([asked(message, wish)], deadline=wish.deadline)
    told(state, message, answer)
    if state.store is None:
        return dict(answer.tag)
    try:
        stored = await keep(state, state.store, row(state.store, message, answer))
    except StoreAway as error:
        return unkept(state, answer, error)
    return kept(stored, answer)


async def tag_many(state: State, messages: Sequence[MessageIn], wish: Wish) -> list[dict[str, Any]]:
    """The answers to many messages, kept together; a conflict is an answer of its own. Conversations are noted, not continued."""
    state.predictor.admit(len(messages), "bulk")
    for number, message in enumerate(messages):
        check_channel(state.predictor.facts.taxonomy, message.channel, f"messages.{number}.channel")
    answers = await state.predictor.answer([asked(message, wish) for message in messages], deadline=wish.deadline, lane="bulk")
    for message, answer in zip(messages, answers, strict=True):
        told(state, message, answer)
    if state.store is None:
        return [dict(answer.tag) for answer in answers]
    rows = [row(state.store, message, answer) for message, answer in zip(messages, answers, strict=True)]
    try:
        async with asyncio.timeout(state.settings.store_seconds + len(rows) / 100):
            stored = await state.store.write_tags(rows)
    except (StoreAway, TimeoutError) as error:
        return [unkept(state, answer, error) for answer in answers]
    return [
        {"id": answer.tag["id"], "problem": {"type": "about:blank", "title": "Conflict", "status": 409, "detail": CONFLICT}}
        if one.conflict
        else kept(one, answer)
        for one, answer in zip(stored, answers, strict=True)
    ]


def asked(message: MessageIn, wish: Wish, talk: Talk | None = None) -> Tagging:
    """What the predictor is asked about a message."""
    record = Message(message.id, message.text, message.channel, tuple(message.attachments))
    return Tagging(record, message.role, message.sent_at, talk, wish.repairs, wish.explain)


def told(state: State, message: MessageIn, answer: Answer) -> None:
    """Count an answer; what no client wrote is no request."""
    if message.role == CLIENT:
        state.telemetry.tagged(message.channel, answer.tag)


def check_channel(taxonomy: Taxonomy, channel: str, field: str) -> None:
    """Refuse a channel that the model's taxonomy does not name (where it names any)."""
    if taxonomy.channels and channel not in taxonomy.channels:
        expected = f"is not a known channel; known: {', '.join(taxonomy.channels)}"
        raise ProblemError(422, f"field {field!r}: {expected}", [(field, expected)])


async def keep(state: State, store: Store, one: Tagged) -> Stored:
    """Write one message; StoreAway also if that takes longer than the settings allow."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(state.settings.store_seconds):
            (stored,) = await store.write_tags([one])
    except TimeoutError:
        raise StoreAway("the store did not answer in time") from None
    state.telemetry.stored(time.perf_counter() - started)
    return stored


def row(store: Store, message: MessageIn, answer: Answer, step: ConversationStep | None = None) -> Tagged:
    """What is kept of a message and its answer."""
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
        tag={name: value for name, value in answer.tag.items() if name not in IN_PASSING},
        conversation_id=message.conversation_id,
        step=step,
    )


def kept(stored: Stored, answer: Answer) -> dict[str, Any]:
    """The answer once it is kept: that of a known message is the stored one; ProblemError 409 where its text is another."""
    if stored.conflict:
        raise ProblemError(409, CONFLICT, [("id", CONFLICT)])
    return {**(answer.tag if stored.new else stored.tag), "stored": True}


def unkept(state: State, answer: Answer, error: Exception) -> dict[str, Any]:
    """The answer while the store is away; StoreAway if the settings say to refuse then."""
    if state.settings.store_away == "refuse":
        raise StoreAway("the store does not answer") from error
    state.telemetry.unstored(1)
    return {**answer.tag, "stored": False}
