"""The engine for tests: a story of commands on a clock that only the story moves.

By default every command meets a new `Engine` object on the same database, so that a
story passes only if all that matters is in the database.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import clock as clocks
from engine import errors
from engine import people
from engine import tables
from engine import unit_of_work
from engine.engine import Engine

#: Opens an engine on the database of the story, with the story's clock.
EngineFactory = Callable[[clocks.Clock], Engine]

Values = Mapping[str, object]
NOTHING: Values = {}

#: More rounds of due jobs than this at one moment mean that they breed each other.
MOST_ROUNDS = 1000


class StoryError(errors.DuchaError):
    """情景不能照写的那样进行。"""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open user task of the story's matter, and who may take it.

    `holders` are groups and accounts, sorted; an assignee alone if there is one.
    """

    id: str
    element_id: str
    name: str
    holders: tuple[str, ...]
    due_at: datetime | None


class Story:
    """Commands told one after the other, each followed by the jobs it made due.

    The matter of the story is the root instance started or named last.
    """

    def __init__(
        self,
        open_engine: EngineFactory,
        begins: datetime,
        *,
        restarts: bool = True,
    ) -> None:
        """Begin at an aware moment; without `restarts` one engine serves all."""
        self.clock = clocks.FixedClock(begins)
        self._open = open_engine
        self._engine = None if restarts else open_engine(self.clock)
        self._named: dict[str, str] = {}
        self._root: str | None = None

    @property
    def engine(self) -> Engine:
        """The engine of the next command."""
        return self._engine or self._open(self.clock)

    @property
    def now(self) -> datetime:
        """The moment at which the story's clock stands."""
        return self.clock.now()

    @property
    def root_id(self) -> str:
        """The root instance of the matter the story is about."""
        if self._root is None:
            raise StoryError("还没有发起任何事项。")
        return self._root

    # -- commands ------------------------------------------------------------------

    @contextmanager
    def command(self) -> Iterator[unit_of_work.UnitOfWork]:
        """Open one transaction of a new engine; then run what it made due."""
        with self.engine.begin() as work:
            yield work
        self.settle()

    def start(
        self,
        key: str,
        *,
        person: str | None = None,
        fields: Values = NOTHING,
        variables: Values = NOTHING,
    ) -> str:
        """Start the procedure, follow it from now on, and return its instance id."""
        with self.command() as work:
            started = work.start(key, variables=variables, fields=fields, person=person)
        self.follow(started.instance_id)
        return started.instance_id

    def start_by_message(
        self, message: str, *, fields: Values = NOTHING, variables: Values = NOTHING
    ) -> str:
        """Start what waits for this message, and follow it from now on."""
        with self.command() as work:
            started = work.start_by_message(message, variables, fields=fields)
        self.follow(started.instance_id)
        return started.instance_id

    def correlate(
        self, message: str, *, fields: Values = NOTHING, variables: Values = NOTHING
    ) -> None:
        """Send a message to the matter, as another system does."""
        with self.command() as work:
            work.correlate(
                message, instance_id=self.root_id, variables=variables, fields=fields
            )

    def complete(
        self,
        task: str,
        *,
        person: str,
        fields: Values = NOTHING,
        due_at: datetime | None = None,
    ) -> None:
        """Complete the open task of this name or element id as this person.

        Where several are open, `due_at` says which.
        """
        task_id = self.task(task, person=person, due_at=due_at).id
        with self.command() as work:
            work.complete_task(task_id, person, fields=fields)

    def transfer(self, task: str, *, person: str, to: str, reason: str) -> None:
        """Give the open task of this name, which this person may take, to another."""
        task_id = self.task(task, person=person).id
        with self.command() as work:
            work.transfer_task(task_id, to, person, reason)

    def follow(self, root_id: str) -> None:
        """Make this the matter of the story."""
        self._root = root_id

    def begun(self, key: str) -> list[str]:
        """Return the instances of a procedure that no person began, oldest first."""
        instance = tables.instance.c
        with self.engine.read() as connection:
            return list(
                connection.scalars(
                    sa.select(instance.id)
                    .where(
                        instance.key == key,
                        instance.started_by.is_(None),
                        instance.id == instance.root_id,
                    )
                    .order_by(instance.started_at, instance.id)
                )
            )

    def name(self, name: str) -> None:
        """Give the present matter a name to return to it by."""
        self._named[name] = self.root_id

    def return_to(self, name: str) -> None:
        """Follow a matter named earlier."""
        if name not in self._named:
            raise StoryError(f"没有名为“{name}”的事项。")
        self._root = self._named[name]

    # -- time ----------------------------------------------------------------------

    def until(self, moment: datetime) -> None:
        """Let time pass: every job runs at the moment it is due, in order."""
        self.settle()
        for _ in range(MOST_ROUNDS):
            due_at = self._next_due(moment)
            if due_at is None:
                self.clock.set(moment)
                return
            self.clock.set(max(due_at, self.now))
            self.settle()
        raise StoryError(f"到 {moment.isoformat()} 为止的定时任务没有尽头。")

    def settle(self) -> None:
        """Run what is due now, until nothing is."""
        for _ in range(MOST_ROUNDS):
            if not self.engine.run_due():
                return
        raise StoryError("到期的任务不断产生新的到期任务。")

    def _next_due(self, moment: datetime) -> datetime | None:
        job = tables.job.c
        query = sa.select(job.due_at).order_by(job.due_at).limit(1)
        with self.engine.read() as connection:
            return connection.scalar(
                query.where(job.status == "due", job.due_at <= moment)
            )

    # -- questions -----------------------------------------------------------------

    def open_tasks(self) -> list[OpenTask]:
        """Return what people must do in the matter, called processes included."""
        task, candidate = tables.user_task.c, tables.candidate.c
        with self.engine.read() as connection:
            rows = connection.execute(
                sa.select(tables.user_task)
                .where(task.root_id == self.root_id, task.closed_at.is_(None))
                .order_by(task.created_at, task.id)
            ).all()
            holders: dict[str, list[str]] = {row.id: [] for row in rows}
            for row in connection.execute(
                sa.select(candidate.user_task_id, candidate.value)
                .where(candidate.user_task_id.in_(holders))
                .order_by(candidate.value)
            ):
                holders[row.user_task_id].append(row.value)
        return [
            OpenTask(
                id=row.id,
                element_id=row.element_id,
                name=row.name,
                holders=(row.assignee,) if row.assignee else tuple(holders[row.id]),
                due_at=row.due_at,
            )
            for row in rows
        ]

    def task(
        self,
        name: str,
        *,
        person: str | None = None,
        due_at: datetime | None = None,
    ) -> OpenTask:
        """Return the one open task of this name or element id.

        Of several the one that this person may take, or that is due then; raise
        `StoryError` unless exactly one is left.
        """
        found = self.open_tasks()
        tasks = [task for task in found if name in (task.name, task.element_id)]
        if due_at is not None:
            tasks = [task for task in tasks if task.due_at == due_at]
        if len(tasks) > 1 and person is not None:
            with self.engine.read() as connection:
                identity = people.identity(connection, person, self.now)
            own = {*identity.groups, identity.person}
            tasks = [task for task in tasks if own & set(task.holders)]
        if len(tasks) != 1:
            names = "、".join(task.name for task in found) or "没有待办"
            raise StoryError(
                f"名为“{name}”的待办应当恰好一件，实有{len(tasks)}件；现有：{names}。"
            )
        return tasks[0]

    def sequence_flows(self) -> frozenset[tuple[str, str]]:
        """Return (process key, sequence flow id) of all taken in the database."""
        event, instance = tables.history_event.c, tables.instance.c
        with self.engine.read() as connection:
            rows = connection.execute(
                sa.select(instance.key, event.details)
                .join(tables.instance, instance.id == event.instance_id)
                .where(event.type == "tokens_moved")
            )
            return frozenset(
                (row.key, taken) for row in rows for taken in row.details["took"]
            )

    def ended(self) -> str | None:
        """Return how the matter's process ended; None while it runs."""
        instance = tables.instance.c
        query = sa.select(instance.ended_how).where(instance.id == self.root_id)
        with self.engine.read() as connection:
            return connection.scalar(query)

    def history_count(self, **wanted: str) -> int:
        """Return how many events of the matter have these values in their columns."""
        event, instance = tables.history_event.c, tables.instance.c
        query = (
            sa.select(sa.func.count())
            .select_from(tables.history_event)
            .join(tables.instance, instance.id == event.instance_id)
            .where(instance.root_id == self.root_id)
            .where(*(event[column] == value for column, value in wanted.items()))
        )
        with self.engine.read() as connection:
            return int(connection.execute(query).scalar_one())

    def incidents(self) -> list[str]:
        """Return what is wrong, whatever it is about.

        Open incidents, and the errors of jobs that will be tried again.
        """
        incident, job = tables.incident.c, tables.job.c
        query = sa.union_all(
            sa.select(incident.message).where(incident.resolved_at.is_(None)),
            sa.select(job.error).where(job.status == "due", job.error.is_not(None)),
        )
        with self.engine.read() as connection:
            return list(connection.scalars(query))
