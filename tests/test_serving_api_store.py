"""The HTTP API over a store: durable answers, conversations, outcomes, feedback, and what happens while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from serving.app import create_app
from serving.locks import KeyedLocks
from serving.settings import Settings
from serving.store.schema import AUDIT, CONVERSATIONS
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


def test_a_conversation_is_continued_message_by_message(client: Caller, predictor: FakePredictor) -> None:
    talk = {"conversation_id": "c-1"}
    first = client.post("/v1/tags", json={**MESSAGE, **talk}).json()["conversation"]
    second = client.post("/v1/tags", json={**MESSAGE, **talk, "id": "m-2", "text": "тариф"}).json()["conversation"]
    again = client.post("/v1/tags", json={**MESSAGE, **talk, "id": "m-2", "text": "тариф"}).json()["conversation"]
    assert (first["id"], first["topic"], first["shift"]) == ("c-1", "sim", False)
    assert (second["topic"], second["decided_at"], second["shift"], second["also"]) == ("tariffs", 1, True, ["sim"])
    assert again == second
    assert predictor.seen[1].talk.state
    known = client.get("/v1/conversations/c-1").json()
    assert (known["messages"], known["tag"], known["outcome"]) == (2, second, None)
    assert len(state(client).conversations) == 0


def test_a_conversation_sent_whole_equals_one_sent_in_pieces(client: Caller, predictor: FakePredictor) -> None:
    # More turns than are read at once.
    turns = [("bot", "тариф?"), ("client", "сим"), ("agent", "да?"), ("client", "тариф"), ("bot", "ок")] * 4
    for number, (role, text) in enumerate(turns):
        pieces = client.post(
            "/v1/tags", json={"id": f"{number}", "channel": "app", "conversation_id": "c-1", "role": role, "text": text}
        ).json()
    talk = {"id": "c-1", "channel": "app", "turns": [{"role": role, "text": text} for role, text in turns]}
    whole = client.post("/v1/conversations?timeline=true", json=talk).json()
    timeline = whole.pop("timeline")
    assert whole == pieces["conversation"]
    assert [(step["turn"], step["topic"]) for step in timeline] == [
        (5 * n + k, topic) for n in range(4) for k, topic in ((1, "sim"), (3, "tariffs"))
    ]
    assert {len(ask.turns) for ask in predictor.seen[20:]} == {8, 4}


def test_what_an_agent_says_asks_for_nothing_and_is_no_metric(client: Caller) -> None:
    line = {"id": "m-1", "channel": "app", "conversation_id": "c-1", "role": "agent", "text": "заблокировать сим?"}
    answer = client.post("/v1/tags", json=line).json()
    assert (answer["status"], answer["queue"], answer["stored"], answer["conversation"]["status"]) == (
        "no_request",
        None,
        True,
        "no_request",
    )
    assert "rubricator_tags_total{" not in client.get("/metrics").text
    assert client.get("/v1/conversations/c-1").json()["messages"] == 1


def test_a_conversation_that_moved_meanwhile_is_read_again_from_there(client: Caller, predictor: FakePredictor) -> None:
    store, elsewhere = state(client).store, {**MESSAGE, "conversation_id": "c-1", "id": "m-2", "text": "тариф"}
    read = store.conversation

    async def moving(conversation_id: str) -> Any:
        known = await read(conversation_id)
        store.conversation = read
        # Another process: it does not know of this one's locks.
        state(client).conversations = KeyedLocks()
        await client.http.post("/v1/tags", json=elsewhere)
        return known

    store.conversation = moving
    answer = client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"}).json()
    assert (answer["topic"], answer["conversation"]["also"]) == ("sim", ["tariffs"])
    assert [ask.talk.state for ask in predictor.seen] == [None, None, '["tariffs"]']
    assert client.get("/v1/conversations/c-1").json()["messages"] == 2


def test_a_state_that_cannot_be_read_begins_anew_and_the_log_says_so(client: Caller) -> None:
    said: list[dict[str, Any]] = []

    class Lines:
        def warning(self, event: str, **fields: Any) -> None:
            said.append({"event": event, **fields})

        info = error = warning

    client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"})

    async def damage() -> None:
        await state(client).store._writer.task(lambda connection: connection.execute(CONVERSATIONS.update().values(state="damaged")))

    client.run(damage())
    state(client).log = Lines()
    answer = client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1", "id": "m-2", "text": "тариф"}).json()
    assert (answer["stored"], answer["conversation"]["topic"], answer["conversation"]["shift"]) == (True, "tariffs", False)
    assert [line["what"] for line in said if line["event"] == "conversation"] == ["its state could not be read: it has begun anew"]
    assert "c-1" not in str(said)


def test_the_deciding_turn_of_a_conversation_is_explained_if_asked_for(client: Caller, predictor: FakePredictor) -> None:
    turns = [{"role": "bot", "text": "да?"}, {"role": "client", "text": "сим"}, {"role": "agent", "text": "ок"}]
    why = client.post("/v1/conversations?explain=true", json={"id": "c-1", "channel": "app", "turns": turns}).json()["explanation"]
    assert why == {"turn": 1, "stands_for": None, "text": "masked", "for": [], "against": []}
    assert predictor.seen[-1].message.text == "сим"
    nothing = client.post("/v1/conversations?explain=true", json={"id": "c-1", "channel": "app", "turns": turns[:1]}).json()
    assert nothing["explanation"] is None


def test_a_conversation_sent_whole_is_read_by_one_model(client: Caller, predictor: FakePredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, old = predictor.answer, predictor.facts.version

    async def swapping(asks: Any, **given: Any) -> Any:
        answers = await answer(asks, **given)
        predictor.facts = FakePredictor("new").facts
        return answers

    monkeypatch.setattr(predictor, "answer", swapping)
    turns = [{"role": "client", "text": "сим"}] * 9
    whole = client.post("/v1/conversations?timeline=true", json={"id": "c-1", "channel": "app", "turns": turns}).json()
    assert {step["model"] for step in whole["timeline"]} == {whole["model"]} == {"new"} != {old}
    assert len(whole["timeline"]) == 9


def test_turns_are_read_in_the_order_they_were_sent(client: Caller, predictor: FakePredictor) -> None:
    turns = [{"role": "client", "text": text, "sent_at": f"2026-11-22T10:00:0{second}Z"} for second, text in ((2, "сим"), (1, "тариф"))]
    talk = {"id": "c-1", "channel": "app", "turns": turns}
    assert client.post("/v1/conversations", json=talk).json()["topic"] == "sim"
    turns[0].pop("sent_at")
    assert client.post("/v1/conversations", json=talk).json()["topic"] == "tariffs"


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


def test_no_feedback_is_lost_between_two_pages(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    client.post("/v1/tags", json=MESSAGE)
    for at in (1, 2, 2, 2, 3):
        monkeypatch.setattr("serving.store.store.now_ms", lambda at=at: at)
        client.post("/v1/feedback", json={"channel": "app", "message_id": "m-1", "topic": "tariffs"})
    pages, before = [], ""
    while before is not None:
        page = client.get(f"/v1/feedback?limit=2{before and f'&before={before}'}").json()
        pages.append([item["at"][20:23] for item in page["feedback"]])
        before = page["next_before"]
    assert pages == [["003", "002"], ["002", "002"], ["001"]]
    assert client.get("/v1/feedback?before=yesterday").status_code == 422


def test_who_reloaded_the_model_stands_in_the_audit_log(client: Caller) -> None:
    async def reload() -> bool:
        return True

    state(client).reload = reload
    assert client.post("/v1/model/reload").json()["changed"] is True
    client.run(state(client).store.model_event("swapped", "2026-11-23.1+11111111"))
    (item,) = client.get("/v1/model/history").json()["history"]
    assert (item["event"], item["model"]) == ("swapped", "2026-11-23.1+11111111")
    (line,) = client.run(state(client).store._rows(AUDIT.select()))
    assert (line["action"], line["done_by"], line["detail"]) == ("model reloaded", "anyone", '{"changed": true}')


def test_while_the_store_is_away_tagging_goes_on_and_says_so(client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/v1/model").status_code == 200  # the keys (there are none) have been read once
    monkeypatch.setattr(state(client).store._writer, "_away_until", float("inf"))
    assert client.post("/v1/tags", json=MESSAGE).json()["stored"] is False
    assert client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"}).json()["stored"] is False
    assert [tag["stored"] for tag in client.post("/v1/tags/batch", json={"messages": [MESSAGE]}).json()["tags"]] == [False]
    response = client.get("/v1/tags/app/m-1")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("hanging", ["conversation", "write_tags"])
def test_a_store_that_hangs_is_away_after_the_time_that_the_settings_give_it(client: Caller, hanging: str) -> None:
    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    state(client).settings = Settings(store_seconds=0.01)
    setattr(state(client).store, hanging, hang)
    answer = client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"}).json()
    assert (answer["topic"], answer["stored"], "conversation" in answer) == ("sim", False, False)
    state(client).settings = Settings(store_seconds=0.01, store_away="refuse")
    assert client.post("/v1/tags", json={**MESSAGE, "conversation_id": "c-1"}).status_code == 503


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
