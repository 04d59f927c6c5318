"""The tables of what the office writes: circulars, documents, volumes, messages."""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns

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
