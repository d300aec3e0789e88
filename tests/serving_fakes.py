"""Fakes for the service's tests: a predictor in this process, and a model that a real predictor process can run.

python -m tests.serving_fakes FILE_DESCRIPTOR MODEL runs the process over the fake model; texts of the form `!word` make it misbehave.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from data.errors import BundleError
from data.messages import Message
from data.taxonomy import Taxonomy, load_taxonomy
from serving.asking import Answer, Ask, Continued, Reading, Talk
from serving.prediction import Lane, ModelFacts, PredictionFailed, PredictorDown

VERSION = "2026-11-22.1+00000000"


def fake_tag(message: Message, version: str = VERSION) -> dict[str, Any]:
    """A tag by rule: whatever names a SIM is about the SIM, the rest is about tariffs."""
    topic, need = ("sim", "block") if "сим" in message.text.lower() else ("tariffs", "rollover")
    if message.is_attachment_only:
        return {
            **fake_tag(Message(message.id, "x"), version),
            "topic": None,
            "need": "fragment",
            "status": "no_request",
            "reason": "no_request",
            "queue": None,
        }
    return {
        "id": message.id,
        "topic": topic,
        "need": need,
        "confidence": 0.9,
        "status": "auto",
        "reason": "confident",
        "also": [],
        "queue": f"{topic}-line1",
        "priority": 3,
        "ranking": [{"topic": topic, "probability": 0.9}, {"topic": "unusual", "probability": 0.1}],
        "model": version,
    }


def fake_answer(ask: Ask, version: str = VERSION) -> Answer:
    """An answer by rule; a conversation is about what its last client turn is about."""
    if isinstance(ask, Reading):
        talk = fake_talk(ask.talk, [(turn.role, Message("turn", turn.text)) for turn in ask.turns], version)
        return Answer(talk.tag, "", talk if ask.timeline else Continued(talk.state, talk.tag, talk.anew, (), talk.meant))
    tag = fake_tag(ask.message, version)
    if ask.role != "client":
        tag |= {"topic": None, "need": None, "status": "no_request", "reason": "no_request", "queue": None}
    if ask.repairs:
        tag["repairs"] = ["layout"]
    if ask.explain:
        tag["explanation"] = {"text": "masked", "for": [], "against": []}
    masked = ask.message.text.replace("89161234567", "<PHONE>")
    return Answer(tag, masked, fake_talk(ask.talk, [(ask.role, ask.message)], version) if ask.talk else None)


def fake_talk(talk: Talk, turns: Sequence[tuple[str, Message]], version: str) -> Continued:
    """A state is the JSON list of the topics of all turns so far, null for those that no client wrote."""
    try:
        said, anew = json.loads(talk.state or "[]"), False
    except ValueError:
        said, anew = [], True
    timeline = []
    for role, message in turns:
        said.append(fake_tag(message)["topic"] if role == "client" else None)
        topics = [topic for topic in said if topic]
        tag = fake_tag(Message(talk.id, "сим" if topics[-1:] == ["sim"] else "тариф", "", () if topics else ("photo",)), version)
        if not topics:
            tag |= {"topic": None, "need": "fragment", "status": "no_request", "reason": "no_request", "queue": None}
        decided = len(said) - 1 - said[::-1].index(topics[-1]) if topics else None
        also = [topic for topic in dict.fromkeys(topics) if topic != topics[-1]]
        tag |= {"also": also, "decided_at": decided, "shift": bool(also), "turns": [], "decisive_turn": decided}
        if role == "client":
            timeline.append({"turn": len(said) - 1, **tag})
    return Continued(json.dumps(said), tag, anew, timeline, ["" for _ in turns])


class FakePredictor:
    """A Predictor without a process; `seen` holds what it was asked."""

    def __init__(self, version: str = VERSION, taxonomy: Taxonomy | None = None) -> None:
        self.facts = ModelFacts(version=version, taxonomy=taxonomy or load_taxonomy())
        self.ready = True
        self.refusal: Exception | None = None
        self.seen: list[Ask] = []

    def admit(self, count: int = 1, lane: Lane = "single") -> None:
        if not self.ready:
            raise PredictorDown("the predictor is being started again")

    async def answer(self, asks: Sequence[Ask], *, deadline: float | None = None, lane: Lane = "single") -> list[Answer]:
        self.admit(len(asks), lane)
        if self.refusal:
            raise self.refusal
        self.seen += asks
        if any(text_of(ask) == "!fail" for ask in asks):
            raise PredictionFailed("the model could not read this message")
        return [fake_answer(ask, self.facts.version) for ask in asks]


def text_of(ask: Ask) -> str:
    return ask.turns[0].text if isinstance(ask, Reading) else ask.message.text


class Caller:
    """Speaks to an application in this process; `run` awaits anything on the same event loop."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self.run = run

    def use(self, app: ASGIApp) -> None:
        self.app: Any = app
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://test")

    def send(self, method: str, address: str, **given: Any) -> httpx.Response:
        return self.run(self.http.request(method, address, **given))

    def get(self, address: str, **given: Any) -> httpx.Response:
        return self.run(self.http.get(address, **given))

    def post(self, address: str, **given: Any) -> httpx.Response:
        return self.run(self.http.post(address, **given))

    def put(self, address: str, **given: Any) -> httpx.Response:
        return self.run(self.http.put(address, **given))

    def delete(self, address: str, **given: Any) -> httpx.Response:
        return self.run(self.http.delete(address, **given))


@contextmanager
def calling(app: ASGIApp | None) -> Iterator[Caller]:
    """A Caller of an application; with None, `use` names it later."""
    with asyncio.Runner() as runner:
        caller = Caller(runner.run)
        if app:
            caller.use(app)
        yield caller


class FakeModel:
    """Answers inside a predictor process, as serving.answering.Answering does with a real one."""

    def __init__(self, version: str = VERSION, fails_on: str = "!fail") -> None:
        self.version, self.fails_on = version, fails_on

    def __call__(self, asks: Sequence[Ask]) -> list[Answer]:
        for ask in asks:
            if text_of(ask) == "!die":
                os._exit(9)
            if text_of(ask) == self.fails_on:
                raise ValueError(text_of(ask))
        return [fake_answer(ask, self.version) for ask in asks]


def write_model(folder: Path, version: str, **faults: str) -> None:
    """A model that `load` knows; load="words": cannot be loaded; fails_on=TEXT: fails on that text."""
    folder.mkdir(exist_ok=True)
    (folder / "new").write_text(json.dumps({"version": version, **faults}))
    (folder / "new").replace(folder / "manifest.json")


def load(model: str) -> tuple[FakeModel, dict[str, Any]]:
    """What serving.predicting loads: a folder of `write_model`; "dead" ends the process, any other name is a model without faults."""
    if model == "dead":
        os._exit(7)
    if model == "broken":
        raise BundleError("broken: no model there; train and promote one with: make train")
    manifest = Path(model) / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.exists() else {"version": VERSION}
    if "load" in known:
        raise BundleError(known["load"])
    return FakeModel(known["version"], known.get("fails_on", "!fail")), asdict(ModelFacts(known["version"], load_taxonomy()))


def main(arguments: Sequence[str]) -> int:
    """The process."""
    from serving.predicting import answer_all

    with socket.socket(fileno=int(arguments[0])) as connection:
        return answer_all(connection, lambda: load(arguments[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
