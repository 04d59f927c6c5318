"""The tables of grants to read (阅文权限): who may read a matter, and each look."""

import sqlalchemy as sa

from engine import tables
from processes.supervision.tables import columns

reading_grant = sa.Table(
    "reading_grant",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    #: Whoever may read; `person` is who allowed it.
    sa.Column("reader", sa.Text, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    columns.moment("ends_at"),
    #: When it ended: by time, or because it was taken back.
    columns.moment("ended_at", nullable=True),
    sa.Column("ended_by", sa.Text),
    *columns.signature(),
)

reading_look = sa.Table(
    "reading_look",
    tables.metadata,
    columns.key(),
    sa.Column(
        "grant_id", sa.ForeignKey("reading_grant.id"), nullable=False, index=True
    ),
    sa.Column("what", sa.Text, nullable=False),
    columns.moment("at"),
)
