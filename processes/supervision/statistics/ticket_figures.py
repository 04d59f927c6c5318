"""The hotline (热线督办, RP-09): what came in a day or a month and how it ended.

By type, deadline and satisfaction. A caller is in no figure (domain §2.8).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import workdays
from processes.supervision import tables
from processes.supervision.hotline import hotline
from processes.supervision.statistics import overviews
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
    "满意率",
)
TOTAL = "合计"
#: What ended without a result of ours.
GIVEN_UP = ("SENT_BACK", "CANCELLED", "MERGED", "NOT_APPROVED")


def tickets(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> summaries.Sheet:
    """RP-09: the figures of the tickets that were registered in the span, by type."""
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
        "热线督办",
        "期间登记的工单（件）；按期以上报热线室的时刻与事项时限相比，含热线室同意的延期；"
        "满意率=（满意+基本满意）/已回访",
        span,
        HEADINGS,
        [*lines, _line(TOTAL, found, span.as_of)],
    )


def _line(
    label: str, found: Sequence[Row], as_of: datetime
) -> tuple[summaries.Cell, ...]:
    counted = Counter(_standing(row, as_of) for row in found)
    said = [row.callback for row in found]
    content = sum(one in overviews.SATISFIED for one in said)
    asked = len(said) - said.count(None)
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
        statistics.Rate(content, asked, "已回访").percent,
    )


def _standing(row: Row, as_of: datetime) -> str:
    """Return how a ticket stood at the moment looked at."""
    if row.closed_at is not None and row.closed_at <= as_of and row.status in GIVEN_UP:
        return "GIVEN_UP"
    if row.reported_at is not None and row.reported_at <= as_of:
        return "IN_TIME" if row.reported_at <= row.due_at else "LATE"
    return "OVERDUE" if as_of > row.due_at else "UNDER_WAY"
