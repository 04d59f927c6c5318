"""Suggestions and proposals of deputies: replies, what they said, the year's volume."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    _proposals()
    _meetings()
    _replies()
    _explanations()
    _years()


def _proposals() -> None:
    op.create_table(
        "deputy_proposal",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "key_proposal", sa.Boolean(), server_default=sa.false(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_deputy_proposal_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy_proposal")),
        sa.UniqueConstraint(
            "kind",
            "level",
            "session",
            "number",
            name=op.f("uq_deputy_proposal_kind_level_session_number"),
        ),
        sa.UniqueConstraint("matter_id", name=op.f("uq_deputy_proposal_matter_id")),
    )
    op.create_index(
        op.f("ix_deputy_proposal_year"), "deputy_proposal", ["year"], unique=False
    )
    op.create_table(
        "proposer",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("deputy_proposal_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deputy_proposal_id"],
            ["deputy_proposal.id"],
            name=op.f("fk_proposer_deputy_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposer")),
        sa.UniqueConstraint(
            "deputy_proposal_id",
            "name",
            name=op.f("uq_proposer_deputy_proposal_id_name"),
        ),
        sa.UniqueConstraint(
            "deputy_proposal_id",
            "place",
            name=op.f("uq_proposer_deputy_proposal_id_place"),
        ),
    )


def _meetings() -> None:
    op.create_table(
        "handover_meeting",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("attended", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_meeting")),
        sa.UniqueConstraint(
            "held_on", "place", name=op.f("uq_handover_meeting_held_on_place")
        ),
    )
    op.create_table(
        "handover_receipt",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_handover_receipt_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["handover_meeting.id"],
            name=op.f("fk_handover_receipt_meeting_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_receipt")),
        sa.UniqueConstraint(
            "matter_id",
            "meeting_id",
            "unit",
            name=op.f("uq_handover_receipt_matter_id_meeting_id_unit"),
        ),
    )
    op.create_index(
        op.f("ix_handover_receipt_matter_id"),
        "handover_receipt",
        ["matter_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_handover_receipt_meeting_id"),
        "handover_receipt",
        ["meeting_id"],
        unique=False,
    )


def _replies() -> None:
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=1), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.Text(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("result IN ('A', 'B', 'C')", name=op.f("ck_reply_result")),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_reply_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["progress_report.id"], name=op.f("fk_reply_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("report_id", name=op.f("uq_reply_report_id")),
    )
    op.create_index(op.f("ix_reply_matter_id"), "reply", ["matter_id"], unique=False)
    op.create_table(
        "survey",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("proposer_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_survey_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_survey_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposer_id"], ["proposer.id"], name=op.f("fk_survey_proposer_id")
        ),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["reply.id"], name=op.f("fk_survey_reply_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint(
            "reply_id", "proposer_id", name=op.f("uq_survey_reply_id_proposer_id")
        ),
    )
    op.create_index(op.f("ix_survey_matter_id"), "survey", ["matter_id"], unique=False)


def _explanations() -> None:
    op.create_table(
        "explanation",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("explained_on", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_explanation_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanation")),
    )
    op.create_index(
        op.f("ix_explanation_undertaking_id"),
        "explanation",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "tracking",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_tracking_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["reply.id"], name=op.f("fk_tracking_reply_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_tracking_matter_id")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_tracking_reply_id")),
    )


def _years() -> None:
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("score_tenths", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_evaluation_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("year", "subject", name=op.f("uq_evaluation_year_subject")),
    )
    op.create_index(
        op.f("ix_evaluation_matter_id"), "evaluation", ["matter_id"], unique=False
    )
    op.create_table(
        "annual_volume",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("replies", Json(), nullable=False),
        sa.Column("missing", Json(), nullable=False),
        sa.Column("compiled_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_annual_volume_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_volume")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_annual_volume_matter_id")),
        sa.UniqueConstraint("year", name=op.f("uq_annual_volume_year")),
    )
