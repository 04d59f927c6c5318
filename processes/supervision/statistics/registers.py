"""The registers of the office: numbers given, the team's work, posts to be filled.

RP-13 and RP-14 (domain §5.2), and what every unit must have (R-04-15).
"""

import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from engine import tables as engine_tables
from engine import workdays
from processes.supervision import tables
from processes.supervision import workloads
from processes.supervision.deadlines import lights
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries

_NUMBER = re.compile(r"^(?P<office>.+)〔(?P<year>\d{4})〕第?(?P<serial>\d+)[号期]$")
#: What every unit must have (R-04-15).
POSTS: Mapping[str, str] = {
    "unit_head": "主要负责人",
    "unit_deputy": "分管督查负责人",
    "unit_registrar": "收发岗",
}
#: What a result says of a unit's problems, in counts.
FINDINGS = ("problems", "closed", "overdue", "reopened")
#: 办公室主任=主要责任人 (004六).
DIRECTOR = "go_director"


def numbers(connection: sa.Connection, span: statistics.Span) -> summaries.Sheet:
    """RP-13: the register of 文号 and 期号, with every number that is missing.

    A document issued again under its number counts once (R-03-04).
    """
    circular, document = tables.circular.c, tables.document.c
    taken: dict[tuple[str, int], set[int]] = {}
    for row in connection.execute(
        sa.select(circular.series, circular.year, circular.issue_no).where(
            circular.issue_no.is_not(None), circular.issued_at <= span.as_of
        )
    ):
        taken.setdefault((row.series, row.year), set()).add(row.issue_no)
    for number in connection.scalars(
        sa.select(document.number).where(document.created_at <= span.as_of)
    ):
        found = _NUMBER.fullmatch(number)
        if found is not None:
            key = (found["office"], int(found["year"]))
            taken.setdefault(key, set()).add(int(found["serial"]))
    years = range(span.since.year, span.until.year + 1)
    return summaries.sheet(
        "RP-13",
        "期号文号登记簿",
        "系列或者代字×年度；断号为未使用的号",
        span,
        ("系列或代字", "年度", "末号", "断号"),
        (
            (name, year, max(used), "、".join(map(str, gaps(used))) or "无")
            for (name, year), used in sorted(taken.items())
            if year in years
        ),
    )


def gaps(used: Iterable[int]) -> list[int]:
    """Return the numbers below the last one that nobody used."""
    known = set(used)
    return [one for one in range(1, max(known, default=0)) if one not in known]


def team(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> summaries.Sheet:
    """RP-14: tasks each of the office completed, for himself or another, and has open.

    Tasks are counted, never hours online (减负红线); what is open shows who has a hand
    free (分工到人，负荷可视; R-03-02). Persons stand in the order of their accounts:
    they are never ranked.
    """
    post = engine_tables.post.c
    staff = connection.scalars(
        sa.select(post.person).where(post.role.startswith("dc_")).distinct()
    )
    loads = workloads.loads(
        connection,
        sorted(staff),
        since=calendar.start_of_day(span.since),
        until=min(calendar.end_of_day(span.until), span.as_of),
        at=span.as_of,
    )
    return summaries.sheet(
        "RP-14",
        "督查人员工作量",
        "期间办结的任务（件）；代办为AB角代理；在办为现在指定本人的",
        span,
        ("姓名", "办理", "其中代办", "在办", "其中逾期"),
        ((one.name, one.done, one.acting, one.waiting, one.overdue) for one in loads),
    )


def burden(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    *,
    only: frozenset[str] | None = None,
) -> summaries.Sheet:
    """Return how much each unit had to fill in, and what it was asked for twice.

    For the business administrator (减负红线, domain §6.6): an indicator that two
    matters ask of one unit could be reported once.
    """
    undertaking, report = tables.undertaking.c, tables.progress_report.c
    mandate, unit = tables.mandate.c, engine_tables.unit.c
    last = min(calendar.end_of_day(span.until), span.as_of)
    reports: Counter[str] = Counter()
    asked: dict[tuple[str, str], set[int]] = {}
    rows = connection.execute(
        sa.select(undertaking.unit, undertaking.matter_id, mandate.indicator)
        .join(tables.progress_report, report.undertaking_id == undertaking.id)
        .join(tables.mandate, mandate.id == undertaking.mandate_id)
        .where(
            report.submitted_at >= calendar.start_of_day(span.since),
            report.submitted_at <= last,
        )
    )
    for row in rows:
        if only is not None and row.unit not in only:
            continue
        reports[row.unit] += 1
        if row.indicator:
            key = (row.unit, str(row.indicator["name"]))
            asked.setdefault(key, set()).add(row.matter_id)
    twice: dict[str, list[str]] = {}
    for (code, name), matters in sorted(asked.items()):
        if len(matters) > 1:
            twice.setdefault(code, []).append(name)
    names = connection.execute(
        sa.select(unit.code, unit.short_name).where(unit.code.in_(reports))
    )
    return summaries.sheet(
        "减负",
        "填报负担",
        "期间提交的报告（份）；重复项为两件以上事项要同一单位报的指标",
        span,
        ("单位", "报告", "重复项"),
        (
            (row.short_name, reports[row.code], "、".join(twice.get(row.code, [])))
            for row in sorted(names, key=lambda row: (-reports[row.code], row.code))
        ),
    )


def appraised(
    connection: sa.Connection,
    span: statistics.Span,
    *,
    only: frozenset[str] | None = None,
) -> summaries.Sheet:
    """Return what the annual appraisal of each unit rests on (R-02-25)."""
    result, unit = tables.appraisal_result.c, engine_tables.unit.c
    query = (
        sa.select(tables.appraisal_result, unit.short_name)
        .join(engine_tables.unit, unit.code == result.unit)
        .where(
            result.year.between(span.since.year, span.until.year),
            result.at <= span.as_of,
        )
        .order_by(result.unit, result.id)
    )
    if only is not None:
        query = query.where(result.unit.in_(only))
    return summaries.sheet(
        "R-02-25",
        "年度考核依据",
        "本年度巡查、督查和三单整改的结果；问题、销号、逾期、重新整改为条数",
        span,
        ("单位", "依据", "等次", "问题", "销号", "逾期", "重新整改"),
        (
            (
                row.short_name,
                row.kind,
                row.grade or statistics.NOTHING,
                *(row.content[one] for one in FINDINGS),
            )
            for row in connection.execute(query)
        ),
    )


def briefing(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    leader: str,
    span: statistics.Span,
    *,
    account: str | None = None,
) -> summaries.Sheet:
    """Return what a leader hears of his matters, the worst first (R-01-39, R-00-39).

    `leader` is the name under which matters came from him, or his `account`. Beside
    each open matter stands what its units reported last as problems.
    """
    matter, undertaking = tables.matter.c, tables.undertaking.c
    report = tables.progress_report.c
    found = connection.execute(
        sa.select(matter.id, matter.number, matter.title, matter.due_at, matter.light)
        .where(
            matter.source_leader.in_({leader, account or leader}),
            matter.number.is_not(None),
            matter.light != "OFF",
            matter.created_at <= span.as_of,
        )
        .order_by(matter.due_at, matter.id)
    ).all()
    problems: dict[int, dict[str, str]] = {}
    for row in connection.execute(
        sa.select(undertaking.matter_id, undertaking.unit, report.problems)
        .join(tables.progress_report, report.undertaking_id == undertaking.id)
        .where(
            undertaking.matter_id.in_([row.id for row in found]),
            report.submitted_at <= span.as_of,
        )
        .order_by(report.id)
    ):
        problems.setdefault(row.matter_id, {})[row.unit] = row.problems
    severity = {"RED": 0, "YELLOW": 1, "GREEN": 2}
    return summaries.sheet(
        "R-01-39",
        f"{leader}听取督查汇报材料",
        "本人批示、交办的未结事项（件）",
        span,
        ("督查编号", "标题", "办结时限", "灯色", "存在问题"),
        (
            (
                row.number,
                row.title,
                calendar.local_date(row.due_at).isoformat(),
                lights.LABELS[row.light],
                "；".join(
                    one for one in problems.get(row.id, {}).values() if one != "无"
                ),
            )
            for row in sorted(found, key=lambda row: severity[row.light])
        ),
    )


def vacancies(connection: sa.Connection, span: statistics.Span) -> summaries.Sheet:
    """Return the units that lack a post every unit must have (R-04-15)."""
    return summaries.sheet(
        "R-04-15",
        "单位岗位配置校验",
        "承办单位应设的岗位",
        span,
        ("单位", "缺少"),
        vacant(connection, span.as_of),
    )


def vacant(connection: sa.Connection, as_of: datetime) -> list[tuple[str, str]]:
    """Return (单位, 岗位) of every post that must be held and is not (R-04-15).

    Each unit that has any of POSTS must have all of them, and the office its director.
    """
    unit, post = engine_tables.unit.c, engine_tables.post.c
    held = {
        (row.unit, row.role)
        for row in connection.execute(
            sa.select(post.unit, post.role).where(
                post.role.in_([*POSTS, DIRECTOR]),
                post.starts_at <= as_of,
                sa.or_(post.ends_at.is_(None), post.ends_at > as_of),
            )
        )
    }
    rows = connection.execute(
        sa.select(unit.code, unit.name)
        .where(unit.active, unit.code.in_({code for code, _ in held if code}))
        .order_by(unit.code)
    )
    missing = [
        (row.name, label)
        for row in rows
        for role, label in POSTS.items()
        if (row.code, role) not in held
    ]
    if held and not any(role == DIRECTOR for _, role in held):
        missing.append(("政府办公室", "办公室主任（主要责任人）"))
    return missing
