"""Privacy: what is kept at all, for how long, and how it is erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from data.errors import ConfigError
from serving.app import create_app
from serving.commands import erase, in_store
from serving.settings import Settings
from serving.store.audit import KEEP_MS
from serving.store.hashing import Hasher
from serving.store.schema import AUDIT, CONVERSATIONS, DAY_COUNTS, MESSAGES, METADATA
from serving.store.store import Store, now_ms
from tests.serving_fakes import Caller, FakePredictor, calling

KEY = "k" * 32
PHONE = "89161234567"
CLIENT = "client-777"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path / 'store.db'}"
    return Settings(store=url, hash_key=KEY)


def with_service(settings: Settings, work: Callable[[Caller], Any], **store: Any) -> Any:
    async def make() -> Store:
        return await Store.open(settings.store, KEY.encode(), zone=ZoneInfo("Europe/Moscow"), **store)

    with calling(None) as caller:
        opened = caller.run(make())
        caller.use(create_app(FakePredictor(), settings, opened))
        result = work(caller)
        caller.run(opened.close())
    return result


def talk(caller: Caller) -> None:
    message = {"channel": "app", "client": CLIENT, "conversation_id": "c-1", "text": f"сим, мой номер {PHONE}"}
    for name in ("m-1", "m-2"):
        assert caller.post("/v1/tags", json={**message, "id": name}).json()["stored"] is True
    caller.post("/v1/tags", json={"id": "m-3", "channel": "app", "client": "another", "text": "тариф"})
    assert caller.put("/v1/conversations/c-1/outcome", json={"handled_by": "bot"}).status_code == 200
    assert caller.post("/v1/feedback", json={"channel": "app", "message_id": "m-1", "topic": "sim"}).status_code == 201


def dump(settings: Settings) -> str:
    def work(connection: Any) -> str:
        tables = {table.name: [list(row) for row in connection.execute(table.select())] for table in METADATA.sorted_tables}
        return json.dumps(tables, ensure_ascii=False, default=str)

    return in_store(settings, work)


def counts(settings: Settings) -> dict[str, int]:
    def work(connection: Any) -> dict[str, int]:
        return {table.name: len(connection.execute(table.select()).all()) for table in METADATA.sorted_tables}

    return in_store(settings, work)


def test_only_masked_texts_and_hashes_of_clients_are_kept(settings: Settings) -> None:
    with_service(settings, talk)
    kept = dump(settings)
    assert "<PHONE>" in kept
    assert PHONE not in kept
    assert CLIENT not in kept
    assert Hasher(KEY.encode()).client(CLIENT) in kept


def test_no_text_is_kept_if_the_setting_says_so(settings: Settings) -> None:
    with_service(settings, talk, keep_text=False)
    assert "мой номер" not in dump(settings)


def test_erasing_a_client_leaves_nothing_but_counts_and_a_line_of_evidence(settings: Settings) -> None:
    with_service(settings, talk)
    days = in_store(settings, lambda connection: connection.execute(select(DAY_COUNTS)).all())
    gone = erase(settings, CLIENT, None, "request of the client")
    assert gone == {"messages": 2, "tags": 2, "feedback": 1, "conversations": 1, "outcomes": 1}
    after = counts(settings)
    assert [after[name] for name in ("messages", "tags", "conversations", "outcomes", "feedback", "audit")] == [1, 1, 0, 0, 0, 1]
    assert in_store(settings, lambda connection: connection.execute(select(DAY_COUNTS)).all()) == days
    (line,) = in_store(settings, lambda connection: list(connection.execute(AUDIT.select()).mappings()))
    detail = json.loads(line["detail"])
    assert line["subject"] == Hasher(KEY.encode()).client(CLIENT)
    assert line["keep_until"] - line["at"] == KEEP_MS >= 3 * 365 * 24 * 3600 * 1000
    assert (line["action"], detail["reason"], detail["rows"]) == ("erased", "request of the client", gone)
    assert set(detail) == {"what", "categories", "system", "reason", "rows"}
    assert CLIENT not in dump(settings)
    assert not any(erase(settings, CLIENT, None, "again").values())
    assert counts(settings)["audit"] == 1


def test_erasing_a_client_takes_along_what_agents_said_in_the_conversation_but_no_other_client(settings: Settings) -> None:
    def work(caller: Caller) -> None:
        for name, role, client in (("m-0", "bot", None), ("m-1", "client", CLIENT), ("m-2", "agent", None), ("m-3", "client", "another")):
            caller.post(
                "/v1/tags", json={"id": name, "channel": "app", "conversation_id": "c-1", "role": role, "text": name, "client": client}
            )

    with_service(settings, work)
    assert erase(settings, CLIENT, None, "request") == {"messages": 3, "tags": 3, "feedback": 0, "conversations": 1, "outcomes": 0}
    assert in_store(settings, lambda connection: connection.execute(select(MESSAGES.c.id)).all()) == [("m-3",)]


def states(settings: Settings) -> list[tuple[str, int]]:
    columns = (CONVERSATIONS.c.state, CONVERSATIONS.c.version)
    return [tuple(row) for row in in_store(settings, lambda connection: connection.execute(select(*columns)).all())]


def test_erasing_a_message_leaves_the_rest_of_its_conversation_without_what_was_said(settings: Settings) -> None:
    with_service(settings, talk)
    assert states(settings) == [('["sim", "sim"]', 2)]
    assert erase(settings, None, "app/m-1", "request")["conversations"] == 0
    # An answer that was on its way has not seen this version: it is not written with the words that have been erased.
    assert states(settings) == [("", 3)]
    more = {"channel": "app", "id": "m-4", "client": CLIENT, "conversation_id": "c-1", "text": "тариф"}
    answer = with_service(settings, lambda caller: caller.post("/v1/tags", json=more).json())
    assert (answer["conversation"]["topic"], answer["conversation"]["also"]) == ("tariffs", [])
    for name, talks in (("m-2", 0), ("m-4", 1)):
        assert erase(settings, None, f"app/{name}", "request")["conversations"] == talks
    assert counts(settings)["messages"] == 1


def test_an_erased_text_is_in_no_file_of_the_store_any_more(tmp_path: Path) -> None:
    settings = Settings(store=f"sqlite:///{tmp_path / 'store.db'}", hash_key=KEY)
    with_service(settings, talk)
    word = "мой номер".encode()
    assert any(word in path.read_bytes() for path in tmp_path.iterdir())
    erase(settings, CLIENT, None, "request")
    assert not any(word in path.read_bytes() for path in tmp_path.iterdir())


def test_what_cannot_be_erased_is_said_in_one_line(settings: Settings) -> None:
    for client, message, reason, words in (
        (None, None, "r", "name either --client ID or --message CHANNEL/ID"),
        ("a", "app/b", "r", "name either"),
        ("a", None, " ", "--reason is empty"),
        (None, "m-1", "r", "expected CHANNEL/ID"),
    ):
        with pytest.raises(ConfigError, match=words):
            erase(settings, client, message, reason)


def test_texts_and_messages_go_when_their_time_is_over(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with_service(settings, talk)

    def later(days: int, text_days: int, keep_days: int) -> None:
        async def work(store: Store) -> None:
            await store.forget(text_days, keep_days)

        now = now_ms() + days * 24 * 3600 * 1000 + 1000
        with monkeypatch.context() as patched:
            patched.setattr("serving.store.store.now_ms", lambda: now)
            _with_store(settings, work)

    later(29, 30, 60)
    assert "мой номер" in dump(settings)
    later(30, 30, 60)
    assert "мой номер" not in dump(settings)
    assert states(settings) == [("", 3)]
    assert counts(settings)["tags"] == 3
    later(61, 30, 0)
    assert counts(settings)["tags"] == 3
    later(61, 30, 60)
    after = counts(settings)
    assert [after[name] for name in ("messages", "tags", "conversations", "outcomes", "feedback")] == [0] * 5
    assert after["day_counts"] > 0


def _with_store(settings: Settings, work: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await Store.open(settings.store, KEY.encode(), zone=ZoneInfo("Europe/Moscow"))
        await work(store)
        await store.close()

    asyncio.run(run())
