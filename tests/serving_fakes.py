"""Fakes for the service's tests: a predictor in this process, and a tagger that a real predictor process can run.

python -m tests.serving_fakes FILE_DESCRIPTOR MODEL runs the process over the fake tagger; texts of the form `!word` make it misbehave.
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
from types import SimpleNamespace
from typing import Any

import httpx
from starlette.types import ASGIApp

from data.errors import BundleError
from data.messages import Message
from data.taxonomy import Taxonomy, load_taxonomy
from serving.prediction import Answer, Lane, ModelFacts, PredictionFailed, PredictorDown

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


class FakePredictor:
    """A Predictor without a process; `seen` holds what it was asked."""

    def __init__(self, version: str = VERSION, taxonomy: Taxonomy | None = None) -> None:
        self.facts = ModelFacts(version=version, taxonomy=taxonomy or load_taxonomy())
        self.ready = True
        self.refusal: Exception | None = None
        self.seen: list[Message] = []

    def admit(self, count: int = 1, lane: Lane = "single") -> None:
        if not self.ready:
            raise PredictorDown("the predictor is being started again")

    async def tag(
        self,
        messages: Sequence[Message],
        *,
        with_repairs: bool = False,
        explain: bool = False,
        deadline: float | None = None,
        lane: Lane = "single",
    ) -> list[Answer]:
        self.admit(len(messages), lane)
        if self.refusal:
            raise self.refusal
        self.seen += messages
        if any(message.text == "!fail" for message in messages):
            raise PredictionFailed("the model could not read this message")
        repairs: dict[str, Any] = {"repairs": ["layout"]} if with_repairs else {}
        if explain:
            repairs["explanation"] = {"text": "masked", "for": [], "against": []}
        return [
            Answer({**fake_tag(message, self.facts.version), **repairs}, message.text.replace("89161234567", "<PHONE>"))
            for message in messages
        ]


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


class FakeTagger:
    """Stands in for models.tagger.Tagger inside a predictor process."""

    def __init__(self, version: str = VERSION, fails_on: str = "!fail") -> None:
        self.version, self.fails_on = version, fails_on

    def answer(self, messages: Sequence[Message], with_repairs: bool = False, explain: bool = False) -> list[Any]:
        for message in messages:
            if message.text == "!die":
                os._exit(9)
            if message.text == self.fails_on:
                raise ValueError(message.text)
        return [self._answer(message) for message in messages]

    def _answer(self, message: Message) -> Any:
        return SimpleNamespace(tag=SimpleNamespace(as_dict=lambda: fake_tag(message, self.version)), masked=message.text)


def write_model(folder: Path, version: str, **faults: str) -> None:
    """A model that `load` knows; load="words": cannot be loaded; fails_on=TEXT: fails on that text."""
    folder.mkdir(exist_ok=True)
    (folder / "new").write_text(json.dumps({"version": version, **faults}))
    (folder / "new").replace(folder / "manifest.json")


def load(model: str) -> tuple[FakeTagger, dict[str, Any]]:
    """What serving.predicting loads: a folder of `write_model`; "dead" ends the process, any other name is a model without faults."""
    if model == "dead":
        os._exit(7)
    if model == "broken":
        raise BundleError("broken: no model there; train and promote one with: make train")
    manifest = Path(model) / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.exists() else {"version": VERSION}
    if "load" in known:
        raise BundleError(known["load"])
    return FakeTagger(known["version"], known.get("fails_on", "!fail")), asdict(ModelFacts(known["version"], load_taxonomy()))


def main(arguments: Sequence[str]) -> int:
    """The process."""
    from serving.predicting import answer_all

    with socket.socket(fileno=int(arguments[0])) as connection:
        return answer_all(connection, lambda: load(arguments[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
