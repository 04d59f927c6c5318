"""Working days: which days the office works, and the deadlines counted in them.

Calendars are data: a year is *published* (the official notice is known),
*provisional* (statutory holidays only, make-up days not known yet) or missing.
Nothing is ever guessed: a deadline that rests on a provisional year says so, and
one that needs a missing year raises `MissingYear`.

Every function that takes a day takes a moment too, and means its day in Shanghai.
"""

import calendar as gregorian
import hashlib
from bisect import bisect_left
from bisect import bisect_right
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Literal
from typing import get_args

from engine import clock as clocks
from engine import errors

Kind = Literal["workday", "holiday", "weekend", "makeup"]
Status = Literal["published", "provisional"]
Roll = Literal["next", "none", "previous"]

# One zone without summer time since 1992; no deadline lies before that.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
END_OF_DAY = time(23, 59, 59)
START_OF_WORK = time(9)
SATURDAY = 5
LARGEST_COUNT = 100_000


class MissingYear(errors.Refused):
    """这一年的工作日历还没有导入。"""

    def __init__(self, year: int) -> None:
        """Name the year, and what the administrator must do."""
        super().__init__(
            f"{year}年的工作日历还没有，无法计算工作日。请业务管理员在“工作日历”中"
            f"导入并发布{year}年的放假安排，然后重试。",
            year=year,
        )
        self.year = year


class BadYear(errors.Invalid):
    """这一年的工作日历不完整或自相矛盾。"""


class BadDay(errors.Invalid):
    """这不是一个可以计算的日期。"""


class BadCount(errors.Invalid):
    """天数或月数必须是整数。"""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar; `name` is the holiday it belongs to, or empty."""

    date: date
    kind: Kind
    name: str = ""

    @property
    def is_workday(self) -> bool:
        """Whether the office works: ordinary workdays and make-up days."""
        return self.kind in ("workday", "makeup")


@dataclass(frozen=True)
class Year:
    """A whole year, day by day; raises `BadYear` unless it is complete and sound.

    `days` holds the 365 or 366 days in order. Ordinary workdays fall on Monday to
    Friday, weekends and make-up days on Saturday and Sunday.
    """

    year: int
    status: Status
    source: str
    days: tuple[Day, ...]

    def __post_init__(self) -> None:
        """Refuse a gap, a repetition or a kind that its weekday forbids."""
        if self.status not in get_args(Status):
            raise BadYear(f"{self.year}年的状态“{self.status}”不存在。", year=self.year)
        if [day.date for day in self.days] != _dates(self.year):
            raise BadYear(
                f"{self.year}年的工作日历必须从1月1日到12月31日每天恰好一行。",
                year=self.year,
            )
        for day in self.days:
            if not kind_fits(day.date, day.kind):
                raise BadYear(
                    f"{day.date}是{weekday_name(day.date)}，不能标为“{day.kind}”。",
                    year=self.year,
                    date=day.date.isoformat(),
                )

    @classmethod
    def of(
        cls, year: int, status: Status, source: str, exceptions: Iterable[Day]
    ) -> "Year":
        """Return the year of ordinary weeks, with these holidays and make-up days."""
        named = {day.date: day for day in exceptions}
        ordinary = (Day(day, ordinary_kind(day)) for day in _dates(year))
        days = tuple(named.pop(day.date, day) for day in ordinary)
        if named:
            raise BadYear(
                f"{'、'.join(map(str, sorted(named)))}不在{year}年内。", year=year
            )
        return cls(year, status, source, days)

    @cached_property
    def workdays(self) -> tuple[int, ...]:
        """The workdays as sorted ordinals, so that counting is a bisection."""
        return tuple(day.date.toordinal() for day in self.days if day.is_workday)


@dataclass(frozen=True)
class Deadline:
    """A due moment in UTC, and whether it rests on a provisional year."""

    at: datetime
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """The years known, and all arithmetic in working days upon them."""

    years: Mapping[int, Year]

    def __post_init__(self) -> None:
        """Keep a read-only copy; refuse a year filed under another number."""
        for number, year in self.years.items():
            if number != year.year:
                raise BadYear(f"{year.year}年被登记为{number}年。", year=number)
        object.__setattr__(self, "years", MappingProxyType(dict(self.years)))

    @cached_property
    def version(self) -> str:
        """A digest of all that deadlines depend on: equal digests, equal deadlines."""
        digest = hashlib.sha256()
        for number in sorted(self.years):
            year = self.years[number]
            digest.update(repr((number, year.status, year.workdays)).encode())
        return digest.hexdigest()[:16]

    def with_year(self, year: Year) -> "Calendar":
        """Return the calendar in which this year takes the place of the old one."""
        return Calendar({**self.years, year.year: year})

    def day(self, day: date) -> Day:
        """Return what is known of a day; raise `MissingYear` if nothing is."""
        day = self.local_date(day)
        return self._year(day.year).days[day.timetuple().tm_yday - 1]

    def is_workday(self, day: date) -> bool:
        """Whether the office works on that day."""
        return self.day(day).is_workday

    def add_workdays(self, day: date, n: int) -> date:
        """Return the n-th working day after `day`, which is itself not counted.

        Negative n counts backwards; n = 0 is the day itself, workday or not, and
        consults no calendar (从次日起数第n个工作日).
        """
        day = self.local_date(day)
        if n == 0:
            return day
        number = day.year
        workdays = self._year(number).workdays
        if n > 0:
            position = bisect_right(workdays, day.toordinal()) + n - 1
            while position >= len(workdays):
                position -= len(workdays)
                number += 1
                workdays = self._year(number).workdays
        else:
            position = bisect_left(workdays, day.toordinal()) + n
            while position < 0:
                number -= 1
                workdays = self._year(number).workdays
                position += len(workdays)
        return date.fromordinal(workdays[position])

    def workdays_between(self, start: date, end: date) -> int:
        """Return the number of working days in (start, end]: 剩余工作日.

        It is negative when `end` lies before `start`: minus those in (end, start].
        """
        start, end = self.local_date(start), self.local_date(end)
        if end < start:
            return -self.workdays_between(end, start)
        whole_years = sum(
            len(self._year(number).workdays) for number in range(start.year, end.year)
        )
        return (
            whole_years
            + bisect_right(self._year(end.year).workdays, end.toordinal())
            - bisect_right(self._year(start.year).workdays, start.toordinal())
        )

    def roll(self, day: date, rule: Roll = "next") -> date:
        """Return the day, moved off a day of rest as the rule says.

        `next` moves to the first working day after it, `previous` to the last one
        before it, `none` leaves it (到期落在休假日的顺延).
        """
        day = self.local_date(day)
        if rule not in get_args(Roll):
            raise BadDay(f"顺延规则“{rule}”不存在，应为 next、none 或 previous。")
        if rule == "none" or self.is_workday(day):
            return day
        return self.add_workdays(day, 1 if rule == "next" else -1)

    def deadline(
        self, base: date, *, workdays: int = 0, roll: Roll = "none"
    ) -> Deadline:
        """Return the end of the n-th working day after `base`, then rolled.

        `workdays=0` with a roll serves dates that were set otherwise: a fixed day,
        calendar days or months.
        """
        start = self.local_date(base)
        counted = self.add_workdays(start, workdays)
        due = self.roll(counted, roll)
        rests_on_calendar = workdays != 0 or roll != "none"
        return Deadline(
            at=self.end_of_day(due),
            provisional=rests_on_calendar and self.is_provisional(start, due),
        )

    def is_provisional(self, start: date, end: date) -> bool:
        """Whether counting from one day to the other meets a provisional year."""
        first, last = sorted((self.local_date(start), self.local_date(end)))
        years = [self._year(number) for number in range(first.year, last.year + 1)]
        return any(year.status == "provisional" for year in years)

    @staticmethod
    def local_date(moment: date) -> date:
        """Return the day in Shanghai of an aware moment; a day is returned as is."""
        if isinstance(moment, datetime):
            return clocks.utc(moment).astimezone(SHANGHAI).date()
        return moment

    @staticmethod
    def at(day: date, local_time: time) -> datetime:
        """Return that time of that day in Shanghai, as UTC."""
        local = datetime.combine(Calendar.local_date(day), local_time, SHANGHAI)
        return local.astimezone(UTC)

    @staticmethod
    def start_of_day(day: date) -> datetime:
        """Return midnight in Shanghai at which the day begins, as UTC."""
        return Calendar.at(day, time.min)

    @staticmethod
    def end_of_day(day: date) -> datetime:
        """Return 23:59:59 in Shanghai, the last second of the day, as UTC."""
        return Calendar.at(day, END_OF_DAY)

    @staticmethod
    def add_days(day: date, n: int) -> date:
        """Return the day n calendar days later (earlier when negative)."""
        try:
            return Calendar.local_date(day) + timedelta(days=n)
        except OverflowError as error:
            raise BadDay(f"{day}之后{n}天超出了可计算的范围。") from error

    @staticmethod
    def add_months(day: date, n: int) -> date:
        """Return the same day n months later, or that month's last day.

        31 January and three months are 30 April (同日，无该日取月末).
        """
        day = Calendar.local_date(day)
        year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
        if not date.min.year <= year <= date.max.year:
            raise BadDay(f"{day}之后{n}个月超出了可计算的范围。")
        last = gregorian.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last))

    def _year(self, number: int) -> Year:
        """Return a year, or say by name that it is missing."""
        if number not in self.years:
            raise MissingYear(number)
        return self.years[number]


def functions(
    calendar: Calendar, clock: clocks.Clock
) -> dict[str, Callable[..., object]]:
    """Return the functions of time that diagrams may call, by name.

    A day or moment is given as a date, an aware datetime, or either in ISO 8601.
    Moments are returned as ISO strings in UTC (`2026-09-30T15:59:59+00:00`), so
    that they can be stored as JSON and compared as text; a day that falls due is
    its last second. `today()` alone is a plain day in Shanghai (`2026-09-30`).
    """

    def end(day: date) -> str:
        return _iso(calendar.end_of_day(day))

    def morning(day: date) -> str:
        return _iso(calendar.at(day, START_OF_WORK))

    def workdays_from(base: object, n: object) -> str:
        return end(calendar.add_workdays(_day(base), _whole(n)))

    return {
        "now": lambda: _iso(clock.now()),
        "today": lambda: calendar.local_date(clock.now()).isoformat(),
        "workdays": lambda n: workdays_from(clock.now(), n),
        "workdays_from": workdays_from,
        "before": lambda due, n: morning(calendar.add_workdays(_day(due), -_whole(n))),
        "after": lambda due, n: morning(calendar.add_workdays(_day(due), _whole(n))),
        "end_of_day": lambda day: end(_day(day)),
        "days": lambda base, n: end(calendar.add_days(_day(base), _whole(n))),
        "months": lambda base, n: end(calendar.add_months(_day(base), _whole(n))),
        "roll": lambda day: end(calendar.roll(_day(day), "next")),
    }


def kind_fits(day: date, kind: str) -> bool:
    """Whether a day of that weekday may be of that kind; only holidays always may."""
    if kind == "holiday":
        return True
    return kind in (("weekend", "makeup") if _is_weekend(day) else ("workday",))


def ordinary_kind(day: date) -> Kind:
    """Return what the day is in an ordinary week."""
    return "weekend" if _is_weekend(day) else "workday"


def weekday_name(day: date) -> str:
    """Return the weekday in Chinese."""
    return "周" + "一二三四五六日"[day.weekday()]


def _is_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY


def _dates(year: int) -> list[date]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return [date.fromordinal(ordinal) for ordinal in range(first, last + 1)]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _day(value: object) -> date:
    """Return the day in Shanghai that a diagram's value means."""
    try:
        if isinstance(value, date):
            return Calendar.local_date(value)
        if isinstance(value, str):
            if len(value) <= len("2026-09-30"):
                return date.fromisoformat(value)
            return Calendar.local_date(datetime.fromisoformat(value))
    except (ValueError, OverflowError) as error:
        raise BadDay(f"“{_shown(value)}”不是日期，应写成 2026-09-30。") from error
    raise BadDay(f"“{_shown(value)}”不是日期，应写成 2026-09-30。")


def _whole(value: object) -> int:
    """Return a diagram's number of days or months: whole, and of a sane size."""
    number = float(value) if isinstance(value, Decimal) else value
    if (
        isinstance(number, bool)
        or not isinstance(number, int | float)
        or not abs(number) <= LARGEST_COUNT
        or number != int(number)
    ):
        raise BadCount(
            f"“{_shown(value)}”不是{LARGEST_COUNT}以内的整数，不能作天数或月数。"
        )
    return int(number)


def _shown(value: object) -> str:
    """Return a short text of a value for a message; huge numbers have none."""
    if isinstance(value, str | float | Decimal):
        return str(value)[:40]
    return type(value).__name__
