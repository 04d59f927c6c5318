"""Lights: how close a deadline is, at a glance (domain §3.2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from engine import workdays

Light = Literal["GREEN", "YELLOW", "RED", "OFF"]

LABELS: dict[Light, str] = {
    "GREEN": "绿灯",
    "YELLOW": "黄灯",
    "RED": "红灯",
    "OFF": "已熄灯",
}
#: The light is yellow from this many working days left (可配; 西安市纪委“3天以内”).
YELLOW_WORKDAYS = 3
_SEVERITY: tuple[Light, ...] = ("OFF", "GREEN", "YELLOW", "RED")


def light(calendar: workdays.Calendar, now: datetime, due_at: datetime) -> Light:
    """Return the light of something not yet done.

    Red once the due moment is past, yellow with 0 to 3 working days left (the due
    day itself included), green before.
    """
    if now > due_at:
        return "RED"
    left = calendar.workdays_between(now, due_at)
    return "YELLOW" if left <= YELLOW_WORKDAYS else "GREEN"


def worst(lights: Iterable[Light]) -> Light:
    """Return the worst of several lights; none at all is off (事项的灯取最差)."""
    return max(lights, key=_SEVERITY.index, default="OFF")


def lateness(
    calendar: workdays.Calendar, due_at: datetime, done_at: datetime
) -> tuple[int, int]:
    """Return by how many calendar days and working days something was late."""
    if done_at <= due_at:
        return (0, 0)
    due, done = calendar.local_date(due_at), calendar.local_date(done_at)
    return ((done - due).days, calendar.workdays_between(due, done))
