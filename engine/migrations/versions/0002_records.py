"""The tables of the office's records."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "matter",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=2), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_doc_no", sa.Text(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("secrecy", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("root_id", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("due_workdays", sa.Integer(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("upper_due", sa.Date(), nullable=True),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("light", sa.Text(), nullable=False),
        sa.Column("ever_red", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("late_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late_workdays", sa.Integer(), server_default="0", nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("summarized_by", sa.Text(), nullable=True),
        sa.Column("reported_at", UTCDateTime(), nullable=True),
        sa.Column("receipt_no", sa.Text(), nullable=True),
        sa.Column("receipt_at", UTCDateTime(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("archived_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "secrecy IN ('公开', '内部')", name=op.f("ck_matter_secrecy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter")),
        sa.UniqueConstraint("number", name=op.f("uq_matter_number")),
    )
    op.create_index("ix_matter_light", "matter", ["light", "id"], unique=False)
    op.create_index(op.f("ix_matter_root_id"), "matter", ["root_id"], unique=False)
    op.create_index("ix_matter_status", "matter", ["status", "id"], unique=False)
    op.create_table(
        "number_sequence",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "year", name=op.f("pk_number_sequence")),
    )
    op.create_table(
        "archive_volume",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("volume_no", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=True),
        sa.Column("items", Json(), nullable=False),
        sa.Column("findings", Json(), nullable=False),
        sa.Column("compiled_at", UTCDateTime(), nullable=False),
        sa.Column("filed_at", UTCDateTime(), nullable=True),
        sa.Column("filed_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_archive_volume_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_volume")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_archive_volume_matter_id")),
        sa.UniqueConstraint("volume_no", name=op.f("uq_archive_volume_volume_no")),
    )
    op.create_table(
        "caller",
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("masked_name", sa.Text(), nullable=False),
        sa.Column("masked_phone", sa.Text(), nullable=False),
        sa.Column("hidden_from_units", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_caller_matter_id")
        ),
        sa.PrimaryKeyConstraint("matter_id", name=op.f("pk_caller")),
    )
    op.create_table(
        "caller_look",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_caller_look_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caller_look")),
    )
    op.create_index(
        op.f("ix_caller_look_matter_id"), "caller_look", ["matter_id"], unique=False
    )
    op.create_table(
        "hotline_ticket",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("ticket_no", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("required_on", sa.Date(), nullable=True),
        sa.Column("required_workdays", sa.Integer(), nullable=True),
        sa.Column("callback", sa.Text(), nullable=True),
        sa.Column("callback_note", sa.Text(), nullable=True),
        sa.Column("redo_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_hotline_ticket_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotline_ticket")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_hotline_ticket_matter_id")),
        sa.UniqueConstraint("ticket_no", name=op.f("uq_hotline_ticket_ticket_no")),
    )
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("recipient_kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_inbox_message_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_message")),
    )
    op.create_index(
        op.f("ix_inbox_message_matter_id"), "inbox_message", ["matter_id"], unique=False
    )
    op.create_index(
        "ix_inbox_message_recipient",
        "inbox_message",
        ["recipient_kind", "recipient", "id"],
        unique=False,
    )
    op.create_table(
        "opinion",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("element_name", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_opinion_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion")),
    )
    op.create_index(
        op.f("ix_opinion_matter_id"), "opinion", ["matter_id"], unique=False
    )
    op.create_index(
        "ix_opinion_subject", "opinion", ["subject", "subject_id"], unique=False
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("lead_unit", sa.Text(), nullable=False),
        sa.Column("assisting", Json(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_proposal_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint(
            "matter_id", "version", name=op.f("uq_proposal_matter_id_version")
        ),
    )
    op.create_index(
        op.f("ix_proposal_matter_id"), "proposal", ["matter_id"], unique=False
    )
    op.create_table(
        "supplement",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_supplement_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplement")),
    )
    op.create_index(
        op.f("ix_supplement_matter_id"), "supplement", ["matter_id"], unique=False
    )
    op.create_table(
        "undertaking",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("sign_due_at", UTCDateTime(), nullable=False),
        sa.Column("original_due_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("signed_at", UTCDateTime(), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("handler", sa.Text(), nullable=True),
        sa.Column("internal_due_on", sa.Date(), nullable=True),
        sa.Column("assist_opinion", sa.Text(), nullable=True),
        sa.Column("reported_at", UTCDateTime(), nullable=True),
        sa.Column("first_reported_at", UTCDateTime(), nullable=True),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("light", sa.Text(), nullable=False),
        sa.Column("ever_red", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("late_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late_workdays", sa.Integer(), server_default="0", nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_undertaking_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undertaking")),
        sa.UniqueConstraint(
            "matter_id",
            "unit",
            "round",
            name=op.f("uq_undertaking_matter_id_unit_round"),
        ),
        sa.UniqueConstraint("number", name=op.f("uq_undertaking_number")),
    )
    op.create_index(
        op.f("ix_undertaking_matter_id"), "undertaking", ["matter_id"], unique=False
    )
    op.create_index(
        "ix_undertaking_unit", "undertaking", ["unit", "matter_id"], unique=False
    )
    op.create_index(
        "uq_undertaking_lead",
        "undertaking",
        ["matter_id", "round"],
        unique=True,
        sqlite_where=sa.text("role = 'LEAD'"),
        postgresql_where=sa.text("role = 'LEAD'"),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("contacted_on", sa.Date(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_contact_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(
        op.f("ix_contact_undertaking_id"), "contact", ["undertaking_id"], unique=False
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("data_sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("rendered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_document_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_document_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint(
            "type", "number", "version", name=op.f("uq_document_type_number_version")
        ),
    )
    op.create_index(
        op.f("ix_document_matter_id"), "document", ["matter_id"], unique=False
    )
    op.create_table(
        "inbox_reading",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["inbox_message.id"],
            name=op.f("fk_inbox_reading_message_id"),
        ),
        sa.PrimaryKeyConstraint("message_id", "person", name=op.f("pk_inbox_reading")),
    )
    op.create_table(
        "progress_report",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("report_class", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("excess_reason", sa.Text(), nullable=True),
        sa.Column("completion", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("need_rectify", sa.Boolean(), nullable=False),
        sa.Column("measures", Json(), nullable=False),
        sa.Column("investigated", sa.Boolean(), nullable=False),
        sa.Column("fact_basis", sa.Text(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("assist_note", sa.Text(), nullable=True),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("signed_for", sa.Text(), nullable=True),
        sa.Column("signed_at", UTCDateTime(), nullable=True),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_progress_report_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_report")),
        sa.UniqueConstraint(
            "undertaking_id",
            "version",
            name=op.f("uq_progress_report_undertaking_id_version"),
        ),
    )
    op.create_index(
        op.f("ix_progress_report_undertaking_id"),
        "progress_report",
        ["undertaking_id"],
        unique=False,
    )
    op.create_table(
        "score_entry",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("points_tenths", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["score_entry.id"], name=op.f("fk_score_entry_corrects_id")
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_score_entry_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_entry")),
        sa.UniqueConstraint("event_key", name=op.f("uq_score_entry_event_key")),
    )
    op.create_index(
        op.f("ix_score_entry_undertaking_id"),
        "score_entry",
        ["undertaking_id"],
        unique=False,
    )
    op.create_index(op.f("ix_score_entry_unit"), "score_entry", ["unit"], unique=False)
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("accurate", sa.Boolean(), nullable=False),
        sa.Column("objective", sa.Boolean(), nullable=False),
        sa.Column("truthful", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reasons", Json(), nullable=False),
        sa.Column("resubmit_on", sa.Date(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["progress_report.id"], name=op.f("fk_review_report_id")
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_review_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_report_id"), "review", ["report_id"], unique=False)
    op.create_index(
        op.f("ix_review_undertaking_id"), "review", ["undertaking_id"], unique=False
    )
    op.create_table(
        "urge",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_urge_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_urge_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"], ["undertaking.id"], name=op.f("fk_urge_undertaking_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urge")),
    )
    op.create_index(op.f("ix_urge_matter_id"), "urge", ["matter_id"], unique=False)
    op.create_index(
        op.f("ix_urge_undertaking_id"), "urge", ["undertaking_id"], unique=False
    )


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for table in (
        "urge",
        "review",
        "score_entry",
        "progress_report",
        "inbox_reading",
        "document",
        "contact",
        "undertaking",
        "supplement",
        "proposal",
        "opinion",
        "inbox_message",
        "hotline_ticket",
        "caller_look",
        "caller",
        "archive_volume",
        "number_sequence",
        "matter",
    ):
        op.drop_table(table)
