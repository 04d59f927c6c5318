"""Progress between the notice and the result (“进度”反馈), as often as was demanded.

Nobody is asked for progress unless the leader demanded it; only matters that run long
are reported on every month (domain §2.9, 减负红线).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from datetime import datetime

from engine import handlers
from engine import workdays
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import undertakings

NONE = "NONE"
MONTHLY = "MONTHLY"
#: How many days lie between two reports of progress; months are counted as months.
DAYS = {"WEEKLY": 7, "FORTNIGHTLY": 14}


@dataclass(frozen=True)
class Awaited:
    """A report of progress that a unit owes on a day."""

    undertaking: int
    unit: str
    opens_at: datetime


def plan(work: handlers.Work, matter: matters.Matter, every: str) -> list[Awaited]:
    """Plan the progress of every lead until the matter is due; windows open before.

    `every` is NONE, WEEKLY, FORTNIGHTLY or MONTHLY; a long matter of which nothing
    was demanded is reported on every month.
    """
    if every == NONE and matter.long_cycle:
        every = MONTHLY
    procedure = sources.procedure_of(work.connection, matter)
    roll = sources.ROLLS[str(procedure.parameters.get("holiday_roll", "NEXT"))]
    before = int(procedure.feedback.get("opens_workdays_before", 1))
    today = work.calendar.local_date(work.now())
    awaited = []
    for nominal in days(work.calendar, every, today, matter.due_at):
        due_on = work.calendar.roll(nominal, roll)
        opens_at = work.calendar.start_of_day(
            work.calendar.add_workdays(due_on, -before)
        )
        for lead in undertakings.leads(work.connection, matter):
            label = f"{nominal.month}月{nominal.day}日"
            planned = openings.plan(
                work, matter, lead, period=label, opens_at=opens_at, due_on=due_on
            )
            awaited.append(Awaited(planned.id, planned.unit, opens_at))
    return awaited


def days(
    calendar: workdays.Calendar, every: str, issued_on: date, due_at: datetime
) -> Iterator[date]:
    """Yield the nominal days of progress after the issue and before the result."""
    due_on = calendar.local_date(due_at)
    count = 1
    while every != NONE:
        if every == MONTHLY:
            day = calendar.add_months(issued_on, count)
        else:
            day = calendar.add_days(issued_on, DAYS[every] * count)
        if day >= due_on:
            return
        yield day
        count += 1


def cancel(work: handlers.Work, matter: matters.Matter) -> None:
    """Ask for no more progress: the result has been accepted."""
    for one in undertakings.of_matter(work.connection, matter.id, round=matter.round):
        if one.period and one.state not in undertakings.ENDED:
            undertakings.end(work, one, "CANCELLED")
