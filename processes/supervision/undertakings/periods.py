"""Feedback periods (反馈期): when a long matter is reported on, again and again.

`[feedback]` of a procedure gives the days of a year (`dates`, such as 04-10) or of
every month (`monthly`, such as 10 and 15) and how long before the window opens. A
day of rest rolls by the procedure's `holiday_roll` (Q-09); a make-up workday does not.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

from engine import handlers
from engine import workdays
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import undertakings

DECEMBER = 12


@dataclass(frozen=True)
class Period:
    """One period of a matter with the undertakings that report in it."""

    label: str
    opens_at: datetime
    due_at: datetime
    undertakings: tuple[int, ...]


def plan(work: handlers.Work, matter: matters.Matter) -> list[Period]:
    """Plan every period that still lies ahead, for every lead of the present round.

    A mandate may have days of its own (R-01-16 RESPECTIVE): `[feedback.by_level]` of
    the procedure, chosen by the field `level` of the matter's source.
    """
    procedure = sources.procedure_of(work.connection, matter)
    rules = _rules(procedure.feedback, procedure.parameters, matter)
    today = work.calendar.local_date(work.now())
    roll = sources.ROLLS[str(procedure.parameters.get("holiday_roll", "NEXT"))]
    opens_before = int(rules.get("opens_workdays_before", 5))
    leads = undertakings.leads(work.connection, matter)
    planned = []
    for nominal in days(rules, matter.received_on.year, today):
        due_on = work.calendar.roll(nominal, roll)
        opens_at = work.calendar.start_of_day(
            work.calendar.add_workdays(due_on, -opens_before)
        )
        label = f"{nominal.month}月{nominal.day}日"
        ids = [
            openings.plan(
                work, matter, lead, period=label, opens_at=opens_at, due_on=due_on
            ).id
            for lead in leads
        ]
        due_at = workdays.Calendar.end_of_day(due_on)
        planned.append(Period(label, opens_at, due_at, tuple(ids)))
    return planned


def days(rules: Mapping[str, Any], year: int, today: date) -> Iterator[date]:
    """Yield the nominal days of feedback in the year that lie after today."""
    for written in rules.get("dates", ()):
        day = date.fromisoformat(f"{year}-{written}")
        if day > today:
            yield day
    monthly: Sequence[int] = rules.get("monthly", ())
    for month in range(1, DECEMBER + 1) if monthly else ():
        for day_of_month in monthly:
            day = date(year, month, day_of_month)
            # From the month after the decision (确定当月次月起).
            if (day.year, day.month) > (today.year, today.month):
                yield day


def _rules(
    feedback: Mapping[str, Any], parameters: Mapping[str, Any], matter: matters.Matter
) -> Mapping[str, Any]:
    """Return the rules for the matter: respective ones where the office chose so."""
    if parameters.get("shishi_mode") != "RESPECTIVE":
        return feedback
    level = str(matter.source.get("level", ""))
    own: Mapping[str, Any] = feedback.get("by_level", {}).get(level, {})
    return {**feedback, **own}
