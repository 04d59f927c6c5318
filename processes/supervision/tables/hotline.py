"""The tables of the hotline: tickets, sealed callers, looks at them, supplements."""

import sqlalchemy as sa

from engine import tables
from processes.supervision.tables import columns

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
