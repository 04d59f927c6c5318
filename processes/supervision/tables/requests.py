"""The tables of what is asked for while a matter is handled, and of clocks at rest.

A request is written once; what is decided on it is written into it once.
"""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns

extension_request = sa.Table(
    "extension_request",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("progress", sa.Text, nullable=False),
    sa.Column("wanted_on", sa.Date, nullable=False),
    #: What was due when it was asked for: the value that an approval leaves behind.
    columns.moment("due_before"),
    #: Whether the deputy director decides alone; else director and leader follow.
    sa.Column("short", sa.Boolean, nullable=False),
    #: The role of the leader who set the deadline or decided on the matter.
    sa.Column("leader", sa.Text),
    columns.moment("decide_by"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("granted_on", sa.Date),
    columns.moment("decided_at", nullable=True),
    *columns.signature(),
)

reassignment = sa.Table(
    "reassignment",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    #: Asked for by the unit (退办); else ordered by the office.
    sa.Column("asked_by_unit", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proposed_unit", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("successor_id", sa.ForeignKey("undertaking.id")),
    columns.moment("decided_at", nullable=True),
    *columns.signature(),
)

difficulty = sa.Table(
    "difficulty",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("needed_level", sa.Text, nullable=False),
    sa.Column("leader_opinion", sa.Text),
    sa.Column("leader", sa.Text),
    sa.Column("resolution", sa.Text),
    columns.moment("resolved_at", nullable=True),
    *columns.signature(),
)

#: What a long delay gives cause for; a person decides, never the system.
recommendation = sa.Table(
    "recommendation",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    columns.of_undertaking(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    columns.moment("at"),
    sa.Column("decision", sa.Text),
    sa.Column("comment", sa.Text),
    sa.Column("decided_by", sa.Text),
    columns.moment("decided_at", nullable=True),
)

urge_response = sa.Table(
    "urge_response",
    tables.metadata,
    columns.key(),
    sa.Column("urge_id", sa.ForeignKey("urge.id"), nullable=False, index=True),
    sa.Column("content", sa.Text, nullable=False),
    *columns.signature(),
)

#: Who answers for a unit's part, in the four kinds of 000四(一).
responsible_person = sa.Table(
    "responsible_person",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)

clock_stop = sa.Table(
    "clock_stop",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status_before", sa.Text, nullable=False),
    #: The ladders that stood: subject, id, due day and the rungs not yet climbed.
    sa.Column("ladders", database.Json, nullable=False),
    columns.moment("stopped_at"),
    columns.moment("resumed_at", nullable=True),
    sa.Column("workdays", sa.Integer),
)
# A matter's clock cannot stop twice at once.
sa.Index(
    "uq_clock_stop_open",
    clock_stop.c.matter_id,
    unique=True,
    sqlite_where=clock_stop.c.resumed_at.is_(None),
    postgresql_where=clock_stop.c.resumed_at.is_(None),
)

caller_wait = sa.Table(
    "caller_wait",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    columns.of_undertaking(),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("answer", sa.Text),
    columns.moment("answered_at", nullable=True),
    *columns.signature(),
)

ticket_extension = sa.Table(
    "ticket_extension",
    tables.metadata,
    columns.key(),
    # The hotline grants one extension for a matter (可延1次).
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("wanted_on", sa.Date, nullable=False),
    columns.moment("due_before"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("granted_on", sa.Date),
    columns.moment("answered_at", nullable=True),
    *columns.signature(),
)
