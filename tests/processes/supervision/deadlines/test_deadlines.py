"""Deadlines, lights and the ladder: pure arithmetic on the official calendar."""

from datetime import UTC
from datetime import date
from datetime import datetime

import pytest

from engine import errors
from engine import workdays
from engine.bpmn import decisions
from processes import office
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from tests.processes.supervision.conftest import at


def steep(subject: str) -> tuple[ladder.Rung, ...]:
    file = office.CATALOG / "common/decisions/ladder.dmn"
    tables = decisions.read_decisions(file.read_bytes())
    return ladder.rungs(tables[0].decide({"subject": subject}))


def planned(
    calendar: workdays.Calendar, now: datetime, due_on: date
) -> dict[str, datetime]:
    rungs = ladder.plan(calendar, now, due_on, steep("undertaking"))
    return {one.rung.name: one.at for one in rungs}


def test_a_ticket_of_five_working_days_is_due_across_the_may_holiday(
    calendar: workdays.Calendar,
) -> None:
    """S08: from 04-29 five working days end on Saturday 05-09, a make-up day."""
    due = deadlines.of_ticket(calendar, "投诉", date(2026, 4, 29), required_workdays=5)

    assert date(2026, 5, 9) == due.on
    assert datetime(2026, 5, 9, 15, 59, 59, tzinfo=UTC) == due.at
    assert date(2026, 5, 8) == deadlines.report_day(calendar, due.on, date(2026, 4, 29))
    assert date(2026, 4, 30) == deadlines.after(calendar, date(2026, 4, 29), 1).on


@pytest.mark.parametrize(
    ("ticket_type", "count"),
    [("咨询", 5), ("求助", 5), ("投诉", 13), ("举报", 13), ("建议", 13)],
)
def test_without_a_deadline_the_default_of_the_type_holds(
    calendar: workdays.Calendar, ticket_type: deadlines.TicketType, count: int
) -> None:
    due = deadlines.of_ticket(calendar, ticket_type, date(2026, 3, 2))

    assert calendar.add_workdays(date(2026, 3, 2), count) == due.on
    assert count == due.workdays


def test_a_day_on_the_ticket_wins_over_a_number_of_days(
    calendar: workdays.Calendar,
) -> None:
    due = deadlines.of_ticket(
        calendar,
        "咨询",
        date(2026, 3, 2),
        required_on=date(2026, 3, 20),
        required_workdays=2,
    )

    assert date(2026, 3, 20) == due.on
    assert 14 == due.workdays


def test_a_deadline_before_the_assignment_is_refused(
    calendar: workdays.Calendar,
) -> None:
    with pytest.raises(errors.Invalid) as refused:
        deadlines.of_ticket(
            calendar, "咨询", date(2026, 3, 2), required_on=date(2026, 3, 1)
        )

    told = {"required_on": ["不得早于交办日 2026-03-02。（R-00-15）"]}
    assert told == refused.value.fields


@pytest.mark.parametrize("due_on", [date(2026, 3, 2), date(2026, 3, 3)])
def test_with_less_than_a_working_day_left_the_report_is_due_with_the_matter(
    calendar: workdays.Calendar, due_on: date
) -> None:
    """不足1WD者同日: both on the very day and on the next one."""
    assert due_on == deadlines.report_day(calendar, due_on, date(2026, 3, 2))


def test_a_deadline_on_a_provisional_year_is_marked(
    calendar: workdays.Calendar,
) -> None:
    """The notice for 2027 is not out, so what falls into it may still move."""
    assert deadlines.of_ticket(calendar, "投诉", date(2026, 12, 28)).provisional
    assert not deadlines.of_ticket(calendar, "投诉", date(2026, 11, 2)).provisional


@pytest.mark.parametrize(
    ("now", "light"),
    [
        (at(date(2026, 9, 22)), "GREEN"),
        (at(date(2026, 9, 23), 23), "GREEN"),
        (at(date(2026, 9, 24), 0), "YELLOW"),
        (at(date(2026, 9, 30), 23), "YELLOW"),
        (at(date(2026, 10, 1), 0), "RED"),
    ],
)
def test_a_light_counts_working_days_only(
    calendar: workdays.Calendar, now: datetime, light: str
) -> None:
    """S02: due on 09-30, the Mid-Autumn holiday in between does not count."""
    due_at = datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC)

    assert light == lights.light(calendar, now, due_at)


def test_the_worst_light_wins_and_none_is_off() -> None:
    assert "RED" == lights.worst(["GREEN", "RED", "OFF"])
    assert "OFF" == lights.worst([])


def test_lateness_is_counted_in_calendar_days_and_in_working_days(
    calendar: workdays.Calendar,
) -> None:
    due_at = datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC)

    assert (10, 3) == lights.lateness(calendar, due_at, at(date(2026, 10, 10)))
    assert (0, 0) == lights.lateness(calendar, due_at, due_at)


def test_the_ladder_stands_at_the_hours_the_office_names(
    calendar: workdays.Calendar,
) -> None:
    """S02: red when 10-01 begins, letters on 10-10 and 10-20, then the leaders."""
    now, due_on = at(date(2026, 9, 1)), date(2026, 9, 30)

    assert {
        "remind_5": at(date(2026, 9, 22)),
        "remind_3": at(date(2026, 9, 24)),
        "yellow": at(date(2026, 9, 24), 0),
        "remind_1": at(date(2026, 9, 29)),
        "red": at(date(2026, 10, 1), 0),
        "letter_1": at(date(2026, 10, 10)),
        "criticism_5": at(date(2026, 10, 13)),
        "late_5": at(date(2026, 10, 14), 0),
        "letter_2": at(date(2026, 10, 20)),
        "interview_10": at(date(2026, 10, 20)),
        "late_10": at(date(2026, 10, 21), 0),
        "late_15": at(date(2026, 10, 28), 0),
        "referral_20": at(date(2026, 11, 3)),
        "late_20": at(date(2026, 11, 4), 0),
    } == planned(calendar, now, due_on)


def test_reminders_already_past_are_left_out(calendar: workdays.Calendar) -> None:
    """S02: issued on 09-24 at ten, three working days before it is due."""
    found = planned(calendar, at(date(2026, 9, 24), 10), date(2026, 9, 30))

    assert ["remind_1", "red", "letter_1"] == list(found)[:3]


def test_a_red_light_is_never_left_out(calendar: workdays.Calendar) -> None:
    """A deadline set when it is past already turns red at once."""
    now = at(date(2026, 10, 8))

    assert now == planned(calendar, now, date(2026, 9, 30))["red"]
