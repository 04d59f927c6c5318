"""The one place where the present moment is read; everything else is given a clock."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Protocol

from engine import errors


class NaiveMoment(errors.Invalid):
    """时间没有写明时区，无法确定是哪一刻。"""


class ClockGoesBackwards(errors.Refused):
    """时钟不能往回拨。"""


class Clock(Protocol):
    """Whatever can say which moment it is: an aware UTC datetime."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC; raise `NaiveMoment` if it names no zone."""
    if moment.utcoffset() is None:
        raise NaiveMoment(
            f"时间 {moment.isoformat()} 没有写明时区，无法确定是哪一刻。",
            moment=moment.isoformat(),
        )
    return moment.astimezone(UTC)


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until told otherwise, for tests and simulations."""

    def __init__(self, moment: datetime) -> None:
        """Stand still at this aware moment."""
        self._moment = utc(moment)

    def now(self) -> datetime:
        """Return the moment at which the clock stands, in UTC."""
        return self._moment

    def advance(self, span: timedelta) -> None:
        """Move forward by this span; raise `ClockGoesBackwards` if it is negative."""
        self.set(self._moment + span)

    def set(self, moment: datetime) -> None:
        """Move forward to this moment; raise `ClockGoesBackwards` if it has passed."""
        moment = utc(moment)
        if moment < self._moment:
            raise ClockGoesBackwards(
                f"时钟已到 {self._moment.isoformat()}，不能拨回 {moment.isoformat()}。",
                now=self._moment.isoformat(),
                asked=moment.isoformat(),
            )
        self._moment = moment

    def turn_back(self, moment: datetime) -> None:
        """Stand at this moment, even if it has passed: a simulation starts anew."""
        self._moment = utc(moment)
