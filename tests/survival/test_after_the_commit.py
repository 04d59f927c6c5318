"""What fails after the commit is no reason to tell a person that it failed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import jobs
from engine import tables
from tests.survival.houses import House


class Locked(Exception):
    """What a driver says when another process holds the database."""

    def __str__(self) -> str:
        """Say it as SQLite does."""
        return "database is locked"


def out_of_reach(*_details: object) -> None:
    """Fail as a database does that another process holds."""
    raise sa.exc.OperationalError("SELECT", {}, Locked())


@pytest.mark.parametrize("repeats", [False, True], ids=["once", "until it succeeds"])
def test_an_act_stands_although_handing_it_over_fails(
    house: House, monkeypatch: pytest.MonkeyPatch, repeats: bool
) -> None:
    """The person is told that it is done, it is done once, and the rest follows."""
    house.start(1, "caller", units=["officer"])
    ((_, _, task_id),) = house.open_tasks("办理")
    monkeypatch.setattr(jobs, "get", out_of_reach)
    if repeats:
        house.engine.carry_out(lambda work: work.complete_task(task_id, "officer", {}))
    else:
        house.complete(task_id, "officer")
    monkeypatch.undo()

    completed = tables.history_event.c.type == "task_completed"
    assert 1 == house.count(tables.history_event, completed)
    assert ([], []) == (list(house.open_tasks("办结")), house.examine())
    house.clock.advance(jobs.LEASE + timedelta(seconds=1))
    assert 1 == house.engine.run_due()
    assert 1 == len(list(house.open_tasks("办结")))
    assert [] == house.examine()


def test_a_failure_that_cannot_be_written_down_is_no_failure_of_the_act(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hand-over that fails and whose failure cannot be noted waits for its lease."""
    house.start(1, "caller", units=["officer"])
    ((_, _, task_id),) = house.open_tasks("办理")
    monkeypatch.setattr(jobs, "settle", out_of_reach)
    monkeypatch.setattr(jobs, "fail", out_of_reach)
    house.complete(task_id, "officer")
    monkeypatch.undo()

    assert [] == house.examine()
    house.clock.advance(jobs.LEASE + timedelta(seconds=1))
    assert 1 == house.engine.run_due()
    assert 1 == len(list(house.open_tasks("办结")))
