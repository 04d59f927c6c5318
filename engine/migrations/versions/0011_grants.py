"""Grants to read a matter, and every look they were used for."""

import sqlalchemy as sa
from alembic import op

from engine.database import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "reading_grant",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_reading_grant_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_grant")),
    )
    for column in ("matter_id", "reader"):
        op.create_index(op.f(f"ix_reading_grant_{column}"), "reading_grant", [column])
    op.create_table(
        "reading_look",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["reading_grant.id"], name=op.f("fk_reading_look_grant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_look")),
    )
    op.create_index(op.f("ix_reading_look_grant_id"), "reading_look", ["grant_id"])
