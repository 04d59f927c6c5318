"""The heartbeat looks for stalled instances by the hour, and anchors by the day."""

import threading
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import handlers
from engine import tables
from engine import workdays
from engine.engine import Engine
from web import server

DIAGRAM = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t" id="d">
 <process id="short" isExecutable="true"><startEvent id="start"/>
  <userTask id="one" name="\xe7\x94\xb2" camunda:candidateGroups="officer"/>
  <endEvent id="end"/><sequenceFlow id="f" sourceRef="start" targetRef="one"/>
  <sequenceFlow id="g" sourceRef="one" targetRef="end"/></process></definitions>"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a clock that only the test moves."""
    pool = database.create(database_url)
    clock = clocks.FixedClock(datetime(2026, 9, 28, 1, tzinfo=UTC))
    yield Engine(
        pool,
        clock=clock,
        calendar=workdays.Calendar({}),
        registry=handlers.Registry(),
    )
    pool.dispose()


def stall(engine: Engine) -> None:
    """Start an instance and lose its task."""
    with engine.begin() as work:
        work.deploy({"short.bpmn": DIAGRAM})
        work.start("short")
        work.connection.execute(tables.candidate.delete())
        work.connection.execute(tables.user_task.delete())


def count(engine: Engine, table: sa.Table) -> int:
    """Return how many rows a table has."""
    with engine.read() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int(connection.execute(query).scalar_one())


def test_rounds_are_made_by_the_hour_and_anchors_by_the_day(engine: Engine) -> None:
    """Of two processes both look, and one anchors."""
    clock = engine.clock
    assert isinstance(clock, clocks.FixedClock)
    stall(engine)
    both = [server.Rounds(engine), server.Rounds(engine)]
    seen = []
    for hours in (0.5, 0.5, 1, 22, 1):
        clock.advance(timedelta(hours=hours))
        made = [rounds.turn() for rounds in both]
        seen.append(
            (made, count(engine, tables.incident), count(engine, tables.anchor))
        )

    assert [
        ([False, False], 0, 0),
        ([True, True], 1, 1),
        ([True, True], 1, 1),
        ([True, True], 1, 1),
        ([True, True], 1, 2),
    ] == seen


def test_a_round_that_fails_does_not_stop_the_next(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may be away for an hour."""
    clock = engine.clock
    assert isinstance(clock, clocks.FixedClock)
    stall(engine)
    rounds = server.Rounds(engine)
    with monkeypatch.context() as away:
        away.setattr(engine, "read", lambda: 1 / 0)
        clock.advance(server.ROUND)
        assert rounds.turn()
    assert 0 == count(engine, tables.incident)
    clock.advance(server.ROUND)
    rounds.turn()

    assert 1 == count(engine, tables.incident)


def test_the_worker_and_the_server_make_their_rounds(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ducha worker` between its beats, `ducha serve` by a thread of its own."""
    monkeypatch.setattr(server, "ROUND", timedelta())
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.05)
    stall(engine)
    stopped = threading.Event()
    monkeypatch.setattr(server, "beat", lambda engine, **limits: stopped.set() or 0)
    server.work(engine, stopped)
    assert 1 == count(engine, tables.incident)

    with engine.begin() as work:
        work.connection.execute(tables.incident.delete())
    reported = threading.Event()
    report = engine.report_stalled

    def look() -> list[str]:
        found = report()
        reported.set()
        return found

    monkeypatch.setattr(engine, "report_stalled", look)
    scheduler = server.heartbeat(engine)
    try:
        assert reported.wait(10)
    finally:
        scheduler.shutdown(wait=True)
    assert 1 == count(engine, tables.incident)
