"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "messages",
        _key("channel", 40),
        _key("id", 200),
        _key("text_hash", 64),
        sa.Column("masked", sa.Text()),
        sa.Column("conversation_id", sa.String(200)),
        _key("role", 8),
        sa.Column("client_hash", sa.String(64)),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "id", name="pk_messages"),
    )
    op.create_table(
        "tags",
        _key("channel", 40),
        _key("id", 200),
        _key("model", 80),
        _key("topic", 80),
        _key("need", 80),
        _key("status", 16),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        _key("day", 10),
        _key("hour", 13),
        sa.PrimaryKeyConstraint("channel", "id", name="pk_tags"),
    )
    op.create_table(
        "conversations",
        _key("id", 200),
        _key("channel", 40),
        sa.Column("client_hash", sa.String(64)),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        _key("topic", 80),
        _key("need", 80),
        _key("model", 80),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_table(
        "outcomes",
        _key("conversation_id", 200),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_outcomes"),
    )
    op.create_table(
        "feedback",
        _key("id", 32),
        _key("channel", 40),
        _key("message_id", 200),
        _key("topic", 80),
        _key("need", 80),
        _key("model", 80),
        _key("given_by", 80),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_table(
        "model_history",
        _key("id", 32),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _key("event", 16),
        _key("model", 80),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_history"),
    )
    op.create_table(
        "audit",
        _key("id", 32),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("keep_until", sa.BigInteger(), nullable=False),
        _key("done_by", 80),
        _key("action", 40),
        _key("subject", 64),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_table(
        "keys",
        _key("name", 80),
        _key("hash", 64),
        _key("roles", 80),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_keys"),
    )
    for table, names in (
        ("day_counts", ("day", "channel", "topic", "need", "status", "model")),
        ("hour_counts", ("hour", "channel", "topic")),
        ("outcome_counts", ("day", "channel", "topic", "need", "measure", "value")),
    ):
        keys = [_key(name, 80) for name in names]
        op.create_table(table, *keys, sa.Column("n", sa.BigInteger(), nullable=False), sa.PrimaryKeyConstraint(*names, name=f"pk_{table}"))
    for table, *columns_ in (
        ("messages", "received_at"),
        ("messages", "client_hash"),
        ("messages", "conversation_id"),
        ("conversations", "updated_at"),
        ("conversations", "client_hash"),
        ("feedback", "at"),
        ("feedback", "channel", "message_id"),
        ("model_history", "at"),
        ("audit", "at"),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns_)}", table, columns_)
