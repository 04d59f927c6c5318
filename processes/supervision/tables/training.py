"""The tables of training: sessions and who attended (《政府督查工作条例》第9条)."""

import sqlalchemy as sa

from engine import tables
from processes.supervision.tables import columns

training_session = sa.Table(
    "training_session",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("planned_on", sa.Date, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("lecturer", sa.Text, nullable=False),
    columns.flag("leader_lecture"),
    sa.Column("held_on", sa.Date),
    sa.Column("hours", sa.Integer),
    sa.Column("summary", sa.Text),
    #: Why it was not held, if it was not.
    sa.Column("dropped", sa.Text),
    sa.Column("recorded_by", sa.Text),
    columns.moment("recorded_at", nullable=True),
    sa.UniqueConstraint("matter_id", "serial"),
)

training_attendance = sa.Table(
    "training_attendance",
    tables.metadata,
    columns.key(),
    sa.Column(
        "session_id", sa.ForeignKey("training_session.id"), nullable=False, index=True
    ),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.UniqueConstraint("session_id", "person"),
)
