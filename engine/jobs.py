"""All that happens later, as rows: timers, retries, hand-overs, messages.

A worker first *claims* jobs (a short transaction that writes a lease), then runs
each in a transaction that deletes the row. Locks are taken in the order instance,
then job, here as in the commands of persons, so that the two never wait crosswise.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine import database
from engine import incidents
from engine import statements
from engine.tables import job as job_table

#: How often a job is tried before it becomes an incident, and the waits between.
ATTEMPTS = 4
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))

#: How long a worker may take; a lease that is over counts as a failed attempt.
LEASE = timedelta(minutes=5)

#: What other programs fetch; no worker of ours runs it.
EXTERNAL = "external"

DIED = "执行到一半中断了：执行它的进程没有回音。"


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job."""

    id: str
    kind: str
    instance_id: str | None
    wait_id: str | None
    handler: str | None
    payload: Mapping[str, Any]
    attempts_left: int
    locked_by: str


_COLUMNS = (
    job_table.c.id,
    job_table.c.kind,
    job_table.c.instance_id,
    job_table.c.wait_id,
    job_table.c.handler,
    job_table.c.payload,
    job_table.c.attempts_left,
    job_table.c.locked_by,
)


def row(
    kind: str,
    due_at: datetime,
    now: datetime,
    *,
    instance_id: str | None = None,
    wait_id: str | None = None,
    handler: str | None = None,
    payload: Mapping[str, object] | None = None,
    key: str | None = None,
    attempts: int = ATTEMPTS,
    worker: str | None = None,
) -> dict[str, Any]:
    """Return the row of a new job, claimed by `worker` from the start if given."""
    return {
        "id": uuid4().hex,
        "kind": kind,
        "key": key,
        "instance_id": instance_id,
        "wait_id": wait_id,
        "handler": handler,
        "payload": payload or {},
        "due_at": due_at,
        "attempts_left": attempts,
        "locked_until": now + LEASE if worker else None,
        "locked_by": worker,
        "status": "due",
        "created_at": now,
    }


#: Store a new job (see `row`).
ADD = statements.Statement(job_table.insert())
#: Drop the jobs of a wait that is over.
DROP = statements.Statement(
    job_table.delete().where(
        job_table.c.wait_id == sa.bindparam("wait"), job_table.c.kind != "hand_over"
    )
)


def add(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store new jobs."""
    batch = statements.Batch(connection)
    batch.add(ADD, *rows)
    batch.flush()


def schedule(connection: sa.Connection, new: dict[str, Any]) -> bool:
    """Store a new job; False when its key is scheduled already."""
    if new["key"] is None:
        add(connection, [new])
        return True
    return database.insert_once(connection, job_table, "key", new)


def unschedule(connection: sa.Connection, key: str, *, prefix: bool = False) -> int:
    """Drop the job with this key, or all whose key begins so; say how many."""
    column = job_table.c.key
    matches = column.startswith(key, autoescape=True) if prefix else column == key
    return connection.execute(job_table.delete().where(matches)).rowcount


def claim(
    connection: sa.Connection, now: datetime, limit: int, worker: str
) -> list[Job]:
    """Lease the jobs that are due, the longest due first, and return them.

    No two workers get the same one. A job whose lease ran out has one attempt less.
    """
    due = (
        sa.select(job_table.c.id)
        .where(
            job_table.c.status == "due",
            job_table.c.due_at <= now,
            job_table.c.kind != EXTERNAL,
            job_table.c.locked_until.is_(None) | (job_table.c.locked_until < now),
        )
        .order_by(job_table.c.due_at, job_table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    died = sa.case((job_table.c.locked_until.is_(None), 0), else_=1)
    rows = connection.execute(
        job_table.update()
        .where(job_table.c.id.in_(due))
        .values(
            locked_until=now + LEASE,
            locked_by=worker,
            attempts_left=job_table.c.attempts_left - died,
        )
        .returning(job_table.c.due_at, *_COLUMNS)
    ).all()
    claimed = [Job(*row[1:]) for row in sorted(rows, key=lambda row: (row[0], row[1]))]
    alive = [found for found in claimed if found.attempts_left > 0]
    for found in claimed:
        if found.attempts_left <= 0:
            give_up(connection, found, DIED, now)
    return alive


def get(connection: sa.Connection, job_id: str) -> Job | None:
    """Return a job, or None when it is settled."""
    found = connection.execute(
        sa.select(*_COLUMNS).where(job_table.c.id == job_id)
    ).one_or_none()
    return Job(*found) if found else None


def lease(
    connection: sa.Connection, job_id: str, now: datetime, worker: str
) -> Job | None:
    """Claim one job whether due or not; None when settled or in other hands."""
    found = connection.execute(
        job_table.update()
        .where(
            job_table.c.id == job_id,
            job_table.c.locked_until.is_(None) | (job_table.c.locked_until < now),
        )
        .values(locked_until=now + LEASE, locked_by=worker, status="due")
        .returning(*_COLUMNS)
    ).one_or_none()
    return Job(*found) if found else None


def settle(connection: sa.Connection, claimed: Job) -> bool:
    """Delete a claimed job; False when it is no longer this worker's to run."""
    deleted = connection.execute(
        job_table.delete().where(
            job_table.c.id == claimed.id, job_table.c.locked_by == claimed.locked_by
        )
    )
    return deleted.rowcount == 1


def fail(connection: sa.Connection, claimed: Job, error: str, now: datetime) -> None:
    """Have a job that failed tried again later, or give it up."""
    left = claimed.attempts_left - 1
    if left <= 0:
        give_up(connection, claimed, error, now)
        return
    connection.execute(
        job_table.update()
        .where(job_table.c.id == claimed.id, job_table.c.locked_by == claimed.locked_by)
        .values(
            attempts_left=left,
            due_at=now + back_off(left),
            locked_until=None,
            locked_by=None,
            error=error,
        )
    )


def give_up(connection: sa.Connection, claimed: Job, error: str, now: datetime) -> None:
    """Make an incident of a job whose last attempt failed."""
    failed = connection.execute(
        job_table.update()
        .where(job_table.c.id == claimed.id, job_table.c.locked_by == claimed.locked_by)
        .values(
            status="failed",
            attempts_left=0,
            locked_until=None,
            locked_by=None,
            error=error,
        )
    )
    if failed.rowcount:
        new = incidents.row(
            "job",
            error,
            now,
            instance_id=claimed.instance_id,
            wait_id=claimed.wait_id,
            job_id=claimed.id,
        )
        incidents.open_(connection, [new])


def back_off(attempts_left: int) -> timedelta:
    """Return how long to wait when so many attempts are left."""
    return BACK_OFF[max(0, min(ATTEMPTS - 1 - attempts_left, len(BACK_OFF) - 1))]


def revive(connection: sa.Connection, job_id: str, now: datetime) -> None:
    """Have a job that was given up tried anew from now on."""
    connection.execute(
        job_table.update()
        .where(job_table.c.id == job_id, job_table.c.status == "failed")
        .values(status="due", attempts_left=ATTEMPTS, due_at=now, error=None)
    )


def release(connection: sa.Connection, job_id: str, worker: str) -> None:
    """Give a job that this worker holds and did not begin back to everybody."""
    connection.execute(
        job_table.update()
        .where(job_table.c.id == job_id, job_table.c.locked_by == worker)
        .values(locked_until=None, locked_by=None)
    )
