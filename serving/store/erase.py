"""Erasing what is kept of one client or one message, with a line of evidence; an engineering aid, not legal advice.

Counts stay: they are sums over many clients and name nobody. On PostgreSQL old row versions go with the next VACUUM, on SQLite at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from serving.store.audit import write_audit
from serving.store.hashing import Hasher
from serving.store.schema import CONVERSATIONS, FEEDBACK, MESSAGES, OUTCOMES, TAGS

CATEGORIES = "masked message texts, tags, conversations, outcomes, feedback"
_SLICE = 200


def erase_client(connection: Connection, hasher: Hasher, client: str, *, reason: str, done_by: str, now: int) -> dict[str, int]:
    """Erase all messages and conversations of a client; how many rows of each table went. Nothing known: nothing written."""
    known_as = hasher.client(client)
    talks = set(connection.execute(select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.client_hash == known_as)).scalars())
    talks |= set(connection.execute(select(MESSAGES.c.conversation_id).where(MESSAGES.c.client_hash == known_as)).scalars()) - {None}
    keys = set(_keys(connection, MESSAGES.c.client_hash == known_as))
    for name in talks:
        # What agents and bots said to the client is about the client, too.
        keys.update(_keys(connection, and_(MESSAGES.c.conversation_id == name, MESSAGES.c.client_hash.is_(None))))
    return _erase(connection, sorted(keys), sorted(talks), subject=known_as, what="client", reason=reason, done_by=done_by, now=now)


def erase_message(
    connection: Connection, hasher: Hasher, channel: str, message_id: str, *, reason: str, done_by: str, now: int
) -> dict[str, int]:
    """Erase one message, what its conversation remembers, and the conversation itself where nothing else is left of it."""
    same = and_(MESSAGES.c.channel == channel, MESSAGES.c.id == message_id)
    row = connection.execute(select(MESSAGES.c.conversation_id).where(same)).first()
    talks: list[str] = []
    if row and row.conversation_id:
        others = select(MESSAGES.c.id).where(MESSAGES.c.conversation_id == row.conversation_id).where(~same).limit(1)
        if connection.execute(others).first() is None:
            talks = [row.conversation_id]
    subject = hasher("message", channel, message_id)
    keys = [(channel, message_id)] if row else []
    return _erase(connection, keys, talks, subject=subject, what="message", reason=reason, done_by=done_by, now=now)


def delete_messages(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Delete messages with their tags and feedback; how many rows of each table. Their conversations go on without what was said."""
    gone = {"messages": 0, "tags": 0, "feedback": 0}
    for start in range(0, len(keys), _SLICE):
        part = keys[start : start + _SLICE]
        among = _among(MESSAGES.c.channel, MESSAGES.c.id, part)
        talks = select(MESSAGES.c.conversation_id).where(among, MESSAGES.c.conversation_id.is_not(None))
        forget_states(connection, CONVERSATIONS.c.id.in_(talks))
        gone["messages"] += connection.execute(delete(MESSAGES).where(among)).rowcount
        gone["tags"] += connection.execute(delete(TAGS).where(_among(TAGS.c.channel, TAGS.c.id, part))).rowcount
        gone["feedback"] += connection.execute(delete(FEEDBACK).where(_among(FEEDBACK.c.channel, FEEDBACK.c.message_id, part))).rowcount
    return gone


def forget_states(connection: Connection, which: ColumnElement[bool]) -> int:
    """Let conversations forget the words they are continued from, so that what follows begins anew; how many did.

    Their version moves, so that an answer on its way that still holds the words is not written.
    """
    forgotten = {"state": "", "version": CONVERSATIONS.c.version + 1}
    return connection.execute(update(CONVERSATIONS).where(which, CONVERSATIONS.c.state != "").values(forgotten)).rowcount


def delete_conversations(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Delete conversations with their outcomes; how many rows of each table."""
    gone = {"conversations": 0, "outcomes": 0}
    for start in range(0, len(ids), _SLICE):
        part = ids[start : start + _SLICE]
        gone["outcomes"] += connection.execute(delete(OUTCOMES).where(OUTCOMES.c.conversation_id.in_(part))).rowcount
        gone["conversations"] += connection.execute(delete(CONVERSATIONS).where(CONVERSATIONS.c.id.in_(part))).rowcount
    return gone


def _erase(
    connection: Connection,
    keys: Sequence[tuple[str, str]],
    talks: Sequence[str],
    *,
    subject: str,
    what: str,
    reason: str,
    done_by: str,
    now: int,
) -> dict[str, int]:
    gone = {**delete_messages(connection, keys), **delete_conversations(connection, talks)}
    if any(gone.values()):
        system = f"rubricator store on {connection.dialect.name}"
        detail = {"what": what, "categories": CATEGORIES, "system": system, "reason": reason, "rows": gone}
        write_audit(connection, "erased", done_by=done_by, subject=subject, detail=detail, now=now)
    return gone


def _keys(connection: Connection, which: ColumnElement[bool]) -> list[tuple[str, str]]:
    return [(row.channel, row.id) for row in connection.execute(select(MESSAGES.c.channel, MESSAGES.c.id).where(which))]


def _among(channel: ColumnElement[str], message: ColumnElement[str], keys: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    return or_(*(and_(channel == one, message == other) for one, other in keys))
