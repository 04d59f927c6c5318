"""The sentence of a light says the same as its colour."""

from datetime import UTC
from datetime import datetime

import pytest

from engine import workdays
from processes import calendars
from web import lights

CALENDAR = calendars.load()


def moment(text: str) -> datetime:
    """Return the moment that this local time is."""
    local = datetime.fromisoformat(text).replace(tzinfo=workdays.SHANGHAI)
    return local.astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "due_at", "colour", "text"),
    [
        ("2026-09-21 09:00", "2026-09-30 23:59:59", "green", "剩6个工作日"),
        ("2026-09-24 09:00", "2026-09-30 23:59:59", "yellow", "剩3个工作日"),
        ("2026-09-30 09:00", "2026-09-30 23:59:59", "yellow", "今日到期"),
        ("2026-10-01 00:00", "2026-09-30 23:59:59", "red", "逾期1天"),
        ("2026-10-10 09:00", "2026-09-30 23:59:59", "red", "逾期10天"),
        ("2026-09-30 18:00", "2026-09-30 17:00:00", "red", "今日已逾期"),
    ],
)
def test_a_light_counts_working_days_before_and_days_after(
    now: str, due_at: str, colour: str, text: str
) -> None:
    """2026-09-25 to 27 and 10-01 to 07 are holidays."""
    light = lights.light(CALENDAR, moment(now), moment(due_at))

    assert (colour, text) == (light.colour, light.text)


def test_nothing_is_due_without_a_deadline() -> None:
    """A task without a deadline has a light that is off."""
    light = lights.light(CALENDAR, moment("2026-09-24 09:00"), None)

    assert ("off", "无时限") == (light.colour, light.text)


def test_the_most_urgent_light_sorts_first() -> None:
    """Overdue longest, then closest to being due, then without a deadline."""
    now = moment("2026-09-24 09:00")
    dues = [
        None,
        "2026-11-30 23:59",
        "2026-09-30 23:59",
        "2026-09-01 23:59",
        "2026-09-22 23:59",
    ]
    sorted_dues = sorted(
        dues,
        key=lambda due: (
            lights.light(CALENDAR, now, moment(due) if due else None).urgency
        ),
    )

    assert [
        "2026-09-01 23:59",
        "2026-09-22 23:59",
        "2026-09-30 23:59",
        "2026-11-30 23:59",
        None,
    ] == sorted_dues


def test_a_deadline_in_a_missing_year_says_which_year() -> None:
    """Nothing is guessed: the light names the calendar that is missing."""
    year = max(CALENDAR.years) + 1
    light = lights.light(
        CALENDAR, moment("2026-09-24 09:00"), moment(f"{year}-01-05 23:59")
    )

    assert ("off", f"{year}年工作日历未导入") == (light.colour, light.text)
