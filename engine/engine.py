"""The door: the only place where anything is committed."""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import sqlalchemy as sa
import structlog

from engine import clock as clocks
from engine import database
from engine import definitions
from engine import errors
from engine import handlers
from engine import history
from engine import jobs
from engine import migration
from engine import stalls
from engine import unit_of_work
from engine import workdays
from engine.tables import outbox

T = TypeVar("T")

#: Whole-transaction tries when the database says "again" (locked, serialization).
TRIES = 3

#: Jobs that one commit may set off in its own thread; the heartbeat does the rest.
PROMPT = 100

#: SQLSTATE of serialization failure, deadlock and lock not available.
PASSING = {"40001", "40P01", "55P03"}

log = structlog.get_logger()


class Busy(errors.DuchaError):
    """数据库正忙，请稍后再试。"""


class NoChannel(errors.DuchaError):
    """没有登记这一发送渠道。"""


class Engine:
    """Runs procedures for people on one database; safe for threads."""

    def __init__(
        self,
        pool: sa.Engine,
        *,
        clock: clocks.Clock,
        calendar: workdays.Calendar,
        registry: handlers.Registry,
    ) -> None:
        """Take a pool of connections from `database.create`."""
        self.calendar = calendar
        self.clock = clock
        self.registry = registry
        self.library = definitions.Library()
        self.worker = uuid4().hex
        self._reading = database.for_reading(pool)
        self._writing = pool.execution_options(writes=True)
        # SQLite lets one writer in at a time and has the others poll: threads of
        # one process queue here instead.
        alone = pool.dialect.name == "sqlite"
        self._turn = threading.Lock() if alone else None

    @contextmanager
    def begin(self) -> Iterator[unit_of_work.UnitOfWork]:
        """Give a unit of work: leaving commits it, an exception rolls it back."""
        with self._transaction() as work:
            yield work
        try:
            self._follow_up(work.prompt)
        except Exception as error:
            # The act is committed, so it did not fail, and must not be tried again:
            # the heartbeat finds what it left when the lease is over.
            log.warning("follow-up failed", jobs=work.prompt, exc_info=error)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection for queries; nothing done with it remains."""
        with self._reading.connect() as connection:
            yield connection

    def carry_out(self, command: Callable[[unit_of_work.UnitOfWork], T]) -> T:
        """Run a command in a transaction, again if the database asks for it."""
        for attempt in range(1, TRIES + 1):
            try:
                with self.begin() as work:
                    return command(work)
            except sa.exc.DBAPIError as error:
                if not _passes(error):
                    raise
                _back_off(attempt)
        raise Busy

    @contextmanager
    def _transaction(self) -> Iterator[unit_of_work.UnitOfWork]:
        turn = self._turn
        if turn is not None and not turn.acquire(
            timeout=database.BUSY_TIMEOUT_MS / 1000
        ):
            raise Busy
        try:
            with self._writing.begin() as connection:
                yield unit_of_work.UnitOfWork(
                    connection,
                    at=self.clock.now(),
                    calendar=self.calendar,
                    registry=self.registry,
                    library=self.library,
                    worker=self.worker,
                )
        finally:
            if turn is not None:
                turn.release()

    def migrate_all(
        self,
        instance_ids: Iterable[str],
        to: int,
        mapping: Mapping[str, str] | None = None,
        *,
        person: str | None,
        restart_timers: bool = False,
        dry_run: bool = False,
    ) -> list[migration.Verdict]:
        """Migrate instances, each in a transaction of its own; say what came of each.

        One that is refused, or changed by another at this moment, stops no other.
        With `dry_run` each is judged and none is changed.
        """
        verdicts = []
        for instance_id in instance_ids:

            def command(
                work: unit_of_work.UnitOfWork, instance_id: str = instance_id
            ) -> migration.Verdict:
                if dry_run:
                    (planned,) = work.plan_migration(
                        [instance_id], to, mapping, restart_timers=restart_timers
                    )
                    return planned
                return work.migrate(
                    instance_id,
                    to,
                    mapping,
                    person=person,
                    restart_timers=restart_timers,
                )

            try:
                verdicts.append(self.carry_out(command))
            except errors.DuchaError as refusal:
                with self.read() as connection:
                    told = migration.refused(connection, instance_id, refusal)
                verdicts.append(told)
        return verdicts

    # -- jobs -------------------------------------------------------------------

    def run_due(
        self, limit: int = 50, *, within: float = math.inf, rest: float = 0.0
    ) -> int:
        """Run the jobs that are due, the longest due first; return how many were run.

        At most `limit`, and none is begun after `within` seconds: what is left goes
        back. `rest` seconds after each job others get at the database.
        """
        begun = time.monotonic()
        with self.read() as connection:
            if not jobs.any_due(connection, self.clock.now()):
                return 0
        with self._transaction() as work:
            claimed = jobs.claim(work.connection, work.now(), limit, self.worker)
        for place, job in enumerate(claimed):
            if time.monotonic() - begun > within:
                left = [job.id for job in claimed[place:]]
                with self._transaction() as work:
                    jobs.release(work.connection, left, self.worker)
                return place
            self._follow_up(self._run(job))
            if rest:
                time.sleep(rest)
        return len(claimed)

    def _follow_up(self, prompt: Sequence[str]) -> None:
        """Run the jobs that a commit left for at once, and those they leave."""
        waiting = deque(prompt)
        budget = PROMPT
        while waiting:
            job_id = waiting.popleft()
            budget -= 1
            if budget < 0:
                with self._transaction() as work:
                    jobs.release(work.connection, [job_id], self.worker)
                continue
            with self._reading.connect() as connection:
                job = jobs.get(connection, job_id)
            if job is not None and job.locked_by == self.worker:
                waiting.extend(self._run(job))

    def _run(self, job: jobs.Job) -> Sequence[str]:
        """Run a claimed job in a transaction of its own; a failure is written down."""
        for attempt in range(1, TRIES + 1):
            try:
                if job.kind == "outbox":
                    self._deliver(job)
                    return ()
                with self._transaction() as work:
                    work.run(job)
                return work.prompt
            except Exception as error:
                passing = isinstance(error, errors.Conflict) or (
                    isinstance(error, sa.exc.DBAPIError) and _passes(error)
                )
                if passing and attempt < TRIES:
                    _back_off(attempt)
                    continue
                log.warning("job failed", job=job.id, kind=job.kind, exc_info=error)
                self._note_failure(job, error)
                return ()
        return ()

    def _note_failure(self, job: jobs.Job, error: Exception) -> None:
        told = (
            error.message
            if isinstance(error, errors.DuchaError)
            else f"{type(error).__name__}: {error}"
        )
        with self._transaction() as work:
            jobs.fail(work.connection, job, told, work.now())

    def _deliver(self, job: jobs.Job) -> None:
        """Send a message of the outbox; the network is outside of any transaction."""
        outbox_id = job.payload["outbox_id"]
        with self._transaction() as work:
            row = work.connection.execute(
                outbox.update()
                .where(outbox.c.id == outbox_id)
                .values(attempts=outbox.c.attempts + 1)
                .returning(outbox)
            ).one()
        if row.sent_at is None:
            channel = self.registry.channels.get(row.channel)
            if channel is None:
                raise NoChannel(f"没有登记发送渠道“{row.channel}”。")
            channel(handlers.Message(row.id, row.key, row.recipient, row.payload))
        with self._transaction() as work:
            if jobs.settle(work.connection, job):
                work.connection.execute(
                    outbox.update()
                    .where(outbox.c.id == outbox_id)
                    .values(sent_at=work.now())
                )

    # -- the daily round ----------------------------------------------------------

    def report_stalled(self) -> list[str]:
        """Open an incident for every instance that neither waits nor ends.

        Returns the instances reported for the first time. The incident of one that
        has gone on since is resolved.
        """
        now = self.clock.now()
        with self.read() as connection:
            suspects = stalls.suspects(connection, now)
        reported = []
        for instance_id in suspects:
            with self._transaction() as work:
                if stalls.report(work.connection, instance_id, work.now()):
                    reported.append(instance_id)
        with self._transaction() as work:
            stalls.healed(work.connection, suspects, work.now())
        return reported

    def anchor_history(self, every: timedelta = timedelta()) -> history.Anchor | None:
        """Hash together the heads of all histories that moved.

        None if the last anchor is younger than `every`, whichever process made it.
        """
        with self._transaction() as work:
            database.take_turn(work.connection, "anchor")
            since = history.anchored_at(work.connection)
            if since is not None and work.now() - since < every:
                return None
            return history.anchor(work.connection, work.now())


def _back_off(attempt: int) -> None:
    """Let those who were in each other's way come back at different moments."""
    time.sleep(random.uniform(0, 0.05 * attempt))


def _passes(error: sa.exc.DBAPIError) -> bool:
    """Say whether the same transaction may succeed when tried again."""
    state = getattr(error.orig, "sqlstate", None)
    return state in PASSING or "database is locked" in str(error.orig)
