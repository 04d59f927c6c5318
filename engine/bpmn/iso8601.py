"""Durations, repetitions, moments and cron lines, as timers of diagrams write them.

Everything is read with ASCII digits, at most 40 characters (cron: 120) and at most
ten years, and computed without loops over months, so that no text is expensive.
Source: ISO 8601-1:2019 §5.5-5.6; BPMN 2.0 §10.4.5; for cron Quartz as Camunda uses it.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from engine.errors import DuchaError

MAX_LENGTH = 40
MAX_CRON_LENGTH = 120
MAX_DAYS = 3_653  # ten years
_MICROSECONDS_A_DAY = 86_400_000_000


class TimeFormatError(DuchaError):
    """A text does not write a time; `text` is it, the message says why."""

    def __init__(self, text: str, reason: str) -> None:
        self.text, self.reason = text, reason
        super().__init__(f"时间“{text[:60]}”：{reason}")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: calendar months, days and microseconds."""

    months: int
    days: int
    microseconds: int

    def add_to(self, moment: datetime, *, times: int = 1) -> datetime:
        """Return the moment after `times` such durations.

        Months are those of the moment's own offset and clamp to the month's last
        day: a month after 31 January is 28 February.
        """
        try:
            return _months_later(moment, self.months * times) + timedelta(
                days=self.days * times, microseconds=self.microseconds * times
            )
        except (OverflowError, ValueError):
            raise TimeFormatError(str(moment), "结果超出日历范围") from None

    @property
    def is_zero(self) -> bool:
        """Say whether no time passes."""
        return not (self.months or self.days or self.microseconds)


def _months_later(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


_DURATION = re.compile(
    r"P(?=.)(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=.)(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]{1,6}))?S)?)?"
)


def parse_duration(text: str) -> Duration:
    """Return the duration in a text such as P1Y2M3W4DT5H6M7.5S, at most ten years."""
    _require_short(text)
    match = _DURATION.fullmatch(text)
    if match is None:
        raise TimeFormatError(text, "不是时长，应写成 P3D、PT2H、P1M 这样")
    years, months, weeks, days, hours, minutes, seconds = (
        int(part or 0) for part in match.groups()[:7]
    )
    fraction = int((match[8] or "").ljust(6, "0"))
    duration = Duration(
        months=years * 12 + months,
        days=weeks * 7 + days,
        microseconds=(hours * 3600 + minutes * 60 + seconds) * 1_000_000 + fraction,
    )
    total_days = (
        duration.months * 365.25 / 12
        + duration.days
        + duration.microseconds / _MICROSECONDS_A_DAY
    )
    if total_days > MAX_DAYS:
        raise TimeFormatError(text, "时长超过十年，请改短")
    return duration


_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"
)


def parse_moment(text: str) -> datetime:
    """Return the aware datetime in a text such as 2026-03-01T09:00:00+08:00."""
    _require_short(text)
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise TimeFormatError(text, "不是时间，应写成 2026-03-01T09:00:00+08:00 这样")
    if match["offset"] is None:
        raise TimeFormatError(text, "缺少时区，北京时间请在末尾写 +08:00")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TimeFormatError(text, "没有这一时间") from None
    if not 1900 <= moment.year < 2200:
        raise TimeFormatError(text, "年份应在 1900 至 2199 之间")
    return moment


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repetition: every `duration`, `repetitions` times or (None) for ever."""

    repetitions: int | None
    start: datetime | None
    duration: Duration
    end: datetime | None

    def due(self, number: int, armed_at: datetime) -> datetime | None:
        """Return when the number-th repetition (from 1) is due, None after the last.

        With a start the first is due at the start, else one duration after the
        timer was armed. Every due time is reckoned from that one base, so months
        do not drift. With an end, what would be due after it is not due at all.
        """
        if self.repetitions is not None and number > self.repetitions:
            return None
        passed = number if self.start is None else number - 1
        due = self.duration.add_to(self.start or armed_at, times=passed)
        return None if self.end is not None and due > self.end else due


_REPETITIONS = re.compile(r"R([0-9]{0,4})")


def parse_cycle(text: str) -> Cycle:
    """Return the cycle in R3/P1D, R/P1D, R3/<start>/<duration>, R3/<duration>/<end>."""
    if len(text) > 2 * MAX_LENGTH:
        raise TimeFormatError(text, f"超过 {2 * MAX_LENGTH} 个字符")
    repeat, *parts = text.split("/")
    match = _REPETITIONS.fullmatch(repeat)
    if match is None or not 1 <= len(parts) <= 2:
        raise TimeFormatError(text, "不是循环时间，应写成 R3/P1D 或 R/P1D 这样")
    repetitions = int(match[1]) if match[1] else None
    if repetitions == 0:
        raise TimeFormatError(text, "重复次数应至少为 1")
    start = end = None
    if len(parts) == 2 and parts[0].startswith("P"):
        end = parse_moment(parts[1])
        duration = parse_duration(parts[0])
    else:
        start = parse_moment(parts[0]) if len(parts) == 2 else None
        duration = parse_duration(parts[-1])
    if duration.is_zero:
        raise TimeFormatError(text, "循环的间隔不能为零")
    return Cycle(repetitions, start, duration, end)


def parse_retries(text: str) -> tuple[Duration, ...]:
    """Return the waits between the tries in R3/PT10M (three tries) or PT1M,PT1H.

    So camunda:failedJobRetryTimeCycle is read by Camunda 7: R3 counts the first try.
    """
    if text.startswith("R"):
        cycle = parse_cycle(text)
        if cycle.repetitions is None or cycle.start or cycle.end:
            raise TimeFormatError(text, "不是重试次数和间隔，应写成 R3/PT10M 这样")
        return (cycle.duration,) * (cycle.repetitions - 1)
    return tuple(parse_duration(part.strip()) for part in text.split(","))


def _require_short(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise TimeFormatError(text, f"超过 {MAX_LENGTH} 个字符")


# -- cron ----------------------------------------------------------------------

_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split()
_YEARS = (1970, 2199)


@dataclass(frozen=True, slots=True)
class _CronField:
    """One field of a cron line: what it is called and which numbers it takes."""

    label: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, line: str, text: str) -> tuple[int, ...]:
        """Return the numbers that the text allows, in order."""
        numbers: set[int] = set()
        for part in text.split(","):
            numbers.update(self._part(line, part))
        return tuple(sorted(numbers))

    def _part(self, line: str, part: str) -> range | list[int]:
        span, slash, every = part.partition("/")
        step = self._whole(line, every) if slash else 1
        if step < 1:
            raise TimeFormatError(line, f"{self.label}的步长应至少为 1")
        if span in ("*", "?"):
            return range(self.low, self.high + 1, step)
        first, dash, last = span.partition("-")
        low = self._number(line, first)
        if not dash:
            return range(low, self.high + 1, step) if slash else range(low, low + 1)
        high = self._number(line, last)
        if low <= high:
            return range(low, high + 1, step)
        # FRI-MON and 22-2 run over the end of the week and of the day.
        around = [*range(low, self.high + 1), *range(self.low, high + 1)]
        return around[::step]

    def _number(self, line: str, text: str) -> int:
        if text in self.names:
            return self.low + self.names.index(text)
        number = self._whole(line, text)
        if not self.low <= number <= self.high:
            reason = f"{self.label}应在 {self.low} 至 {self.high} 之间，却是 {number}"
            raise TimeFormatError(line, reason)
        return number

    def _whole(self, line: str, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", text):
            raise TimeFormatError(line, f"{self.label}里的“{text[:20]}”读不懂")
        return int(text)


_SECOND = _CronField("秒", 0, 59)
_MINUTE = _CronField("分", 0, 59)
_HOUR = _CronField("时", 0, 23)
_DAY = _CronField("日", 1, 31)
_MONTH = _CronField("月", 1, 12, tuple(_MONTHS))
_QUARTZ_WEEKDAY = _CronField("星期", 1, 7, tuple(_WEEKDAYS))
_UNIX_WEEKDAY = _CronField("星期", 0, 7, tuple(_WEEKDAYS))
_YEAR = _CronField("年", *_YEARS)


@dataclass(frozen=True, slots=True)
class Cron:
    """The moments that a cron line allows, in the offset of the moment asked about."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: frozenset[int]  # as datetime.weekday(): Monday is 0
    years: range | tuple[int, ...]

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first allowed moment after this one; None after the last year.

        Hours and days are those of the moment's own time zone: ask with Beijing
        time for a line that means Beijing time.
        """
        for year in self.years:
            if year < moment.year:
                continue
            for month in self.months:
                if (year, month) < (moment.year, moment.month):
                    continue
                for day in self._days_of(year, month):
                    found = self._first_on(moment, year, month, day)
                    if found is not None:
                        return found
        return None

    def _days_of(self, year: int, month: int) -> list[int]:
        first, length = calendar.monthrange(year, month)
        return [
            day
            for day in self.days
            if day <= length and (first + day - 1) % 7 in self.weekdays
        ]

    def _first_on(
        self, moment: datetime, year: int, month: int, day: int
    ) -> datetime | None:
        today = (year, month, day) == (moment.year, moment.month, moment.day)
        if (year, month, day) < (moment.year, moment.month, moment.day):
            return None
        after = (moment.hour, moment.minute, moment.second) if today else (-1, 0, 0)
        for hour in self.hours:
            if hour < after[0]:
                continue
            for minute in self.minutes:
                if (hour, minute) < after[:2]:
                    continue
                for second in self.seconds:
                    if (hour, minute, second) > after:
                        return moment.replace(
                            year=year, month=month, day=day, hour=hour,
                            minute=minute, second=second, microsecond=0, fold=0,
                        )  # fmt: skip
        return None


def parse_cron(line: str) -> Cron:
    """Return a cron line of 5 (minutes first), 6 or 7 (seconds first) fields.

    As in Quartz, day and weekday may not both be restricted. Weekdays are best
    written by name: a number means SUN=1 with seconds (Quartz), SUN=0 without (Unix).
    """
    if len(line) > MAX_CRON_LENGTH:
        raise TimeFormatError(line, f"超过 {MAX_CRON_LENGTH} 个字符")
    words = line.upper().split()
    if not 5 <= len(words) <= 7:
        raise TimeFormatError(line, f"应有 5、6 或 7 段，却有 {len(words)} 段")
    quartz = len(words) > 5
    if not quartz:
        words = ["0", *words]
    for word in (words[3], words[5]):
        refused = re.search(r"L|#|W(?!ED)", word)
        if refused:
            raise TimeFormatError(line, f"不支持“{refused[0]}”")
    if words[3] not in ("*", "?") and words[5] not in ("*", "?"):
        raise TimeFormatError(line, "日和星期只能限定一个，另一个请写 ?")
    weekday_field = _QUARTZ_WEEKDAY if quartz else _UNIX_WEEKDAY
    numbers = weekday_field.parse(line, words[5])
    # Quartz counts SUN=1, Unix SUN=0 or 7, datetime MON=0.
    weekdays = frozenset((number + (5 if quartz else 6)) % 7 for number in numbers)
    cron = Cron(
        seconds=_SECOND.parse(line, words[0]),
        minutes=_MINUTE.parse(line, words[1]),
        hours=_HOUR.parse(line, words[2]),
        days=_DAY.parse(line, words[3]),
        months=_MONTH.parse(line, words[4]),
        weekdays=weekdays,
        years=(
            _YEAR.parse(line, words[6])
            if len(words) == 7
            else range(_YEARS[0], _YEARS[1] + 1)
        ),
    )
    longest = max(29 if month == 2 else 30 + (month in (1, 3, 5, 7, 8, 10, 12))
                  for month in cron.months)  # fmt: skip
    if cron.days[0] > longest:
        raise TimeFormatError(line, "所选月份里没有这一天")
    return cron
