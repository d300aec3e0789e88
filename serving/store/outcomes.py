"""How conversations ended; an outcome moves its counts in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, delete, select

from serving.store.bins import bin_of
from serving.store.schema import CONVERSATIONS, OUTCOME_COUNTS, OUTCOMES
from serving.store.tags import local
from serving.store.upsert import Key, add_counts


def write_outcome(connection: Connection, conversation_id: str, outcome: Mapping[str, Any], now: int, zone: tzinfo) -> bool:
    """Put the outcome of a conversation in place of an earlier one; False if the conversation is not known.

    Args:
        connection: in a transaction.
        conversation_id: its id.
        outcome: handled_by, first_response_at, resolved_at (ISO 8601 with offset), first_line, nps; any may be None.
        now: milliseconds since 1970.
        zone: time zone of the reports' days.
    """
    row = connection.execute(select(CONVERSATIONS).where(CONVERSATIONS.c.id == conversation_id).with_for_update()).mappings().first()
    if row is None:
        return False
    forget_outcome(connection, conversation_id)
    clock = local(row["started_at"], zone).isoformat()
    place = (clock[:10], row["channel"], row["topic"], row["need"])
    counted = [(*place, *measured) for measured in _measures(outcome, row["started_at"])]
    add_counts(connection, OUTCOME_COUNTS, dict.fromkeys(counted, 1))
    values = {"conversation_id": conversation_id, "outcome": json.dumps(outcome), "counted": json.dumps(counted), "updated_at": now}
    connection.execute(OUTCOMES.insert(), [values])
    return True


def forget_outcome(connection: Connection, conversation_id: str) -> bool:
    """Take an outcome and its counts back; False if there is none."""
    earlier = connection.execute(select(OUTCOMES.c.counted).where(OUTCOMES.c.conversation_id == conversation_id)).scalar()
    if earlier is None:
        return False
    add_counts(connection, OUTCOME_COUNTS, {_key(key): -1 for key in json.loads(earlier)})
    connection.execute(delete(OUTCOMES).where(OUTCOMES.c.conversation_id == conversation_id))
    return True


def _measures(outcome: Mapping[str, Any], started_at: int) -> list[tuple[str, str]]:
    measures = [("all", "")]
    if outcome.get("handled_by"):
        measures.append(("handled_by", outcome["handled_by"]))
    if outcome.get("first_line") is not None:
        measures.append(("first_line", "yes" if outcome["first_line"] else "no"))
    if outcome.get("nps") is not None:
        measures.append(("nps", str(outcome["nps"])))
    for name, measure in (("first_response_at", "wait"), ("resolved_at", "resolve")):
        if outcome.get(name):
            seconds = datetime.fromisoformat(outcome[name]).timestamp() - started_at / 1000
            measures.append((measure, f"{bin_of(seconds):03d}"))
    return measures


def _key(raw: list[str]) -> Key:
    return tuple(raw)
