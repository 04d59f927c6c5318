"""The quarterly circular (季度通报): who is to be praised and who criticized.

Each quarter is told once (R-01-41). The candidates come from the figures of the
quarter by the decision table `quarterly_bulletin`; nobody is praised or criticized
before the chief of the office has looked and the leaders have approved.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from difflib import SequenceMatcher

import sqlalchemy as sa

from engine import handlers
from engine import workdays
from processes.supervision import entries
from processes.supervision import phrases
from processes.supervision import policies
from processes.supervision import tables
from processes.supervision.documents import circulars
from processes.supervision.statistics import statistics

PROCEDURE = "proc_quarterly_bulletin"
DECISION = "quarterly_bulletin"
SERIES = "督查通报"
#: Who drafts what the clock begins.
SYSTEM = "系统"
#: A circular this similar to one of the two before it says nothing new (万能式表述).
SIMILAR = 0.8
COMPARED = 2
QUARTERS = "一二三四"


@dataclass(frozen=True)
class Quarter:
    """A quarter of a year; `number` from 1 to 4."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """How documents call it: 2026年第三季度."""
        return f"{self.year}年第{QUARTERS[self.number - 1]}季度"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        following = date(self.year + self.number // 4, 3 * self.number % 12 + 1, 1)
        return following - timedelta(days=1)


@dataclass(frozen=True)
class Account:
    """What a unit did in the quarter, as the decision table asks for it."""

    unit: str
    due: int
    concluded: int
    on_time: int
    late: int
    overdue: int
    returned: int


@dataclass(frozen=True)
class Candidate:
    """A unit the decision table puts on a list, and why."""

    unit: str
    list: str
    reason: str


def of(day: date) -> Quarter:
    """Return the quarter in which a day lies."""
    return Quarter(day.year, (day.month + 2) // 3)


def before(day: date) -> Quarter:
    """Return the quarter that ended before this day."""
    if day.month <= 3:
        return Quarter(day.year - 1, 4)
    return Quarter(day.year, (day.month - 1) // 3)


def accounts(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    quarter: Quarter,
    as_of: datetime,
) -> list[Account]:
    """Return the account of each unit that had something due in the quarter."""
    span = statistics.Span(quarter.first, quarter.last, as_of)
    due = statistics.by_unit(statistics.objects(connection, calendar, span))
    returns = _returns(connection, calendar, quarter)
    return [
        Account(
            unit=unit,
            due=len(objects),
            concluded=sum(one.state == "ACCEPTED" for one in objects),
            on_time=sum(one.reported_on_time for one in objects),
            late=sum(
                one.first_reported_at is not None and not one.reported_on_time
                for one in objects
            ),
            overdue=sum(one.first_reported_at is None for one in objects),
            returned=returns.get(unit, 0),
        )
        for unit, objects in sorted(due.items())
    ]


def candidates(connection: sa.Connection, found: Sequence[Account]) -> list[Candidate]:
    """Return whom the decision table would praise or criticize, each once a list."""
    if not found:
        return []
    rules = policies.in_force(connection, DECISION)
    listed = []
    for account in found:
        told = {key: value for key, value in vars(account).items() if key != "unit"}
        reasons: dict[str, list[str]] = {}
        for row in rules.decide(told):
            reasons.setdefault(str(row["list"]), []).append(str(row["reason"]))
        listed += [
            Candidate(account.unit, name, "；".join(why))
            for name, why in reasons.items()
        ]
    return listed


def compile(
    work: handlers.Work, matter_id: int, quarter: Quarter, copies: Sequence[str]
) -> tuple[circulars.Circular, list[Candidate]]:
    """Draft the circular of the quarter from its figures.

    `copies` are those to whom every circular of a quarter goes (抄送, R-01-43).
    """
    found = accounts(work.connection, work.calendar, quarter, work.now())
    listed = candidates(work.connection, found)
    draft = circulars.draft(
        work,
        matter_id=matter_id,
        series=SERIES,
        given={
            "title": f"关于{quarter.name}督查事项办理情况的通报",
            "body": body(work.connection, quarter, found),
            "praised": _rows(listed, "PRAISE"),
            "criticized": _rows(listed, "CRITICIZE"),
            "cc": list(copies),
        },
        person=SYSTEM,
    )
    return draft, listed


def body(connection: sa.Connection, quarter: Quarter, found: Sequence[Account]) -> str:
    """Return the figures of the quarter in words, overall and by unit."""
    due = sum(one.due for one in found)
    on_time = statistics.Rate(sum(one.on_time for one in found), due, "以首次提交判定")
    concluded = sum(one.concluded for one in found)
    names = phrases.unit_names(connection, {one.unit for one in found})
    lines = [
        f"{quarter.name}，全县应反馈督查事项{due}件次，按期反馈{on_time.part}件次，"
        f"按期反馈率{on_time.percent}；办结{concluded}件次。"
    ]
    lines += [
        f"{names.get(one.unit, one.unit)}：应反馈{one.due}件次，按期{one.on_time}件次，"
        f"逾期后反馈{one.late}件次，逾期未报{one.overdue}件次，被退回{one.returned}次。"
        for one in found
    ]
    return "\n".join(lines)


def strike(
    work: handlers.Work,
    circular_id: int,
    struck: Sequence[entries.Entries],
    *,
    person: str,
    on_behalf_of: str | None,
) -> circulars.Circular:
    """Take units off the lists of a draft, each for a reason that is kept.

    Raise `Invalid` for one without a reason, or of a unit that is on no list.
    """
    draft = circulars.get(work.connection, circular_id)
    listed = {row["name"] for row in (*draft.praised, *draft.criticized)}
    gone = set()
    for row in struck:
        unit = entries.text(row, "name", longest=100)
        if unit not in listed:
            raise entries.refusal("struck", "剔除的单位不在名单上。", rule="R-01-41")
        if not entries.optional_text(row, "reason", longest=500):
            raise entries.refusal("struck", "剔除须写明理由。（R-01-41）")
        gone.add(unit)
    return circulars.draft(
        work,
        matter_id=draft.matter_id,
        series=draft.series,
        given={
            "title": draft.title,
            "body": draft.body,
            "praised": [row for row in draft.praised if row["name"] not in gone],
            "criticized": [row for row in draft.criticized if row["name"] not in gone],
            "cc": draft.cc,
        },
        person=person,
        on_behalf_of=on_behalf_of,
        circular_id=circular_id,
    )


def similarity(connection: sa.Connection, circular_id: int) -> float:
    """Return how similar a draft is to the more similar of the two issues before it."""
    draft = circulars.get(connection, circular_id)
    circular = tables.circular.c
    bodies = connection.scalars(
        sa.select(circular.body)
        .where(circular.series == draft.series, circular.status == "ISSUED")
        .order_by(circular.issued_at.desc(), circular.id.desc())
        .limit(COMPARED)
    )
    ratios = [
        SequenceMatcher(None, earlier, draft.body, autojunk=False).ratio()
        for earlier in bodies
    ]
    return max(ratios, default=0.0)


def _returns(
    connection: sa.Connection, calendar: workdays.Calendar, quarter: Quarter
) -> Mapping[str, int]:
    """Return how often the reports of each unit were sent back in the quarter."""
    review, undertaking = tables.review.c, tables.undertaking.c
    rows = connection.execute(
        sa.select(undertaking.unit, sa.func.count())
        .join(tables.undertaking, undertaking.id == review.undertaking_id)
        .where(
            review.verdict.in_(statistics.RETURNS),
            review.at >= calendar.start_of_day(quarter.first),
            review.at <= calendar.end_of_day(quarter.last),
        )
        .group_by(undertaking.unit)
    )
    return {row[0]: row[1] for row in rows}


def _rows(listed: Sequence[Candidate], name: str) -> list[dict[str, str]]:
    return [
        {"name": one.unit, "reason": one.reason} for one in listed if one.list == name
    ]
