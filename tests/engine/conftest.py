"""An engine on either database, three people, and small diagrams written in words."""

import itertools
import threading
from collections.abc import Callable
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import handlers
from engine import people
from engine import tables
from engine import workdays
from engine.engine import Engine

#: A Monday, nine o'clock in Shanghai.
MONDAY = datetime(2026, 9, 28, 1, tzinfo=UTC)

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  targetNamespace="urn:ducha:test" id="definitions">
"""


class Office:
    """An engine, its clock and its registry, with verbs for short tests."""

    def __init__(self, pool: sa.Engine) -> None:
        self.pool = pool
        self.clock = clocks.FixedClock(MONDAY)
        self.calendar = workdays.Calendar({})
        self.registry = handlers.Registry()
        self.engine = self.another_engine()

    def another_engine(self) -> Engine:
        """Return an engine as another process would have it."""
        return Engine(
            self.pool,
            clock=self.clock,
            calendar=self.calendar,
            registry=self.registry,
        )

    def deploy(self, *processes: str, **files: bytes) -> None:
        """Deploy processes, each given as its XML without the head."""
        diagrams = {
            f"process{number}.bpmn": diagram(process)
            for number, process in enumerate(processes)
        }
        with self.engine.begin() as work:
            work.deploy({**diagrams, **files})

    def start(self, key: str, **given: object) -> str:
        """Start an instance for the officer and return its id."""
        with self.engine.begin() as work:
            return work.start(key, person="officer", variables=given).instance_id

    def complete(self, name: str, person: str = "officer", **fields: object) -> None:
        """Complete the one open task of this name."""
        task_id = self.open_task(name)
        with self.engine.begin() as work:
            work.complete_task(task_id, person, fields)

    def open_task(self, name: str) -> str:
        """Return the id of the one open task of this name."""
        (row,) = self.rows(
            sa.select(tables.user_task.c.id).where(
                tables.user_task.c.name == name,
                tables.user_task.c.closed_at.is_(None),
            )
        )
        return str(row.id)

    def waiting(self) -> list[str]:
        """Return the names of all open tasks."""
        rows = self.rows(
            sa.select(tables.user_task.c.name)
            .where(tables.user_task.c.closed_at.is_(None))
            .order_by(tables.user_task.c.name)
        )
        return [row.name for row in rows]

    def rows(self, query: sa.Select[tuple[object, ...]]) -> list[sa.Row[object]]:
        """Return the rows of a query."""
        with self.engine.read() as connection:
            return list(connection.execute(query))

    def count(self, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
        """Return how many rows a table has."""
        query = sa.select(sa.func.count()).select_from(table).where(*conditions)
        return int(self.rows(query)[0][0])

    def status(self, instance_id: str) -> str:
        """Return how an instance ended, or that it is active."""
        table = tables.instance
        query = sa.select(table.c.status, table.c.ended_how).where(
            table.c.id == instance_id
        )
        (row,) = self.rows(query)
        return str(row.ended_how or row.status)

    def later(self, **span: float) -> None:
        """Let time pass and run what becomes due, as the heartbeat does."""
        self.clock.advance(timedelta(**span))
        while self.engine.run_due():
            pass

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every row of every table."""
        with self.engine.read() as connection:
            return {
                table.name: sorted(
                    (tuple(row) for row in connection.execute(sa.select(table))),
                    key=repr,
                )
                for table in tables.metadata.sorted_tables
                if sa.inspect(connection).has_table(table.name)
            }


def diagram(process: str) -> bytes:
    """Return a diagram file with one process."""
    return f"{HEAD}{process}</definitions>".encode()


def line(key: str, *elements: str) -> str:
    """Return a process in which the elements follow each other in a line.

    Each is XML with an id; a start and an end are added.
    """
    ids = ["start", *(element.split('id="')[1].split('"')[0] for element in elements)]
    ids.append("end")
    flows = "".join(
        f'<sequenceFlow id="flow{n}" sourceRef="{source}" targetRef="{target}"/>'
        for n, (source, target) in enumerate(itertools.pairwise(ids))
    )
    return (
        f'<process id="{key}" name="{key}" isExecutable="true"><startEvent id="start"/>'
        f'{"".join(elements)}<endEvent id="end"/>{flows}</process>'
    )


def task(element_id: str, name: str, groups: str = "officer", more: str = "") -> str:
    """Return a user task for a group."""
    return (
        f'<userTask id="{element_id}" name="{name}"'
        f' camunda:candidateGroups="{groups}" {more}/>'
    )


def service(element_id: str, handler: str) -> str:
    """Return a service task that runs a handler."""
    return (
        f'<serviceTask id="{element_id}" name="{element_id}"'
        f' camunda:delegateExpression="${{{handler}}}"/>'
    )


#: 拟办 → 审核 → 签发.
THREE = line(
    "three",
    task("propose", "拟办"),
    task("review", "审核", "officer,deputy"),
    task("sign", "签发", "director", 'camunda:priority="70"'),
)


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    """An office of an officer, a deputy and a director, each in a group so named."""
    pool = database.create(database_url)
    found = Office(pool)
    with found.engine.begin() as work:
        for person, name in (
            ("officer", "王专员"),
            ("deputy", "张副主任"),
            ("director", "李主任"),
        ):
            people.add_person(work.connection, person, name, at=MONDAY)
            people.add_post(work.connection, person, person, starts_at=MONDAY)
    yield found
    pool.dispose()


Race = Callable[[list[Callable[[], object]]], list[object]]


@pytest.fixture
def race() -> Race:
    """Run functions at the same moment; return what each returned or raised."""

    def run(functions: list[Callable[[], object]]) -> list[object]:
        barrier = threading.Barrier(len(functions))
        results: list[object] = [None] * len(functions)

        def one(place: int) -> None:
            barrier.wait()
            try:
                results[place] = functions[place]()
            except Exception as error:
                results[place] = error

        threads = [
            threading.Thread(target=one, args=(n,)) for n in range(len(functions))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return run
