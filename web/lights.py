"""Deadlines as people see them: a shape, a colour and a sentence."""

from dataclasses import dataclass
from datetime import datetime

from engine import workdays
from processes.supervision.deadlines import lights

#: The most urgent colour first.
ORDER = ("red", "yellow", "green", "off")


@dataclass(frozen=True)
class Light:
    """One light: ``colour`` is red, yellow, green or off; ``text`` says the same."""

    colour: str
    text: str
    #: Working days left; negative when overdue.
    left: int = 0

    @property
    def urgency(self) -> tuple[int, int]:
        """Sort the most urgent first."""
        return (ORDER.index(self.colour), self.left)


def light(calendar: workdays.Calendar, now: datetime, due_at: datetime | None) -> Light:
    """Return the light of something not yet done; without a deadline it is off.

    预排 marks a deadline that rests on a provisional year of the calendar.
    """
    if due_at is None:
        return Light("off", "无时限")
    try:
        left = calendar.workdays_between(now, due_at)
        colour = lights.light(calendar, now, due_at).lower()
        mark = "（预排）" if calendar.is_provisional(now, due_at) else ""
    except workdays.MissingYear as error:
        return Light("off", f"{error.year}年工作日历未导入")
    return Light(colour, _sentence(calendar, now, due_at, left) + mark, left)


def _sentence(
    calendar: workdays.Calendar, now: datetime, due_at: datetime, left: int
) -> str:
    today, due = calendar.local_date(now), calendar.local_date(due_at)
    if now <= due_at:
        return "今日到期" if today == due else f"剩{left}个工作日"
    return f"逾期{(today - due).days}天" if today > due else "今日已逾期"
