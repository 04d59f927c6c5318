"""Scores and what is decided on them, who gets a circular, conclusions, training."""

import sqlalchemy as sa
from alembic import op

from engine.database import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; what was entered before keeps its rule as its family."""
    _scores()
    _recipients()
    _conclusions()
    _training()


def _scores() -> None:
    with op.batch_alter_table("score_entry") as table:
        table.add_column(sa.Column("matter_id", sa.Integer(), nullable=True))
        for column in ("family", "basis"):
            table.add_column(
                sa.Column(column, sa.Text(), nullable=False, server_default="")
            )
        table.add_column(sa.Column("instance_id", sa.Text(), nullable=True))
        table.create_foreign_key(
            "fk_score_entry_matter_id", "matter", ["matter_id"], ["id"]
        )
    op.execute(
        "UPDATE score_entry SET family = rule, matter_id = (SELECT matter_id FROM"
        " undertaking WHERE undertaking.id = score_entry.undertaking_id)"
    )
    with op.batch_alter_table("score_entry") as table:
        for column in ("family", "basis"):
            table.alter_column(column, server_default=None)
    op.create_index("ix_score_entry_matter_id", "score_entry", ["matter_id"])
    op.create_table(
        "score_decision",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["score_entry.id"], name=op.f("fk_score_decision_entry_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_decision")),
    )
    op.create_index(op.f("ix_score_decision_entry_id"), "score_decision", ["entry_id"])


def _recipients() -> None:
    op.create_table(
        "circular_recipient",
        sa.Column("circular_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circular_id"],
            ["circular.id"],
            name=op.f("fk_circular_recipient_circular_id"),
        ),
        sa.PrimaryKeyConstraint(
            "circular_id", "unit", name=op.f("pk_circular_recipient")
        ),
    )
    op.create_index(op.f("ix_circular_recipient_unit"), "circular_recipient", ["unit"])


def _conclusions() -> None:
    op.create_table(
        "conclusion",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_conclusion_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_conclusion_matter_id")),
    )
    op.create_index(op.f("ix_conclusion_unit"), "conclusion", ["unit"])
    op.create_table(
        "conclusion_review",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conclusion_id", sa.Integer(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.Column("applied_at", UTCDateTime(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conclusion_id"],
            ["conclusion.id"],
            name=op.f("fk_conclusion_review_conclusion_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion_review")),
        sa.UniqueConstraint(
            "conclusion_id", name=op.f("uq_conclusion_review_conclusion_id")
        ),
    )


def _training() -> None:
    op.create_table(
        "training_session",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("lecturer", sa.Text(), nullable=False),
        sa.Column(
            "leader_lecture", sa.Boolean(), server_default=sa.false(), nullable=False
        ),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("dropped", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.Column("recorded_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_training_session_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_session")),
        sa.UniqueConstraint(
            "matter_id", "serial", name=op.f("uq_training_session_matter_id_serial")
        ),
    )
    op.create_index(
        op.f("ix_training_session_matter_id"), "training_session", ["matter_id"]
    )
    op.create_table(
        "training_attendance",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["training_session.id"],
            name=op.f("fk_training_attendance_session_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_attendance")),
        sa.UniqueConstraint(
            "session_id",
            "person",
            name=op.f("uq_training_attendance_session_id_person"),
        ),
    )
    for column in ("session_id", "person"):
        op.create_index(
            op.f(f"ix_training_attendance_{column}"), "training_attendance", [column]
        )
