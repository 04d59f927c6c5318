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
from engine import errors
from engine import incidents
from engine import statements
from engine.bpmn import iso8601
from engine.tables import job as job_table

#: The waits between the tries of a job, before it becomes an incident.
BACK_OFF = iso8601.parse_retries("PT1M,PT5M,PT30M")
ATTEMPTS = len(BACK_OFF) + 1

#: How long a worker may take; a lease that is over counts as a failed attempt of the
#: job that was being run.
LEASE = timedelta(minutes=5)

#: What other programs fetch; no worker of ours runs it.
EXTERNAL = "external"

#: What has a date that a person may move.
DATED = ("timer", "handler", "retry", "outbox")

DIED = "执行到一半中断了：执行它的进程没有回音。"


class NoSuchJob(errors.NotFound):
    """没有这一定时任务，或者它已经执行。"""


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
_GET = statements.Query(
    sa.select(*_COLUMNS).where(job_table.c.id == sa.bindparam("job_id"))
)
_ANY_DUE = statements.Query(
    sa.select(job_table.c.id)
    .where(
        job_table.c.status == "due",
        job_table.c.due_at <= sa.bindparam("now", type_=job_table.c.due_at.type),
        job_table.c.kind != EXTERNAL,
        job_table.c.locked_until.is_(None)
        | (
            job_table.c.locked_until
            < sa.bindparam("now", type_=job_table.c.locked_until.type)
        ),
    )
    .limit(1)
)
_SETTLE = statements.Statement(
    job_table.delete().where(
        job_table.c.id == sa.bindparam("job_id"),
        job_table.c.locked_by == sa.bindparam("worker"),
    )
)
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


def detach_due(connection: sa.Connection, prefix: str, now: datetime) -> None:
    """Let the due jobs whose key begins so run once more, without their key.

    Their payload says `replaced`: another job has taken their place.
    """
    due = connection.execute(
        sa.select(job_table.c.id, job_table.c.payload).where(
            job_table.c.key.startswith(prefix, autoescape=True),
            job_table.c.due_at <= now,
        )
    ).all()
    for found in due:
        connection.execute(
            job_table.update()
            .where(job_table.c.id == found.id)
            .values(key=None, payload={**found.payload, "replaced": True})
        )


def any_due(connection: sa.Connection, now: datetime) -> bool:
    """Say whether `claim` may find a job: whoever only asks locks nobody out."""
    (rows,) = statements.ask(connection, (_ANY_DUE, {"now": now}))
    return bool(rows)


def claim(
    connection: sa.Connection, now: datetime, limit: int, worker: str
) -> list[Job]:
    """Lease the jobs that are due, the longest due first, and return them.

    No two workers get the same one. What a dead worker was running has one attempt
    less.
    """
    _return_expired(connection, now)
    due = (
        sa.select(job_table.c.id)
        .where(
            job_table.c.status == "due",
            job_table.c.due_at <= now,
            job_table.c.kind != EXTERNAL,
            job_table.c.locked_until.is_(None),
        )
        .order_by(job_table.c.due_at, job_table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(
        job_table.update()
        .where(job_table.c.id.in_(due))
        .values(locked_until=now + LEASE, locked_by=worker)
        .returning(job_table.c.due_at, *_COLUMNS)
    ).all()
    return [Job(*row[1:]) for row in sorted(rows, key=lambda row: (row[0], row[1]))]


def _return_expired(connection: sa.Connection, now: datetime) -> None:
    """Give back what dead workers held; it costs the job each was running.

    A worker runs what it claimed in the order in which it is due and deletes each
    job that is done: the first of those left is the one at which it died.
    """
    mine, before = job_table.c, job_table.alias()
    earlier = sa.exists().where(
        before.c.locked_by == mine.locked_by,
        before.c.locked_until == mine.locked_until,
        (before.c.due_at < mine.due_at)
        | ((before.c.due_at == mine.due_at) & (before.c.id < mine.id)),
    )
    expired = connection.execute(
        sa.select(earlier.label("innocent"), *_COLUMNS)
        .where(
            mine.status == "due",
            mine.due_at <= now,
            mine.kind != EXTERNAL,
            mine.locked_until < now,
        )
        .with_for_update(of=job_table, skip_locked=True)
    ).all()
    for row in expired:
        found = Job(*row[1:])
        left = found.attempts_left - (0 if row.innocent else 1)
        if left <= 0:
            give_up(connection, found, DIED, now)
        else:
            connection.execute(
                job_table.update()
                .where(mine.id == found.id)
                .values(locked_until=None, locked_by=None, attempts_left=left)
            )


def get(connection: sa.Connection, job_id: str) -> Job | None:
    """Return a job, or None when it is settled."""
    (rows,) = statements.ask(connection, (_GET, {"job_id": job_id}))
    return Job(*rows[0]) if rows else None


def armed_definitions(connection: sa.Connection) -> list[str]:
    """Return the ids of the definitions whose timer start events wait to fire."""
    payloads = connection.scalars(
        sa.select(job_table.c.payload).where(
            job_table.c.kind == "start", job_table.c.key.is_not(None)
        )
    )
    return sorted({payload["definition_id"] for payload in payloads})


def dated(connection: sa.Connection, job_id: str) -> Any:
    """Return the row (kind, instance_id, due_at) of a job that waits for a date."""
    found = connection.execute(
        sa.select(job_table.c.kind, job_table.c.instance_id, job_table.c.due_at).where(
            job_table.c.id == job_id, job_table.c.kind.in_(DATED)
        )
    ).one_or_none()
    if found is None:
        raise NoSuchJob(job_id=job_id)
    return found


def lease(
    connection: sa.Connection, job_id: str, now: datetime, worker: str
) -> Job | None:
    """Claim one job whether due or not; None when settled or in other hands."""
    found = connection.execute(
        job_table.update()
        .where(
            job_table.c.id == job_id,
            job_table.c.status != "suspended",
            job_table.c.locked_until.is_(None) | (job_table.c.locked_until < now),
        )
        .values(locked_until=now + LEASE, locked_by=worker, status="due")
        .returning(*_COLUMNS)
    ).one_or_none()
    return Job(*found) if found else None


def settle(connection: sa.Connection, claimed: Job) -> bool:
    """Delete a claimed job; False when it is no longer this worker's to run."""
    batch = statements.Batch(connection)
    batch.add(_SETTLE, {"job_id": claimed.id, "worker": claimed.locked_by})
    return batch.flush() == 1


def hold(connection: sa.Connection, claimed: Job) -> None:
    """Keep a claimed job of a suspended instance until it is resumed."""
    connection.execute(
        job_table.update()
        .where(job_table.c.id == claimed.id, job_table.c.locked_by == claimed.locked_by)
        .values(status="suspended", locked_until=None, locked_by=None)
    )


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
            due_at=again_at(BACK_OFF, left, now),
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


def again_at(
    waits: Sequence[iso8601.Duration], attempts_left: int, now: datetime
) -> datetime:
    """Return when what failed is tried again, so many attempts being left."""
    tried = len(waits) + 1 - attempts_left
    return waits[max(1, min(tried, len(waits))) - 1].add_to(now)


def move(
    connection: sa.Connection, job_id: str, due_at: datetime, now: datetime
) -> bool:
    """Have a job run at another time; False when it is settled or being run."""
    moved = connection.execute(
        job_table.update()
        .where(
            job_table.c.id == job_id,
            job_table.c.status == "due",
            job_table.c.locked_until.is_(None) | (job_table.c.locked_until < now),
        )
        .values(due_at=due_at)
    )
    return moved.rowcount == 1


def revive(connection: sa.Connection, job_id: str, now: datetime) -> None:
    """Have a job that was given up tried anew from now on."""
    connection.execute(
        job_table.update()
        .where(job_table.c.id == job_id, job_table.c.status == "failed")
        .values(status="due", attempts_left=ATTEMPTS, due_at=now, error=None)
    )


def release(connection: sa.Connection, job_ids: Sequence[str], worker: str) -> None:
    """Give jobs that this worker holds and did not begin back to everybody."""
    connection.execute(
        job_table.update()
        .where(job_table.c.id.in_(job_ids), job_table.c.locked_by == worker)
        .values(locked_until=None, locked_by=None)
    )
