"""Conversations: continued by one more message, from the state that is remembered; or read whole, from the turns that were sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from data.messages import Message, Turn
from serving.asking import Answer, Reading, Tagging, Talk
from serving.prediction import Lane, Predictor
from serving.schemas import ConversationIn, MessageIn, TurnIn
from serving.state import State
from serving.store.records import ConversationMoved, ConversationStep, KnownConversation, StoreAway
from serving.store.store import Store
from serving.tagging import Wish, asked, check_channel, keep, kept, row, tag_one, told, unkept

ATTEMPTS = 5  # how often a conversation that other processes continue at the same time is tried
SLICE = 8  # turns of a conversation sent whole that are read at once, so that nobody waits long behind it


async def tag_in_turn(state: State, message: MessageIn, wish: Wish) -> dict[str, Any]:
    """The answer to one message, kept before it is given; one with a conversation_id continues that conversation.

    Messages of a conversation wait for each other. Where another process has continued it meanwhile, the message is read again from there.

    Raises:
        ProblemError, Refused, StoreAway: see serving.tagging.tag_one.
    """
    if message.conversation_id is None or state.store is None:
        return await tag_one(state, message, wish)
    state.predictor.admit(2)
    check_channel(state.predictor.facts.taxonomy, message.channel, "channel")
    async with state.conversations.hold(message.conversation_id):
        for _ in range(ATTEMPTS):
            try:
                known = await _known(state, state.store, message.conversation_id)
            except StoreAway as error:
                (answer,) = await state.predictor.answer([asked(message, wish)], deadline=wish.deadline)
                told(state, message, answer)
                return unkept(state, answer, error)
            talk = Talk(message.conversation_id, (known.state or None) if known else None, state.store.keep_text)
            (answer,) = await state.predictor.answer([asked(message, wish, talk)], deadline=wish.deadline)
            try:
                result = await _keep_step(state, state.store, message, answer, known)
            except ConversationMoved:
                continue
            except StoreAway as error:
                result = unkept(state, answer, error)
            told(state, message, answer)
            return result
    raise StoreAway("this conversation is continued by too many at once")


async def _known(state: State, store: Store, conversation_id: str) -> KnownConversation | None:
    try:
        async with asyncio.timeout(state.settings.store_seconds):
            return await store.conversation(conversation_id)
    except TimeoutError:
        raise StoreAway("the store did not answer in time") from None


async def _keep_step(state: State, store: Store, message: MessageIn, answer: Answer, known: KnownConversation | None) -> dict[str, Any]:
    """Write the message and the conversation's new state together; a message known before leaves the conversation as it was."""
    talk = answer.talk
    assert talk is not None  # noqa: S101 - narrows the type; a conversation was asked about
    if talk.anew and state.log:
        state.log.warning("conversation", what="its state could not be read: it has begun anew", model=answer.tag["model"])
    step = ConversationStep(str(message.conversation_id), known.version if known else 0, talk.state, talk.tag)
    stored = await keep(state, store, row(store, message, answer, step))
    so_far = talk.tag if stored.new else known.tag if known else None
    return {**kept(stored, answer), "conversation": so_far}


async def read_whole(state: State, talk: ConversationIn, wish: Wish, *, timeline: bool) -> dict[str, Any]:
    """The tag of a conversation sent with all its turns, read in slices; nothing of it is kept.

    Raises:
        ProblemError: 422 for an unknown channel.
        Refused: the predictor is overloaded or away.
    """
    check_channel(state.predictor.facts.taxonomy, talk.channel, "channel")
    turns = [Turn(turn.role, turn.text, turn.sent_at) for turn in _in_order(talk.turns)]
    while True:
        answers = await _slices(state.predictor, talk.id, turns, wish.deadline, timeline)
        tag = dict(answers[-1].tag)
        parts = [answer.talk for answer in answers if answer.talk]
        if wish.explain:
            meant = [choice for part in parts for choice in part.meant]
            why = await _why(state.predictor, talk, turns, meant, tag["decisive_turn"], wish.deadline)
            answers += [why] if why else []
            tag["explanation"] = why.tag["explanation"] if why else None
        # One request is answered by one model: if a swap fell into it, it is asked again as a whole.
        if len({answer.tag["model"] for answer in answers}) == 1:
            return {**tag, **({"timeline": [step for part in parts for step in part.timeline]} if timeline else {})}


async def _slices(predictor: Predictor, name: str, turns: Sequence[Turn], deadline: float | None, timeline: bool) -> list[Answer]:
    lane: Lane = "bulk" if sum(turn.is_client for turn in turns) > 1 else "single"
    answers: list[Answer] = []
    so_far: str | None = None
    for start in range(0, len(turns), SLICE):
        part = Reading(Talk(name, so_far), tuple(turns[start : start + SLICE]), timeline)
        (answer,) = await predictor.answer([part], deadline=deadline, lane=lane)
        so_far = answer.talk.state if answer.talk else None
        answers.append(answer)
    return answers


async def _why(
    predictor: Predictor, talk: ConversationIn, turns: Sequence[Turn], meant: Sequence[str], decisive: int | None, deadline: float | None
) -> Answer | None:
    """The deciding turn's words explained, or the menu's choice that it stands for; None where no turn decided."""
    if decisive is None:
        return None
    stands_for = meant[decisive] or None
    message = Message(talk.id, stands_for or turns[decisive].text, talk.channel)
    (answer,) = await predictor.answer([Tagging(message, explain=True)], deadline=deadline)
    words = answer.tag.get("explanation", {})
    return Answer({**answer.tag, "explanation": {"turn": decisive, "stands_for": stands_for, **words}})


def _in_order(turns: Sequence[TurnIn]) -> list[TurnIn]:
    """As they were sent; as they came, if the time of one is not known."""
    times = [datetime.fromisoformat(turn.sent_at).timestamp() for turn in turns if turn.sent_at]
    return [turns[number] for number in sorted(range(len(turns)), key=times.__getitem__)] if len(times) == len(turns) else list(turns)
