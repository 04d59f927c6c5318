"""The shipped calendars, the dates of the office's scenarios, and publishing a year."""

from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta

import chinese_calendar
import pytest

from engine import workdays
from processes import calendars
from processes.calendars import notices
from processes.calendars import statute

CALENDAR = calendars.load()
PUBLISHED = (2024, 2025, 2026)
PROVISIONAL = tuple(range(2027, 2036))


def days_of(year: int) -> list[date]:
    return [day.date for day in CALENDAR.years[year].days]


def last_second(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 15, 59, 59, tzinfo=UTC)


def test_the_years_known_are_published_or_provisional_by_name() -> None:
    known = {year.year: year.status for year in CALENDAR.years.values()}

    expected = dict.fromkeys(PUBLISHED, "published")
    expected |= dict.fromkeys(PROVISIONAL, "provisional")
    assert expected == known
    assert all(year.source for year in CALENDAR.years.values())


@pytest.mark.parametrize("year", PUBLISHED)
def test_published_years_agree_day_by_day_with_an_independent_calendar(
    year: int,
) -> None:
    expected = {day: chinese_calendar.is_workday(day) for day in days_of(year)}

    assert expected == {day: CALENDAR.is_workday(day) for day in days_of(year)}


def test_the_make_up_days_of_2026_are_those_of_the_notice() -> None:
    expected = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]

    makeup = [day.date for day in CALENDAR.years[2026].days if day.kind == "makeup"]

    assert [date(2026, month, day) for month, day in expected] == makeup
    assert 365 == len(CALENDAR.years[2026].days)
    assert 248 == len(CALENDAR.years[2026].workdays)


@pytest.mark.parametrize(
    ("scenario", "base", "n", "due"),
    [
        ("key figure", (9, 24), 3, (9, 30)),
        ("key figure", (9, 28), 5, (10, 10)),
        ("key figure", (9, 30), 5, (10, 13)),
        ("key figure", (2, 12), 5, (2, 26)),
        ("key figure", (2, 13), 5, (2, 27)),
        ("S02 due", (9, 24), 3, (9, 30)),
        ("S02 first written reminder", (9, 30), 3, (10, 10)),
        ("S02 report to the deputy director", (9, 30), 5, (10, 13)),
        ("S02 report to the director", (9, 30), 10, (10, 20)),
        ("S06 reminder at -5", (10, 10), -5, (9, 28)),
        ("S06 reminder at -3", (10, 10), -3, (9, 30)),
        ("S06 reminder at -1", (10, 10), -1, (10, 9)),
        ("S08 due", (4, 29), 5, (5, 9)),
        ("S08 the unit's deadline", (5, 9), -1, (5, 8)),
        ("S08 acknowledge by", (4, 29), 1, (4, 30)),
        ("S09 supplement", (10, 9), 3, (10, 13)),
        ("S12 due", (9, 15), 15, (10, 12)),
        ("S12 extended", (10, 12), 5, (10, 19)),
        ("S14 rectification report", (9, 29), 3, (10, 9)),
        ("S15 patrol report", (9, 28), 5, (10, 10)),
        ("S15 inspection report", (2, 12), 5, (2, 26)),
        ("S18 circular", (9, 30), 5, (10, 13)),
    ],
)
def test_deadlines_in_working_days_fall_as_the_office_reckoned(
    scenario: str, base: tuple[int, int], n: int, due: tuple[int, int]
) -> None:
    expected = date(2026, *due)

    assert expected == CALENDAR.add_workdays(date(2026, *base), n), scenario
    deadline = CALENDAR.deadline(date(2026, *base), workdays=n)
    assert workdays.Deadline(last_second(*due), provisional=False) == deadline


@pytest.mark.parametrize(
    ("scenario", "day", "rolled"),
    [
        ("key figure", (10, 10), (10, 10)),
        ("key figure", (11, 15), (11, 16)),
        ("key figure, S07", (2, 15), (2, 24)),
        ("key figure, S07", (3, 15), (3, 16)),
        ("key figure, S07", (5, 10), (5, 11)),
        ("key figure, S07", (8, 15), (8, 17)),
        ("S07", (2, 10), (2, 10)),
        ("S06 first report", (4, 10), (4, 10)),
        ("S06 second report", (7, 10), (7, 10)),
        ("S06 fourth report", (12, 10), (12, 10)),
        ("S16 first working day of January", (1, 1), (1, 4)),
        ("S16 first working day of October", (10, 1), (10, 8)),
    ],
)
def test_days_of_rest_roll_as_the_office_reckoned(
    scenario: str, day: tuple[int, int], rolled: tuple[int, int]
) -> None:
    assert date(2026, *rolled) == CALENDAR.roll(date(2026, *day)), scenario


@pytest.mark.parametrize(
    ("scenario", "today", "due", "left"),
    [
        ("S02 yellow on the day of issue", (9, 24), (9, 30), 3),
        ("S02 three days late on 10 October", (10, 10), (9, 30), -3),
        ("S12 green", (9, 30), (10, 12), 4),
        ("S12 yellow", (10, 8), (10, 12), 3),
        ("S12 green again", (10, 9), (10, 19), 7),
        ("due today", (9, 30), (9, 30), 0),
    ],
)
def test_the_working_days_left_are_those_of_the_lights(
    scenario: str, today: tuple[int, int], due: tuple[int, int], left: int
) -> None:
    left_over = CALENDAR.workdays_between(date(2026, *today), date(2026, *due))

    assert left == left_over, scenario


def test_s02_turns_red_the_second_after_its_deadline() -> None:
    due = CALENDAR.deadline(date(2026, 9, 24), workdays=3).at

    assert CALENDAR.start_of_day(date(2026, 10, 1)) == due + timedelta(seconds=1)


def test_s05_rolls_twenty_calendar_days_off_a_sunday() -> None:
    twentieth = CALENDAR.add_days(date(2026, 9, 21), 20)

    assert date(2026, 10, 11) == twentieth
    assert last_second(10, 12) == CALENDAR.deadline(twentieth, roll="next").at


def test_s17_rolls_three_and_six_months_off_the_weekend() -> None:
    issued = date(2026, 3, 6)
    three, six = CALENDAR.add_months(issued, 3), CALENDAR.add_months(issued, 6)

    assert [date(2026, 6, 6), date(2026, 9, 6)] == [three, six]
    assert last_second(6, 8) == CALENDAR.deadline(three, roll="next").at
    assert last_second(9, 7) == CALENDAR.deadline(six, roll="next").at
    assert date(2026, 9, 8) > CALENDAR.roll(six)


def test_three_months_from_the_end_of_january_end_with_april() -> None:
    assert date(2026, 4, 30) == CALENDAR.add_months(date(2026, 1, 31), 3)


@pytest.mark.parametrize("year", PROVISIONAL)
def test_a_provisional_year_rests_on_the_holidays_of_the_law_alone(year: int) -> None:
    days = CALENDAR.years[year].days
    holidays = {day.date: day.name for day in days if day.kind == "holiday"}
    lunar = statute.lunar_dates()[year]

    assert "makeup" not in {day.kind for day in days}
    spring = [lunar["除夕"] + timedelta(offset) for offset in range(4)]
    assert spring == [day for day, name in holidays.items() if "春节" in name]
    assert ["元旦", "劳动节", "劳动节"] == [
        holidays[date(year, month, day)] for month, day in ((1, 1), (5, 1), (5, 2))
    ]
    assert 3 == sum("国庆节" in name for name in holidays.values())
    for festival in ("清明节", "端午节", "中秋节"):
        assert festival in holidays[lunar[festival]]
    # 13 days by the law; two festivals on one day are one day off.
    assert 13 == len(holidays) + sum("、" in name for name in holidays.values())


def test_two_holidays_on_one_day_both_give_it_their_name() -> None:
    assert "国庆节、中秋节" == CALENDAR.day(date(2031, 10, 1)).name


def test_a_year_without_lunar_dates_is_missing() -> None:
    for year in (2023, 2036):
        with pytest.raises(workdays.MissingYear, match=f"{year}年"):
            CALENDAR.is_workday(date(year, 6, 1))
        with pytest.raises(workdays.MissingYear, match=f"{year}年"):
            statute.provisional_year(year)


@pytest.mark.parametrize("year", PROVISIONAL)
def test_the_lunar_table_agrees_with_the_mean_moon(year: int) -> None:
    """Festivals stand on their day of a moon, within the moon's own irregularity."""
    new_moon = datetime(2000, 1, 6, 14, 20, tzinfo=UTC)
    mean_month = 29.530588861
    lunar = statute.lunar_dates()[year]

    def age(day: date) -> float:
        noon = workdays.Calendar.start_of_day(day) + timedelta(hours=12)
        return ((noon - new_moon) / timedelta(days=1)) % mean_month

    # At noon of the n-th day the moon is n - 0.5 days old, up to half a day for the
    # hour of the new moon and about 0.6 for its uneven course.
    for day, nth in (
        (lunar["除夕"] + timedelta(1), 1),
        (lunar["端午节"], 5),
        (lunar["中秋节"], 15),
    ):
        off = (age(day) - (nth - 0.5) + mean_month / 2) % mean_month - mean_month / 2
        assert abs(off) < 1.2, day


@pytest.mark.parametrize("year", PROVISIONAL)
def test_the_lunar_table_keeps_its_festivals_in_their_season(year: int) -> None:
    """Spring, summer and autumn festivals cannot leave these bounds."""
    lunar = statute.lunar_dates()[year]

    assert date(year, 1, 20) <= lunar["除夕"] <= date(year, 2, 20)
    assert date(year, 5, 25) <= lunar["端午节"] <= date(year, 6, 25)
    assert date(year, 9, 7) <= lunar["中秋节"] <= date(year, 10, 8)
    # The usual rule for 清明 in this century, by year of the century.
    short = year - 2000
    expected = int(short * 0.2422 + 4.81) - short // 4
    assert date(year, 4, expected) == lunar["清明节"]


@pytest.mark.parametrize("year", PROVISIONAL)
def test_the_lunar_table_counts_the_moons_between_its_festivals(year: int) -> None:
    """A leap month lengthens the spring of 2031 (闰三月) and the summer of 2028."""
    lunar = statute.lunar_dates()[year]
    spring_moons = 5 if year == 2031 else 4
    summer_moons = 4 if year == 2028 else 3
    spring = (lunar["端午节"] - lunar["除夕"]).days
    summer = (lunar["中秋节"] - lunar["端午节"]).days

    # 除夕 is the day before the first, hence 5; from the fifth to the fifteenth, 10.
    assert abs(spring - (spring_moons * 29.53 + 5)) < 1.5
    assert abs(summer - (summer_moons * 29.53 + 10)) < 1.5


def test_the_law_gives_what_published_years_give() -> None:
    """Statutory days of 2025 and 2026, known by name, are days off in the notices."""
    for year in (2025, 2026):
        for day in statute.fixed_holidays(year):
            assert "holiday" == CALENDAR.day(day).kind


NOTICE_2027 = """
year = 2027
source = "假设的2027年通知"

[[holiday]]
name = "元旦"
first = 2027-01-01
last = 2027-01-03
makeup = []

[[holiday]]
name = "春节"
first = 2027-02-05
last = 2027-02-12
makeup = [2027-01-31, 2027-02-20]

[[holiday]]
name = "劳动节"
first = 2027-05-01
last = 2027-05-05
makeup = [2027-05-08]

[[holiday]]
name = "国庆节"
first = 2027-10-01
last = 2027-10-07
makeup = [2027-09-26, 2027-10-09]
"""


def problems_of(text: str) -> dict[str, list[str]]:
    with pytest.raises(notices.BadNotice) as refusal:
        notices.read_year(text.encode())
    for place, texts in refusal.value.fields.items():
        for problem in texts:
            assert f"{place}：{problem}" in refusal.value.message
    return refusal.value.fields


def test_a_notice_becomes_a_published_year() -> None:
    year = notices.read_year(NOTICE_2027.encode("utf-8-sig"))

    assert (2027, "published") == (year.year, year.status)
    assert "假设的2027年通知" == year.source
    named = {day.date: (day.kind, day.name) for day in year.days}
    assert ("holiday", "春节") == named[date(2027, 2, 6)]
    assert ("makeup", "春节") == named[date(2027, 1, 31)]
    assert ("weekend", "") == named[date(2027, 1, 30)]
    assert ("workday", "") == named[date(2027, 2, 15)]


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        (
            "makeup = [2027-05-08]",
            "makeup = [2028-05-07]",
            "第3个 [[holiday]] makeup",
            "“劳动节”的 2028-05-07 不在2027年内。",
        ),
        (
            "makeup = [2027-05-08]",
            "makeup = [2027-05-08, 2027-05-08]",
            "第3个 [[holiday]] makeup",
            "“劳动节”的 2027-05-08 与“劳动节”重复。",
        ),
        (
            "first = 2027-05-01",
            "first = 2027-02-12",
            "第3个 [[holiday]] first–last",
            "“劳动节”的 2027-02-12 与“春节”重复。",
        ),
        (
            "makeup = [2027-05-08]",
            "makeup = [2027-05-10]",
            "第3个 [[holiday]] makeup",
            "“劳动节”的 2027-05-10 是周一，本来就上班，不能作调休上班日。",
        ),
        (
            "makeup = [2027-05-08]",
            'makeup = ["5月8日"]',
            "第3个 [[holiday]] makeup",
            "“5月8日”不是日期。",
        ),
        (
            "makeup = [2027-05-08]",
            "makeups = [2027-05-08]",
            "第3个 [[holiday]]",
            "不认识的字段“makeups”。",
        ),
        (
            "last = 2027-05-05\n",
            "",
            "第3个 [[holiday]]",
            "字段“last”应为日期（如 2026-10-01）。",
        ),
        (
            "last = 2027-05-05",
            "last = 2027-05-05T00:00:00",
            "第3个 [[holiday]]",
            "字段“last”应为日期（如 2026-10-01）。",
        ),
        (
            "last = 2027-05-05",
            "last = 2027-04-05",
            "第3个 [[holiday]]",
            "“劳动节”的 first 2027-05-01 晚于 last 2027-04-05。",
        ),
        (
            "last = 2027-10-07",
            "last = 9999-10-07",
            "第4个 [[holiday]]",
            "“国庆节”从 2027-10-01 到 9999-10-07 跨了年度。",
        ),
        ('name = "春节"', 'name = " "', "第2个 [[holiday]]", "字段“name”不能为空。"),
        ("year = 2027", "year = 27", "year", "应在2024到2100之间，现为27。"),
        ("year = 2027", "year = true", "文件", "字段“year”应为整数。"),
        ('source = "假设的2027年通知"', "", "文件", "字段“source”应为文字。"),
        ("year = 2027", "year = 2027\nkind = 1", "文件", "不认识的字段“kind”。"),
        (
            "last = 2027-10-07",
            "last = 2027-10-02",
            "2027-10-03",
            "国庆节是法定节假日，文件中没有放假。",
        ),
        ("first = 2027-01-01", "first = 2027-1-1", "第7行第13列", "不合 TOML 格式。"),
    ],
)
def test_a_fault_in_a_notice_is_named_with_its_place(
    old: str, new: str, place: str, problem: str
) -> None:
    assert old in NOTICE_2027

    assert problem in problems_of(NOTICE_2027.replace(old, new))[place]


def test_all_faults_of_a_notice_are_named_at_once() -> None:
    text = NOTICE_2027.replace("2027-05-08", "2027-05-10").replace(
        "2027-10-09", "2028-10-09"
    )

    places = ["第3个 [[holiday]] makeup", "第4个 [[holiday]] makeup"]
    assert places == list(problems_of(text))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "不是 UTF-8 编码"),
        pytest.param(b"a = " + b"[" * 20_000, "不合 TOML 格式", id="deep"),
        pytest.param(b"year = " + b"9" * 10_000, "不合 TOML 格式", id="long"),
        pytest.param(b"#" * 70_000, "超过 64 KB", id="large"),
        (b"", "字段“holiday”应为列表"),
        (b'year = 2027\nsource = "x"\nholiday = [1]', "应写成 [[holiday]] 表"),
        (b'year = 2027\nsource = "x"\nholiday = []', "元旦是法定节假日"),
    ],
)
def test_hostile_files_are_refused_with_a_reason(content: bytes, problem: str) -> None:
    with pytest.raises(notices.BadNotice) as refusal:
        notices.read_year(content)

    assert problem in refusal.value.message


@pytest.mark.requirement("R-05-05")
def test_an_imported_notice_takes_the_place_of_the_provisional_year() -> None:
    calendar = calendars.load([NOTICE_2027.encode()])

    assert "published" == calendar.years[2027].status
    assert not calendar.deadline(date(2027, 1, 4), workdays=5).provisional
    assert CALENDAR.deadline(date(2027, 1, 4), workdays=5).provisional
    assert CALENDAR.version != calendar.version
    assert CALENDAR.version == calendars.load().version


@pytest.mark.requirement("R-05-05")
def test_publishing_a_year_lists_the_deadlines_it_moves_or_confirms() -> None:
    deadlines = [
        calendars.OpenDeadline("before the year", date(2026, 9, 24), 3),
        calendars.OpenDeadline("confirmed", date(2026, 12, 30), 3),
        calendars.OpenDeadline("later", date(2027, 2, 4), 3),
        calendars.OpenDeadline("earlier", date(2027, 1, 29), 1),
        calendars.OpenDeadline("fixed day", date(2027, 2, 10), 0),
        calendars.OpenDeadline("rolled", date(2027, 2, 10), 0, roll="next"),
    ]

    changes = calendars.compare(
        CALENDAR, notices.read_year(NOTICE_2027.encode()), deadlines
    )

    def day(deadline: workdays.Deadline) -> date:
        return CALENDAR.local_date(deadline.at)

    expected = [
        ("confirmed", date(2027, 1, 5), date(2027, 1, 5), False),
        ("later", date(2027, 2, 11), date(2027, 2, 17), True),
        ("earlier", date(2027, 2, 1), date(2027, 1, 31), True),
        ("rolled", date(2027, 2, 10), date(2027, 2, 15), True),
    ]
    assert expected == [(c.id, day(c.old), day(c.new), c.moved) for c in changes]
    assert all(c.old.provisional and not c.new.provisional for c in changes)


def test_publishing_the_same_year_again_changes_nothing() -> None:
    deadlines = [
        calendars.OpenDeadline(str(n), date(2026, 1, 1), n) for n in range(1, 200)
    ]

    assert [] == calendars.compare(CALENDAR, CALENDAR.years[2026], deadlines)
