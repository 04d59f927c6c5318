"""A real engine on a real database on which random commands are given."""

import itertools
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables
from engine.unit_of_work import UnitOfWork
from tests.engine.conftest import Office
from tests.properties import blocks
from tests.properties import drawing
from tests.survival import checker

#: What the people of the office are called, in the order of their rank.
PEOPLE = ("officer", "deputy", "director")
WORKER = "worker"
#: More acts than any generated instance needs to come to its end.
LONGEST_WAY_HOME = 2000

Command = Callable[[UnitOfWork], object]

#: What stays when a house is emptied: the people, and what was deployed.
KEPT = ("person", "unit", "post", "definition", "deployment", "resource")


class House:
    """One instance of a generated process, and everything that can be done to it."""

    def __init__(
        self, office: Office, body: blocks.Block, called: blocks.Block, x: int
    ) -> None:
        """Deploy both processes and start the first."""
        self.office = office
        empty(office)
        #: what an instance must go through; everything else only listens
        self.leaves = {
            part.id
            for block in (body, called)
            for part in blocks.parts_of(block)
            if isinstance(part, blocks.Leaf)
        }
        office.registry.handlers["breaks"] = breaks
        with office.engine.begin() as work:
            work.deploy(
                {
                    "generated.bpmn": drawing.Drawing("generated", body).file(),
                    "other.bpmn": drawing.Drawing("other", called).file(),
                }
            )
        given = {"x": x, "n": 0}
        with office.engine.begin() as work:
            started = work.start("generated", person="officer", variables=given)
        self.root_id = started.instance_id

    @property
    def active(self) -> list[str]:
        """The ids of what is not over, the root first."""
        table = tables.instance
        query = sa.select(table.c.id).where(
            table.c.root_id == self.root_id, table.c.status == "active"
        )
        return [row.id for row in self.office.rows(query.order_by(table.c.depth))]

    # -- what can be done --------------------------------------------------------

    def act(self, x: int, choice: int) -> None:
        """Give one of the commands there are, often one that must be refused."""
        commands = self.commands(x)
        self.give(commands[choice % len(commands)], refusable=True)

    def give(self, command: Command, *, refusable: bool = False) -> None:
        """Run a command; of one that is refused nothing is left."""
        before = self.picture() if refusable else {}
        try:
            with self.office.engine.begin() as work:
                command(work)
        except errors.Refused:
            assert refusable
            assert before == self.picture()

    def commands(self, x: int) -> list[Command]:
        """Return every command that can be named now, legal or not."""
        found: list[Command] = []
        brought = {"x": x}
        add = found.append

        for task_id, closed in self._tasks():
            for person in PEOPLE[:2]:
                add(lambda w, t=task_id, p=person: w.complete_task(t, p, brought))
            add(lambda w, t=task_id: w.withdraw_task(t, "officer"))
            if not closed:
                add(lambda w, t=task_id: w.claim_task(t, "officer"))
                add(lambda w, t=task_id: w.release_task(t, "officer"))
                add(lambda w, t=task_id: w.return_task(t, "officer", "不妥"))
                add(
                    lambda w, t=task_id: w.return_task(
                        t, "officer", "不妥", straight=True
                    )
                )
                add(lambda w, t=task_id: w.assign_task(t, "deputy", "director"))
                add(lambda w, t=task_id: w.transfer_task(t, "deputy", "officer", "忙"))
                add(lambda w, t=task_id: w.delegate_task(t, "deputy", "officer", "？"))
                add(lambda w, t=task_id: w.resolve_task(t, "deputy", "可以"))
        for instance_id in self.active:
            add(lambda w, i=instance_id: w.correct_variables(i, brought, "director"))
            for _, name in self._subscriptions(instance_id):
                add(
                    lambda w, i=instance_id, n=name: w.correlate(
                        n, instance_id=i, variables=brought
                    )
                )
                add(lambda w, n=name: w.signal(n, brought))
            add(lambda w, i=instance_id: w.terminate(i, "", "director"))
            add(lambda w, i=instance_id: w.suspend(i, "待查", "director"))
            add(lambda w, i=instance_id: w.resume(i, "director"))
            elements = self._standing(instance_id)
            for source, target in itertools.permutations(elements, 2):
                add(
                    lambda w, i=instance_id, s=source, t=target: w.move_token(
                        i, s, t, "改道", "director"
                    )
                )
            for element_id in elements:
                add(
                    lambda w, i=instance_id, e=element_id: w.add_cosigner(
                        i, e, "deputy", "director"
                    )
                )
        for job_id, kind in self._jobs():
            if kind == "external":
                add(lambda w, j=job_id: serve(w, j, brought))
            else:
                add(lambda w, j=job_id: w.run_job(j))
        add(lambda w: w.correlate("nobody waits for it"))
        add(lambda _: self._restart())
        return found

    def picture(self) -> dict[str, list[tuple[object, ...]]]:
        """Return the rows of every table that commands write."""
        with self.office.engine.read() as connection:
            return {
                table.name: sorted(
                    (tuple(row) for row in connection.execute(sa.select(table))),
                    key=repr,
                )
                for table in written(connection)
            }

    def go_home(self) -> None:
        """Drive the instance to its end: nothing stalls."""
        self.give(lambda w: w.resume(self.root_id, "director"), refusable=True)
        for instance_id in self.active:
            self.give(
                lambda w, i=instance_id: w.correct_variables(
                    i, {"x": blocks.CALM}, "director"
                )
            )
        acts = 0
        while self.active:
            acts += 1
            assert acts < LONGEST_WAY_HOME
            if not self._go_on():
                raise AssertionError(f"stalled: {self.picture()}")

    def _go_on(self) -> bool:
        calm = {"x": blocks.CALM}
        before = self._versions()
        for command in self._ways_home(calm):
            self.give(command, refusable=True)
            if self._versions() != before:
                return True
        return False

    def _ways_home(self, calm: dict[str, int]) -> Iterator[Command]:
        """Yield what brings an instance on; of the events only those in its way."""
        for task_id, closed in self._tasks():
            if not closed:
                yield lambda w, t=task_id: w.resolve_task(t, "deputy", "可以")
                yield lambda w, t=task_id: w.assign_task(t, "officer", "director")
                yield lambda w, t=task_id: w.complete_task(t, "officer", calm)
        for job_id, kind in self._jobs():
            if kind == "external":
                yield lambda w, j=job_id: serve(w, j, calm)
            else:
                yield lambda w, j=job_id: w.run_job(j)
        for incident_id in self._incidents():
            yield lambda w, i=incident_id: w.retry_incident(i, "director")
        for instance_id in reversed(self.active):
            for _, name in self._subscriptions(instance_id):
                if name in self.leaves:
                    yield lambda w, i=instance_id, n=name: w.correlate(
                        n, instance_id=i, variables=calm
                    )
                    yield lambda w, n=name: w.signal(n, calm)

    def _restart(self) -> None:
        self.office.engine = self.office.another_engine()

    # -- what is there -----------------------------------------------------------

    def unsound(self) -> list[str]:
        """Return what is wrong in the database."""
        with self.office.engine.read() as connection:
            found = checker.examine(connection)
        found += [f"{i}: stalled" for i in self.office.engine.report_stalled()]
        found += list(self._remains())
        return found + list(self._retold())

    def _retold(self) -> Iterator[str]:
        """Replay the histories: what was entered and is not over is a task's row."""
        task = tables.user_task.c
        open_now = Counter(
            (row.instance_id, row.element_id)
            for row in self.office.rows(
                sa.select(task.instance_id, task.element_id).where(
                    task.closed_at.is_(None)
                )
            )
        )
        told: Counter[tuple[str, str]] = Counter()
        active = set(self.active)
        for row in self.office.rows(sa.select(tables.history_event)):
            if row.instance_id not in active:
                continue
            if row.type == "user_task_cancelled":
                told[row.instance_id, row.element_id] -= 1
            elif row.type == "tokens_moved":
                for change, sign in (("entered", 1), ("left", -1)):
                    for element_id in row.details[change]:
                        if element_id.startswith("user_task"):
                            told[row.instance_id, element_id] += sign
        for place in sorted(set(open_now) | set(told)):
            if open_now[place] != told[place]:
                yield f"{place}: {open_now[place]} open, {told[place]} by the history"

    def _remains(self) -> Iterator[str]:
        """Yield what is open in instances that are over."""
        over = sa.select(tables.instance.c.id).where(
            tables.instance.c.status == "ended"
        )
        for rows, still in (
            (tables.user_task, tables.user_task.c.closed_at.is_(None)),
            (tables.subscription, sa.true()),
            (tables.job, tables.job.c.kind.in_(["timer", "async", "external"])),
            (tables.incident, tables.incident.c.resolved_at.is_(None)),
        ):
            number = self.office.count(rows, rows.c.instance_id.in_(over), still)
            if number:
                yield f"{number} rows of {rows.name} outlive their instance"

    def _versions(self) -> Counter[tuple[str, int]]:
        table = tables.instance
        rows = self.office.rows(sa.select(table.c.id, table.c.version))
        return Counter((row.id, row.version) for row in rows)

    def _tasks(self) -> list[tuple[str, bool]]:
        table = tables.user_task
        query = sa.select(table.c.id, table.c.closed_at).order_by(
            table.c.created_at, table.c.element_id, table.c.id
        )
        return [(row.id, row.closed_at is not None) for row in self.office.rows(query)]

    def _standing(self, instance_id: str) -> list[str]:
        """Return the elements of user tasks there were or are in an instance."""
        table = tables.user_task
        query = sa.select(table.c.element_id).where(table.c.instance_id == instance_id)
        return sorted({row.element_id for row in self.office.rows(query)})

    def _subscriptions(self, instance_id: str) -> list[tuple[str, str]]:
        table = tables.subscription
        query = (
            sa.select(table.c.kind, table.c.name)
            .where(table.c.instance_id == instance_id)
            .order_by(table.c.name)
        )
        return [(row.kind, row.name) for row in self.office.rows(query)]

    def _jobs(self) -> list[tuple[str, str]]:
        table = tables.job
        query = sa.select(table.c.id, table.c.kind).order_by(table.c.due_at, table.c.id)
        return [(row.id, row.kind) for row in self.office.rows(query)]

    def _incidents(self) -> list[str]:
        table = tables.incident
        query = sa.select(table.c.id).where(table.c.resolved_at.is_(None))
        return [row.id for row in self.office.rows(query)]


def written(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables that commands write, those that refer to others last."""
    present = sa.inspect(connection).get_table_names()
    return [
        table
        for table in tables.metadata.sorted_tables
        if table.name in present and not table.name.startswith((*KEPT, "start_event"))
    ]


def empty(office: Office) -> None:
    """Remove what earlier examples left behind."""
    with office.pool.begin() as connection:
        for table in reversed(written(connection)):
            connection.execute(table.delete())


def breaks(call: handlers.Call) -> None:
    """Fail when `x` says so."""
    if call.variables["x"] == blocks.BROKEN:
        raise RuntimeError("broken")


def serve(work: UnitOfWork, task_id: str, variables: dict[str, int]) -> None:
    """Take an external task and complete it."""
    work.lock_external(task_id, WORKER, timedelta(minutes=1))
    work.complete_external(task_id, WORKER, variables)
