"""What is kept only for a time goes in small steps, so that no commit waits for it; counts stay."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, select, update

from serving.store.erase import delete_conversations, delete_messages, forget_states
from serving.store.schema import AUDIT, CONVERSATIONS, MESSAGES

STEP = 500


def forget_texts(connection: Connection, before: int) -> bool:
    """Drop masked texts of messages that came in before (milliseconds), also from what their conversations remember; True if there may be more."""
    columns = (MESSAGES.c.channel, MESSAGES.c.id, MESSAGES.c.conversation_id)
    old = select(*columns).where(and_(MESSAGES.c.received_at < before, MESSAGES.c.masked.is_not(None))).limit(STEP)
    found = connection.execute(old).all()
    for row in found:
        connection.execute(update(MESSAGES).where(and_(MESSAGES.c.channel == row.channel, MESSAGES.c.id == row.id)).values(masked=None))
    forget_states(connection, CONVERSATIONS.c.id.in_({row.conversation_id for row in found if row.conversation_id}))
    return len(found) == STEP


def forget(connection: Connection, before: int, now: int) -> bool:
    """Drop messages and conversations last touched before, and audit lines whose time is over; True if there may be more."""
    messages = select(MESSAGES.c.channel, MESSAGES.c.id).where(MESSAGES.c.received_at < before).limit(STEP)
    keys = [(row.channel, row.id) for row in connection.execute(messages)]
    delete_messages(connection, keys)
    talks = list(connection.execute(select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.updated_at < before).limit(STEP)).scalars())
    delete_conversations(connection, talks)
    connection.execute(delete(AUDIT).where(AUDIT.c.keep_until < now))
    return len(keys) == STEP or len(talks) == STEP
