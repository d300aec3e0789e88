"""A real bundle in the real predictor process, behind the whole API: messages, explanations, conversations."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data.messages import Message
from models import bundle
from models.conversation_state import WINDOW
from models.conversation_weights import ConversationWeights
from serving.app import create_app
from serving.asking import Tagging
from serving.commands import in_store
from serving.predictor import ProcessPredictor
from serving.settings import Settings
from serving.store.schema import CONVERSATIONS
from serving.store.store import Store
from tests.conftest import MESSAGES
from tests.serving_fakes import Caller, calling

NAMES = (f"c-{number}" for number in itertools.count())
WEIGHTS = ConversationWeights(auto=(0.5, 0.5, 0.5, 0.5), no_request=0.4)


class Running(Caller):
    """An application over a predictor process, with a store and, by the name `bare`, without."""

    predictor: ProcessPredictor
    bare: Caller
    store: Settings


@pytest.fixture(scope="module")
def service(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    bundle.save(bundle.load(tiny_bundle).with_conversation(WEIGHTS), folder / "model")
    settings = Settings(store=f"sqlite:///{folder / 'store.db'}", hash_key="k" * 32)

    async def start() -> tuple[ProcessPredictor, Store]:
        predictor = ProcessPredictor(folder / "model")
        await predictor.start()
        return predictor, await Store.open(settings.store, b"k" * 32, zone=ZoneInfo("Europe/Moscow"))

    with calling(None) as caller:
        predictor, store = caller.run(start())
        running = Running(caller.run)
        running.predictor, running.store, running.bare = predictor, settings, caller
        running.use(create_app(predictor, settings, store))
        caller.use(create_app(predictor, settings))
        yield running
        caller.run(store.close())
        caller.run(predictor.stop())


def test_a_real_bundle_answers_alike_alone_and_in_a_batch(service: Running) -> None:
    texts = (
        "верните деньги за подписку",
        "нет связи с утра",
        "здравствуйте",
        "",
        "👍",
        "мой номер 89161234567, верните деньги",
        "я" * 20_000,
    )
    asks = [Tagging(Message(str(number), text, "app", () if text else ("photo",))) for number, text in enumerate(texts)]

    async def scenario() -> None:
        predictor = service.predictor
        assert list(predictor.facts.taxonomy.topics) == ["money", "network", "other"]
        filler = [Tagging(Message("filler", "скорость интернета упала", "app"))] * 100
        many = await predictor.answer([*asks, *filler, *asks], lane="bulk")
        for number, ask in enumerate(asks):
            (alone,) = await predictor.answer([ask])
            assert many[number] == many[number - len(asks)] == alone
        assert "89161234567" not in many[5].masked
        assert (many[3].tag["need"], many[3].masked) == ("hello", "")
        await predictor.swap([ask.message for ask in asks])
        assert (await predictor.answer([asks[0]]))[0] == many[0]

    service.run(scenario())


@pytest.mark.parametrize("stored", [True, False], ids=["with a store", "without"])
def test_what_was_mended_and_which_words_decided_are_told_together(service: Running, stored: bool) -> None:
    caller = service if stored else service.bare
    message = {"id": f"explained-{stored}", "channel": "app", "text": "верните деньги за подписку"}
    answer = caller.post("/v1/tags?explain=true&repairs=true", json=message).json()
    assert (answer["topic"], answer["repairs"], answer["explanation"]["topic"]) == ("money", [], "money")
    assert "верните" in [phrase["text"] for phrase in answer["explanation"]["for"]]
    photo = {"id": f"photo-{stored}", "channel": "app", "text": "", "attachments": ["photo"]}
    assert "explanation" not in caller.post("/v1/tags?explain=true", json=photo).json()


def test_an_agents_message_is_masked_and_asks_for_nothing(service: Running) -> None:
    line = {"id": "agent-1", "channel": "app", "role": "agent", "text": "верните деньги, звоните 89161234567"}
    answer = service.post("/v1/tags?explain=true", json=line).json()
    assert {name: answer[name] for name in ("topic", "need", "status", "queue", "also")} == {
        "topic": None,
        "need": None,
        "status": "no_request",
        "queue": None,
        "also": [],
    }
    assert "explanation" not in answer


def talk(service: Running, turns: list[dict[str, Any]], address: str = "/v1/conversations") -> Any:
    return service.post(address, json={"id": next(NAMES), "channel": "app", "turns": turns}).json()


def test_a_conversation_is_read_by_the_model_and_its_deciding_turn_explained(service: Running) -> None:
    turns = [
        {"role": "client", "text": "здравствуйте"},
        {"role": "bot", "text": "1. возврат денег 2. нет сети"},
        {"role": "client", "text": "", "attachments": ["photo"]},
        {"role": "client", "text": "2"},
        {"role": "agent", "text": "верните деньги"},
    ]
    answer = talk(service, turns, "/v1/conversations?timeline=true&explain=true")
    assert (answer["topic"], answer["decisive_turn"], answer["turns"]) == ("network", 3, [{"turn": 3, "topic": "network"}])
    assert [(step["turn"], step["status"]) for step in answer["timeline"]][:2] == [(0, "no_request"), (2, "no_request")]
    assert (answer["explanation"]["turn"], answer["explanation"]["stands_for"]) == (3, "нет сети")
    assert "explanation" not in talk(service, turns)
    greeting = talk(service, turns[1:2], "/v1/conversations?explain=true")
    assert (greeting["status"], greeting["decisive_turn"], greeting["explanation"]) == ("no_request", None, None)


_words = st.one_of(
    st.sampled_from([text for texts in MESSAGES.values() for text in texts]),
    st.sampled_from(["1", "второе", "да", "1. верните деньги 2. нет сети", "вернуть деньги?", "ещё вопрос", "ок", "a\n b", "я" * 900]),
    st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip())),
)
_turns = st.lists(st.tuples(st.sampled_from(["client", "client", "agent", "bot"]), _words), min_size=1, max_size=10)


@settings(max_examples=25, deadline=None)
@given(_turns, st.data())
def test_turns_one_by_one_give_the_tag_of_all_at_once_also_late_and_repeated(
    service: Running, said: list[tuple[str, str]], data: st.DataObject
) -> None:
    timed = data.draw(st.booleans())
    turns = [
        {"role": role, "text": text, **({"sent_at": f"2026-11-22T10:00:{number:02d}+03:00"} if timed else {})}
        for number, (role, text) in enumerate(said)
    ]
    late = data.draw(st.lists(st.integers(0, WINDOW if timed else 0), min_size=len(turns), max_size=len(turns)))
    name, answer = next(NAMES), {}
    for number in sorted(range(len(turns)), key=lambda number: (number + late[number], number)):
        message = {"id": f"{name}-{number}", "channel": "app", "conversation_id": name, **turns[number]}
        answer = service.post("/v1/tags", json=message).json()
        assert answer["stored"] is True
        if data.draw(st.booleans()):
            assert service.post("/v1/tags", json=message).json() == answer
    whole = service.post("/v1/conversations", json={"id": name, "channel": "app", "turns": turns}).json()
    assert answer["conversation"] == whole
    assert service.get(f"/v1/conversations/{name}").json()["tag"] == whole
    assert service.get(f"/v1/conversations/{name}").json()["messages"] == len(turns)


def test_without_texts_kept_a_conversation_goes_on_by_numbers_alone(service: Running) -> None:
    state = service.app.state.rubricator
    state.store.keep_text = False
    try:
        turns = (("client", "верните деньги за подписку"), ("bot", "1. нет сети 2. скорость"), ("client", "спасибо"))
        for number, (role, text) in enumerate(turns):
            message = {"id": f"numbers-{number}", "channel": "app", "conversation_id": "numbers", "role": role, "text": text}
            answer = service.post("/v1/tags", json=message).json()
    finally:
        state.store.keep_text = True
    query = select(CONVERSATIONS.c.state).where(CONVERSATIONS.c.id == "numbers")
    kept = in_store(service.store, lambda connection: str(connection.execute(query).scalar()))
    assert len(json.loads(kept)["window"]) == 3
    assert not any(word in kept for word in ("верните", "сети", "спасибо"))
    assert answer["conversation"]["topic"] == "money"


@pytest.mark.parametrize("number", range(5))
def test_no_damage_of_a_state_fails_a_request(service: Running, number: int) -> None:
    def damaged(text: str) -> str:
        known = json.loads(text)
        known["window"][0] |= {"own": [[77, 80]]} if number else {"evidence": [["x", "y"]]}
        return (json.dumps(known), json.dumps(known), "{", "[]", '{"format": 1}')[number]

    def work(connection: Any) -> None:
        same = CONVERSATIONS.c.id == name
        text = connection.execute(select(CONVERSATIONS.c.state).where(same)).scalar()
        connection.execute(CONVERSATIONS.update().where(same).values(state=damaged(text)))

    name = next(NAMES)
    message = {"channel": "app", "conversation_id": name}
    service.post("/v1/tags", json={**message, "id": f"{name}-1", "text": "нет сети"})
    in_store(service.store, work)
    answer = service.post("/v1/tags", json={**message, "id": f"{name}-2", "text": "верните деньги за подписку"})
    assert (answer.status_code, answer.json()["conversation"]["topic"], answer.json()["conversation"]["also"]) == (200, "money", [])
