"""The tables of undertakings: reports, reviews, urges and contacts are append-only."""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns

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
