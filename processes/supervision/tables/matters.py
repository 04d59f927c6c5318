"""The tables of matters, their mandates, opinions and papers.

Every row that someone may be called to account for is append-only: opinions and
papers here, reviews, urges, looks at a caller's data elsewhere. A mistake is mended
by a new row.
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
