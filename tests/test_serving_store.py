"""The store, the same on SQLite and PostgreSQL: durable, idempotent, counts equal to the tags."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from data.errors import ConfigError, ServiceError
from serving.store.bins import LAST, bin_of, upper
from serving.store.engine import migrate, open_engine
from serving.store.hashing import Hasher, load_key
from serving.store.records import ConversationMoved, ConversationStep, StoreAway, Tagged
from serving.store.schema import CONVERSATIONS, DAY_COUNTS, HOUR_COUNTS, MESSAGES, METADATA, OUTCOME_COUNTS, TAGS
from serving.store.store import Store
from tests.serving_fakes import fake_tag

MOSCOW = ZoneInfo("Europe/Moscow")
HASHER = Hasher(b"k" * 32)
AT = 1_795_386_000_000  # 2026-11-22 22:20 UTC: the next day in Moscow


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        postgres: str = request.getfixturevalue("postgres_url")
        return postgres
    return f"sqlite:///{tmp_path / 'store.db'}"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url, b"k" * 32, zone=MOSCOW)
    try:
        yield store
    finally:
        await store.close()


def with_store(url: str, scenario: Callable[[Store], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with opened(url) as store:
            return await scenario(store)

    return asyncio.run(run())


def tagged(message_id: str, text: str = "заблокируйте сим", *, at: int = AT, channel: str = "app", topic: str = "sim") -> Tagged:
    from data.messages import Message

    tag = {**fake_tag(Message(message_id, text, channel)), "topic": topic}
    return Tagged(channel, message_id, HASHER.text(text, ()), text, "client", None, at, at, tag)


def step(message_id: str, seen: int) -> Tagged:
    one = tagged(message_id)
    return replace(one, conversation_id="c-1", step=ConversationStep("c-1", seen, f"after {message_id}", one.tag))


def rows(url: str, query: Any) -> list[tuple[Any, ...]]:
    engine = open_engine(url)
    with engine.begin() as connection:
        found = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    return found


def test_the_same_message_again_gets_its_first_tag_and_another_text_is_a_conflict(url: str) -> None:
    async def scenario(store: Store) -> None:
        (first,) = await store.write_tags([tagged("m-1")])
        again = replace(tagged("m-1"), tag={**tagged("m-1").tag, "model": "another"})
        results = await store.write_tags([again, tagged("m-1", "другое"), tagged("m-2"), tagged("m-2"), tagged("m-1", channel="web")])
        assert (first.new, first.conflict) == (True, False)
        assert [(one.new, one.conflict) for one in results] == [(False, False), (False, True), (True, False), (False, False), (True, False)]
        assert results[0].tag == first.tag
        assert await store.tag("app", "m-1") == first.tag
        assert await store.tag("app", "m-9") is None

    with_store(url, scenario)
    assert rows(url, select(func.count()).select_from(MESSAGES)) == [(3,)]


def test_counts_equal_the_tags_and_stand_under_the_local_day(url: str) -> None:
    async def scenario(store: Store) -> None:
        many = [
            tagged(f"m-{number}", channel=("app", "web")[number % 2], topic=("sim", "tariffs")[number % 3 == 0]) for number in range(1200)
        ]
        await asyncio.gather(store.write_tags(many), *(store.write_tags([one]) for one in many[:300]))

    with_store(url, scenario)
    by_day = rows(url, select(DAY_COUNTS.c.day, func.sum(DAY_COUNTS.c.n)).group_by(DAY_COUNTS.c.day))
    by_hour = rows(
        url, select(HOUR_COUNTS.c.hour, HOUR_COUNTS.c.channel, HOUR_COUNTS.c.topic, HOUR_COUNTS.c.n).order_by(HOUR_COUNTS.c.channel)
    )
    in_tags = rows(url, select(TAGS.c.hour, TAGS.c.channel, TAGS.c.topic, func.count()).group_by(TAGS.c.hour, TAGS.c.channel, TAGS.c.topic))
    assert [(day, int(n)) for day, n in by_day] == [("2026-11-23", 1200)]
    assert sorted(by_hour) == sorted(in_tags)
    assert {hour for hour, *_ in by_hour} == {"2026-11-23T01"}


def test_what_has_been_acknowledged_is_there_after_a_new_start(url: str) -> None:
    with_store(url, lambda store: store.write_tags([tagged("m-1")]))
    assert with_store(url, lambda store: store.tag("app", "m-1")) == tagged("m-1").tag


def test_a_conversation_is_continued_once_for_each_message(url: str) -> None:
    async def scenario(store: Store) -> None:
        await store.write_tags([step("m-1", 0)])
        known = await store.conversation("c-1")
        assert known
        assert (known.version, known.state, known.tag["topic"], known.started_at) == (1, "after m-1", "sim", AT)
        await store.write_tags([step("m-2", 1)])
        await store.write_tags([step("m-2", 1)])  # the same message again
        with pytest.raises(ConversationMoved):
            await store.write_tags([step("m-3", 1)])
        with pytest.raises(ConversationMoved):
            await store.write_tags([step("m-4", 0)])
        after = await store.conversation("c-1")
        assert after
        assert (after.version, after.state, await store.messages_of("c-1")) == (2, "after m-2", 2)
        assert await store.tag("app", "m-3") is None

    with_store(url, scenario)


def test_a_conversation_begins_with_its_first_message_also_if_that_comes_late_and_belongs_to_who_speaks_in_it(url: str) -> None:
    async def scenario(store: Store) -> None:
        await store.write_tags([replace(step("m-1", 0), role="bot")])
        await store.write_tags([replace(step("m-2", 1), client_hash="hash", at=AT - 5000)])
        await store.write_tags([replace(step("m-3", 2), client_hash="another", at=AT + 5000)])
        known = await store.conversation("c-1")
        assert known
        assert known.started_at == AT - 5000

    with_store(url, scenario)
    assert rows(url, select(CONVERSATIONS.c.client_hash)) == [("hash",)]


def test_what_no_client_wrote_is_kept_and_counted_nowhere(url: str) -> None:
    with_store(
        url, lambda store: store.write_tags([tagged("m-1"), replace(tagged("m-2"), role="agent"), replace(tagged("m-3"), role="bot")])
    )
    assert rows(url, select(func.count()).select_from(TAGS)) == [(3,)]
    for table in (DAY_COUNTS, HOUR_COUNTS):
        assert rows(url, select(func.sum(table.c.n))) == [(1,)]


def test_one_request_that_cannot_be_written_does_not_fail_the_others_of_its_commit(url: str) -> None:
    async def scenario(store: Store) -> None:
        bad = replace(tagged("m-1"), step=ConversationStep("c-1", 5, "{}", tagged("m-1").tag))
        results = await asyncio.gather(*(store.write_tags([one]) for one in (tagged("m-0"), bad, tagged("m-2"))), return_exceptions=True)
        assert [type(result) for result in results] == [list, ConversationMoved, list]

    with_store(url, scenario)
    assert rows(url, select(func.sum(DAY_COUNTS.c.n))) == [(2,)]


def test_an_outcome_moves_its_counts(url: str) -> None:
    first = {"handled_by": "bot", "first_line": True, "nps": 9, "first_response_at": "2026-11-23T01:20:10+03:00", "resolved_at": None}
    second = {**first, "handled_by": "agent", "resolved_at": "2026-11-23T01:22:00+03:00"}

    async def scenario(store: Store) -> None:
        assert await store.put_outcome("c-1", first) is False
        one = tagged("m-1", at=AT)
        await store.write_tags([replace(one, conversation_id="c-1", step=ConversationStep("c-1", 0, "{}", one.tag))])
        assert await store.put_outcome("c-1", first) is True
        assert await store.put_outcome("c-1", second) is True
        known = await store.conversation("c-1")
        assert known
        assert known.outcome == second

    with_store(url, scenario)
    columns = (OUTCOME_COUNTS.c.measure, OUTCOME_COUNTS.c.value, OUTCOME_COUNTS.c.n)
    counts = {(measure, value): n for measure, value, n in rows(url, select(*columns)) if n}
    wait, resolve = f"{bin_of(10):03d}", f"{bin_of(120):03d}"
    assert counts == {
        ("all", ""): 1,
        ("handled_by", "agent"): 1,
        ("first_line", "yes"): 1,
        ("nps", "9"): 1,
        ("wait", wait): 1,
        ("resolve", resolve): 1,
    }


def test_feedback_is_kept_with_who_and_when_and_only_for_known_messages(url: str) -> None:
    async def scenario(store: Store) -> None:
        await store.write_tags([tagged("m-1")])
        given = {"channel": "app", "message_id": "m-1", "topic": "tariffs", "need": "", "given_by": "desk"}
        written = await store.add_feedback(given)
        assert written
        assert await store.add_feedback({**given, "message_id": "m-2"}) is None
        assert await store.feedback(2**60, "", 10) == [written]
        assert (written["given_by"], written["model"]) == ("desk", tagged("m-1").tag["model"])

    with_store(url, scenario)


def test_migrations_make_exactly_the_tables_of_the_schema(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = open_engine(url)
    migrate(engine)
    migrate(engine)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_sqlite_acknowledges_only_what_is_on_the_disk(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    engine.dispose()


def test_a_database_that_goes_away_says_so_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"

    async def scenario(store: Store) -> None:
        await store.write_tags([tagged("m-1")])
        store._engine.dispose()
        path.rename(tmp_path / "away.db")
        path.mkdir()
        with pytest.raises(StoreAway):
            await store.write_tags([tagged("m-2")])
        with pytest.raises(StoreAway):
            await store.tag("app", "m-1")
        assert store.away
        path.rmdir()
        (tmp_path / "away.db").rename(path)
        monkeypatch.setattr(store._writer, "_away_until", 0.0)
        assert (await store.write_tags([tagged("m-2")]))[0].new

    with_store(f"sqlite:///{path}", scenario)


def test_a_store_that_cannot_be_used_is_one_line_without_a_password() -> None:
    engine = open_engine("postgresql://somebody:secret@127.0.0.1:1/test")
    with pytest.raises(ServiceError, match=r"cannot be used.*is it there") as caught:
        migrate(engine)
    assert "secret" not in str(caught.value)
    assert not isinstance(caught.value.__cause__, SQLAlchemyError)
    with pytest.raises(ConfigError, match="'mysql' is not known"):
        open_engine("mysql://localhost/test")


def test_the_key_is_made_once_for_a_file_and_asked_for_elsewhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    key = load_key(None, url)
    assert load_key(None, url) == key
    assert (tmp_path / "store.db.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="set RUBRICATOR_HASH_KEY"):
        load_key(None, "postgresql://localhost/test")
    with pytest.raises(ConfigError, match="too short"):
        load_key("short", url)


def test_hashes_keep_parts_and_purposes_apart() -> None:
    assert HASHER("client", "ab", "c") != HASHER("client", "a", "bc") != HASHER("text", "a", "bc")
    assert HASHER.client("7") == Hasher(b"k" * 32).client("7") != Hasher(b"l" * 32).client("7")


def test_bins_cover_all_times_and_are_a_fifth_wide() -> None:
    assert [bin_of(seconds) for seconds in (-1, 0, 0.25, 0.251, 0.5, 25, 120, 1e9)] == [0, 0, 0, 1, 4, 27, 36, LAST]
    for number in range(LAST):
        assert bin_of(upper(number)) == number
        assert number == 0 or upper(number) / upper(number - 1) == pytest.approx(2**0.25)
