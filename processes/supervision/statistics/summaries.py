"""The statistical tables of the office (统计报表) about matters: RP-01 to RP-05.

Each is rows under headings, with the moment it was made and what it counts (口径), so
that a page, a sheet and a document show the same figures (domain §5.2).
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
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

Cell = str | int | float | None
#: How units are grouped: never ranked across groups (domain §5.1).
VERTICAL, TOWNS, DEPARTMENTS = "垂直管理单位", "乡镇", "县直部门"
GROUPS = (DEPARTMENTS, TOWNS, VERTICAL)
TOWN_ENDINGS = ("镇人民政府", "乡人民政府", "街道办事处")
INSTRUCTIONS = "proc_leader_instruction"
MEETINGS = "proc_meeting_decision"
GOVERNMENT_REPORT = "proc_gov_work_report"
RANK_LABELS: Mapping[str, str] = {
    "upper": "上级领导",
    "party_leader": "县委领导",
    "mayor": "县长",
    "exec_vice_mayor": "常务副县长",
    "vice_mayor": "副县长",
}


@dataclass(frozen=True)
class Sheet:
    """One statistical table; `rows` have a cell for each of the headings.

    The cells under the heading `bar` are also drawn as bars, `marked` ones with a line
    at 100 %.
    """

    code: str
    title: str
    caliber: str
    as_of: datetime
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    bar: str = ""
    marked: bool = False


def ledger(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    identity: people.Identity,
    span: statistics.Span,
    *,
    units: frozenset[str] | None = None,
    source_type: str | None = None,
    leader: str | None = None,
    light: str | None = None,
    status: str | None = None,
) -> Sheet:
    """RP-01: the matters this person may see that were registered in the span."""
    matter, undertaking = tables.matter.c, tables.undertaking.c
    wanted = {
        matter.source_type: source_type,
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
    if units is not None:
        query = query.where(
            sa.exists().where(
                undertaking.matter_id == matter.id, undertaking.unit.in_(units)
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


def units(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    *,
    only: frozenset[str] | None = None,
    ranked: bool = False,
) -> Sheet:
    """RP-02: what was due of each unit, its rate and score, in groups never mixed.

    Units stand in the order of their codes; only where the office turned the ranking
    on (减负红线, domain §6.6) the best comes first, with its place. Persons are never
    ranked.
    """
    due = statistics.by_unit(statistics.objects(connection, calendar, span))
    unit = engine_tables.unit.c
    shown = due.keys() if only is None else due.keys() & only
    scores = statistics.scored(connection, shown, span)
    groups: dict[str, list[tuple[tuple[float, float], str, tuple[Cell, ...]]]] = {}
    for row in connection.execute(
        sa.select(unit.code, unit.name, unit.short_name, unit.tree_type)
        .where(unit.code.in_(shown))
        .order_by(unit.code)
    ):
        rate = statistics.on_time(due[row.code])
        score = scores[row.code]
        figures = (rate.whole, rate.part, rate.whole - rate.part, rate.percent, score)
        merit = (-score, -rate.part / rate.whole)
        group = group_of(row.name, row.tree_type)
        groups.setdefault(group, []).append((merit, row.short_name, figures))
    return sheet(
        "RP-02",
        "单位办理情况",
        "应办=期间到期的承办记录和反馈期；按期办结率=按期/应办；得分=100+加分−扣分；"
        "按类分组，不混排",
        span,
        (
            "分组",
            *(("名次",) if ranked else ()),
            "单位",
            "应办",
            "按期",
            "逾期",
            "按期办结率",
            "得分",
        ),
        (
            (group, *((place,) if ranked else ()), name, *figures)
            for group in GROUPS
            for place, name, figures in _placed(groups.get(group, []), ranked)
        ),
        bar="按期办结率",
    )


def composition(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    *,
    source_type: str | None = None,
) -> Sheet:
    """RP-03: approved matters by source, a column for each month."""
    matter = tables.matter.c
    query = sa.select(matter.source_type, matter.created_at).where(
        matter.id.in_(statistics.registered(connection, calendar, span))
    )
    if source_type:
        query = query.where(matter.source_type == source_type)
    counted = Counter(
        (row.source_type, calendar.local_date(row.created_at).isoformat()[:7])
        for row in connection.execute(query)
    )
    months = sorted({month for _, month in counted})
    totals: Counter[str] = Counter()
    for (kind, _), count in counted.items():
        totals[kind] += count
    return sheet(
        "RP-03",
        "类别构成与趋势",
        "期间立项事项（件），按来源类别和登记月份；占比=本类/全部",
        span,
        ("来源类别", *months, "合计", "占比"),
        (
            (
                kind,
                *(counted[kind, month] for month in months),
                total,
                statistics.Rate(total, totals.total(), "立项事项").percent,
            )
            for kind, total in sorted(
                totals.items(), key=lambda found: (-found[1], found[0])
            )
        ),
        bar="占比",
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
    rows = _of_procedure(connection, calendar, span, MEETINGS)
    decided = statistics.mandates(connection, [row.id for row in rows])
    for row in rows:
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
                sum(decided.get(row.id, 0) for row in found),
                sum(row.status in statistics.CONCLUDED for row in found),
            )
            for kind, found in sorted(kinds.items())
        ),
    )


def sheet(
    code: str,
    title: str,
    caliber: str,
    span: statistics.Span,
    headings: tuple[str, ...],
    rows: Iterable[tuple[Cell, ...]],
    *,
    bar: str = "",
    marked: bool = False,
) -> Sheet:
    """Return the table as it stands at the moment the span is looked at."""
    return Sheet(code, title, caliber, span.as_of, headings, tuple(rows), bar, marked)


def _placed(
    listed: list[tuple[tuple[float, float], str, tuple[Cell, ...]]], ranked: bool
) -> Iterator[tuple[int, str, tuple[Cell, ...]]]:
    """Yield place, name and figures; units of the same merit share a place."""
    ordered = sorted(listed, key=lambda one: one[0]) if ranked else listed
    merits = [merit for merit, *_ in ordered]
    for merit, name, figures in ordered:
        yield 1 + merits.index(merit), name, figures


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


def short_names(connection: sa.Connection, codes: Iterable[str]) -> dict[str, str]:
    """Return the short names of these units."""
    unit = engine_tables.unit.c
    rows = connection.execute(
        sa.select(unit.code, unit.short_name).where(unit.code.in_(set(codes)))
    )
    return {row.code: row.short_name for row in rows}
