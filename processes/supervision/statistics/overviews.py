"""The statistical tables of the office about what is not one kind of matter.

Replies to deputies, the three lists and lights: RP-08, RP-10 and RP-12 (domain §5.2).
"""

from collections import Counter
from datetime import datetime

import sqlalchemy as sa

from engine import tables as engine_tables
from engine import workdays
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries

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


def three_lists(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    *,
    only: frozenset[str] | None = None,
) -> summaries.Sheet:
    """RP-10: problems listed in the span, how many were struck off and came back."""
    problem, look = tables.problem.c, tables.second_look.c
    looks: dict[int, list[str]] = {}
    for row in connection.execute(
        sa.select(look.problem_id, look.result).where(look.at <= span.as_of)
    ):
        looks.setdefault(row.problem_id, []).append(row.result)
    units: dict[str, list[tuple[int, bool]]] = {}
    for one in connection.execute(
        sa.select(problem.id, problem.unit, problem.closed_at).where(
            problem.at >= calendar.start_of_day(span.since),
            problem.at <= min(calendar.end_of_day(span.until), span.as_of),
        )
    ):
        if only is not None and one.unit not in only:
            continue
        closed = one.closed_at is not None and one.closed_at <= span.as_of
        units.setdefault(one.unit, []).append((one.id, closed))
    names = summaries.short_names(connection, units)

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
        "期间列入的问题（条）；销号率=已销号/问题；反弹率=反弹/回头看",
        span,
        ("责任单位", "问题", "已销号", "销号率", "回头看", "反弹率"),
        (line(unit, found) for unit, found in sorted(units.items())),
        bar="销号率",
    )


def warnings(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    *,
    only: frozenset[str] | None = None,
) -> tuple[summaries.Sheet, ...]:
    """RP-12: lights of all open undertakings, by unit, the longest overdue, how long.

    Lateness is counted in working days up to the moment looked at.
    """
    undertaking, unit = tables.undertaking.c, engine_tables.unit.c
    query = (
        sa.select(
            undertaking.number,
            undertaking.light,
            undertaking.due_at,
            unit.short_name,
        )
        .join(engine_tables.unit, unit.code == undertaking.unit)
        .where(undertaking.light != "OFF")
        .order_by(undertaking.due_at, undertaking.id)
    )
    if only is not None:
        query = query.where(undertaking.unit.in_(only))
    rows = connection.execute(query).all()
    counted = Counter(row.light for row in rows)
    late = [
        (row, _late_workdays(calendar, row.due_at, span.as_of))
        for row in rows
        if row.light == "RED"
    ]
    bars = Counter(_bar(days) for _, days in late)
    units: dict[str, Counter[str]] = {}
    for row in rows:
        units.setdefault(row.short_name, Counter())[row.light] += 1
    worst = sorted(units.items(), key=lambda one: (-one[1]["RED"], one[0]))
    caliber = "未结承办记录和反馈期（件），截至统计时点"
    return (
        summaries.sheet(
            "RP-12",
            "红黄绿灯总览",
            caliber,
            span,
            ("灯色", "件数"),
            ((lights.LABELS[light], counted[light]) for light in LIGHTS),
            bar="件数",
        ),
        summaries.sheet(
            "RP-12",
            "各单位亮灯",
            f"{caliber}；红灯多的在前",
            span,
            ("单位", *(lights.LABELS[light] for light in LIGHTS)),
            ((name, *(found[light] for light in LIGHTS)) for name, found in worst),
            bar=lights.LABELS["RED"],
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
            bar="件数",
        ),
    )


def _late_workdays(
    calendar: workdays.Calendar, due_at: datetime, as_of: datetime
) -> int:
    _, working = lights.lateness(calendar, due_at, as_of)
    return working


def _bar(days: int) -> str:
    return next((name for most, name in BARS if days <= most), LONGER)
