"""One transaction for many tagged messages: messages, tags, conversations and counts together, or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select, update

from data.messages import CLIENT
from serving.store.records import ConversationMoved, Stored, Tagged
from serving.store.schema import CONVERSATIONS, DAY_COUNTS, HOUR_COUNTS, MESSAGES, TAGS
from serving.store.upsert import Key, add_counts, count, insert_new

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - one spelling with the line below


def write_tags(connection: Connection, tagged: Sequence[Tagged], zone: tzinfo) -> list[Stored]:
    """Write those messages that are new; what the store holds for each, in their order.

    The same message again (channel, id, text) is given its first tag; the same id with another text is a conflict and changes nothing.
    Counts are of what clients wrote: an agent's or a bot's message is kept, and counted nowhere.

    Raises:
        ConversationMoved: another process has continued a conversation meanwhile (roll back, nothing is written).
    """
    first: dict[Key, Tagged] = {}
    for one in tagged:
        first.setdefault(one.key, one)
    fresh = insert_new(connection, MESSAGES, [_message(one) for one in first.values()])
    rows = [_tag(first[key], zone) for key in sorted(fresh)]
    if rows:
        connection.execute(TAGS.insert(), rows)
        counted = [row for row in rows if row["day"]]
        add_counts(connection, DAY_COUNTS, count(day_key(row) for row in counted))
        add_counts(connection, HOUR_COUNTS, count(hour_key(row) for row in counted))
    _continue(connection, [first[key] for key in sorted(fresh)])
    known = _known(connection, [key for key in first if key not in fresh])
    known |= {key: (first[key].text_hash, first[key].tag) for key in fresh}
    results = []
    for one in tagged:
        text_hash, tag = known[one.key]
        new = one.key in fresh and first[one.key] is one
        results.append(Stored(tag, new, conflict=text_hash != one.text_hash))
    return results


def day_key(row: Mapping[str, Any]) -> Key:
    """What a tag is counted under by day."""
    return tuple(str(row[name]) for name in ("day", "channel", "topic", "need", "status", "model"))


def hour_key(row: Mapping[str, Any]) -> Key:
    """What a tag is counted under by hour."""
    return tuple(str(row[name]) for name in ("hour", "channel", "topic"))


def local(at: int, zone: tzinfo) -> datetime:
    """The clock of the report's time zone at that many milliseconds since 1970."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)


def _message(one: Tagged) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "id": one.id,
        "text_hash": one.text_hash,
        # PostgreSQL cannot keep the character NUL in a text.
        "masked": None if one.masked is None else one.masked.replace("\0", "\ufffd"),
        "conversation_id": one.conversation_id,
        "role": one.role,
        "client_hash": one.client_hash,
        "at": one.at,
        "received_at": one.received_at,
    }


def _tag(one: Tagged, zone: tzinfo) -> dict[str, Any]:
    clock = local(one.at, zone).isoformat() if one.role == CLIENT else ""
    tag = one.tag
    return {
        "channel": one.channel,
        "id": one.id,
        "model": tag["model"],
        "topic": tag["topic"] or "",
        "need": tag["need"] or "",
        "status": tag["status"],
        "confidence": tag["confidence"],
        "tag": json.dumps(tag, ensure_ascii=False, separators=(",", ":")),
        "day": clock[:10],
        "hour": clock[:13],
    }


def _known(connection: Connection, keys: Sequence[Key]) -> dict[Key, tuple[str, Mapping[str, Any]]]:
    known: dict[Key, tuple[str, Mapping[str, Any]]] = {}
    for start in range(0, len(keys), 100):
        wanted = or_(*(and_(MESSAGES.c.channel == channel, MESSAGES.c.id == message) for channel, message in keys[start : start + 100]))
        joined = MESSAGES.join(TAGS, and_(MESSAGES.c.channel == TAGS.c.channel, MESSAGES.c.id == TAGS.c.id))
        query = select(MESSAGES.c.channel, MESSAGES.c.id, MESSAGES.c.text_hash, TAGS.c.tag).select_from(joined).where(wanted)
        for channel, message, text_hash, tag in connection.execute(query):
            known[channel, message] = (text_hash, json.loads(tag))
    return known


def _continue(connection: Connection, tagged: Sequence[Tagged]) -> None:
    for one in sorted((one for one in tagged if one.step), key=lambda one: (one.step.id, one.step.seen_version) if one.step else ("", 0)):
        step = one.step
        assert step is not None  # noqa: S101 - narrows the type; filtered above
        values = {
            "state": step.state,
            "tag": json.dumps(step.tag, ensure_ascii=False, separators=(",", ":")),
            "topic": step.tag["topic"] or "",
            "need": step.tag["need"] or "",
            "model": step.tag["model"],
            "version": step.seen_version + 1,
            "updated_at": one.received_at,
        }
        if step.seen_version == 0:
            row = {"id": step.id, "channel": one.channel, "client_hash": one.client_hash, "started_at": one.at, **values}
            written = len(insert_new(connection, CONVERSATIONS, [row]))
        else:
            same = and_(CONVERSATIONS.c.id == step.id, CONVERSATIONS.c.version == step.seen_version)
            began = CONVERSATIONS.c.started_at
            known = {
                # A late message may be the first; the client may speak only after a bot.
                "started_at": case((began > one.at, one.at), else_=began),
                "client_hash": func.coalesce(CONVERSATIONS.c.client_hash, one.client_hash),
            }
            written = connection.execute(update(CONVERSATIONS).where(same).values(values | known)).rowcount
        if not written:
            raise ConversationMoved(f"conversation {step.id!r} has been continued meanwhile")
