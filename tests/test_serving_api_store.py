"""The HTTP API over a store: durable answers, conversations, outcomes, feedback, and what happens while the store is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from serving.app import create_app
from serving.settings import Settings
from serving.store.store import Store
from tests.serving_fakes import Caller, FakePredictor, calling

MESSAGE = {"id": "m-1", "channel": "app", "text": "заблокируйте сим"}


@pytest.fixture
def predictor() -> FakePredictor:
    return FakePredictor()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def client(tmp_path: Path, predictor: FakePredictor, settings: Settings) -> Iterator[Caller]:
    async def make() -> Store:
        return await Store.open(f"sqlite:///{tmp_path / 'store.db'}", b"k" * 32, zone=ZoneInfo("Europe/Moscow"))

    with calling(None) as caller:
        store = caller.run(make())
        caller.use(create_app(predictor, settings, store))
        yield caller
        caller.run(store.close())


def state(client: Caller) -> Any:
    return client.app.state.rubricator


def test_an_answer_is_stored_and_given_again(client: Caller, predictor: FakePredictor) -> None:
    first = client.post("/v1/tags", json=MESSAGE).json()
    assert first["stored"] is True
    predictor.facts = FakePredictor("another").facts
    assert client.post("/v1/tags", json=MESSAGE).json() == first
    assert client.get("/v1/tags/app/m-1").json() == first
    assert client.get("/v1/tags/app/m-2").status_code == 404


def test_the_same_id_with_another_text_is_a_conflict(client: Caller) -> None:
    client.post("/v1/tags", json=MESSAGE)
    response = client.post("/v1/tags", json={**MESSAGE, "text": "другое"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (409, "id")
    batch = client.post("/v1/tags/batch", json={"messages": [{**MESSAGE, "text": "другое"}, {**MESSAGE, "id": "m-2"}]}).json()["tags"]
    assert (batch[0]["id"], batch[0]["problem"]["status"], batch[1]["stored"]) == ("m-1", 409, True)


def test_repairs_are_answered_but_not_kept(client: Caller) -> None:
    assert client.post("/v1/tags?repairs=true", json=MESSAGE).json()["repairs"] == ["layout"]
    assert "repairs" not in client.get("/v1/tags/app/m-1").json()


def test_an_id_may_hold_slashes(client: Caller) -> None:
    client.post("/v1/tags", json={**MESSAGE, "id": "a/b", "conversation_id": "c:1"})
    assert client.get("/v1/tags/app/a/b").json()["id"] == "a/b"
    assert client.get("/v1/conversations/c:1").json()["id"] == "c:1"


def test_a_conversation_is_continued_message_by_message(client: Caller) -> None:
    talk = {"conversation_id": "c-1"}
    first = client.post("/v1/tags", json={**MESSAGE, **talk}).json()["conversation"]
    second = client.post("/v1/tags", json={**MESSAGE, **talk, "id": "m-2", "text": "тариф"}).json()["conversation"]
    again = client.post("/v1/tags", json={**MESSAGE, **talk, "id": "m-2", "text": "тариф"}).json()["conversation"]
    assert (first["id"], first["topic"], first["shift"]) == ("c-1", "sim", False)
    assert (second["topic"], second["decided_at"], second["shift"], second["also"]) == ("tariffs", 1, True, ["sim"])
    assert again == second
    known = client.get("/v1/conversations/c-1").json()
    assert (known["messages"], known["tag"], known["outcome"]) == (2, second, None)
    assert len(state(client).conversations) == 0


def test_a_conversation_sent_whole_equals_one_sent_in_pieces(client: Caller) -> None:
    turns = [("client", "сим"), ("agent", "да?"), ("client", "тариф"), ("bot", "ок")]
    for number, (role, text) in enumerate(turns):
        pieces = client.post(
            "/v1/tags", json={"id": f"{number}", "channel": "app", "conversation_id": "c-1", "role": role, "text": text}
        ).json()
    talk = {"id": "c-1", "channel": "app", "turns": [{"role": role, "text": text} for role, text in turns]}
    whole = client.post("/v1/conversations?timeline=true", json=talk).json()
    timeline = whole.pop("timeline")
    assert whole == pieces["conversation"]
    assert [(tag["topic"], tag["decided_at"]) for tag in timeline] == [("sim", 0), ("tariffs", 2)]


def test_a_conversation_in_which_the_client_says_nothing_asks_for_nothing(client: Caller) -> None:
    talk = {"id": "c-1", "channel": "app", "turns": [{"role": "bot", "text": "Здравствуйте!"}]}
    assert client.post("/v1/conversations", json=talk).json()["status"] == "no_request"


def test_an_outcome_is_kept_for_a_known_conversation(client: Caller) -> None:
    outcome = {"handled_by": "bot", "first_response_at": "2026-11-22T10:00:12+03:00", "resolved_at": None, "first_line": True, "nps": 10}
    assert client.put("/v1/conversations/c-1/outcome", json=outcome).status_code == 404
    client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"})
    assert client.put("/v1/conversations/c-1/outcome", json=outcome).json() == outcome
    assert client.get("/v1/conversations/c-1").json()["outcome"] == outcome
    wrong = client.put("/v1/conversations/c-1/outcome", json={**outcome, "nps": 11})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "nps")


def test_feedback_names_a_known_message_topic_and_need(client: Caller) -> None:
    feedback = {"channel": "app", "message_id": "m-1", "topic": "tariffs", "need": "rollover"}
    assert client.post("/v1/feedback", json=feedback).status_code == 404
    client.post("/v1/tags", json=MESSAGE)
    written = client.post("/v1/feedback", json=feedback)
    assert (written.status_code, written.json()["model"]) == (201, FakePredictor().facts.version)
    assert client.get("/v1/feedback").json() == {"feedback": [written.json()], "next_before": None}
    for change, status, field in (({"topic": "tarifs"}, 422, "topic"), ({"need": "esim"}, 409, "need")):
        response = client.post("/v1/feedback", json={**feedback, **change})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)


def test_while_the_store_is_away_tagging_goes_on_and_says_so(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/v1/model").status_code == 200  # the keys (there are none) have been read once
    monkeypatch.setattr(state(client).store._writer, "_away_until", float("inf"))
    assert client.post("/v1/tags", json=MESSAGE).json()["stored"] is False
    assert client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"}).json()["stored"] is False
    assert [tag["stored"] for tag in client.post("/v1/tags/batch", json={"messages": [MESSAGE]}).json()["tags"]] == [False]
    response = client.get("/v1/tags/app/m-1")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")


def test_while_the_store_is_away_tagging_is_refused_if_the_settings_say_so(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    state(client).settings = Settings(store_away="refuse")
    monkeypatch.setattr(state(client).store._writer, "_away_until", float("inf"))
    assert client.post("/v1/tags", json=MESSAGE).status_code == 503


def test_without_a_store_messages_are_tagged_and_nothing_is_remembered() -> None:
    with calling(create_app(FakePredictor(), Settings())) as client:
        assert "stored" not in client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"}).json()
        assert client.get("/v1/tags/app/m-1").status_code == 503


@pytest.mark.parametrize(
    "address", ["/v1/tags/app/%00", "/v1/tags/%D0%B0/1", "/v1/conversations/%20", "/v1/feedback?limit=0", "/v1/tags/app/"]
)
def test_addresses_that_make_no_sense_are_4xx(client: Caller, address: str) -> None:
    assert client.get(address).status_code in (404, 422)
