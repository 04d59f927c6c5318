"""Four processes on one database at once: nobody waits crosswise, nothing is torn."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine import tables
from engine.engine import Engine
from tests.survival import checker
from tests.survival import hammer
from tests.survival import races

PROCESSES = 4
SECONDS = 6.0


def deadlocks(engine: Engine) -> int:
    """Return how often the database had to undo one of two that waited crosswise."""
    with engine.read() as connection:
        if connection.dialect.name != "postgresql":
            return 0
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = {}"
        here = sa.text(query.format("current_database()"))
        return int(connection.execute(here).scalar_one())


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a database with the hammer's processes."""
    with races.engine_on(database_url, clocks.FixedClock(hammer.BEGINNING)) as found:
        hammer.prepare(found)
        yield found


def test_four_processes_do_everything_at_once_to_the_same_instances(
    engine: Engine, database_url: str
) -> None:
    """Each act is done or refused in words; the database is in one piece after it."""
    seen = hammer.hammer(database_url, processes=PROCESSES, seconds=SECONDS)
    print(*sorted(seen.items()), sep="\n")
    done = {name.split(":")[0] for name in seen if name.endswith(": done")}
    with engine.read() as connection:
        found = checker.examine(connection, interrupted=True)

    assert [] == [name for name in seen if "FAILED" in name]
    assert {"start", "complete", "claim", "answer", "print", "run"} <= done
    assert 0 == deadlocks(engine)
    assert [] == found
    engine.report_stalled()
    with engine.read() as connection:
        stalled = connection.scalars(
            sa.select(tables.incident.c.message).where(
                tables.incident.c.kind == "stalled"
            )
        ).all()
    assert [] == stalled


def test_what_one_process_deploys_every_other_one_runs_at_once(
    engine: Engine, database_url: str
) -> None:
    """No process keeps which version is the newest; what is open stays as it is."""
    changed = hammer.DIAGRAM.replace('name="办理"', 'name="承办"')
    with races.engine_on(database_url, engine.clock) as other:
        with other.begin() as work:
            first = work.start("part").instance_id
        with engine.begin() as work:
            work.deploy({"hammer.bpmn": changed.encode()})
        with other.begin() as work:
            second = work.start("part").instance_id
    task = tables.user_task.c
    with engine.read() as connection:
        rows = connection.execute(sa.select(task.instance_id, task.name))
        names = {row.instance_id: row.name for row in rows}

    assert {first: "办理", second: "承办"} == names
