"""The hotline by the day and by the month (热线日报、月报): what came and how it ended.

RP-09 of overviews.py tells rates of a span; this tells the numbers of a day or a month,
by type, deadline and satisfaction. A caller is in no figure (domain §2.8).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import workdays
from processes.supervision import tables
from processes.supervision.hotline import hotline
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries

Row = sa.Row[*tuple[Any, ...]]
HEADINGS = (
    "诉求类型",
    "受理",
    "已报结果",
    "其中按期",
    "逾期报结果",
    "在办",
    "其中逾期",
    "退回或撤回",
    "满意",
    "基本满意",
    "不满意",
    "未回访",
)
TOTAL = "合计"
DECEMBER = 12
#: What ended without a result of ours.
GIVEN_UP = ("SENT_BACK", "CANCELLED", "MERGED", "NOT_APPROVED")


def daily(
    connection: sa.Connection, calendar: workdays.Calendar, day: date, as_of: datetime
) -> summaries.Sheet:
    """Return the figures of the tickets that were registered on a day."""
    span = statistics.Span(day, day, as_of)
    return _sheet(connection, calendar, span, f"热线日报（{day}）")


def monthly(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    year: int,
    month: int,
    as_of: datetime,
) -> summaries.Sheet:
    """Return the figures of the tickets that were registered in a month."""
    first = date(year, month, 1)
    following = date(year + month // DECEMBER, month % DECEMBER + 1, 1)
    last = date.fromordinal(following.toordinal() - 1)
    span = statistics.Span(first, last, as_of)
    return _sheet(connection, calendar, span, f"热线月报（{year}年{month}月）")


def _sheet(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    title: str,
) -> summaries.Sheet:
    ticket, matter = tables.hotline_ticket.c, tables.matter.c
    found = connection.execute(
        sa.select(
            ticket.type,
            ticket.callback,
            matter.status,
            matter.due_at,
            matter.closed_at,
            matter.reported_at,
        )
        .join(tables.matter, matter.id == ticket.matter_id)
        .where(
            matter.created_at >= calendar.start_of_day(span.since),
            matter.created_at <= min(calendar.end_of_day(span.until), span.as_of),
        )
    ).all()
    lines = [
        _line(type, [row for row in found if row.type == type], span.as_of)
        for type in hotline.TICKET_TYPES
    ]
    return summaries.sheet(
        "RP-09",
        title,
        "期间登记的工单（件）；按期以上报热线室的时刻与事项时限相比，含热线室同意的延期",
        span,
        HEADINGS,
        [*lines, _line(TOTAL, found, span.as_of)],
    )


def _line(
    label: str, found: Sequence[Row], as_of: datetime
) -> tuple[summaries.Cell, ...]:
    counted = Counter(_standing(row, as_of) for row in found)
    said = [row.callback for row in found]
    in_time, late, overdue = (counted[one] for one in ("IN_TIME", "LATE", "OVERDUE"))
    return (
        label,
        len(found),
        in_time + late,
        in_time,
        late,
        counted["UNDER_WAY"] + overdue,
        overdue,
        counted["GIVEN_UP"],
        *(said.count(callback) for callback in hotline.CALLBACK_LABELS),
        said.count(None),
    )


def _standing(row: Row, as_of: datetime) -> str:
    """Return how a ticket stood at the moment looked at."""
    if row.closed_at is not None and row.closed_at <= as_of and row.status in GIVEN_UP:
        return "GIVEN_UP"
    if row.reported_at is not None and row.reported_at <= as_of:
        return "IN_TIME" if row.reported_at <= row.due_at else "LATE"
    return "OVERDUE" if as_of > row.due_at else "UNDER_WAY"
