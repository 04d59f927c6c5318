"""External tasks by topic, and messages that come before anybody waits for them."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "early_message",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("instance_id", sa.Text(), nullable=True),
        sa.Column("matching", Json(), nullable=False),
        sa.Column("variables", Json(), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_message")),
    )
    op.create_index(
        "ix_early_message_name", "early_message", ["name", "received_at"], unique=False
    )
    waiting = sa.text("kind = 'external' AND status = 'due'")
    op.create_index(
        "ix_job_topic",
        "job",
        ["handler", "due_at", "id"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
