"""The tables of inspections: plans, groups, what they saw on site, avoidance (回避).

Plans, visits and findings are append-only; a plan that changes is another version,
which must be approved again (条例第十五条).
"""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns


def _inspection() -> sa.Column[int]:
    return sa.Column(
        "inspection_id", sa.ForeignKey("inspection.id"), nullable=False, index=True
    )


inspection = sa.Table(
    "inspection",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    #: 督查活动, 巡查, 督查, 联合督查 or 调研.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    #: The account of the head of the group (组长负责制).
    sa.Column("leader", sa.Text),
    sa.Column("ended_on", sa.Date),
    columns.moment("report_due_at", nullable=True),
    sa.Column("report_due_provisional", sa.Boolean),
    columns.moment("reported_at", nullable=True),
    sa.Column("outcome", sa.Text),
    sa.Column("light", sa.Text, nullable=False),
    columns.flag("ever_red"),
    sa.Column("late_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("late_workdays", sa.Integer, nullable=False, server_default="0"),
    columns.moment("created_at"),
)

inspection_plan = sa.Table(
    "inspection_plan",
    tables.metadata,
    columns.key(),
    _inspection(),
    sa.Column("version", sa.Integer, nullable=False),
    #: 年度计划编号 or 批准依据: one of them is there (减负红线).
    sa.Column("plan_no", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    #: 政府决定, 行政首长指令, or 督查机构建议 that the head of government approves.
    sa.Column("authority", sa.Text, nullable=False),
    #: The document by which the government designated a department (条例第七条).
    sa.Column("designation", sa.Text),
    sa.Column("type", sa.Text),
    sa.Column("form", sa.Text),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    #: Codes of the units that are inspected.
    sa.Column("objects", database.Json, nullable=False),
    sa.Column("methods", database.Json, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    #: Why objects inspected a short time ago are inspected again (多头督查).
    sa.Column("overlap_reason", sa.Text),
    columns.moment("approved_at", nullable=True),
    *columns.signature(),
    sa.UniqueConstraint("inspection_id", "version"),
)

inspection_member = sa.Table(
    "inspection_member",
    tables.metadata,
    columns.key(),
    _inspection(),
    sa.Column("role", sa.Text, nullable=False),
    #: None for members invited from outside, who have no account.
    sa.Column("account", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("from_unit", sa.Text, nullable=False),
    sa.Column("invited_from", sa.Text),
    sa.Column("duty", sa.Text, nullable=False),
    *columns.signature(),
    sa.UniqueConstraint("inspection_id", "name", "from_unit"),
)
# 组长负责制: exactly one head.
sa.Index(
    "uq_inspection_member_leader",
    inspection_member.c.inspection_id,
    unique=True,
    sqlite_where=inspection_member.c.role == "LEADER",
    postgresql_where=inspection_member.c.role == "LEADER",
)

#: Who has an interest in which unit (回避登记); by account, else by name.
avoidance = sa.Table(
    "avoidance",
    tables.metadata,
    columns.key(),
    sa.Column("account", sa.Text, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    *columns.signature(),
)

#: One visit (现场督查): when, where, how, what was seen and settled.
site_visit = sa.Table(
    "site_visit",
    tables.metadata,
    columns.key(),
    _inspection(),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    #: 影响进度的关键环节, and what came of the coordination.
    sa.Column("bottleneck", sa.Text),
    sa.Column("coordination", sa.Text),
    #: What the form of the inspection asks beyond these (形式各异).
    sa.Column("particulars", database.Json, nullable=False),
    *columns.signature(),
)

#: A problem found on a visit: place, object, fact and evidence (点具体、重细节).
finding = sa.Table(
    "finding",
    tables.metadata,
    columns.key(),
    _inspection(),
    sa.Column("visit_id", sa.ForeignKey("site_visit.id"), nullable=False, index=True),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("fact", sa.Text, nullable=False),
    sa.Column("evidence", database.Json, nullable=False),
    sa.Column("suggestion", sa.Text, nullable=False),
    *columns.signature(),
)
