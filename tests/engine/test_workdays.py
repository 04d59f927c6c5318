"""Counting in working days, on a small calendar made for the purpose."""

import json
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import clock as clocks
from engine import workdays

# Two published years and a provisional one; the neighbours are missing. The first
# of May 2025 is a Thursday: its Friday is off too, and the Sunday before is worked.
MAY_DAY = [
    workdays.Day(date(2025, 4, 27), "makeup", "劳动节"),
    workdays.Day(date(2025, 5, 1), "holiday", "劳动节"),
    workdays.Day(date(2025, 5, 2), "holiday", "劳动节"),
]
NEW_YEAR = [workdays.Day(date(2026, 1, 1), "holiday", "元旦")]
CALENDAR = workdays.Calendar(
    {
        2025: workdays.Year.of(2025, "published", "测试", MAY_DAY),
        2026: workdays.Year.of(2026, "published", "测试", NEW_YEAR),
        2027: workdays.Year.of(2027, "provisional", "测试", []),
    }
)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
INNER_DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
COUNTS = st.integers(-200, 200)


def naive_add(day: date, n: int) -> date:
    """Count day by day, as one would with a finger on a wall calendar."""
    direction = timedelta(days=1 if n > 0 else -1)
    while n:
        day += direction
        if CALENDAR.is_workday(day):
            n -= direction.days
    return day


@given(INNER_DAYS, COUNTS)
def test_adding_agrees_with_counting_day_by_day(day: date, n: int) -> None:
    """Bisection is only a faster way to count."""
    assert naive_add(day, n) == CALENDAR.add_workdays(day, n)


@given(DAYS, DAYS)
def test_between_agrees_with_counting_day_by_day(start: date, end: date) -> None:
    """The start is not counted and the end is; backwards the sign is turned."""
    first, last = sorted((start, end))
    span = (last - first).days
    counted = sum(
        CALENDAR.is_workday(first + timedelta(days=i)) for i in range(1, span + 1)
    )

    expected = counted if start <= end else -counted

    assert expected == CALENDAR.workdays_between(start, end)


@given(INNER_DAYS, st.integers(1, 200))
def test_what_was_added_lies_between(day: date, n: int) -> None:
    """From any day to the n-th working day after it there are n."""
    assert n == CALENDAR.workdays_between(day, CALENDAR.add_workdays(day, n))


@given(INNER_DAYS, COUNTS)
def test_adding_then_subtracting_returns_to_the_working_day(day: date, n: int) -> None:
    """From a working day, there and back again."""
    start = CALENDAR.roll(day, "previous" if day.month == 12 else "next")

    assert start == CALENDAR.add_workdays(CALENDAR.add_workdays(start, n), -n)


@given(INNER_DAYS, INNER_DAYS, COUNTS)
def test_adding_keeps_the_order_of_days(one: date, other: date, n: int) -> None:
    """Who is given the same time later is never due earlier."""
    first, last = sorted((one, other))

    assert CALENDAR.add_workdays(first, n) <= CALENDAR.add_workdays(last, n)


@given(INNER_DAYS, st.integers(0, 100), st.integers(0, 100))
def test_adding_in_two_parts_is_adding_at_once(day: date, n: int, more: int) -> None:
    """A deadline and its extension count as one."""
    in_parts = CALENDAR.add_workdays(CALENDAR.add_workdays(day, n), more)

    assert CALENDAR.add_workdays(day, n + more) == in_parts


@given(INNER_DAYS)
def test_rolling_finds_the_nearest_working_day_on_its_side(day: date) -> None:
    """A working day stays; a day of rest moves, with only days of rest between."""
    after, before = CALENDAR.roll(day, "next"), CALENDAR.roll(day, "previous")

    assert CALENDAR.is_workday(after)
    assert CALENDAR.is_workday(before)
    assert before <= day <= after
    assert day == CALENDAR.roll(day, "none")
    expected = 0 if CALENDAR.is_workday(day) else 1
    assert expected == CALENDAR.workdays_between(before, after)


def test_adding_nothing_is_the_day_itself_and_needs_no_calendar() -> None:
    """A Sunday, and a day in a year nobody has heard of, stay what they are."""
    assert date(2026, 1, 4) == CALENDAR.add_workdays(date(2026, 1, 4), 0)
    assert date(2050, 1, 1) == CALENDAR.add_workdays(date(2050, 1, 1), 0)


def test_holidays_rest_and_make_up_days_work() -> None:
    """The notice wins over the weekday."""
    assert CALENDAR.is_workday(date(2025, 4, 27))
    assert not CALENDAR.is_workday(date(2025, 5, 2))
    assert date(2025, 5, 5) == CALENDAR.add_workdays(date(2025, 4, 30), 1)
    assert date(2025, 4, 27) == CALENDAR.add_workdays(date(2025, 4, 26), 1)
    expected = workdays.Day(date(2025, 5, 1), "holiday", "劳动节")
    assert expected == CALENDAR.day(date(2025, 5, 1))


def test_counting_crosses_the_years() -> None:
    """New Year's Day 2026 is a holiday; the year before ends on a Wednesday."""
    assert date(2026, 1, 2) == CALENDAR.add_workdays(date(2025, 12, 31), 1)
    assert date(2025, 12, 31) == CALENDAR.add_workdays(date(2026, 1, 2), -1)
    whole_year = len(CALENDAR.years[2026].workdays)
    expected = date(2027, 1, 1)
    assert expected == CALENDAR.add_workdays(date(2025, 12, 31), whole_year + 1)


@pytest.mark.parametrize(
    ("year", "method", "arguments"),
    [
        (2024, "is_workday", (date(2024, 12, 31),)),
        (2024, "add_workdays", (date(2025, 1, 2), -5)),
        (2028, "add_workdays", (date(2027, 12, 30), 5)),
        (2028, "add_workdays", (date(2028, 1, 3), 1)),
        (2028, "add_workdays", (date(2026, 1, 1), 10_000)),
        (2024, "add_workdays", (date(2026, 1, 1), -10_000)),
        (2028, "workdays_between", (date(2027, 5, 1), date(2029, 5, 1))),
        (2028, "workdays_between", (date(2028, 1, 1), date(2027, 5, 1))),
        (2028, "roll", (date(2028, 1, 1), "next")),
        (2028, "is_provisional", (date(2026, 1, 1), date(2028, 1, 1))),
    ],
)
def test_a_missing_year_is_an_error_with_its_name(
    year: int, method: str, arguments: tuple[object, ...]
) -> None:
    """The first year that is missing is named, and what to do about it."""
    with pytest.raises(workdays.MissingYear, match=f"{year}年的工作日历") as error:
        getattr(CALENDAR, method)(*arguments)

    assert year == error.value.year
    assert "请业务管理员" in error.value.message


def test_ten_thousand_working_days_are_two_thousand_weeks() -> None:
    """Where nobody has a holiday; years are skipped as a whole."""
    calendar = workdays.Calendar(
        {
            number: workdays.Year.of(number, "published", "测试", [])
            for number in range(2020, 2070)
        }
    )

    due = calendar.add_workdays(date(2020, 1, 1), 10_000)

    assert date(2020, 1, 1) + timedelta(weeks=2000) == due


def test_a_deadline_is_the_last_second_of_its_day_in_shanghai() -> None:
    """Stored in UTC, which is eight hours behind."""
    expected = workdays.Deadline(datetime(2026, 1, 9, 15, 59, 59, tzinfo=UTC), False)

    assert expected == CALENDAR.deadline(date(2026, 1, 2), workdays=5)


def test_a_deadline_counts_from_the_day_in_shanghai_of_a_moment() -> None:
    """At 17:00 UTC on 2 January it is already the 3rd, a Saturday, in Shanghai."""
    friday_evening = datetime(2026, 1, 2, 15, tzinfo=UTC)
    saturday_night = datetime(2026, 1, 2, 17, tzinfo=UTC)

    assert date(2026, 1, 2) == CALENDAR.local_date(friday_evening)
    assert date(2026, 1, 3) == CALENDAR.local_date(saturday_night)
    assert CALENDAR.is_workday(friday_evening)
    assert not CALENDAR.is_workday(saturday_night)
    assert (
        CALENDAR.deadline(friday_evening, workdays=-1).at
        < CALENDAR.deadline(saturday_night, workdays=-1).at
    )


def test_a_moment_without_zone_has_no_day() -> None:
    """Nothing is assumed about the place of the server."""
    with pytest.raises(clocks.NaiveMoment):
        CALENDAR.deadline(datetime(2026, 1, 2, 15), workdays=1)


@pytest.mark.parametrize(
    ("base", "n", "roll", "provisional"),
    [
        (date(2026, 12, 30), 1, "none", False),
        (date(2026, 12, 30), 2, "none", True),
        (date(2027, 1, 8), -10, "none", True),
        (date(2027, 3, 1), 0, "none", False),
        (date(2027, 3, 1), 0, "next", True),
        (date(2026, 3, 1), 0, "next", False),
    ],
)
def test_what_rests_on_a_provisional_year_says_so(
    base: date, n: int, roll: workdays.Roll, provisional: bool
) -> None:
    """A fixed date rests on no calendar; whatever was counted or rolled there does."""
    deadline = CALENDAR.deadline(base, workdays=n, roll=roll)

    assert provisional == deadline.provisional


def test_a_deadline_can_be_rolled_off_a_day_of_rest() -> None:
    """Saturday 3 January 2026: to Monday, or back to Friday, or left."""
    saturday = date(2026, 1, 3)

    def due(roll: workdays.Roll) -> date:
        return CALENDAR.local_date(CALENDAR.deadline(saturday, roll=roll).at)

    assert date(2026, 1, 5) == due("next")
    assert date(2026, 1, 2) == due("previous")
    assert saturday == due("none")


def test_an_unknown_rule_of_rolling_is_refused() -> None:
    """A rule comes from an office's settings and may be misspelt."""
    with pytest.raises(workdays.BadDay, match="顺延规则“nxt”不存在"):
        CALENDAR.roll(date(2026, 1, 5), "nxt")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 11, 15), 2, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(
    day: date, n: int, expected: date
) -> None:
    """Where a month is too short, its last day stands in."""
    assert expected == CALENDAR.add_months(day, n)


def test_days_have_a_beginning_an_end_and_times_in_shanghai() -> None:
    """The whole day lies between 16:00 UTC and 16:00 UTC."""
    day = date(2026, 10, 1)

    assert datetime(2026, 9, 30, 16, tzinfo=UTC) == CALENDAR.start_of_day(day)
    assert datetime(2026, 10, 1, 15, 59, 59, tzinfo=UTC) == CALENDAR.end_of_day(day)
    nine = workdays.START_OF_WORK
    assert datetime(2026, 10, 1, 1, tzinfo=UTC) == CALENDAR.at(day, nine)
    assert UTC == CALENDAR.end_of_day(day).tzinfo


@given(DAYS)
def test_every_second_of_a_day_belongs_to_it(day: date) -> None:
    """Its first and last second are its own, the next is tomorrow's."""
    end = CALENDAR.end_of_day(day)

    assert day == CALENDAR.local_date(CALENDAR.start_of_day(day))
    assert day == CALENDAR.local_date(end)
    tomorrow = CALENDAR.add_days(day, 1)
    assert tomorrow == CALENDAR.local_date(end + timedelta(seconds=1))
    assert CALENDAR.start_of_day(tomorrow) == end + timedelta(seconds=1)


def test_a_year_with_a_gap_or_a_repetition_is_refused() -> None:
    """Every day exactly once, in order."""
    days = workdays.Year.of(2026, "published", "测试", []).days

    for broken in (days[1:], (*days, days[-1]), (days[1], days[0], *days[2:])):
        with pytest.raises(workdays.BadYear, match="每天恰好一行"):
            workdays.Year(2026, "published", "测试", broken)


def test_a_kind_that_its_weekday_forbids_is_refused() -> None:
    """A make-up day on a Monday, a weekend on a Monday, work on a plain Sunday."""
    monday, sunday = date(2026, 1, 5), date(2026, 1, 4)

    for day, kind in ((monday, "makeup"), (monday, "weekend"), (sunday, "workday")):
        exceptions = [workdays.Day(day, kind)]  # type: ignore[arg-type]
        with pytest.raises(workdays.BadYear, match=f"{day}是周.，不能标为“{kind}”"):
            workdays.Year.of(2026, "published", "测试", exceptions)


def test_a_day_outside_its_year_and_an_unknown_status_are_refused() -> None:
    """A calendar contradicts itself nowhere."""
    stranger = [workdays.Day(date(2027, 1, 1), "holiday", "元旦")]

    with pytest.raises(workdays.BadYear, match="2027-01-01不在2026年内"):
        workdays.Year.of(2026, "published", "测试", stranger)
    with pytest.raises(workdays.BadYear, match="“draft”不存在"):
        workdays.Year.of(2026, "draft", "测试", [])  # type: ignore[arg-type]
    with pytest.raises(workdays.BadYear, match="2026年被登记为2025年"):
        workdays.Calendar({2025: CALENDAR.years[2026]})


def test_a_calendar_does_not_change_behind_those_who_hold_it() -> None:
    """A new year makes a new calendar with another version; the old one stands."""
    version = CALENDAR.version
    source = dict(CALENDAR.years)
    copy = workdays.Calendar(source)
    source.clear()

    replaced = CALENDAR.with_year(workdays.Year.of(2027, "published", "测试", []))

    assert CALENDAR.years.keys() == copy.years.keys()
    assert version == copy.version == CALENDAR.version
    assert version != replaced.version
    assert "provisional" == CALENDAR.years[2027].status
    assert "published" == replaced.years[2027].status
    with pytest.raises(TypeError):
        CALENDAR.years[2028] = CALENDAR.years[2027]  # type: ignore[index]


# Friday 2 January 2026, 16:30 in Shanghai.
CLOCK = clocks.FixedClock(datetime(2026, 1, 2, 8, 30, 15, 500, tzinfo=UTC))
FUNCTIONS = workdays.functions(CALENDAR, CLOCK)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("now", (), "2026-01-02T08:30:15+00:00"),
        ("today", (), "2026-01-02"),
        ("workdays", (1,), "2026-01-05T15:59:59+00:00"),
        ("workdays", (0,), "2026-01-02T15:59:59+00:00"),
        ("workdays_from", ("2026-01-09", 2), "2026-01-13T15:59:59+00:00"),
        ("workdays_from", (date(2026, 1, 9), Decimal(2)), "2026-01-13T15:59:59+00:00"),
        (
            "workdays_from",
            ("2026-01-09T15:59:59+00:00", 2.0),
            "2026-01-13T15:59:59+00:00",
        ),
        ("before", ("2026-01-12T15:59:59+00:00", 1), "2026-01-09T01:00:00+00:00"),
        ("before", ("2026-01-12", 0), "2026-01-12T01:00:00+00:00"),
        ("after", ("2026-01-09T15:59:59+00:00", 1), "2026-01-12T01:00:00+00:00"),
        ("end_of_day", ("2026-01-09T23:00:00+08:00",), "2026-01-09T15:59:59+00:00"),
        ("end_of_day", ("2026-01-09T23:00:00Z",), "2026-01-10T15:59:59+00:00"),
        ("days", ("2026-01-09", 20), "2026-01-29T15:59:59+00:00"),
        ("months", ("2026-01-31", 1), "2026-02-28T15:59:59+00:00"),
        ("roll", ("2026-01-10",), "2026-01-12T15:59:59+00:00"),
        ("roll", ("2026-01-09",), "2026-01-09T15:59:59+00:00"),
    ],
)
def test_diagrams_reckon_in_texts_that_json_keeps(
    name: str, arguments: tuple[object, ...], expected: str
) -> None:
    """Days and moments in whatever form; moments out in UTC."""
    result = FUNCTIONS[name](*arguments)

    assert expected == result
    assert expected == json.loads(json.dumps(result))


@given(INNER_DAYS, st.integers(0, 100))
def test_what_a_function_returns_another_takes(day: date, n: int) -> None:
    """Nested calls count from the day that the inner one returned."""
    due = FUNCTIONS["workdays_from"](day.isoformat(), n)

    assert due == FUNCTIONS["end_of_day"](due)
    assert due == FUNCTIONS["end_of_day"](FUNCTIONS["before"](due, 0))
    twice = FUNCTIONS["workdays_from"](due, n)
    assert CALENDAR.add_workdays(CALENDAR.add_workdays(day, n), n) == (
        CALENDAR.local_date(datetime.fromisoformat(twice))
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "tomorrow",
        "2026-02-30",
        "2026-01-09T25:00Z",
        20260109,
        None,
        [],
        pytest.param("9" * 9999, id="page of nines"),
    ],
)
def test_a_value_that_is_no_day_is_refused(value: object) -> None:
    """The message shows what was given, and never a page of it."""
    with pytest.raises(workdays.BadDay, match="不是日期") as refusal:
        FUNCTIONS["workdays_from"](value, 1)

    assert len(refusal.value.message) < 100


@pytest.mark.parametrize("value", ["2026-01-09T10:00:00", datetime(2026, 1, 9, 10)])
def test_a_time_without_zone_is_refused_in_a_diagram(value: object) -> None:
    """A form must send its offset."""
    with pytest.raises(clocks.NaiveMoment):
        FUNCTIONS["end_of_day"](value)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        "5",
        True,
        None,
        float("nan"),
        float("inf"),
        pytest.param(10**5000, id="astronomical"),
        -(10**6),
        Decimal("NaN"),
    ],
)
def test_a_count_that_is_no_whole_number_is_refused(value: object) -> None:
    """Neither texts nor halves nor numbers beyond all reason are counted."""
    for name in ("workdays_from", "days", "months", "before", "after"):
        with pytest.raises(workdays.BadCount, match="以内的整数") as refusal:
            FUNCTIONS[name]("2026-01-09", value)
        assert len(refusal.value.message) < 100


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("days", ("9999-12-30", 9)),
        ("days", ("0001-01-02", -9)),
        ("months", ("9999-12-30", 1)),
        ("months", ("0001-01-02", -1)),
        ("end_of_day", ("9999-12-31T23:00:00+00:00",)),
    ],
)
def test_a_day_beyond_the_calendar_of_the_world_is_refused(
    name: str, arguments: tuple[object, ...]
) -> None:
    """There is no year 0 and no year 10000."""
    with pytest.raises(workdays.BadDay):
        FUNCTIONS[name](*arguments)


def test_a_diagram_that_counts_into_a_missing_year_is_told_so() -> None:
    """The instance meets an incident with a name, never a guess."""
    with pytest.raises(workdays.MissingYear, match="2028年"):
        FUNCTIONS["workdays"](10_000)
