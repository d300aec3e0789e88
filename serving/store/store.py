"""Store: everything that the service remembers, as the event loop asks for it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from serving.store.audit import write_audit
from serving.store.engine import first_line, migrate, open_engine
from serving.store.hashing import Hasher
from serving.store.outcomes import write_outcome
from serving.store.records import KnownConversation, StoreAway, Stored, Tagged
from serving.store.retention import forget, forget_texts
from serving.store.schema import CONVERSATIONS, FEEDBACK, KEYS, MESSAGES, MODEL_HISTORY, OUTCOMES, TAGS
from serving.store.writer import ROWS, Writer, lost

Result = TypeVar("Result")
OnCommit = Callable[[int, float], None]


class Store:
    """Made by `open`; every method raises StoreAway if the database does not answer.

    Attributes:
        hasher: the keyed hashes that this store knows texts and clients by.
        keep_text: whether masked texts are kept.
    """

    def __init__(
        self, engine: Engine, hasher: Hasher, zone: ZoneInfo, keep_text: bool, on_commit: Callable[[int, float], None] | None
    ) -> None:
        self.hasher, self.keep_text = hasher, keep_text
        self._engine, self._zone = engine, zone
        self._reader = engine.execution_options(read_only=True)
        self._writer = Writer(engine, zone, on_commit)

    @classmethod
    async def open(
        cls,
        url: str,
        key: bytes,
        *,
        zone: ZoneInfo,
        keep_text: bool = True,
        on_commit: OnCommit | None = None,
    ) -> Store:
        """Connect, bring the tables to their newest form, start the writer; ServiceError if the database cannot be used."""
        engine = open_engine(url)
        await asyncio.to_thread(migrate, engine)
        return cls(engine, Hasher(key), zone, keep_text, on_commit)

    async def close(self) -> None:
        """Write what waits and let go of the database."""
        await self._writer.stop()
        await asyncio.to_thread(self._engine.dispose)

    @property
    def waiting(self) -> int:
        """Requests that wait for their commit."""
        return self._writer.waiting

    @property
    def away(self) -> bool:
        """Whether the database did not answer a moment ago."""
        return self._writer.away

    async def write_tags(self, tagged: Sequence[Tagged]) -> list[Stored]:
        """Durably keep tagged messages; what is stored for each afterwards (see store.tags.write_tags)."""
        if len(tagged) <= ROWS:
            return await self._writer.tags(tagged)
        parts = await asyncio.gather(*(self._writer.tags(tagged[start : start + ROWS]) for start in range(0, len(tagged), ROWS)))
        return [stored for part in parts for stored in part]

    async def tag(self, channel: str, message_id: str) -> Mapping[str, Any] | None:
        """The tag of a message, or None."""
        query = select(TAGS.c.tag).where(and_(TAGS.c.channel == channel, TAGS.c.id == message_id))
        found = await self._read(lambda connection: connection.execute(query).scalar())
        return None if found is None else _object(found)

    async def conversation(self, conversation_id: str) -> KnownConversation | None:
        """What is remembered of a conversation, or None."""
        joined = CONVERSATIONS.outerjoin(OUTCOMES, CONVERSATIONS.c.id == OUTCOMES.c.conversation_id)
        query = select(CONVERSATIONS, OUTCOMES.c.outcome).select_from(joined).where(CONVERSATIONS.c.id == conversation_id)
        row = await self._read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            return None
        return KnownConversation(
            id=row["id"],
            channel=row["channel"],
            state=row["state"],
            tag=_object(row["tag"]),
            version=row["version"],
            started_at=row["started_at"],
            updated_at=row["updated_at"],
            outcome=None if row["outcome"] is None else _object(row["outcome"]),
        )

    async def messages_of(self, conversation_id: str) -> int:
        """How many messages of a conversation are kept."""
        query = select(func.count()).select_from(MESSAGES).where(MESSAGES.c.conversation_id == conversation_id)
        return await self._read(lambda connection: int(connection.execute(query).scalar() or 0))

    async def put_outcome(self, conversation_id: str, outcome: Mapping[str, Any]) -> bool:
        """Keep how a conversation ended; False if it is not known."""
        done: bool = await self._writer.task(lambda connection: write_outcome(connection, conversation_id, outcome, now_ms(), self._zone))
        return done

    async def add_feedback(self, feedback: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Keep what somebody says is right: channel, message_id, topic, need, given_by; None if that message is not known."""

        def work(connection: Connection) -> dict[str, Any] | None:
            same = and_(TAGS.c.channel == feedback["channel"], TAGS.c.id == feedback["message_id"])
            model = connection.execute(select(TAGS.c.model).where(same)).scalar()
            if model is None:
                return None
            row = {**feedback, "id": uuid.uuid4().hex, "model": model, "at": now_ms()}
            connection.execute(FEEDBACK.insert(), [row])
            return row

        written: dict[str, Any] | None = await self._writer.task(work)
        return written

    async def feedback(self, before: int, last: str, limit: int) -> list[Mapping[str, Any]]:
        """The newest feedback given before that time (milliseconds), or in the same millisecond after the id `last`; newest first."""
        earlier = or_(FEEDBACK.c.at < before, and_(FEEDBACK.c.at == before, FEEDBACK.c.id > last))
        query = select(FEEDBACK).where(earlier).order_by(FEEDBACK.c.at.desc(), FEEDBACK.c.id).limit(limit)
        return await self._rows(query)

    async def model_event(self, event: str, model: str, detail: str = "") -> None:
        """Write into the model's history."""
        row = {"id": uuid.uuid4().hex, "at": now_ms(), "event": event, "model": model[:80], "detail": detail[:500]}
        await self._writer.task(lambda connection: connection.execute(MODEL_HISTORY.insert(), [row]) and None)

    async def model_history(self, limit: int) -> list[Mapping[str, Any]]:
        """Newest first."""
        return await self._rows(select(MODEL_HISTORY).order_by(MODEL_HISTORY.c.at.desc(), MODEL_HISTORY.c.id).limit(limit))

    async def audit(self, action: str, *, done_by: str, detail: Mapping[str, Any]) -> None:
        """Write into the audit log what somebody did."""
        await self._writer.task(
            lambda connection: write_audit(connection, action, done_by=done_by, subject="", detail=detail, now=now_ms())
        )

    async def keys(self) -> list[Mapping[str, Any]]:
        """All API keys that have been made: name, hash, roles, revoked."""
        return await self._rows(select(KEYS))

    async def forget(self, text_days: int, keep_days: int) -> None:
        """Drop what is older than so many days (0: nothing is), in small transactions between the others."""
        day = 24 * 3600 * 1000
        if text_days:
            while await self._writer.task(lambda connection: forget_texts(connection, now_ms() - text_days * day)):
                pass
        # Times before 1970: nothing goes but what the audit log need not keep any longer.
        before = now_ms() - keep_days * day if keep_days else -1
        while await self._writer.task(lambda connection: forget(connection, before, now_ms())):
            pass

    async def _rows(self, query: Any) -> list[Mapping[str, Any]]:
        return await self._read(lambda connection: [dict(row) for row in connection.execute(query).mappings()])

    async def _read(self, work: Callable[[Connection], Result]) -> Result:
        if self.away:
            raise StoreAway("the store does not answer")
        try:
            return await asyncio.to_thread(self._read_now, work)
        except SQLAlchemyError as error:
            if lost(error):
                raise StoreAway(f"the store does not answer: {first_line(error)}") from None
            raise

    def _read_now(self, work: Callable[[Connection], Result]) -> Result:
        with self._reader.begin() as connection:
            return work(connection)


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _object(text: str) -> Mapping[str, Any]:
    value: Mapping[str, Any] = json.loads(text)
    return value
