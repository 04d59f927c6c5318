"""The tables of matters, their undertakings, papers and letters.

Every row that someone may be called to account for is append-only: opinions,
reviews, urges, looks at a caller's data, papers. A mistake is mended by a new row.
"""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns

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
    columns.key(),
    #: None while it is a draft: the number is drawn when it is registered.
    sa.Column("number", sa.Text, unique=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("category", sa.String(2), nullable=False),
    sa.Column("procedure", sa.Text, nullable=False),
    #: The deployment whose procedure.toml holds for this matter to its end.
    sa.Column("procedure_deployment", sa.Text),
    #: The unit whose office runs the matter (分级负责).
    sa.Column("office", sa.Text),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("source_doc_no", sa.Text),
    sa.Column("source_clause", sa.Text),
    sa.Column("source_on", sa.Date),
    sa.Column("source_leader", sa.Text),
    sa.Column("source_rank", sa.Text),
    #: What the start form told beyond these columns, by its keys.
    sa.Column("source", database.Json, nullable=False),
    sa.Column("requirement", sa.Text),
    columns.flag("major"),
    columns.flag("comprehensive"),
    columns.flag("long_cycle"),
    columns.flag("needs_coordination"),
    sa.Column("parent_id", sa.ForeignKey("matter.id"), index=True),
    sa.Column("merged_into_id", sa.ForeignKey("matter.id"), index=True),
    sa.Column("urgency", sa.Text, nullable=False),
    sa.Column("secrecy", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("root_id", sa.Text, index=True),
    sa.Column("received_on", sa.Date, nullable=False),
    sa.Column("assigned_on", sa.Date, nullable=False),
    columns.moment("due_at"),
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
    columns.moment("reported_at", nullable=True),
    sa.Column("receipt_no", sa.Text),
    columns.moment("receipt_at", nullable=True),
    sa.Column("created_by", sa.Text),
    columns.moment("created_at"),
    columns.moment("closed_at", nullable=True),
    columns.moment("archived_at", nullable=True),
    sa.CheckConstraint("secrecy IN ('公开', '内部')", name="secrecy"),
    sa.Index("ix_matter_status", "status", "id"),
    sa.Index("ix_matter_light", "light", "id"),
    sa.Index("ix_matter_source", "source_doc_no", "source_clause"),
)

hotline_ticket = sa.Table(
    "hotline_ticket",
    tables.metadata,
    columns.key(),
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
    columns.key(),
    columns.of_matter(),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    columns.moment("at"),
)

supplement = sa.Table(
    "supplement",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("person", sa.Text),
    columns.moment("at"),
)

proposal = sa.Table(
    "proposal",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("opinion", sa.Text, nullable=False),
    *columns.signature(),
    sa.UniqueConstraint("matter_id", "version"),
)

mandate = sa.Table(
    "mandate",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("proposal_id", sa.ForeignKey("proposal.id"), nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("requirement", sa.Text, nullable=False),
    sa.Column("lead_unit", sa.Text, nullable=False),
    sa.Column("duty", sa.Text, nullable=False),
    #: Rows of unit and duty.
    sa.Column("assisting", database.Json, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("report_on", sa.Date),
    sa.Column("responsible_leader", sa.Text),
    sa.Column("responsible_person", sa.Text),
    sa.Column("report_class", sa.Text, nullable=False),
    #: name, target, unit, and the plan of each quarter q1 to q4.
    sa.Column("indicator", database.Json),
    #: Rows of on (ISO day) and what.
    sa.Column("milestones", database.Json, nullable=False),
    sa.UniqueConstraint("proposal_id", "serial"),
)

paper = sa.Table(
    "paper",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    columns.of_undertaking(nullable=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("element_id", sa.Text, nullable=False),
    #: The form it was filled in on: it names the fields in words.
    sa.Column("form", sa.Text),
    sa.Column("content", database.Json, nullable=False),
    *columns.signature(),
    sa.Index("ix_paper_kind", "matter_id", "kind", "version"),
)

circular = sa.Table(
    "circular",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("series", sa.Text, nullable=False),
    #: Year, number of the year and running number are drawn when it is issued.
    sa.Column("year", sa.Integer),
    sa.Column("issue_no", sa.Integer),
    sa.Column("total_no", sa.Integer),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    #: Rows of name and reason.
    sa.Column("praised", database.Json, nullable=False),
    sa.Column("criticized", database.Json, nullable=False),
    sa.Column("cc", database.Json, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    columns.moment("issued_at", nullable=True),
    *columns.signature(),
    sa.UniqueConstraint("series", "year", "issue_no"),
)

opinion = sa.Table(
    "opinion",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Integer, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("element_id", sa.Text, nullable=False),
    sa.Column("element_name", sa.Text, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    *columns.signature(),
    sa.Index("ix_opinion_subject", "subject", "subject_id"),
)

undertaking = sa.Table(
    "undertaking",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("mandate_id", sa.ForeignKey("mandate.id"), nullable=False),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("round", sa.Integer, nullable=False),
    #: The label of its feedback period; empty for the whole of the unit's part.
    sa.Column("period", sa.Text, nullable=False, server_default=""),
    columns.moment("opens_at", nullable=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("duty", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    columns.moment("issued_at"),
    columns.moment("sign_due_at"),
    columns.moment("original_due_at"),
    columns.moment("due_at"),
    sa.Column("due_provisional", sa.Boolean, nullable=False),
    columns.moment("signed_at", nullable=True),
    sa.Column("signed_by", sa.Text),
    sa.Column("handler", sa.Text),
    sa.Column("internal_due_on", sa.Date),
    sa.Column("assist_opinion", sa.Text),
    columns.moment("reported_at", nullable=True),
    columns.moment("first_reported_at", nullable=True),
    sa.Column("returns", sa.Integer, nullable=False, server_default="0"),
    sa.Column("light", sa.Text, nullable=False),
    sa.Column("ever_red", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("late_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("late_workdays", sa.Integer, nullable=False, server_default="0"),
    columns.moment("closed_at", nullable=True),
    sa.Index("ix_undertaking_unit", "unit", "matter_id"),
)
_IN_FORCE = sa.and_(undertaking.c.role == "LEAD", undertaking.c.state != "REASSIGNED")
# A mandate has exactly one lead in each round and period (R-00-16).
sa.Index(
    "uq_undertaking_lead",
    undertaking.c.mandate_id,
    undertaking.c.round,
    undertaking.c.period,
    unique=True,
    sqlite_where=_IN_FORCE,
    postgresql_where=_IN_FORCE,
)
_PRESENT = undertaking.c.state != "REASSIGNED"
sa.Index(
    "uq_undertaking_unit",
    undertaking.c.mandate_id,
    undertaking.c.unit,
    undertaking.c.round,
    undertaking.c.period,
    unique=True,
    sqlite_where=_PRESENT,
    postgresql_where=_PRESENT,
)

contact = sa.Table(
    "contact",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    sa.Column("contacted_on", sa.Date, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    columns.moment("at"),
)

progress_report = sa.Table(
    "progress_report",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("report_class", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("conclusion", sa.Text),
    sa.Column("actions", sa.Text),
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
    columns.moment("signed_at", nullable=True),
    columns.moment("submitted_at", nullable=True),
    sa.Column("is_late", sa.Boolean),
    sa.UniqueConstraint("undertaking_id", "version"),
)

review = sa.Table(
    "review",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
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
    *columns.signature(),
)

urge = sa.Table(
    "urge",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("undertaking_id", sa.ForeignKey("undertaking.id"), index=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("document_id", sa.ForeignKey("document.id")),
    sa.Column("person", sa.Text),
    columns.moment("at"),
)

document = sa.Table(
    "document",
    tables.metadata,
    columns.key(),
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
    columns.moment("created_at"),
    columns.moment("rendered_at", nullable=True),
    #: A number is never drawn again: what is void stays on record (作废留痕).
    columns.moment("voided_at", nullable=True),
    sa.Column("void_reason", sa.Text),
    sa.UniqueConstraint("type", "number", "version"),
)

archive_volume = sa.Table(
    "archive_volume",
    tables.metadata,
    columns.key(),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    #: Number and retention are given when the volume is filed.
    sa.Column("volume_no", sa.Text, unique=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("retention", sa.Text),
    sa.Column("items", database.Json, nullable=False),
    sa.Column("findings", database.Json, nullable=False),
    columns.moment("compiled_at"),
    columns.moment("filed_at", nullable=True),
    sa.Column("filed_by", sa.Text),
)

inbox_message = sa.Table(
    "inbox_message",
    tables.metadata,
    columns.key(),
    sa.Column("recipient_kind", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    columns.moment("at"),
    sa.Index("ix_inbox_message_recipient", "recipient_kind", "recipient", "id"),
)

#: A message to a group is read by each of its members for himself.
inbox_reading = sa.Table(
    "inbox_reading",
    tables.metadata,
    sa.Column("message_id", sa.ForeignKey("inbox_message.id"), primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    columns.moment("at"),
)
