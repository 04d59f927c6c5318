"""The mayor's hotline (P-07), disturbed by everybody at every turn."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import errors
from engine import scenarios
from engine import tables
from engine.engine import Engine
from engine.unit_of_work import UnitOfWork
from processes import office
from processes import rehearsal
from processes import verbs as office_verbs
from processes.supervision.hotline import callers
from tests.survival import checker

STORIES = ("一路办到归档", "主任退回拟办", "主办与协办")
FOLDER = office.CATALOG / "proc_mayor_hotline/scenarios"
#: How many acts of others come between two of the story, and their number in all.
BETWEEN, MOST = 2, 40


class Disturber:
    """Opens the office for each act of a story, and lets others act before it."""

    def __init__(self, pool: sa.Engine, outgoing: Path, seed: int) -> None:
        """Choose by the seed."""
        self._open = rehearsal.opener(pool, outgoing)
        self._chance = random.Random(seed)
        self.done = self.refused = 0

    def __call__(self, clock: clocks.Clock) -> Engine:
        """Return the engine, after random acts by random people."""
        engine = self._open(clock)
        for _ in range(BETWEEN):
            if self.done + self.refused < MOST:
                self._act(engine)
        return engine

    def _act(self, engine: Engine) -> None:
        with engine.read() as connection:
            active = tables.instance.c.status == "active"
            roots = connection.scalars(
                sa.select(tables.instance.c.id)
                .where(active, tables.instance.c.parent_id.is_(None))
                .order_by(tables.instance.c.started_at)
            ).all()
            tasks = connection.execute(
                sa.select(tables.user_task).order_by(
                    tables.user_task.c.created_at, tables.user_task.c.element_id
                )
            ).all()
            people = connection.scalars(sa.select(tables.person.c.id)).all()
        if not roots or not tasks:
            return
        command = self._command(
            self._chance.choice(roots),
            self._chance.choice(tasks),
            self._chance.choice(sorted(people)),
        )
        try:
            with engine.begin() as work:
                command(work)
            self.done += 1
        except errors.Refused:
            self.refused += 1
        with engine.read() as connection:
            assert [] == checker.examine(connection)

    def _command(
        self, root_id: str, task: sa.Row[tuple[object, ...]], anybody: str
    ) -> Callable[[UnitOfWork], object]:
        holder = task.closed_by or task.assignee or task.element_id
        person = self._chance.choice([holder, anybody])

        def pause(work: UnitOfWork) -> None:
            work.suspend(root_id, "待查", anybody)
            work.resume(root_id, anybody)

        return self._chance.choice(
            [
                lambda w: w.claim_task(task.id, person),
                lambda w: w.release_task(task.id, person),
                lambda w: w.return_task(task.id, person, "不妥"),
                lambda w: w.withdraw_task(task.id, person),
                lambda w: w.complete_task(task.id, person, {"decision": "APPROVE"}),
                lambda w: w.transfer_task(task.id, anybody, person, "出差"),
                lambda w: w.delegate_task(task.id, anybody, person, "如何？"),
                lambda w: w.assign_task(task.id, anybody, None),
                lambda w: w.move_token(
                    task.instance_id, task.id, task.element_id, "改道", anybody
                ),
                lambda w: w.terminate(root_id, "", anybody),
                pause,
            ]
        )


@pytest.mark.parametrize("name", STORIES)
def test_a_disturbed_matter_stays_in_one_piece(name: str, tmp_path: Path) -> None:
    """Whoever does what meanwhile, rows, states and histories agree."""
    whole = tmp_path / "office.db"
    pool = database.create(f"sqlite:///{whole}")
    rehearsal.prepare(pool, tmp_path)
    pool.dispose()
    done = refused = 0
    for seed in range(2):
        copy = shutil.copy(whole, tmp_path / f"{seed}.db")
        pool = database.create(f"sqlite:///{copy}")
        disturber = Disturber(pool, tmp_path, seed)
        try:
            scenarios.run(
                scenarios.read(FOLDER / f"{name}.yaml"),
                disturber,
                office_verbs.verbs(callers.Vault(rehearsal.SETTINGS_SECRET)),
            )
        except scenarios.ScenarioFailed:
            # The others' acts led the matter elsewhere, as they may.
            pass
        finally:
            pool.dispose()
        done += disturber.done
        refused += disturber.refused
    assert done > 0
    assert refused > 0
