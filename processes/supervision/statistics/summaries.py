"""The statistical tables of the office (统计报表) about matters: RP-01 to RP-07.

Each is rows under headings, with the moment it was made and what it counts (口径), so
that a page, a sheet and a document show the same figures (domain §5.2).
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import people
from engine import tables as engine_tables
from engine import workdays
from processes.supervision import access
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.matters import matters
from processes.supervision.statistics import statistics
from processes.supervision.targets import comparisons

Cell = str | int | float | None
#: How units are grouped: never ranked across groups (domain §5.1).
VERTICAL, TOWNS, DEPARTMENTS = "垂直管理单位", "乡镇", "县直部门"
TOWN_ENDINGS = ("镇人民政府", "乡人民政府", "街道办事处")
INSTRUCTIONS = "proc_leader_instruction"
MEETINGS = "proc_meeting_decision"
GOVERNMENT_REPORT = "proc_gov_work_report"
LIVELIHOOD = "proc_ten_livelihood"
RANK_LABELS: Mapping[str, str] = {
    "upper": "上级领导",
    "party_leader": "县委领导",
    "mayor": "县长",
    "exec_vice_mayor": "常务副县长",
    "vice_mayor": "副县长",
}


@dataclass(frozen=True)
class Sheet:
    """One statistical table; `rows` have a cell for each of the headings."""

    code: str
    title: str
    caliber: str
    as_of: datetime
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def ledger(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    identity: people.Identity,
    span: statistics.Span,
    *,
    unit: str | None = None,
    category: str | None = None,
    leader: str | None = None,
    light: str | None = None,
    status: str | None = None,
) -> Sheet:
    """RP-01: the matters this person may see that were registered in the span."""
    matter, undertaking = tables.matter.c, tables.undertaking.c
    wanted = {
        matter.category: category,
        matter.source_leader: leader,
        matter.light: light,
        matter.status: status,
    }
    query = (
        sa.select(tables.matter)
        .where(
            access.visible(identity),
            matter.number.is_not(None),
            *_registered(calendar, span),
            *(column == value for column, value in wanted.items() if value),
        )
        .order_by(matter.number)
    )
    if unit:
        query = query.where(
            sa.exists().where(
                undertaking.matter_id == matter.id, undertaking.unit == unit
            )
        )
    found = connection.execute(query).all()
    leads = _leads(connection, [row.id for row in found])
    return sheet(
        "RP-01",
        "督查事项台账",
        "期间登记的事项，按可见范围",
        span,
        ("督查编号", "标题", "来源", "主办单位", "办结时限", "灯色", "状态"),
        (
            (
                row.number,
                row.title,
                row.source_type,
                leads.get(row.id, ""),
                calendar.local_date(row.due_at).isoformat(),
                lights.LABELS[row.light],
                matters.STATUS_LABELS[row.status],
            )
            for row in found
        ),
    )


def ranking(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> Sheet:
    """RP-02: rate and score of each unit, best first within its group.

    For leaders only, and off unless the office turns it on (减负红线, domain §6.6);
    persons are never ranked.
    """
    due = statistics.by_unit(statistics.objects(connection, calendar, span))
    unit = engine_tables.unit.c
    rows = connection.execute(
        sa.select(unit.code, unit.name, unit.short_name, unit.tree_type).where(
            unit.code.in_(due)
        )
    )
    listed = []
    for row in rows:
        rate = statistics.on_time(due[row.code])
        score = statistics.score(connection, row.code, span)
        group = group_of(row.name, row.tree_type)
        order = (group, -score, -rate.part / rate.whole, row.code)
        listed.append((order, (group, row.short_name, rate, score)))
    return sheet(
        "RP-02",
        "单位排行",
        "按类分组，不混排；承办记录和反馈期按时限归集",
        span,
        ("分组", "单位", "应办", "按期办结率", "得分"),
        (
            (group, name, rate.whole, rate.percent, score)
            for _, (group, name, rate, score) in sorted(listed)
        ),
    )


def composition(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> Sheet:
    """RP-03: approved matters by source and month, the rows of charts."""
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(matter.source_type, matter.created_at).where(
            matter.id.in_(statistics.registered(connection, calendar, span))
        )
    )
    counted = Counter(
        (row.source_type, calendar.local_date(row.created_at).isoformat()[:7])
        for row in rows
    )
    return sheet(
        "RP-03",
        "类别构成与趋势",
        "期间立项事项（件），按来源类别和登记月份",
        span,
        ("来源类别", "月份", "件数"),
        ((*key, count) for key, count in sorted(counted.items())),
    )


def instructions(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> Sheet:
    """RP-04: instructions by the rank and name of the leader."""
    counted: dict[tuple[str, str], list[str]] = {}
    for row in _of_procedure(connection, calendar, span, INSTRUCTIONS):
        key = (
            RANK_LABELS.get(row.source_rank or "", "其他"),
            str(row.source.get("upper_leader") or row.source_leader or ""),
        )
        counted.setdefault(key, []).append(row.status)
    return sheet(
        "RP-04",
        "领导批示办理统计",
        "期间登记的批示件（件）",
        span,
        ("层级", "领导", "批示", "办结", "办结率"),
        (
            (*key, len(found), *_done(found, "领导批示"))
            for key, found in sorted(counted.items())
        ),
    )


def meetings(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> Sheet:
    """RP-05: how many meetings of each kind, what was decided and what is concluded.

    Minutes are one matter each; what they decided are its mandates (R-03-15).
    """
    kinds: dict[str, list[Any]] = {}
    for row in _of_procedure(connection, calendar, span, MEETINGS):
        kinds.setdefault(str(row.source.get("meeting_type", "其他")), []).append(row)
    return sheet(
        "RP-05",
        "会议分解统计",
        "会议（次）为纪要件数，任务（项）为分解行数，两口径分列",
        span,
        ("会议类型", "会议次数", "分解任务", "办结次数"),
        (
            (
                kind,
                len(found),
                statistics.mandates(connection, [row.id for row in found]),
                sum(row.status in statistics.CONCLUDED for row in found),
            )
            for kind, found in sorted(kinds.items())
        ),
    )


def government_report(connection: sa.Connection, span: statistics.Span) -> Sheet:
    """RP-06: list A and list B of each quarter, and what the plan came to."""
    comparison, matter = tables.comparison.c, tables.matter.c
    rows = connection.execute(
        sa.select(comparison.period, comparison.verdict)
        .join(tables.matter, matter.id == comparison.matter_id)
        .where(matter.procedure == GOVERNMENT_REPORT, comparison.at <= span.as_of)
    )
    periods: dict[str, Counter[str]] = {}
    for row in rows:
        periods.setdefault(row.period, Counter())[row.verdict] += 1
    verdicts = tuple(comparisons.VERDICT_LABELS)
    return sheet(
        "RP-06",
        "政府工作报告季度进度",
        "任务（项）；季度计划达成率=达成季度计划任务/应达成任务",
        span,
        ("反馈期", *comparisons.VERDICT_LABELS.values(), "季度计划达成率"),
        (
            (
                period,
                *(found[one] for one in verdicts),
                statistics.Rate(
                    found["DONE"] + found["ON_PLAN"], found.total(), "任务"
                ).percent,
            )
            for period, found in periods.items()
        ),
    )


def livelihood(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> Sheet:
    """RP-07: the feedback of the ten livelihood matters, one row for each period."""
    undertaking, matter = tables.undertaking.c, tables.matter.c
    ids = set(
        connection.scalars(
            sa.select(undertaking.id)
            .join(tables.matter, matter.id == undertaking.matter_id)
            .where(matter.procedure == LIVELIHOOD, undertaking.period != "")
        )
    )
    periods: dict[tuple[datetime, str], list[statistics.Object]] = {}
    for one in statistics.objects(connection, calendar, span):
        if one.id in ids:
            periods.setdefault((one.due_at, one.period), []).append(one)
    return sheet(
        "RP-07",
        "实事月度进度",
        "应反馈期（每月10日、15日两期对照）",
        span,
        ("反馈期", "截止日", "应反馈", "按期反馈", "按期反馈率"),
        (
            (
                period,
                calendar.local_date(due_at).isoformat(),
                len(found),
                statistics.fed_back_on_time(found).part,
                statistics.fed_back_on_time(found).percent,
            )
            for (due_at, period), found in sorted(periods.items())
        ),
    )


def sheet(
    code: str,
    title: str,
    caliber: str,
    span: statistics.Span,
    headings: tuple[str, ...],
    rows: Iterable[tuple[Cell, ...]],
) -> Sheet:
    """Return the table as it stands at the moment the span is looked at."""
    return Sheet(code, title, caliber, span.as_of, headings, tuple(rows))


def _registered(
    calendar: workdays.Calendar, span: statistics.Span
) -> tuple[sa.ColumnElement[bool], ...]:
    created_at = tables.matter.c.created_at
    last = min(calendar.end_of_day(span.until), span.as_of)
    return (created_at >= calendar.start_of_day(span.since), created_at <= last)


def _of_procedure(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    procedure: str,
) -> list[Any]:
    matter = tables.matter.c
    return list(
        connection.execute(
            sa.select(tables.matter)
            .where(
                matter.procedure == procedure,
                matter.status.not_in(["DRAFT", "MERGED"]),
                *_registered(calendar, span),
            )
            .order_by(matter.id)
        )
    )


def _done(statuses: Iterable[str], caliber: str) -> tuple[int, str]:
    listed = list(statuses)
    done = sum(one in statistics.CONCLUDED for one in listed)
    return done, statistics.Rate(done, len(listed), caliber).percent


def _leads(connection: sa.Connection, matter_ids: Iterable[int]) -> dict[int, str]:
    undertaking, unit = tables.undertaking.c, engine_tables.unit.c
    rows = connection.execute(
        sa.select(undertaking.matter_id, unit.short_name)
        .join(engine_tables.unit, unit.code == undertaking.unit)
        .where(
            undertaking.matter_id.in_(list(matter_ids)),
            undertaking.role == "LEAD",
            undertaking.state != "REASSIGNED",
        )
        .distinct()
        .order_by(undertaking.matter_id, unit.short_name)
    )
    names: dict[int, list[str]] = {}
    for row in rows:
        names.setdefault(row.matter_id, []).append(row.short_name)
    return {matter_id: "、".join(found) for matter_id, found in names.items()}


def group_of(name: str, tree_type: str) -> str:
    """Return the group in which a unit is compared with others."""
    if tree_type == "vertical":
        return VERTICAL
    return TOWNS if name.endswith(TOWN_ENDINGS) else DEPARTMENTS
