"""The tables of the office's records, beside the engine's own.

Every row that someone may be called to account for is append-only: opinions,
reviews, urges, looks at a caller's data, scores. A mistake is mended by a new row.
"""

import sqlalchemy as sa

from engine import database
from engine import tables

#: Points are kept in tenths, because half a point must be exact on every database.
TENTHS = 10


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _matter() -> sa.Column[int]:
    return sa.Column(
        "matter_id", sa.ForeignKey("matter.id"), nullable=False, index=True
    )


def _undertaking() -> sa.Column[int]:
    return sa.Column(
        "undertaking_id", sa.ForeignKey("undertaking.id"), nullable=False, index=True
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, database.UTCDateTime, nullable=nullable)


def _signature() -> tuple[sa.Column[object], ...]:
    """Who, for whom, when: the columns of everything that a person decides."""
    return (
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("on_behalf_of", sa.Text),
        _moment("at"),
    )


number_sequence = sa.Table(
    "number_sequence",
    tables.metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("next", sa.Integer, nullable=False),
)

matter = sa.Table(
    "matter",
    tables.metadata,
    _id(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("category", sa.String(2), nullable=False),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("source_doc_no", sa.Text),
    sa.Column("urgency", sa.Text, nullable=False),
    sa.Column("secrecy", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("root_id", sa.Text, index=True),
    sa.Column("received_on", sa.Date, nullable=False),
    sa.Column("assigned_on", sa.Date, nullable=False),
    _moment("due_at"),
    sa.Column("due_workdays", sa.Integer, nullable=False),
    sa.Column("due_provisional", sa.Boolean, nullable=False),
    sa.Column("upper_due", sa.Date),
    sa.Column("round", sa.Integer, nullable=False, server_default="1"),
    sa.Column("light", sa.Text, nullable=False),
    sa.Column("ever_red", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("late_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("late_workdays", sa.Integer, nullable=False, server_default="0"),
    sa.Column("summary", sa.Text),
    sa.Column("summarized_by", sa.Text),
    _moment("reported_at", nullable=True),
    sa.Column("receipt_no", sa.Text),
    _moment("receipt_at", nullable=True),
    sa.Column("created_by", sa.Text),
    _moment("created_at"),
    _moment("closed_at", nullable=True),
    _moment("archived_at", nullable=True),
    sa.CheckConstraint("secrecy IN ('公开', '内部')", name="secrecy"),
    sa.Index("ix_matter_status", "status", "id"),
    sa.Index("ix_matter_light", "light", "id"),
)

hotline_ticket = sa.Table(
    "hotline_ticket",
    tables.metadata,
    _id(),
    sa.Column("ticket_no", sa.Text, nullable=False, unique=True),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("required_on", sa.Date),
    sa.Column("required_workdays", sa.Integer),
    sa.Column("callback", sa.Text),
    sa.Column("callback_note", sa.Text),
    sa.Column("redo_on", sa.Date),
)

caller = sa.Table(
    "caller",
    tables.metadata,
    sa.Column("matter_id", sa.ForeignKey("matter.id"), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("masked_name", sa.Text, nullable=False),
    sa.Column("masked_phone", sa.Text, nullable=False),
    sa.Column("hidden_from_units", sa.Boolean, nullable=False),
)

caller_look = sa.Table(
    "caller_look",
    tables.metadata,
    _id(),
    _matter(),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    _moment("at"),
)

supplement = sa.Table(
    "supplement",
    tables.metadata,
    _id(),
    _matter(),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("person", sa.Text),
    _moment("at"),
)

proposal = sa.Table(
    "proposal",
    tables.metadata,
    _id(),
    _matter(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("opinion", sa.Text, nullable=False),
    sa.Column("requirement", sa.Text, nullable=False),
    sa.Column("lead_unit", sa.Text, nullable=False),
    sa.Column("assisting", database.Json, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    *_signature(),
    sa.UniqueConstraint("matter_id", "version"),
)

opinion = sa.Table(
    "opinion",
    tables.metadata,
    _id(),
    _matter(),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Integer, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("element_id", sa.Text, nullable=False),
    sa.Column("element_name", sa.Text, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    *_signature(),
    sa.Index("ix_opinion_subject", "subject", "subject_id"),
)

undertaking = sa.Table(
    "undertaking",
    tables.metadata,
    _id(),
    _matter(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("duty", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    _moment("issued_at"),
    _moment("sign_due_at"),
    _moment("original_due_at"),
    _moment("due_at"),
    sa.Column("due_provisional", sa.Boolean, nullable=False),
    _moment("signed_at", nullable=True),
    sa.Column("signed_by", sa.Text),
    sa.Column("handler", sa.Text),
    sa.Column("internal_due_on", sa.Date),
    sa.Column("assist_opinion", sa.Text),
    _moment("reported_at", nullable=True),
    _moment("first_reported_at", nullable=True),
    sa.Column("returns", sa.Integer, nullable=False, server_default="0"),
    sa.Column("light", sa.Text, nullable=False),
    sa.Column("ever_red", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("late_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("late_workdays", sa.Integer, nullable=False, server_default="0"),
    _moment("closed_at", nullable=True),
    sa.UniqueConstraint("matter_id", "unit", "round"),
    sa.Index("ix_undertaking_unit", "unit", "matter_id"),
)
# A matter has exactly one lead in each round (一任务 role=MAIN 唯一).
sa.Index(
    "uq_undertaking_lead",
    undertaking.c.matter_id,
    undertaking.c.round,
    unique=True,
    sqlite_where=undertaking.c.role == "LEAD",
    postgresql_where=undertaking.c.role == "LEAD",
)

contact = sa.Table(
    "contact",
    tables.metadata,
    _id(),
    _undertaking(),
    sa.Column("contacted_on", sa.Date, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    _moment("at"),
)

progress_report = sa.Table(
    "progress_report",
    tables.metadata,
    _id(),
    _undertaking(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("report_class", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("word_count", sa.Integer, nullable=False),
    sa.Column("excess_reason", sa.Text),
    sa.Column("completion", sa.Text, nullable=False),
    sa.Column("progress", sa.Integer, nullable=False),
    sa.Column("problems", sa.Text, nullable=False),
    sa.Column("need_rectify", sa.Boolean, nullable=False),
    sa.Column("measures", database.Json, nullable=False),
    sa.Column("investigated", sa.Boolean, nullable=False),
    sa.Column("fact_basis", sa.Text),
    sa.Column("legal_basis", sa.Text),
    sa.Column("assist_note", sa.Text),
    sa.Column("drafted_by", sa.Text, nullable=False),
    sa.Column("signer", sa.Text),
    sa.Column("signed_for", sa.Text),
    _moment("signed_at", nullable=True),
    _moment("submitted_at", nullable=True),
    sa.Column("is_late", sa.Boolean),
    sa.UniqueConstraint("undertaking_id", "version"),
)

review = sa.Table(
    "review",
    tables.metadata,
    _id(),
    _undertaking(),
    sa.Column(
        "report_id", sa.ForeignKey("progress_report.id"), nullable=False, index=True
    ),
    sa.Column("accurate", sa.Boolean, nullable=False),
    sa.Column("objective", sa.Boolean, nullable=False),
    sa.Column("truthful", sa.Boolean, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("reasons", database.Json, nullable=False),
    sa.Column("resubmit_on", sa.Date),
    sa.Column("comment", sa.Text, nullable=False),
    *_signature(),
)

urge = sa.Table(
    "urge",
    tables.metadata,
    _id(),
    _matter(),
    sa.Column("undertaking_id", sa.ForeignKey("undertaking.id"), index=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("document_id", sa.ForeignKey("document.id")),
    sa.Column("person", sa.Text),
    _moment("at"),
)

score_entry = sa.Table(
    "score_entry",
    tables.metadata,
    _id(),
    sa.Column("event_key", sa.Text, nullable=False, unique=True),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    sa.Column("undertaking_id", sa.ForeignKey("undertaking.id"), index=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("rule_version", sa.Text, nullable=False),
    sa.Column("points_tenths", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("corrects_id", sa.ForeignKey("score_entry.id")),
    _moment("at"),
)

document = sa.Table(
    "document",
    tables.metadata,
    _id(),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, index=True),
    sa.Column("undertaking_id", sa.ForeignKey("undertaking.id")),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("template", sa.Text),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("data_sha256", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary),
    sa.Column("sha256", sa.Text),
    sa.Column("created_by", sa.Text),
    _moment("created_at"),
    _moment("rendered_at", nullable=True),
    sa.UniqueConstraint("type", "number", "version"),
)

archive_volume = sa.Table(
    "archive_volume",
    tables.metadata,
    _id(),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    #: Number and retention are given when the volume is filed.
    sa.Column("volume_no", sa.Text, unique=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("retention", sa.Text),
    sa.Column("items", database.Json, nullable=False),
    sa.Column("findings", database.Json, nullable=False),
    _moment("compiled_at"),
    _moment("filed_at", nullable=True),
    sa.Column("filed_by", sa.Text),
)

inbox_message = sa.Table(
    "inbox_message",
    tables.metadata,
    _id(),
    sa.Column("recipient_kind", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    _moment("at"),
    sa.Index("ix_inbox_message_recipient", "recipient_kind", "recipient", "id"),
)

#: A message to a group is read by each of its members for himself.
inbox_reading = sa.Table(
    "inbox_reading",
    tables.metadata,
    sa.Column("message_id", sa.ForeignKey("inbox_message.id"), primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    _moment("at"),
)
