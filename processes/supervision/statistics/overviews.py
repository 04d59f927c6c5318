"""The statistical tables of the office about what is not one kind of matter.

Replies to deputies, the hotline, the three lists, the watched projects and lights:
RP-08 to RP-12 (domain §5.2).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from engine import tables as engine_tables
from engine import workdays
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries
from processes.supervision.targets import comparisons

WATCH = "proc_accountability_watch"
SATISFIED = ("SATISFIED", "BASICALLY")
EVALUATED = (*SATISFIED, "DISSATISFIED")
#: How long overdue, in working days, and what the bar is called.
BARS = ((3, "3个工作日内"), (5, "5个工作日内"), (10, "10个工作日内"))
LONGER = "10个工作日以上"
LONGEST_LIST = 10
LIGHTS: tuple[lights.Light, ...] = ("RED", "YELLOW", "GREEN")


def deputies(connection: sa.Connection, span: statistics.Span) -> summaries.Sheet:
    """RP-08: suggestions and proposals of the span's years: answered, A/B/C, content.

    办复率=已答复/应答复; 满意率=(满意+基本满意)/已评价; 回收率=已评价/已答复.
    """
    proposal, reply, survey = (
        tables.deputy_proposal.c,
        tables.reply.c,
        tables.survey.c,
    )
    kinds: dict[tuple[str, str], list[int]] = {}
    for row in connection.execute(
        sa.select(proposal.level, proposal.kind, proposal.matter_id).where(
            proposal.year.between(span.since.year, span.until.year)
        )
    ):
        kinds.setdefault((row.level, row.kind), []).append(row.matter_id)
    results = {
        row.matter_id: row.result
        for row in connection.execute(
            sa.select(reply.matter_id, reply.result)
            .where(reply.sent_at.is_not(None), reply.sent_at <= span.as_of)
            .order_by(reply.id)
        )
    }
    answers = {
        row.matter_id: row.answer
        for row in connection.execute(
            sa.select(survey.matter_id, survey.answer)
            .where(survey.answer.in_(EVALUATED))
            .order_by(survey.id)
        )
    }

    def line(key: tuple[str, str], ids: list[int]) -> tuple[summaries.Cell, ...]:
        given = Counter(results[one] for one in ids if one in results)
        said = [answers[one] for one in ids if one in answers]
        content = sum(one in SATISFIED for one in said)
        return (
            *key,
            len(ids),
            given.total(),
            statistics.Rate(given.total(), len(ids), "件").percent,
            *(given[one] for one in "ABC"),
            statistics.Rate(given["A"], given.total(), "件").percent,
            statistics.Rate(len(said), given.total(), "件").percent,
            statistics.Rate(content, len(said), "件").percent,
        )

    return summaries.sheet(
        "RP-08",
        "建议提案办理",
        "按年度应答复件；以末次答复和末次评价计",
        span,
        (
            "层级",
            "类型",
            "应答复",
            "已答复",
            "办复率",
            "A类",
            "B类",
            "C类",
            "A类率",
            "回收率",
            "满意率",
        ),
        (line(key, ids) for key, ids in sorted(kinds.items())),
    )


def evaluations(connection: sa.Connection, span: statistics.Span) -> summaries.Sheet:
    """RP-08 (趋势): the scores of the standing committee, year by year (R-03-21)."""
    evaluation = tables.evaluation.c
    rows = connection.execute(
        sa.select(evaluation.year, evaluation.subject, evaluation.score_tenths)
        .where(evaluation.year <= span.until.year)
        .order_by(evaluation.subject, evaluation.year)
    )
    return summaries.sheet(
        "RP-08",
        "评议分数趋势",
        "人大常委会评议，逐年",
        span,
        ("年度", "评议事项", "得分"),
        ((row.year, row.subject, row.score_tenths / 10) for row in rows),
    )


def hotline(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> summaries.Sheet:
    """RP-09: tickets by type: how many, how many in time, how content callers were."""
    ticket, matter = tables.hotline_ticket.c, tables.matter.c
    rows = connection.execute(
        sa.select(ticket.type, ticket.callback, ticket.matter_id)
        .join(tables.matter, matter.id == ticket.matter_id)
        .where(
            matter.created_at >= calendar.start_of_day(span.since),
            matter.created_at <= min(calendar.end_of_day(span.until), span.as_of),
        )
    )
    due: dict[int, list[statistics.Object]] = {}
    for one in statistics.objects(connection, calendar, span):
        due.setdefault(one.matter_id, []).append(one)
    types: dict[str, list[tuple[int, str | None]]] = {}
    for row in rows:
        types.setdefault(row.type, []).append((row.matter_id, row.callback))

    def line(type: str, found: list[tuple[int, str | None]]) -> tuple[str | int, ...]:
        objects = [one for matter_id, _ in found for one in due.get(matter_id, ())]
        said = [callback for _, callback in found if callback in EVALUATED]
        content = sum(one in SATISFIED for one in said)
        return (
            type,
            len(found),
            statistics.on_time(objects).percent,
            statistics.Rate(content, len(said), "已回访").percent,
        )

    return summaries.sheet(
        "RP-09",
        "热线督办",
        "期间登记的工单（件）；按期率按承办时限归集",
        span,
        ("诉求类型", "工单", "按期办结率", "满意率"),
        (line(type, found) for type, found in sorted(types.items())),
    )


def three_lists(connection: sa.Connection, span: statistics.Span) -> summaries.Sheet:
    """RP-10: problems listed and struck off, by unit, and how many came back."""
    problem, look = tables.problem.c, tables.second_look.c
    looks: dict[int, list[str]] = {}
    for row in connection.execute(sa.select(look.problem_id, look.result)):
        looks.setdefault(row.problem_id, []).append(row.result)
    units: dict[str, list[tuple[int, bool]]] = {}
    for one in connection.execute(
        sa.select(problem.id, problem.unit, problem.closed_at).where(
            problem.at <= span.as_of
        )
    ):
        closed = one.closed_at is not None and one.closed_at <= span.as_of
        units.setdefault(one.unit, []).append((one.id, closed))
    names = _short_names(connection, units)

    def line(unit: str, found: list[tuple[int, bool]]) -> tuple[str | int, ...]:
        closed = sum(is_closed for _, is_closed in found)
        results = [one for id, _ in found for one in looks.get(id, ())]
        back = sum(one == "REBOUND" for one in results)
        return (
            names.get(unit, unit),
            len(found),
            closed,
            statistics.Rate(closed, len(found), "问题").percent,
            len(results),
            statistics.Rate(back, len(results), "回头看").percent,
        )

    return summaries.sheet(
        "RP-10",
        "三单台账与销号率",
        "问题（条）；反弹率=反弹/回头看",
        span,
        ("责任单位", "问题", "已销号", "销号率", "回头看", "反弹率"),
        (line(unit, found) for unit, found in sorted(units.items())),
    )


def watched(connection: sa.Connection, span: statistics.Span) -> summaries.Sheet:
    """RP-11: each watched project in its last period: how far behind, how often."""
    comparison, mandate, matter = (
        tables.comparison.c,
        tables.mandate.c,
        tables.matter.c,
    )
    rows = connection.execute(
        sa.select(
            mandate.content,
            mandate.lead_unit,
            comparison.period,
            comparison.verdict,
            comparison.behind,
            comparison.consecutive,
            comparison.mandate_id,
        )
        .join(tables.mandate, mandate.id == comparison.mandate_id)
        .join(tables.matter, matter.id == comparison.matter_id)
        .where(matter.procedure == WATCH, comparison.at <= span.as_of)
        .order_by(comparison.id)
    )
    last = {row.mandate_id: row for row in rows}
    names = _short_names(connection, {row.lead_unit for row in last.values()})
    return summaries.sheet(
        "RP-11",
        "问责观察项目节点",
        "重点项目（个），末次比对",
        span,
        ("项目", "责任单位", "期次", "比对", "滞后节点", "连续滞后"),
        (
            (
                row.content,
                names.get(row.lead_unit, row.lead_unit),
                row.period,
                comparisons.VERDICT_LABELS[row.verdict],
                row.behind,
                row.consecutive,
            )
            for row in last.values()
        ),
    )


def indicators(
    connection: sa.Connection, month: str, span: statistics.Span
) -> summaries.Sheet:
    """RP-11 (柱状图): the frozen indicators of a month (2026-09), by group and unit."""
    value, unit = tables.indicator_value.c, engine_tables.unit.c
    rows = connection.execute(
        sa.select(
            value.indicator,
            value.target,
            value.actual,
            unit.name,
            unit.short_name,
            unit.tree_type,
        )
        .join(engine_tables.unit, unit.code == value.unit)
        .where(value.month == month, value.frozen_at <= span.as_of)
        .order_by(value.indicator, value.id)
    )
    return summaries.sheet(
        "RP-11",
        "指标完成情况",
        f"{month}月度冻结；完成率=实际/目标",
        span,
        ("指标", "分组", "单位", "目标", "实际", "完成率"),
        (
            (
                row.indicator,
                summaries.group_of(row.name, row.tree_type),
                row.short_name,
                row.target,
                row.actual,
                statistics.completion(float(row.actual), float(row.target)),
            )
            for row in rows
        ),
    )


def warnings(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> tuple[summaries.Sheet, summaries.Sheet, summaries.Sheet]:
    """RP-12: lights of all open undertakings, the longest overdue, and how long.

    Lateness is counted in working days up to the moment looked at.
    """
    undertaking, unit = tables.undertaking.c, engine_tables.unit.c
    rows = connection.execute(
        sa.select(
            undertaking.number,
            undertaking.light,
            undertaking.due_at,
            unit.short_name,
        )
        .join(engine_tables.unit, unit.code == undertaking.unit)
        .where(undertaking.light != "OFF")
        .order_by(undertaking.due_at, undertaking.id)
    ).all()
    counted = Counter(row.light for row in rows)
    late = [
        (row, _late_workdays(calendar, row.due_at, span.as_of))
        for row in rows
        if row.light == "RED"
    ]
    bars = Counter(_bar(days) for _, days in late)
    caliber = "未结承办记录和反馈期"
    return (
        summaries.sheet(
            "RP-12",
            "红黄绿灯总览",
            caliber,
            span,
            ("灯色", "件数"),
            ((lights.LABELS[light], counted[light]) for light in LIGHTS),
        ),
        summaries.sheet(
            "RP-12",
            "逾期时间最长的",
            caliber,
            span,
            ("承办编号", "单位", "时限", "逾期工作日"),
            (
                (
                    row.number,
                    row.short_name,
                    calendar.local_date(row.due_at).isoformat(),
                    days,
                )
                for row, days in late[:LONGEST_LIST]
            ),
        ),
        summaries.sheet(
            "RP-12",
            "逾期时长分布",
            caliber,
            span,
            ("逾期时长", "件数"),
            ((name, bars[name]) for name in (*(name for _, name in BARS), LONGER)),
        ),
    )


def _short_names(connection: sa.Connection, codes: Iterable[str]) -> dict[str, str]:
    unit = engine_tables.unit.c
    rows = connection.execute(
        sa.select(unit.code, unit.short_name).where(unit.code.in_(set(codes)))
    )
    return {row.code: row.short_name for row in rows}


def _late_workdays(
    calendar: workdays.Calendar, due_at: datetime, as_of: datetime
) -> int:
    _, working = lights.lateness(calendar, due_at, as_of)
    return working


def _bar(days: int) -> str:
    return next((name for most, name in BARS if days <= most), LONGER)
