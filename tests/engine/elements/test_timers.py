"""Timers: date, duration, cycle, cron, expressions and working days."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import tables
from engine import workdays
from tests.engine.conftest import Office
from tests.engine.elements import diagrams
from tests.engine.elements.diagrams import deploy


@pytest.fixture(autouse=True)
def ordinary_weeks(office: Office) -> None:
    """A year without holidays."""
    year = workdays.Year.of(2026, "published", "测试", [])
    office.calendar = workdays.Calendar({2026: year})
    office.engine = office.another_engine()


@pytest.mark.parametrize(
    ("key", "days", "begun"),
    [
        ("at_date", [2, 1, 9], [0, 1, 1]),
        ("after_duration", [1, 1], [1, 1]),
        ("three_times", [1, 1, 1, 1], [1, 2, 3, 3]),
        ("every_morning", [1, 1, 1], [1, 2, 3]),
    ],
)
def test_a_timer_start_event_begins_an_instance_of_its_own_each_time(
    office: Office, key: str, days: list[int], begun: list[int]
) -> None:
    deploy(office, f"timers/{key}")
    found = []
    for number in days:
        office.later(days=number)
        found.append(office.count(tables.instance))

    assert begun == found


@pytest.mark.parametrize(
    ("key", "hours"),
    [("waits_date", 72), ("waits_duration", 36), ("waits_workdays", 24 * 3 + 15)],
)
def test_an_intermediate_timer_waits_until_it_is_due(
    office: Office, key: str, hours: int
) -> None:
    deploy(office, f"timers/{key}")
    office.start(key, when="2026-10-01T09:00:00+08:00")

    office.later(hours=hours - 8)
    assert [] == office.waiting()
    office.later(hours=24)
    assert ["work"] == office.waiting()


@pytest.mark.parametrize(
    ("key", "waiting"),
    [
        ("boundary_date", {"late": 1}),
        ("boundary_duration", {"late": 1}),
        ("boundary_cycle", {"late": 3, "work": 1}),
        ("boundary_for_ever", {"late": 5, "work": 1}),
        ("boundary_cron", {"late": 5, "work": 1}),
        ("boundary_workdays", {"late": 1, "work": 1}),
        ("boundary_cycle_once", {"late": 1}),
    ],
)
def test_a_boundary_timer_fires_as_often_as_it_says(
    office: Office, key: str, waiting: dict[str, int]
) -> None:
    deploy(office, f"timers/{key}")
    office.start(key)
    for _ in range(5):
        office.engine = office.another_engine()
        office.later(days=1)

    assert waiting == Counter(office.waiting())


def test_what_a_cycle_began_outlives_the_task(office: Office) -> None:
    deploy(office, "timers/boundary_for_ever")
    instance_id = office.start("boundary_for_ever")
    office.later(days=1)
    office.later(days=1)
    office.complete("work")

    assert ["late", "late"] == office.waiting()
    office.later(days=1)
    assert ["late", "late"] == office.waiting()
    assert "active" == office.status(instance_id)


@pytest.mark.requirement("R-05-04")
def test_a_timer_start_missed_often_begins_one_instance_that_says_so(
    office: Office,
) -> None:
    """Three mornings while nobody looked are one instance, and the fourth another."""
    deploy(office, "timers/every_morning")
    office.later(days=3)

    assert 1 == office.count(tables.instance)
    with office.engine.read() as connection:
        event = tables.history_event.c
        missed = connection.scalars(
            sa.select(event.details).where(event.type == "timer_fired")
        ).all()
    assert [{"missed": 2}] == list(missed)
    office.later(days=1)
    assert 2 == office.count(tables.instance)


@pytest.mark.requirement("R-05-04")
def test_a_new_version_loses_no_timer_start_that_was_missed_before_it(
    office: Office,
) -> None:
    """Nobody looked for two mornings, and the office was upgraded meanwhile."""
    deploy(office, "timers/every_morning")
    office.clock.advance(timedelta(days=2))
    drawn = (diagrams.FOLDER / "timers/every_morning.bpmn").read_bytes()
    changed = drawn.replace(b'name="work"', b'name="checked"')
    with office.engine.begin() as work:
        work.deploy({"timers_every_morning.bpmn": changed})
    office.engine.run_due()

    assert 1 == office.count(tables.instance)
    with office.engine.read() as connection:
        event = tables.history_event.c
        missed = connection.scalars(
            sa.select(event.details).where(event.type == "timer_fired")
        ).all()
    assert [{"missed": 1}] == list(missed)
    assert ["work"] == office.waiting()
    office.later(days=1)
    assert ["checked", "work"] == sorted(office.waiting())


def test_timer_starts_may_be_counted_from_now_on(office: Office) -> None:
    """An office that opens today has not missed the mornings before."""
    deploy(office, "timers/every_morning")
    office.clock.advance(timedelta(days=30))
    with office.engine.begin() as work:
        work.rearm_timers()
    office.engine.run_due()

    assert 0 == office.count(tables.instance)
    office.later(days=1)
    assert 1 == office.count(tables.instance)
