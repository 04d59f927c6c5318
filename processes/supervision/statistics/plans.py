"""What was planned and what came of it, as tables: RP-06, RP-07 and RP-11 (§5.2)."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from engine import tables as engine_tables
from engine import workdays
from processes.supervision import tables
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries
from processes.supervision.targets import comparisons

LIVELIHOOD = "proc_ten_livelihood"
WATCH = "proc_accountability_watch"
#: 清单A and 清单B of 003.
LISTS: Mapping[str, str] = {
    "DONE": "清单A 已完成全年目标",
    "BEHIND": "清单B 未完成季度计划",
}


def government_report(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> tuple[summaries.Sheet, ...]:
    """RP-06: what the plans came to, and list A and list B as they were compared.

    A task stands on a list once for each feedback period.
    """
    comparison, matter = tables.comparison.c, tables.matter.c
    mandate, unit = tables.mandate.c, engine_tables.unit.c
    rows = connection.execute(
        sa.select(
            comparison.period,
            comparison.verdict,
            comparison.planned,
            comparison.actual,
            mandate.content,
            unit.short_name,
        )
        .join(tables.matter, matter.id == comparison.matter_id)
        .join(tables.mandate, mandate.id == comparison.mandate_id)
        .outerjoin(engine_tables.unit, unit.code == mandate.lead_unit)
        .where(
            matter.procedure == summaries.GOVERNMENT_REPORT,
            comparison.at >= calendar.start_of_day(span.since),
            comparison.at <= min(calendar.end_of_day(span.until), span.as_of),
        )
        .order_by(comparison.id)
    ).all()
    periods: dict[str, Counter[str]] = {}
    for row in rows:
        periods.setdefault(row.period, Counter())[row.verdict] += 1
    verdicts = tuple(comparisons.VERDICT_LABELS)
    listed = (
        summaries.sheet(
            "RP-06",
            title,
            "任务（项），每个反馈期比对一次",
            span,
            ("反馈期", "任务", "责任单位", "计划", "实际"),
            (
                (row.period, row.content, row.short_name, row.planned, row.actual)
                for row in rows
                if row.verdict == verdict
            ),
        )
        for verdict, title in LISTS.items()
    )
    progress = summaries.sheet(
        "RP-06",
        "政府工作报告季度进度",
        "期间比对的任务（项）；季度计划达成率=达成季度计划任务/应达成任务",
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
        bar="季度计划达成率",
    )
    return (progress, *listed)


def livelihood(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> summaries.Sheet:
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
    return summaries.sheet(
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


def watched(
    connection: sa.Connection,
    span: statistics.Span,
    *,
    only: frozenset[str] | None = None,
) -> summaries.Sheet:
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
    last = {
        row.mandate_id: row for row in rows if only is None or row.lead_unit in only
    }
    names = summaries.short_names(connection, {row.lead_unit for row in last.values()})
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


def frozen_months(connection: sa.Connection) -> list[str]:
    """Return the months whose indicators are frozen, the newest first."""
    value = tables.indicator_value.c
    return list(
        connection.scalars(
            sa.select(value.month)
            .where(value.frozen_at.is_not(None))
            .distinct()
            .order_by(value.month.desc())
        )
    )


def indicators(
    connection: sa.Connection,
    month: str,
    span: statistics.Span,
    *,
    only: frozenset[str] | None = None,
) -> summaries.Sheet:
    """RP-11 (柱状图): the frozen indicators of a month (2026-09), by group and unit."""
    value, unit = tables.indicator_value.c, engine_tables.unit.c
    query = (
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
    if only is not None:
        query = query.where(value.unit.in_(only))
    rows = sorted(
        connection.execute(query),
        key=lambda row: (
            row.indicator,
            summaries.GROUPS.index(summaries.group_of(row.name, row.tree_type)),
        ),
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
                _figure(row.target),
                _figure(row.actual),
                statistics.completion(float(row.actual), float(row.target)),
            )
            for row in rows
        ),
        bar="完成率",
        marked=True,
    )


def _figure(text: str) -> summaries.Cell:
    """Return a figure, which is kept as text, as a number: whole where it is whole."""
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)
