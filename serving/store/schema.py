"""The tables. Times are whole milliseconds since 1970 in UTC; JSON is text; "" in a key stands for none, because keys cannot be null."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"},
)

MESSAGES = Table(
    "messages",
    METADATA,
    Column("channel", String(40), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("text_hash", String(64), nullable=False),
    Column("masked", Text),
    Column("conversation_id", String(200)),
    Column("role", String(8), nullable=False),
    Column("client_hash", String(64)),
    Column("at", BigInteger, nullable=False),  # when it was sent, or came in
    Column("received_at", BigInteger, nullable=False),
    Index("ix_messages_received_at", "received_at"),
    Index("ix_messages_client_hash", "client_hash"),
    Index("ix_messages_conversation_id", "conversation_id"),
)
TAGS = Table(
    "tags",
    METADATA,
    Column("channel", String(40), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("model", String(80), nullable=False),
    Column("topic", String(80), nullable=False),
    Column("need", String(80), nullable=False),
    Column("status", String(16), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("tag", Text, nullable=False),  # the whole answer, given again to the same message
    Column("day", String(10), nullable=False),  # what it is counted under, so that it can be uncounted; "": it is not (no client wrote it)
    Column("hour", String(13), nullable=False),
)
CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("id", String(200), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("client_hash", String(64)),
    Column("state", Text, nullable=False),  # what the next message is read from; "": nothing any more, what follows begins anew
    Column("tag", Text, nullable=False),
    Column("topic", String(80), nullable=False),
    Column("need", String(80), nullable=False),
    Column("model", String(80), nullable=False),
    Column("version", Integer, nullable=False),  # moves with every change; an update that has not seen the last one is refused
    Column("started_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_conversations_updated_at", "updated_at"),
    Index("ix_conversations_client_hash", "client_hash"),
)
OUTCOMES = Table(
    "outcomes",
    METADATA,
    Column("conversation_id", String(200), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("counted", Text, nullable=False),  # the keys it is counted under: a later outcome takes exactly these back
    Column("updated_at", BigInteger, nullable=False),
)
FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("topic", String(80), nullable=False),
    Column("need", String(80), nullable=False),
    Column("model", String(80), nullable=False),
    Column("given_by", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_feedback_at", "at"),
    Index("ix_feedback_channel_message_id", "channel", "message_id"),
)
MODEL_HISTORY = Table(
    "model_history",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("event", String(16), nullable=False),
    Column("model", String(80), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_model_history_at", "at"),
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("keep_until", BigInteger, nullable=False),
    Column("done_by", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(64), nullable=False),  # a keyed hash, never the client's own id
    Column("detail", Text, nullable=False),
    Index("ix_audit_at", "at"),
)
KEYS = Table(
    "keys",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("roles", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
)
DAY_COUNTS = Table(
    "day_counts",
    METADATA,
    *(Column(name, String(80), primary_key=True) for name in ("day", "channel", "topic", "need", "status", "model")),
    Column("n", BigInteger, nullable=False),
)
HOUR_COUNTS = Table(
    "hour_counts",
    METADATA,
    *(Column(name, String(80), primary_key=True) for name in ("hour", "channel", "topic")),
    Column("n", BigInteger, nullable=False),
)
OUTCOME_COUNTS = Table(
    "outcome_counts",
    METADATA,
    *(Column(name, String(80), primary_key=True) for name in ("day", "channel", "topic", "need", "measure", "value")),
    Column("n", BigInteger, nullable=False),
)
