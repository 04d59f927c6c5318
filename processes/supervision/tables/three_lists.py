"""The tables of the three lists: problems, measures, responsibilities (三单).

A problem's row says where it stands; what was decided about it is appended to the
other tables by round (轮次), so that every list can be traced back (可倒查).
"""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns


def _problem() -> sa.Column[int]:
    return sa.Column(
        "problem_id", sa.ForeignKey("problem.id"), nullable=False, index=True
    )


def _round() -> sa.Column[int]:
    return sa.Column("round", sa.Integer, nullable=False)


problem = sa.Table(
    "problem",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    #: The inspection that found it.
    sa.Column(
        "inspection_id", sa.ForeignKey("inspection.id"), nullable=False, index=True
    ),
    #: What the group wrote down on site, where it comes from there.
    sa.Column("finding_id", sa.ForeignKey("finding.id"), index=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("fact", sa.Text, nullable=False),
    sa.Column("evidence", database.Json, nullable=False),
    sa.Column("suggestion", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("round", sa.Integer, nullable=False, server_default="1"),
    sa.Column("disposal", sa.Text),
    #: The level that is asked now: code of a unit, or upper_gov above the county.
    sa.Column("level", sa.Text),
    #: 整改时限, and the last second at which the result must be reported.
    sa.Column("deadline", sa.Date),
    columns.moment("report_due_at", nullable=True),
    columns.moment("reported_at", nullable=True),
    sa.Column("light", sa.Text, nullable=False),
    columns.flag("ever_red"),
    sa.Column("late_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("late_workdays", sa.Integer, nullable=False, server_default="0"),
    columns.moment("closed_at", nullable=True),
    *columns.signature(),
    sa.Index("ix_problem_state", "state", "id"),
)

root_cause = sa.Table(
    "root_cause",
    tables.metadata,
    columns.key(),
    _problem(),
    _round(),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("within_duty", sa.Boolean, nullable=False),
    *columns.signature(),
)

measure = sa.Table(
    "measure",
    tables.metadata,
    columns.key(),
    _problem(),
    _round(),
    #: Measures returned by the unit's head are drawn up anew as the next version.
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("roadmap", sa.Text, nullable=False),
    sa.Column("deadline", sa.Date, nullable=False),
    #: Rows of on (ISO day) and what, at least one.
    sa.Column("milestones", database.Json, nullable=False),
    *columns.signature(),
    sa.UniqueConstraint("problem_id", "version", "serial"),
)

#: What each level of the unit tree said of a problem beyond the level below.
level_opinion = sa.Table(
    "level_opinion",
    tables.metadata,
    columns.key(),
    _problem(),
    _round(),
    #: Code of the unit, or upper_gov above the county.
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("opinion", sa.Text, nullable=False),
    *columns.signature(),
)

responsibility = sa.Table(
    "responsibility",
    tables.metadata,
    columns.key(),
    _problem(),
    _round(),
    sa.Column("lead_unit", sa.Text, nullable=False),
    sa.Column("assisting", database.Json, nullable=False),
    #: The account of the one person who answers for it (到岗到人).
    sa.Column("responsible", sa.Text, nullable=False),
    sa.Column("duty", sa.Text, nullable=False),
    *columns.signature(),
)

rectification = sa.Table(
    "rectification",
    tables.metadata,
    columns.key(),
    _problem(),
    _round(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("completed", sa.Boolean, nullable=False),
    sa.Column("evidence", database.Json, nullable=False),
    sa.Column("signer", sa.Text),
    sa.Column("signed_for", sa.Text),
    columns.moment("submitted_at", nullable=True),
    sa.Column("is_late", sa.Boolean),
    *columns.signature(),
    sa.UniqueConstraint("problem_id", "version"),
)

verification = sa.Table(
    "verification",
    tables.metadata,
    columns.key(),
    _problem(),
    _round(),
    sa.Column(
        "rectification_id",
        sa.ForeignKey("rectification.id"),
        nullable=False,
        index=True,
    ),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("deadline", sa.Date),
    #: The key inspection (重点督查) that it led to.
    sa.Column("key_inspection_id", sa.ForeignKey("matter.id"), index=True),
    *columns.signature(),
)

#: A random choice that anybody can draw again from its seed.
sample = sa.Table(
    "sample",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("purpose", sa.Text, nullable=False),
    #: None where the problems were chosen by hand.
    sa.Column("percent", sa.Integer),
    sa.Column("seed", sa.Text),
    sa.Column("population", database.Json, nullable=False),
    sa.Column("drawn", database.Json, nullable=False),
    *columns.signature(),
)

second_look = sa.Table(
    "second_look",
    tables.metadata,
    columns.key(),
    _problem(),
    _round(),
    sa.Column("sample_id", sa.ForeignKey("sample.id"), nullable=False, index=True),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("finding", sa.Text, nullable=False),
    *columns.signature(),
)

#: One leader's patrol of one month: the month and the leader are there once.
patrol_duty = sa.Table(
    "patrol_duty",
    tables.metadata,
    columns.key(),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("leader", sa.Text, nullable=False),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), index=True),
    columns.moment("opened_at"),
    columns.moment("reminded_at", nullable=True),
    sa.UniqueConstraint("month", "leader"),
)

#: What the annual appraisal of a unit is based on (R-02-25).
appraisal_result = sa.Table(
    "appraisal_result",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    sa.Column("year", sa.Integer, nullable=False),
    #: 考察, or 三单整改.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("grade", sa.Text),
    #: Counts and texts the result rests on.
    sa.Column("content", database.Json, nullable=False),
    columns.moment("at"),
)
