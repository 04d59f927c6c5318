"""When a matter, a report and an acknowledgement are due, counted in working days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any
from typing import Literal

from engine import errors
from engine import workdays

TicketType = Literal["咨询", "求助", "投诉", "举报", "建议"]

#: Where the ticket names no deadline (domain §2.8, 【补充】: the upper bounds).
DEFAULT_WORKDAYS: dict[TicketType, int] = {
    "咨询": 5,
    "求助": 5,
    "投诉": 13,
    "举报": 13,
    "建议": 13,
}
#: Where a procedure names no deadline at all (domain §6.2 L1: 公文一般30日).
DEFAULT_DAYS = 30
ACKNOWLEDGEMENT_WORKDAYS = 1
APPROVAL_WORKDAYS = 1
RESUBMISSION_WORKDAYS = 3


@dataclass(frozen=True)
class Due:
    """A day that is due until its last second, and what it was counted from."""

    on: date
    workdays: int
    provisional: bool

    @property
    def at(self) -> datetime:
        """The last second of the day in Shanghai, as UTC."""
        return workdays.Calendar.end_of_day(self.on)


def of_ticket(
    calendar: workdays.Calendar,
    ticket_type: TicketType,
    assigned_on: date,
    *,
    required_on: date | None = None,
    required_workdays: int | None = None,
) -> Due:
    """Return the due day of a hotline matter, from the day it was assigned.

    The ticket's own deadline wins, a day before a number of working days; without
    either the default of its type holds (domain §2.8).
    """
    if required_on is not None:
        return on_day(calendar, assigned_on, required_on)
    count = required_workdays or DEFAULT_WORKDAYS[ticket_type]
    return after(calendar, assigned_on, count)


def of_procedure(
    calendar: workdays.Calendar,
    rules: Mapping[str, Any],
    bases: Mapping[str, date | None],
    today: date,
    *,
    urgency: str,
    due_on: date | None = None,
    due_workdays: int | None = None,
    roll: workdays.Roll = "next",
) -> Due:
    """Return the due day of a matter by the `[deadlines]` of its procedure.

    What was demanded wins: a day before a number of working days. Else the rule of
    its urgency holds, else the default: working days, or days or months that roll
    off a day of rest (Q-09). They are counted from the day that `from` names. `until`
    is a day of that year, which does not roll (当年全面完成, R-01-15), with
    `workdays_after` left to conclude; nothing may be due after the day of `latest`.
    """
    base = bases.get(str(rules.get("from", "received_on"))) or today
    if due_on is not None:
        require_not_after(due_on, base, rules)
        return on_day(calendar, base, due_on, key="due_on")
    rule = rules.get("by_urgency", {}).get(urgency, rules.get("default", {}))
    if due_workdays is not None:
        rule = {"workdays": due_workdays}
    if "workdays" in rule:
        return after(calendar, base, int(rule["workdays"]))
    if "until" in rule:
        last = day_of_year(base.year, rule["until"])
        left = int(rule.get("workdays_after", 0))
        return on_day(calendar, base, calendar.add_workdays(last, left))
    if "months" in rule:
        day = calendar.add_months(base, int(rule["months"]))
    else:
        day = calendar.add_days(base, int(rule.get("days", DEFAULT_DAYS)))
    return on_day(calendar, base, calendar.roll(day, roll))


def require_not_after(day: date, base: date, rules: Mapping[str, Any]) -> None:
    """Raise `Invalid` for a day after the year's last one of a procedure (R-01-15)."""
    if "latest" in rules:
        last = day_of_year(base.year, rules["latest"])
        if day > last:
            raise errors.Invalid(fields={"due_on": [f"不得晚于 {last}。（R-01-15）"]})


def day_of_year(year: int, written: object) -> date:
    """Return the day that a description writes as 12-31."""
    return date.fromisoformat(f"{year}-{written}")


def on_day(
    calendar: workdays.Calendar, base: date, day: date, *, key: str = "required_on"
) -> Due:
    """Return a deadline given as a day; it must not lie before its base."""
    if day < base:
        raise errors.Invalid(
            f"办结时限 {day} 早于交办日 {base}。",
            fields={key: [f"不得早于交办日 {base}。（R-00-15）"]},
        )
    count = calendar.workdays_between(base, day)
    return Due(on=day, workdays=count, provisional=calendar.is_provisional(base, day))


def after(calendar: workdays.Calendar, base: date, count: int) -> Due:
    """Return the day that is due `count` working days after the base."""
    day = calendar.add_workdays(base, count)
    return Due(on=day, workdays=count, provisional=calendar.is_provisional(base, day))


def report_day(
    calendar: workdays.Calendar, due_on: date, issued_on: date, before_due: int = 1
) -> date:
    """Return the day the unit's report is due: some working days before the matter.

    Where less than that is left, it is the matter's own day (domain §2.8 时限).
    """
    if before_due == 0:
        return due_on
    before = calendar.add_workdays(due_on, -before_due)
    return before if before > issued_on else due_on
