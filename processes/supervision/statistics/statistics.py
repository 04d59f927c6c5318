"""The figures of the office (统计): what is counted, and the rates made of it.

Formulas are those of the office's requirements (domain §5.1). What is counted are
undertakings and feedback periods, each in the span its deadline falls into; what is
not yet due at the moment looked at (`as_of`) is in no rate. A rate of nothing is
shown as “—”, and every figure names what it counts (口径).
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from statistics import mean
from statistics import median

import sqlalchemy as sa

from engine import workdays
from processes.supervision import tables
from processes.supervision.scoring import scores

NOTHING = "—"
#: What no unit answers for any more is in no rate.
LEFT_OUT = ("REASSIGNED", "CANCELLED", "MERGED", "SUSPENDED")
#: Matters that were never approved, or are none of ours.
NOT_APPROVED = (
    "DRAFT",
    "REGISTERED",
    "PROPOSING",
    "APPROVING",
    "NOT_APPROVED",
    "SENT_BACK",
)
#: What the office does of itself is no matter that it supervises.
OWN_WORK = ("proc_quarterly_bulletin", "proc_conclusion_review", "proc_training")
CONCLUDED = ("CLOSED", "ARCHIVED", "LONG_TERM")
RETURNS = ("RETURN_REDO", "RETURN_RESUBMIT")


@dataclass(frozen=True)
class Span:
    """Days in Shanghai, both included, and the moment for which they are looked at."""

    since: date
    until: date
    as_of: datetime


@dataclass(frozen=True)
class Rate:
    """So many of so many, and what is counted."""

    part: int
    whole: int
    caliber: str

    @property
    def percent(self) -> str:
        """One decimal, as 93.8%; a dash when there was nothing to count."""
        if self.whole == 0:
            return NOTHING
        return f"{100 * self.part / self.whole:.1f}%"


@dataclass(frozen=True)
class Object:
    """An undertaking or feedback period, as it stood at the moment looked at."""

    id: int
    matter_id: int
    unit: str
    role: str
    period: str
    state: str
    issued_at: datetime
    sign_due_at: datetime
    signed_at: datetime | None
    #: With what was granted, without what a return allowed for mending.
    due_at: datetime
    first_reported_at: datetime | None
    reported_at: datetime | None
    closed_at: datetime | None
    extended: bool

    @property
    def reported_on_time(self) -> bool:
        """Whether it was first handed in by its deadline (按期反馈, S09)."""
        return _by(self.first_reported_at, self.due_at)

    @property
    def concluded_on_time(self) -> bool:
        """Whether what was handed in last came by the deadline (按期办结)."""
        return _by(self.reported_at, self.due_at)


@dataclass(frozen=True)
class Duration:
    """How long concluded undertakings took; None when none was concluded."""

    count: int
    mean_days: float | None
    median_days: float | None
    mean_workdays: float | None
    median_workdays: float | None


def objects(
    connection: sa.Connection, calendar: workdays.Calendar, span: Span
) -> list[Object]:
    """Return what was due in the span and is due by now (应办数 N_due)."""
    undertaking, matter = tables.undertaking.c, tables.matter.c
    granted = _granted(connection)
    days = (calendar.start_of_day(span.since), calendar.end_of_day(span.until))
    rows = connection.execute(
        sa.select(tables.undertaking)
        .join(tables.matter, undertaking.matter_id == matter.id)
        .where(
            undertaking.state.not_in([*LEFT_OUT, "PLANNED"]),
            matter.status.not_in(LEFT_OUT),
            sa.or_(
                undertaking.due_at.between(*days),
                undertaking.original_due_at.between(*days),
                undertaking.id.in_(granted),
            ),
        )
        .order_by(undertaking.id)
    )
    found = []
    for row in rows:
        one = _object(row, granted.get(row.id), calendar, span.as_of)
        due_on = calendar.local_date(one.due_at)
        if span.since <= due_on <= span.until and _owed(one, span.as_of):
            found.append(one)
    return found


def on_time(due: Sequence[Object]) -> Rate:
    """Return 按期办结率: handed in for the last time by the deadline, of all due."""
    return _rate(due, lambda one: one.concluded_on_time, "承办记录和反馈期，按时限归集")


def overdue(due: Sequence[Object]) -> Rate:
    """Return 逾期率: late or still missing; with 按期办结率 it makes 100 %."""
    return _rate(
        due, lambda one: not one.concluded_on_time, "承办记录和反馈期，按时限归集"
    )


def fed_back_on_time(due: Sequence[Object]) -> Rate:
    """Return 按期反馈率: first handed in by the original deadline, of all due."""
    return _rate(due, lambda one: one.reported_on_time, "以首次提交判定")


def extended(due: Sequence[Object]) -> Rate:
    """Return 延期率: with a granted extension, of all due."""
    return _rate(due, lambda one: one.extended, "获批延期的承办记录")


def acknowledged(
    connection: sa.Connection, calendar: workdays.Calendar, span: Span
) -> Rate:
    """Return 签收及时率: signed for within a working day, of what was issued."""
    undertaking = tables.undertaking.c
    rows = connection.execute(
        sa.select(undertaking.signed_at, undertaking.sign_due_at).where(
            undertaking.period == "",
            undertaking.state != "REASSIGNED",
            *_between(calendar, span, undertaking.issued_at),
        )
    ).all()
    signed = sum(_by(_seen(one.signed_at, span.as_of), one.sign_due_at) for one in rows)
    return Rate(signed, len(rows), "期间下发的承办记录，1个工作日内签收")


def returned(
    connection: sa.Connection, calendar: workdays.Calendar, span: Span
) -> Rate:
    """Return 退回率: reports sent back, of the reports handed in during the span."""
    report, review = tables.progress_report.c, tables.review.c
    submitted = connection.scalars(
        sa.select(report.id).where(*_between(calendar, span, report.submitted_at))
    ).all()
    back = connection.scalar(
        sa.select(sa.func.count(sa.distinct(review.report_id))).where(
            review.report_id.in_(submitted),
            review.verdict.in_(RETURNS),
            review.at <= span.as_of,
        )
    )
    return Rate(back or 0, len(submitted), "期间提交的报告")


def registered(
    connection: sa.Connection, calendar: workdays.Calendar, span: Span
) -> list[int]:
    """Return the matters registered in the span and approved since (立项数), by id.

    What was merged into another is counted there; the office's own work is not.
    """
    matter = tables.matter.c
    return list(
        connection.scalars(
            sa.select(matter.id)
            .where(
                matter.status.not_in([*NOT_APPROVED, "MERGED"]),
                matter.procedure.not_in(OWN_WORK),
                *_between(calendar, span, matter.created_at),
            )
            .order_by(matter.id)
        )
    )


def mandates(connection: sa.Connection, matter_ids: Iterable[int]) -> dict[int, int]:
    """Return 任务数 of each matter: the rows of its proposal in force.

    A count of its own, never mixed with that of matters.
    """
    mandate, proposal = tables.mandate.c, tables.proposal.c
    newest = (
        sa.select(sa.func.max(proposal.id))
        .where(proposal.matter_id.in_(list(matter_ids)))
        .group_by(proposal.matter_id)
    )
    rows = connection.execute(
        sa.select(mandate.matter_id, sa.func.count())
        .where(mandate.proposal_id.in_(newest))
        .group_by(mandate.matter_id)
    )
    return {row[0]: row[1] for row in rows}


def concluded(connection: sa.Connection, matter_ids: Iterable[int]) -> Rate:
    """Return 办结率: concluded, of the approved matters that were not called off."""
    matter = tables.matter.c
    statuses = connection.scalars(
        sa.select(matter.status).where(
            matter.id.in_(list(matter_ids)), matter.status.not_in(LEFT_OUT)
        )
    ).all()
    done = sum(status in CONCLUDED for status in statuses)
    return Rate(done, len(statuses), "立项事项（有效）")


def duration(
    connection: sa.Connection, calendar: workdays.Calendar, span: Span
) -> Duration:
    """Return how long the lead undertakings concluded in the span took.

    From issue to conclusion, in calendar and in working days, without the time a
    matter's clock stood still (扣除 SUSPENDED).
    """
    undertaking = tables.undertaking.c
    rows = connection.execute(
        sa.select(
            undertaking.matter_id, undertaking.issued_at, undertaking.closed_at
        ).where(
            undertaking.state == "ACCEPTED",
            undertaking.role == "LEAD",
            undertaking.period == "",
            *_between(calendar, span, undertaking.closed_at),
        )
    ).all()
    rests = _rests(connection, calendar, [row.matter_id for row in rows])
    days, working = [], []
    for row in rows:
        begun, ended = map(calendar.local_date, (row.issued_at, row.closed_at))
        rested, rested_workdays = rests.get(row.matter_id, (0, 0))
        days.append((ended - begun).days - rested)
        working.append(calendar.workdays_between(begun, ended) - rested_workdays)
    if not days:
        return Duration(0, None, None, None, None)
    return Duration(len(days), mean(days), median(days), mean(working), median(working))


def scored(
    connection: sa.Connection, units: Iterable[str], span: Span
) -> dict[str, float]:
    """Return 得分 = max(0, 100 + what is in effect in the span) of each unit."""
    entry = tables.score_entry.c
    points = dict.fromkeys(units, 0)
    rows = connection.execute(
        sa.select(entry.unit, entry.points_tenths, entry.at).where(
            entry.unit.in_(list(points)),
            entry.status == "EFFECTIVE",
            entry.at <= span.as_of,
        )
    )
    for row in rows:
        if span.since <= workdays.Calendar.local_date(row.at) <= span.until:
            points[row.unit] += row.points_tenths
    return {
        unit: max(0, scores.FULL_TENTHS + tenths) / tables.TENTHS
        for unit, tenths in points.items()
    }


def score(connection: sa.Connection, unit: str, span: Span) -> float:
    """Return the 得分 of one unit; see `scored`."""
    return scored(connection, [unit], span)[unit]


def completion(actual: float, target: float) -> str:
    """Return 完成率 of an indicator: what is done of what was aimed at."""
    return NOTHING if target == 0 else f"{100 * actual / target:.1f}%"


def carried_out(done: int, approved: int) -> Rate:
    """Return 落实率: carried out, of what was approved (288/307 is 93.8%)."""
    return Rate(done, approved, "落实/立项")


def by_unit(due: Iterable[Object]) -> dict[str, list[Object]]:
    """Return what was due, by unit."""
    found: dict[str, list[Object]] = {}
    for one in due:
        found.setdefault(one.unit, []).append(one)
    return found


def _rate(due: Sequence[Object], holds: Callable[[Object], bool], text: str) -> Rate:
    return Rate(sum(holds(one) for one in due), len(due), text)


def _by(at: datetime | None, due_at: datetime) -> bool:
    return at is not None and at <= due_at


def _seen(at: datetime | None, as_of: datetime) -> datetime | None:
    return at if at is not None and at <= as_of else None


def _owed(one: Object, as_of: datetime) -> bool:
    """Whether it is due by now; assistance that lapsed before was never due."""
    if one.due_at > as_of:
        return False
    lapsed = one.state == "LAPSED" and one.first_reported_at is None
    return not (lapsed and _by(one.closed_at, one.due_at))


def _object(
    row: sa.Row[tuple[object, ...]],
    granted_on: date | None,
    calendar: workdays.Calendar,
    as_of: datetime,
) -> Object:
    due_at = row.due_at
    if row.returns:
        # A return writes the day of mending over the deadline (补报时限).
        due_at = row.original_due_at
        if granted_on is not None:
            due_at = max(due_at, calendar.end_of_day(granted_on))
    return Object(
        id=row.id,
        matter_id=row.matter_id,
        unit=row.unit,
        role=row.role,
        period=row.period,
        state=row.state,
        issued_at=row.issued_at,
        sign_due_at=row.sign_due_at,
        signed_at=_seen(row.signed_at, as_of),
        due_at=due_at,
        first_reported_at=_seen(row.first_reported_at, as_of),
        reported_at=_seen(row.reported_at, as_of),
        closed_at=_seen(row.closed_at, as_of),
        extended=granted_on is not None,
    )


def _granted(connection: sa.Connection) -> dict[int, date]:
    """Return the latest day granted to each undertaking by an extension."""
    request = tables.extension_request.c
    rows = connection.execute(
        sa.select(request.undertaking_id, sa.func.max(request.granted_on))
        .where(request.granted_on.is_not(None))
        .group_by(request.undertaking_id)
    )
    return {row[0]: row[1] for row in rows}


def _rests(
    connection: sa.Connection, calendar: workdays.Calendar, matter_ids: Iterable[int]
) -> dict[int, tuple[int, int]]:
    """Return for how many days and working days each matter's clock stood still."""
    stop = tables.clock_stop.c
    rows = connection.execute(
        sa.select(stop.matter_id, stop.stopped_at, stop.resumed_at).where(
            stop.matter_id.in_(list(matter_ids)), stop.resumed_at.is_not(None)
        )
    )
    found: dict[int, tuple[int, int]] = {}
    for row in rows:
        begun, ended = map(calendar.local_date, (row.stopped_at, row.resumed_at))
        days, working = found.get(row.matter_id, (0, 0))
        found[row.matter_id] = (
            days + (ended - begun).days,
            working + calendar.workdays_between(begun, ended),
        )
    return found


def _between(
    calendar: workdays.Calendar, span: Span, column: sa.ColumnElement[datetime]
) -> tuple[sa.ColumnElement[bool], ...]:
    last = min(calendar.end_of_day(span.until), span.as_of)
    return (column >= calendar.start_of_day(span.since), column <= last)
