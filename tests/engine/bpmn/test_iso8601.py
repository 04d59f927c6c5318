"""Times as diagrams write them: durations, cycles, moments and cron lines."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from engine.bpmn import iso8601
from engine.bpmn.iso8601 import Duration
from engine.bpmn.iso8601 import TimeFormatError

BEIJING = timezone(timedelta(hours=8))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P3D", Duration(0, 3, 0)), ("P1Y2M3W4D", Duration(14, 25, 0)),
        ("PT5H6M7S", Duration(0, 0, 18_367_000_000)), ("PT0S", Duration(0, 0, 0)),
        ("PT0.25S", Duration(0, 0, 250_000)),
        ("P1DT12H", Duration(0, 1, 43_200_000_000)),
        ("P10Y", Duration(120, 0, 0)), ("P1M", Duration(1, 0, 0)),
        ("PT1M", Duration(0, 0, 60_000_000)),
    ],
)  # fmt: skip
def test_a_duration_is_read(text, expected):
    assert expected == iso8601.parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "P999999Y", "P99999999Y", "P11Y", "P121M", "P3654D", "PT87673H", "P", "PT",
        "P1DT",
        "P1.5D", "P-1D", "-P1D", "p1d", "P1D ", "P١D", "P１D", "P1H", "PT1D", "1D", "",
        "P" + "1" * 50 + "D", "P9Y9999D", "PT0.1234567S", "P1D\n",
    ],
)  # fmt: skip
def test_a_text_that_is_no_duration_is_refused_at_once(text):
    with pytest.raises(TimeFormatError):
        iso8601.parse_duration(text)


@pytest.mark.parametrize(
    ("start", "text", "expected"),
    [
        ("2026-01-31T09:00", "P1M", "2026-02-28T09:00"),
        ("2024-02-29T09:00", "P1Y", "2025-02-28T09:00"),
        ("2026-11-30T23:30", "P3M", "2027-02-28T23:30"),
        ("2026-12-31T23:59", "PT1M", "2027-01-01T00:00"),
        ("2026-01-31T09:00", "P1M1D", "2026-03-01T09:00"),
    ],
)
def test_a_duration_added_clamps_to_the_end_of_the_month(start, text, expected):
    assert at(expected) == iso8601.parse_duration(text).add_to(at(start))


def test_a_sum_beyond_the_calendar_is_refused():
    with pytest.raises(TimeFormatError, match="超出日历"):
        iso8601.parse_duration("P10Y").add_to(at("9995-01-01"))
    with pytest.raises(TimeFormatError, match="超出日历"):
        Duration(1, 0, 0).add_to(at("2026-01-01"), times=10**9)


def test_a_moment_needs_its_offset():
    assert at("2026-03-01T09:00") == iso8601.parse_moment("2026-03-01T09:00:00+08:00")
    assert datetime(2026, 3, 1, 9, tzinfo=UTC) == iso8601.parse_moment(
        "2026-03-01T09:00Z"
    )
    with pytest.raises(TimeFormatError, match=r"\+08:00"):
        iso8601.parse_moment("2026-03-01T09:00:00")


@pytest.mark.parametrize(
    "text",
    ["2026-02-30T00:00Z", "2026-03-01", "1500-01-01T00:00Z", "2026-03-01T25:00Z",
     "2026-03-01T09:00+99:00", "2026-3-1T09:00Z", "2026-03-01 09:00Z", "", "x" * 99],
)  # fmt: skip
def test_a_text_that_is_no_moment_is_refused(text):
    with pytest.raises(TimeFormatError):
        iso8601.parse_moment(text)


def test_a_cycle_counts_its_repetitions_without_drift():
    cycle = iso8601.parse_cycle("R3/P1M")
    due = [cycle.due(number, at("2026-01-31T09:00")) for number in range(1, 5)]
    days = ["2026-02-28T09:00", "2026-03-31T09:00", "2026-04-30T09:00"]
    assert [*map(at, days), None] == due


def test_a_cycle_with_a_start_is_first_due_at_the_start():
    cycle = iso8601.parse_cycle("R2/2026-03-01T09:00:00+08:00/P1D")
    due = [cycle.due(number, at("2026-01-01")) for number in (1, 2, 3)]
    assert [at("2026-03-01T09:00"), at("2026-03-02T09:00"), None] == due


def test_a_cycle_with_an_end_stops_there():
    cycle = iso8601.parse_cycle("R/P1D/2026-03-03T00:00:00+08:00")
    due = [cycle.due(number, at("2026-03-01T00:00")) for number in (1, 2, 3)]
    assert [at("2026-03-02"), at("2026-03-03"), None] == due


@pytest.mark.parametrize(
    "text",
    ["R0/P1D", "R/PT0S", "R3", "R3/", "3/P1D", "R-1/P1D", "R99999/P1D", "R1/P1D/P1D",
     "R1/2026-03-01T09:00:00/P1D", "R1/a/b/c", "R/P999999Y", "R" + "1" * 99],
)  # fmt: skip
def test_a_text_that_is_no_cycle_is_refused(text):
    with pytest.raises(TimeFormatError):
        iso8601.parse_cycle(text)


@pytest.mark.parametrize(
    ("line", "start", "expected"),
    [
        ("0 0 9 ? * MON-FRI", "2026-03-06T09:00", "2026-03-09T09:00"),
        ("0 0 9 ? * 2-6", "2026-03-06T09:00", "2026-03-09T09:00"),
        ("0 9 * * 1-5", "2026-03-06T09:00", "2026-03-09T09:00"),
        ("0 9 * * 7", "2026-03-06T09:00", "2026-03-08T09:00"),
        ("0 0/15 * * * ?", "2026-03-06T09:07:30", "2026-03-06T09:15"),
        ("*/10 * * * * ?", "2026-03-06T09:07:30", "2026-03-06T09:07:40"),
        ("0 0 9 10 4,7,10,12 ?", "2026-04-10T09:00", "2026-07-10T09:00"),
        ("0 0 0 31 * ?", "2026-01-31T00:00", "2026-03-31T00:00"),
        ("0 0 0 29 FEB ?", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("0 0 22-2 * * ?", "2026-01-01T22:30", "2026-01-01T23:00"),
        ("0 0 0 ? * FRI-MON", "2026-03-09T00:00", "2026-03-13T00:00"),
        ("0 0 0 1 1 ? 2050", "2026-01-01T00:00", "2050-01-01T00:00"),
        ("59 59 23 31 12 ?", "2026-12-31T23:59:58", "2026-12-31T23:59:59"),
    ],
)
def test_a_cron_line_tells_its_next_moment(line, start, expected):
    assert at(expected) == iso8601.parse_cron(line).next_after(at(start))


def test_a_cron_line_whose_years_are_over_has_no_next_moment():
    assert iso8601.parse_cron("0 0 0 1 1 ? 2020").next_after(at("2026-01-01")) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0 9 L * ?", "不支持“L”"), ("0 0 9 ? * FRI#2", "不支持“#”"),
        ("0 0 9 15W * ?", "不支持“W”"), ("0 0 9 ? * 6L", "不支持“L”"),
        ("0 0 9 1 * MON", "只能限定一个"), ("0 0 9", "却有 3 段"),
        ("60 * * * * ?", "秒"),
        ("0 0 0 30 2 ?", "没有这一天"), ("0 0 0 31 4,6 ?", "没有这一天"),
        ("*/0 * * * * ?", "步长"), ("a * * * * ?", "读不懂"),
        ("0 0 9 ? * 1-", "读不懂"),
        ("１ * * * * ?", "读不懂"), ("* " * 80, "超过"), ("0 0 24 * * ?", "时"),
    ],
)  # fmt: skip
def test_a_cron_line_that_cannot_be_kept_is_refused_by_name(line, reason):
    with pytest.raises(TimeFormatError, match=reason):
        iso8601.parse_cron(line)


@settings(max_examples=300)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(["*/7 3-50/9 * ? * MON,WED", "0 0 9 10 4,7 ?", "30 8 * * *"]),
)
def test_the_next_moment_is_later_and_allowed(start, line):
    cron, moment = iso8601.parse_cron(line), start.replace(tzinfo=BEIJING)
    found = cron.next_after(moment)
    assert found > moment
    assert found.second in cron.seconds and found.minute in cron.minutes
    assert found.hour in cron.hours and found.month in cron.months
    assert found.day in cron.days and found.weekday() in cron.weekdays
    just_before = found - timedelta(microseconds=1)
    assert found == cron.next_after(max(moment, just_before))


@settings(max_examples=500)
@given(st.text(alphabet="PTRYMWDHS0123456789/.-:Z+ *?,#LMONFRI", max_size=60))
def test_garbage_raises_nothing_but_time_format_errors(text):
    for parse in (
        iso8601.parse_duration,
        iso8601.parse_cycle,
        iso8601.parse_moment,
        iso8601.parse_cron,
    ):
        try:
            parse(text)
        except TimeFormatError as error:
            assert error.text in text
