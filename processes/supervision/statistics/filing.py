"""When concluded matters are filed (归档批次计划): by quarter, within thirty days."""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from engine import workdays
from processes.supervision import tables
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries

#: 办结后30日内归档 (CA-13, T-ARCH).
FILED_WITHIN = timedelta(days=30)
STATE_LABELS: Mapping[bool, str] = {True: "逾期未归档", False: "待归档"}


def batches(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> summaries.Sheet:
    """Return what was concluded in the span and is not filed, by batch (R-04-09).

    A batch holds what was concluded in one quarter; each matter of it is due thirty
    days after it was concluded, the most urgent first.
    """
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(matter.number, matter.title, matter.closed_at)
        .where(
            matter.status == "CLOSED",
            matter.closed_at >= calendar.start_of_day(span.since),
            matter.closed_at <= min(calendar.end_of_day(span.until), span.as_of),
        )
        .order_by(matter.closed_at, matter.id)
    )
    today = calendar.local_date(span.as_of)
    planned = []
    for row in rows:
        closed_on = calendar.local_date(row.closed_at)
        due_on = closed_on + FILED_WITHIN
        planned.append(
            (
                f"{closed_on.year}年第{(closed_on.month + 2) // 3}季度",
                row.number,
                row.title,
                closed_on.isoformat(),
                due_on.isoformat(),
                STATE_LABELS[today > due_on],
            )
        )
    return summaries.sheet(
        "R-04-09",
        "归档批次计划",
        "期间办结、尚未归档的事项（件）；办结后30日内归档",
        span,
        ("批次", "督查编号", "标题", "办结日", "应归档日", "状态"),
        planned,
    )
