"""When a timer definition is due, asked of a clock that is given."""

from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.bpmn import iso8601
from engine.errors import DuchaError

#: The hours of a cron line are those of the office.
BEIJING = ZoneInfo("Asia/Shanghai")


#: So many missed firings of a cron line are counted one by one, not more.
MOST_MISSED = 10_000


class TimerError(DuchaError):
    """定时器的时间写法无法理解。"""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A firing of a timer, and how to find the one after it.

    `cycle` is the text to ask again, `number` which firing this is (from 1) and
    `armed_at` the moment the cycle counts from; None for a single firing.
    """

    due_at: datetime
    cycle: str | None = None
    number: int = 1
    armed_at: datetime | None = None


def schedule(kind: str, value: object, now: datetime) -> Schedule | None:
    """Return the first firing of a timer whose evaluated expression is `value`.

    None where a cycle has no firing left at all.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TimerError("定时器得到的时刻没有时区。")
        return Schedule(value)
    if not isinstance(value, str) or not value.strip():
        raise TimerError(f"定时器的时间应是文字或时刻，现为“{value}”。")
    text = value.strip()
    if kind == "date":
        return Schedule(iso8601.parse_moment(text))
    if kind == "duration":
        # An expression such as ${workdays(5)} gives a moment where a duration stands.
        if text.startswith("P"):
            return Schedule(iso8601.parse_duration(text).add_to(now))
        return Schedule(iso8601.parse_moment(text))
    return _firing(text, 1, now, now)


def following(schedule: Schedule) -> Schedule | None:
    """Return the firing after this one, or None when the timer is spent."""
    if schedule.cycle is None or schedule.armed_at is None:
        return None
    return _firing(
        schedule.cycle, schedule.number + 1, schedule.armed_at, schedule.due_at
    )


def upcoming(schedule: Schedule, now: datetime) -> tuple[Schedule | None, int]:
    """Return the next firing still to come, and how many before it were missed."""
    ahead = following(schedule)
    if ahead is None or ahead.due_at > now:
        return ahead, 0
    if schedule.cycle is not None and schedule.cycle.startswith("R"):
        return _after_missed(ahead, now)
    missed = 0
    while ahead is not None and ahead.due_at <= now:
        missed += 1
        if missed == MOST_MISSED:
            return _firing(schedule.cycle or "", ahead.number + 1, now, now), missed
        ahead = following(ahead)
    return ahead, missed


def _after_missed(first: Schedule, now: datetime) -> tuple[Schedule | None, int]:
    # A cycle of a second has fired a quarter of a million times after three days.
    text, armed_at = first.cycle or "", first.armed_at or first.due_at

    def is_missed(number: int) -> bool:
        firing = _firing(text, number, armed_at, now)
        return firing is not None and firing.due_at <= now

    last, step = first.number, 1
    while is_missed(last + step):
        last, step = last + step, step * 2
    while step:
        if is_missed(last + step):
            last += step
        step //= 2
    return _firing(text, last + 1, armed_at, now), last - first.number + 1


def _firing(
    text: str, number: int, armed_at: datetime, after: datetime
) -> Schedule | None:
    if text.startswith("R"):
        due_at = iso8601.parse_cycle(text).due(number, armed_at)
    else:
        local = after.astimezone(BEIJING)
        due_at = iso8601.parse_cron(text).next_after(local)
    if due_at is None:
        return None
    return Schedule(due_at.astimezone(UTC), text, number, armed_at)
