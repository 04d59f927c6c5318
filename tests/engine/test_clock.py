"""The clocks that the engine is given."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest

from engine import clock as clocks

NOON = datetime(2026, 9, 24, 12, tzinfo=UTC)


def test_the_system_clock_tells_an_aware_moment_in_utc() -> None:
    """Its moments can be stored as they are, and do not run backwards."""
    clock = clocks.SystemClock()

    earlier, later = clock.now(), clock.now()

    assert UTC == earlier.tzinfo
    assert earlier <= later
    assert abs(datetime.now(UTC) - later) < timedelta(minutes=1)


def test_a_fixed_clock_stands_still_until_it_is_told_otherwise() -> None:
    """A test decides when time passes."""
    clock = clocks.FixedClock(NOON)

    assert NOON == clock.now()
    assert NOON == clock.now()
    clock.advance(timedelta(hours=3))
    assert datetime(2026, 9, 24, 15, tzinfo=UTC) == clock.now()
    clock.set(datetime(2026, 9, 30, tzinfo=UTC))
    assert datetime(2026, 9, 30, tzinfo=UTC) == clock.now()


def test_a_fixed_clock_tells_utc_whatever_zone_it_was_set_in() -> None:
    """Eight in the evening in Shanghai is noon in UTC."""
    shanghai = timezone(timedelta(hours=8))
    clock = clocks.FixedClock(datetime(2026, 9, 24, 20, tzinfo=shanghai))

    assert NOON == clock.now()
    assert UTC == clock.now().tzinfo


def test_a_fixed_clock_may_be_set_to_where_it_stands() -> None:
    """No time passing is not going backwards."""
    clock = clocks.FixedClock(NOON)

    clock.set(NOON)
    clock.advance(timedelta(0))

    assert NOON == clock.now()


def test_a_fixed_clock_refuses_to_go_backwards() -> None:
    """An earlier moment changes nothing and is named in the refusal."""
    clock = clocks.FixedClock(NOON)

    with pytest.raises(clocks.ClockGoesBackwards, match="不能拨回") as refusal:
        clock.set(NOON - timedelta(seconds=1))
    with pytest.raises(clocks.ClockGoesBackwards):
        clock.advance(timedelta(seconds=-1))

    assert "2026-09-24T11:59:59+00:00" == refusal.value.ids["asked"]
    assert NOON == clock.now()


def test_a_fixed_clock_turns_back_when_asked_by_name() -> None:
    """A simulation that starts anew says so."""
    clock = clocks.FixedClock(NOON)

    clock.turn_back(NOON - timedelta(days=30))

    assert datetime(2026, 8, 25, 12, tzinfo=UTC) == clock.now()


def test_a_moment_without_zone_is_refused_everywhere() -> None:
    """Nobody can tell which moment it is."""
    naive = datetime(2026, 9, 24, 12)
    clock = clocks.FixedClock(NOON)

    with pytest.raises(clocks.NaiveMoment, match="2026-09-24T12:00:00 没有写明时区"):
        clocks.utc(naive)
    with pytest.raises(clocks.NaiveMoment):
        clocks.FixedClock(naive)
    with pytest.raises(clocks.NaiveMoment):
        clock.set(naive)
    with pytest.raises(clocks.NaiveMoment):
        clock.turn_back(naive)

    assert NOON == clock.now()
