"""Clocks that stand still, ladders put off, on both databases."""

from datetime import date
from datetime import timedelta

import pytest

from engine import clock as clocks_of_tests
from engine.engine import Engine
from processes.supervision.deadlines import ladder
from processes.supervision.hotline import callers
from processes.supervision.matters import matters
from processes.supervision.requests import clocks
from processes.supervision.undertakings import undertakings
from tests.processes.supervision.conftest import at
from tests.processes.supervision.conftest import handling
from tests.processes.supervision.conftest import issued


def test_what_was_not_due_is_due_so_many_working_days_later(
    engine: Engine, clock: clocks_of_tests.FixedClock, vault: callers.Vault
) -> None:
    """Over the May holidays only the working days of the rest count."""
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        matter = matters.get(work.connection, lead.matter_id)
        clocks.stop(work, matter, "CALLER")
        assert ladder.standing(work.connection, "undertaking", lead.id) is None
    # 04-29 to 05-07: 04-30, 05-06 and 05-07 are worked.
    clock.set(at(date(2026, 5, 7)))
    with engine.begin() as work:
        over = clocks.go(work, matters.get(work.connection, matter.id))
        moved = undertakings.get(work.connection, lead.id)
        again = matters.get(work.connection, matter.id)
        standing = ladder.standing(work.connection, "undertaking", lead.id)

    assert 3 == over.workdays
    assert at(date(2026, 5, 13), 0) - timedelta(seconds=1) == moved.due_at
    assert at(date(2026, 5, 14), 0) - timedelta(seconds=1) == again.due_at
    assert lead.original_due_at == moved.original_due_at
    assert standing is not None
    assert date(2026, 5, 12) == standing[0]


def test_what_was_overdue_stays_so_and_the_next_rungs_wait(
    engine: Engine, clock: clocks_of_tests.FixedClock, vault: callers.Vault
) -> None:
    """A rest does not undo a delay; it puts off the letter."""
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
    clock.set(at(date(2026, 5, 11)))
    engine.run_due()
    with engine.begin() as work:
        matter = matters.get(work.connection, lead.matter_id)
        before = ladder.standing(work.connection, "undertaking", lead.id)
        clocks.stop(work, matter, "SUSPENDED")
    clock.set(at(date(2026, 5, 15)))
    with engine.begin() as work:
        clocks.go(work, matters.get(work.connection, matter.id))
        stays = undertakings.get(work.connection, lead.id)
        after = ladder.standing(work.connection, "undertaking", lead.id)

    assert (lead.due_at, "RED") == (stays.due_at, stays.light)
    assert before is not None
    assert "letter_1" in before[1]
    assert before == after


def test_a_clock_stops_once(engine: Engine, vault: callers.Vault) -> None:
    """What is stopped is on record until it goes on."""
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        matter = matters.get(work.connection, lead.matter_id)
        stop = clocks.stop(work, matter, "CALLER")
        assert stop == clocks.stopped(work.connection, matter.id)
        clocks.go(work, matter)
        assert clocks.stopped(work.connection, matter.id) is None
        with pytest.raises(clocks.NotStopped):
            clocks.go(work, matter)
        (kept,) = clocks.of_matter(work.connection, matter.id)

    assert (stop.id, 0) == (kept.id, kept.workdays)


def test_a_clock_that_stands_still_ends_with_its_matter(
    engine: Engine, vault: callers.Vault
) -> None:
    """Nobody waits for the caller of a matter that was withdrawn."""
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        matter = matters.get(work.connection, lead.matter_id)
        clocks.stop(work, matter, "CALLER")
        ended = matters.end(work, matter, "CANCELLED")
        (kept,) = clocks.of_matter(work.connection, matter.id)

    assert ended.closed_at == kept.resumed_at
