"""A loaded model answers what came over the pipe: messages are tagged together, conversations continued; runs in the predictor process."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from data.errors import DataError
from data.messages import Message, Turn
from models.conversation_batch import ConversationBatch, Going
from models.conversation_state import State
from models.decision import Tag
from models.explain import explain_prediction
from models.tagger import Prediction, Tagger
from serving.asking import Answer, Ask, Continued, Reading, Tagging, Talk


class Answering:
    """Answers batches with one tagger; nothing of a batch is remembered after it."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger, self._batch = tagger, ConversationBatch(tagger)

    def __call__(self, asks: Sequence[Ask]) -> list[Answer]:
        """Answers in the order of what is asked; raises whatever a text that cannot be read makes the model raise."""
        try:
            return self._answer(asks)
        finally:
            self._batch.forget()

    def _answer(self, asks: Sequence[Ask]) -> list[Answer]:
        read = [number for number, ask in enumerate(asks) if isinstance(ask, Tagging) and ask.is_readable]
        texts = [ask.message.text for ask in asks if isinstance(ask, Tagging) and ask.is_readable]
        prediction = self._tagger.predict(texts) if texts else None
        if prediction:
            self._batch.learn(texts, prediction)
        continued = self._continue(asks)
        places = {number: position for position, number in enumerate(read)}
        answers = []
        for number, (ask, talk) in enumerate(zip(asks, continued, strict=True)):
            if isinstance(ask, Reading):
                assert talk is not None  # noqa: S101 - narrows the type; a Reading has a conversation
                answers.append(Answer(talk.tag, "", talk))
            elif prediction and number in places:
                answers.append(Answer(*self._read(ask, prediction, places[number]), talk))
            else:
                answers.append(Answer(*self._unread(ask), talk))
        return answers

    def _read(self, ask: Tagging, prediction: Prediction, position: int) -> tuple[dict[str, Any], str]:
        """Tag and masked text of a client's message."""
        tag = self._tagger.decide(ask.message, prediction, position, ask.repairs)
        if ask.explain:
            why = explain_prediction(self._tagger, ask.message.text, prediction, position, tag)
            tag = replace(tag, explanation=why.as_dict())
        return tag.as_dict(), prediction.prepared[position].masked

    def _unread(self, ask: Tagging) -> tuple[dict[str, Any], str]:
        """Tag and masked text of a mere attachment, or of what an agent or a bot wrote: it asks for nothing."""
        tag = self._tagger.decider.attachment(ask.message.id)
        if ask.message.is_attachment_only:
            return tag.as_dict(), ""
        return _asks_nothing(tag).as_dict(), self._batch.prepare(ask.message.text).masked

    def _continue(self, asks: Sequence[Ask]) -> list[Continued | None]:
        """The conversations that are continued, each by itself; their texts are scored together before."""
        begun = [(ask.talk, *_state(ask.talk.state), _turns(ask)) if ask.talk else None for ask in asks]
        many = [Going(state, turns) for _, state, _, turns in filter(None, begun)]
        # Where one of them cannot be read, that shows when each is read by itself.
        with contextlib.suppress(Exception):
            self._batch.read_ahead(many)
        return [one and self._go_on(ask, *one) for ask, one in zip(asks, begun, strict=True)]

    def _go_on(self, ask: Ask, talk: Talk, state: State, anew: bool, turns: tuple[tuple[Turn, str], ...]) -> Continued:
        try:
            return self._told(ask, talk, Going(state, turns), anew)
        except Exception:
            # A damaged state shows in many ways; the conversation must go on.
            if not state.labels:
                raise
            return self._told(ask, talk, Going(State(), turns), True)

    def _told(self, ask: Ask, talk: Talk, going: Going, anew: bool) -> Continued:
        reader, states = self._batch.reader, self._batch.read(going)
        tag = reader.tag(states[-1], talk.id).as_dict()
        last = states[-1] if talk.words else states[-1].without_words()
        text = json.dumps(last.as_dict(), ensure_ascii=False, separators=(",", ":"))
        if not isinstance(ask, Reading):
            return Continued(text, tag, anew)
        timeline = []
        if ask.timeline:
            steps = [reader.tag(after, talk.id) for turn, after in zip(ask.turns, states, strict=True) if turn.is_client]
            timeline = [{"turn": step.turn, **step.as_dict()} for step in steps]
        return Continued(text, tag, anew, timeline, [after.window[-1].meant for after in states])


def _turns(ask: Ask) -> tuple[tuple[Turn, str], ...]:
    if isinstance(ask, Reading):
        return tuple((turn, "") for turn in ask.turns)
    message: Message = ask.message
    return ((Turn(ask.role, message.text, ask.sent_at), f"{message.channel}/{message.id}"),)


def _state(text: str | None) -> tuple[State, bool]:
    """A remembered state, and whether it could not be read, so that the conversation begins anew."""
    try:
        return State.from_dict(json.loads(text)) if text else State(), False
    except (DataError, ValueError):
        return State(), True


def _asks_nothing(tag: Tag) -> Tag:
    return replace(tag, topic=None, need=None, confidence=1.0, status="no_request", reason="no_request", also=(), queue=None)
