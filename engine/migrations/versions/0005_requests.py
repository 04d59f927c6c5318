"""Extensions, reassignments, difficulties, clocks at rest, recommendations."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "extension_request",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=False),
        sa.Column("due_before", UTCDateTime(), nullable=False),
        sa.Column("short", sa.Boolean(), nullable=False),
        sa.Column("leader", sa.Text(), nullable=True),
        sa.Column("decide_by", UTCDateTime(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_extension_request_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension_request")),
    )
    op.create_index(
        op.f("ix_extension_request_undertaking_id"),
        "extension_request",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "reassignment",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_unit", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_unit", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["successor_id"],
            ["undertaking.id"],
            name=op.f("fk_reassignment_successor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_reassignment_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reassignment")),
    )
    op.create_index(
        op.f("ix_reassignment_undertaking_id"),
        "reassignment",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "difficulty",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("needed_level", sa.Text(), nullable=False),
        sa.Column("leader_opinion", sa.Text(), nullable=True),
        sa.Column("leader", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_at", UTCDateTime(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_difficulty_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difficulty")),
    )
    op.create_index(
        op.f("ix_difficulty_undertaking_id"),
        "difficulty",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "recommendation",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_recommendation_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_recommendation_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation")),
    )
    op.create_index(
        op.f("ix_recommendation_matter_id"),
        "recommendation",
        ["matter_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_recommendation_undertaking_id"),
        "recommendation",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "urge_response",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("urge_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["urge_id"], ["urge.id"], name=op.f("fk_urge_response_urge_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urge_response")),
    )
    op.create_index(
        op.f("ix_urge_response_urge_id"), "urge_response", ["urge_id"], unique=False
    )
    op.create_table(
        "responsible_person",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_responsible_person_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsible_person")),
    )
    op.create_index(
        op.f("ix_responsible_person_undertaking_id"),
        "responsible_person",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "clock_stop",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=False),
        sa.Column("ladders", Json(), nullable=False),
        sa.Column("stopped_at", UTCDateTime(), nullable=False),
        sa.Column("resumed_at", UTCDateTime(), nullable=True),
        sa.Column("workdays", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_clock_stop_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_stop")),
    )
    op.create_index(
        op.f("ix_clock_stop_matter_id"), "clock_stop", ["matter_id"], unique=False
    )
    op.create_index(
        "uq_clock_stop_open",
        "clock_stop",
        ["matter_id"],
        unique=True,
        sqlite_where=sa.text("resumed_at IS NULL"),
        postgresql_where=sa.text("resumed_at IS NULL"),
    )
    op.create_table(
        "caller_wait",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_caller_wait_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_caller_wait_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caller_wait")),
    )
    op.create_index(
        op.f("ix_caller_wait_matter_id"), "caller_wait", ["matter_id"], unique=False
    )
    op.create_index(
        op.f("ix_caller_wait_undertaking_id"),
        "caller_wait",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "ticket_extension",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=False),
        sa.Column("due_before", UTCDateTime(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_ticket_extension_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_extension")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_ticket_extension_matter_id")),
    )
