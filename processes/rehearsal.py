"""Rehearsals (推演): scenarios played in a demo office nobody works in.

The office is real: the engine, the catalog, the demo county and the printer; only
its database, its outgoing messages and its clock are the rehearsal's own.
"""

import operator
import tempfile
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import engine as engines
from engine import scenarios
from engine import testing
from processes import calendars
from processes import demo
from processes import office
from processes import verbs
from processes.supervision.hotline import callers

#: No secret: what it seals is gone when the rehearsal is over.
SETTINGS_SECRET = "rehearsal"
#: Nobody signs in to a rehearsal.
PASSWORD = "Rehearsal-2026"


def prepare(pool: sa.Engine, outgoing: Path) -> None:
    """Create the schema, deploy the catalog and install the demo county."""
    database.upgrade(pool)
    engine = opener(pool, outgoing)(clocks.FixedClock(demo.SINCE))
    office.deploy_catalog(engine)
    demo.install(engine, password=PASSWORD)


def opener(
    pool: sa.Engine, outgoing: Path, *, printing: office.Printing = operator.call
) -> testing.EngineFactory:
    """Return what opens the office's engine on the pool with a clock given."""
    settings = office.Settings(secret_key=SETTINGS_SECRET, outgoing=outgoing)
    calendar = calendars.load()

    def open_engine(clock: clocks.Clock) -> engines.Engine:
        engine = engines.Engine(
            pool,
            clock=clock,
            calendar=calendar,
            registry=office.registry(settings),
        )
        office.print_documents(engine, printing)
        return engine

    return open_engine


def play(
    path: Path, pool: sa.Engine, outgoing: Path, *, restarts: bool = True
) -> scenarios.Trace:
    """Play the scenario of a file in a prepared office that nobody else uses."""
    scenario = scenarios.read(path)
    open_engine = opener(pool, outgoing)
    # The office opens when the scenario begins: what comes round every month or
    # quarter has not been missed before.
    with open_engine(clocks.FixedClock(scenario.begins)).begin() as work:
        work.rearm_timers()
    return scenarios.run(
        scenario,
        open_engine,
        verbs.verbs(callers.Vault(SETTINGS_SECRET)),
        restarts=restarts,
    )


def rehearse(paths: Iterable[Path]) -> Iterator[scenarios.Trace]:
    """Play each scenario in an office of its own, without restarts between acts."""
    for path in paths:
        with _fresh_pool() as (pool, folder):
            prepare(pool, folder)
            yield play(path, pool, folder, restarts=False)


@contextmanager
def _fresh_pool() -> Iterator[tuple[sa.Engine, Path]]:
    with tempfile.TemporaryDirectory(prefix="ducha-rehearsal-") as folder:
        pool = database.create(f"sqlite:///{folder}/office.db", durable=False)
        try:
            yield pool, Path(folder)
        finally:
            pool.dispose()
