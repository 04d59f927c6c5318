"""Work that other programs fetch, do, and report (camunda:type="external").

An external task is a job that no worker of ours runs. A program fetches some under a
lock that runs out; while it holds the lock, and after it until another program takes
the task, only that program may report on it. Locks of the database are taken from
the instance to the job, as everywhere.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import history
from engine import instances
from engine import jobs
from engine import transactions
from engine.bpmn import values
from engine.bpmn.game import tokens
from engine.tables import definition as definition_table
from engine.tables import instance as instance_table
from engine.tables import job as job_table

#: What one request may fetch.
MOST = 1000
#: How long a program may keep a task to itself without saying so again.
LONGEST = timedelta(days=30)

UNSAID = "外部程序没有说明原因。"


class NoSuchExternalTask(errors.NotFound):
    """没有这一外部任务，或者它已经完成。"""


class NotYours(errors.Conflict):
    """这一外部任务不在您的程序手中。"""


class Taken(errors.Conflict):
    """这一外部任务已由另一个程序取走，还没有到期。"""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a program wants to fetch, and for how long."""

    name: str
    lock_for: timedelta
    #: Of the instance and its procedure; None fetches whatever there is.
    business_key: str | None = None
    procedure: str | None = None
    #: The variables that the program needs; None gives all it can see.
    variables: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class ExternalTask:
    """Work for another program; `attempts_left` counts the one that is meant now."""

    id: str
    topic: str
    worker: str | None
    locked_until: datetime | None
    instance_id: str
    wait_id: str
    element_id: str
    business_key: str | None
    definition_id: str
    procedure: str
    attempts_left: int
    error: str | None
    error_details: str | None
    created_at: datetime
    variables: Mapping[str, object] = field(default_factory=dict)


def fetch_and_lock(
    work: transactions.Transaction, worker: str, topics: Sequence[Topic], most: int
) -> list[ExternalTask]:
    """Lock tasks of the topics for a worker and return them, the oldest first.

    No two workers get the same one. Invalid for a worker without a name, a lock that
    is over at once, or a number of tasks that is none.
    """
    _require_worker(worker)
    if not 1 <= most <= MOST:
        raise errors.Invalid(f"一次可取 1 到 {MOST} 个外部任务。", most=most)
    fetched: list[ExternalTask] = []
    for topic in topics:
        until = _until(work, topic.lock_for)
        if len(fetched) < most:
            fetched += _fetch(work, worker, topic, until, most - len(fetched))
    return fetched


def lock(
    work: transactions.Transaction, task_id: str, worker: str, lock_for: timedelta
) -> None:
    """Lock one task that nobody holds; Taken otherwise."""
    _require_worker(worker)
    until = _until(work, lock_for)
    _require(work.connection, task_id)
    locked = work.connection.execute(
        job_table.update()
        .where(job_table.c.id == task_id, job_table.c.status == "due", _free(work))
        .values(locked_by=worker, locked_until=until)
    )
    if not locked.rowcount:
        raise Taken(task_id=task_id)


def extend_lock(
    work: transactions.Transaction, task_id: str, worker: str, lock_for: timedelta
) -> None:
    """Let the worker who holds a task hold it until so long from now."""
    until = _until(work, lock_for)
    _require(work.connection, task_id)
    extended = work.connection.execute(
        job_table.update()
        .where(job_table.c.id == task_id, job_table.c.locked_by == worker)
        .values(locked_until=until)
    )
    if not extended.rowcount:
        raise NotYours(task_id=task_id)


def unlock(work: transactions.Transaction, task_id: str) -> None:
    """Let whoever comes first fetch a task, whoever holds it."""
    _require(work.connection, task_id)
    work.connection.execute(
        job_table.update()
        .where(job_table.c.id == task_id)
        .values(locked_by=None, locked_until=None)
    )


def complete(
    work: transactions.Transaction,
    task_id: str,
    worker: str,
    variables: Mapping[str, object] | None = None,
    local: Mapping[str, object] | None = None,
) -> tuple[str, ...]:
    """Report a task as done by its worker; return the user tasks that opened.

    `variables` become variables of the instance; `local` ones are seen by the output
    mappings of the element only.
    """
    given, near = dict(variables or {}), dict(local or {})
    values.require_json(given)
    values.require_json(near)
    instance, job = _held(work, task_id, worker)
    wait_id = job.wait_id or ""

    def motion(game: tokens.Game) -> None:
        game.tasks[wait_id].data.update(near)
        game.complete(wait_id, given)

    event = _event(instance, job, "external_task_completed", variables=given)
    return instances.move(work, instance, transactions.Act(fields=given), event, motion)


def fail(
    work: transactions.Transaction,
    task_id: str,
    worker: str,
    message: str,
    *,
    details: str | None = None,
    attempts_left: int | None = None,
    retry_after: timedelta = timedelta(),
) -> None:
    """Report that a task could not be done; without attempts left it is an incident.

    `attempts_left` is what the program says, by default one less than before.
    """
    if (attempts_left is not None and attempts_left < 0) or retry_after < timedelta():
        raise errors.Invalid("剩余次数和重试间隔不能为负。", task_id=task_id)
    message = message.strip() or UNSAID
    instance, job = _held(work, task_id, worker)
    left = job.attempts_left - 1 if attempts_left is None else attempts_left
    event = _event(
        instance, job, "external_task_failed", error=message, attempts_left=left
    )
    instances.note(work, instance.id, event)
    payload = {"details": details} if details else {}
    work.connection.execute(
        job_table.update().where(job_table.c.id == task_id).values(payload=payload)
    )
    if left <= 0:
        jobs.give_up(work.connection, job, message, work.now())
        return
    work.connection.execute(
        job_table.update()
        .where(job_table.c.id == task_id)
        .values(
            attempts_left=left,
            due_at=work.now() + retry_after,
            locked_by=None,
            locked_until=None,
            error=message,
        )
    )


def throw_error(
    work: transactions.Transaction,
    task_id: str,
    worker: str,
    code: str,
    message: str = "",
    variables: Mapping[str, object] | None = None,
) -> None:
    """Throw a BPMN error at the task, for a boundary event to catch."""
    if not code.strip():
        raise errors.Invalid("请写明错误代码。", task_id=task_id)
    given = dict(variables or {})
    values.require_json(given)
    instance, job = _held(work, task_id, worker)
    wait_id = job.wait_id or ""
    event = _event(instance, job, "external_error_thrown", code=code, message=message)
    act = transactions.Act(fields=given)
    instances.move(
        work,
        instance,
        act,
        event,
        lambda game: game.raise_error(wait_id, code, message, given),
    )


def get(work: transactions.Transaction, task_id: str) -> ExternalTask:
    """Return one external task as it stands, with what it sees."""
    row = work.connection.execute(
        _select().where(job_table.c.id == task_id)
    ).one_or_none()
    if row is None:
        raise NoSuchExternalTask(task_id=task_id)
    return _task(work, row, None)


# -- rows ---------------------------------------------------------------------


def _select() -> sa.Select[Any]:
    return (
        sa.select(
            job_table,
            instance_table.c.business_key,
            instance_table.c.definition_id,
            definition_table.c.key.label("procedure"),
        )
        .join(instance_table, instance_table.c.id == job_table.c.instance_id)
        .join(definition_table, definition_table.c.id == instance_table.c.definition_id)
        .where(job_table.c.kind == jobs.EXTERNAL)
    )


def _free(work: transactions.Transaction) -> sa.ColumnElement[bool]:
    until = job_table.c.locked_until
    return until.is_(None) | (until <= work.now())


def _fetch(
    work: transactions.Transaction,
    worker: str,
    topic: Topic,
    until: datetime,
    most: int,
) -> list[ExternalTask]:
    query = _select().where(
        job_table.c.handler == topic.name,
        job_table.c.status == "due",
        job_table.c.due_at <= work.now(),
        instance_table.c.status == "active",
        _free(work),
    )
    if topic.business_key is not None:
        query = query.where(instance_table.c.business_key == topic.business_key)
    if topic.procedure is not None:
        query = query.where(definition_table.c.key == topic.procedure)
    rows = work.connection.execute(
        query.order_by(job_table.c.due_at, job_table.c.id)
        .limit(most)
        .with_for_update(of=job_table, skip_locked=True)
    ).all()
    if rows:
        work.connection.execute(
            job_table.update()
            .where(job_table.c.id.in_([row.id for row in rows]))
            .values(locked_by=worker, locked_until=until)
        )
    locked = {"locked_by": worker, "locked_until": until}
    return [_task(work, row, topic.variables, **locked) for row in rows]


def _task(
    work: transactions.Transaction,
    row: sa.Row[Any],
    wanted: Sequence[str] | None,
    **locked: Any,
) -> ExternalTask:
    columns = {**row._mapping, **locked}
    # Nobody can close the wait meanwhile: that would have to delete the job's row.
    game = instances.look(work, row.instance_id)
    seen = game.variables_at(row.wait_id)
    names = seen.keys() if wanted is None else [name for name in wanted if name in seen]
    return ExternalTask(
        id=row.id,
        topic=row.handler,
        worker=columns["locked_by"],
        locked_until=columns["locked_until"],
        instance_id=row.instance_id,
        wait_id=row.wait_id,
        element_id=game.waits[row.wait_id][1],
        business_key=row.business_key,
        definition_id=row.definition_id,
        procedure=row.procedure,
        attempts_left=row.attempts_left,
        error=row.error,
        error_details=row.payload.get("details"),
        created_at=row.created_at,
        variables={name: seen[name] for name in names},
    )


def _require(connection: sa.Connection, task_id: str) -> str:
    """Return the instance of a task; NoSuchExternalTask otherwise."""
    instance_id = connection.scalar(
        sa.select(job_table.c.instance_id).where(
            job_table.c.id == task_id, job_table.c.kind == jobs.EXTERNAL
        )
    )
    if instance_id is None:
        raise NoSuchExternalTask(task_id=task_id)
    return str(instance_id)


def _held(
    work: transactions.Transaction, task_id: str, worker: str
) -> tuple[transactions.Instance, jobs.Job]:
    """Return a task and its instance, both locked; NotYours if another holds it."""
    try:
        instance = instances.load(work, _require(work.connection, task_id))
    except instances.Over as over:
        raise NoSuchExternalTask(task_id=task_id) from over
    job = jobs.get(work.connection, task_id)
    if job is None or job.wait_id not in instance.game.waits:
        # It was completed, or cancelled, while this transaction waited.
        raise NoSuchExternalTask(task_id=task_id)
    held = work.connection.execute(
        sa.select(job_table.c.id)
        .where(job_table.c.id == task_id, job_table.c.locked_by == worker)
        .with_for_update()
    ).one_or_none()
    if held is None:
        raise NotYours(task_id=task_id)
    return instance, job


def _event(
    instance: transactions.Instance, job: jobs.Job, type_: str, **details: object
) -> history.Event:
    element_id = instance.game.waits[job.wait_id or ""][1]
    told = {"topic": job.handler, "worker": job.locked_by, **details}
    return history.Event(type_, element_id=element_id, details=told)


def _require_worker(worker: str) -> None:
    if not worker.strip():
        raise errors.Invalid("请写明外部程序的名称（workerId）。")


def _until(work: transactions.Transaction, lock_for: timedelta) -> datetime:
    if not timedelta() < lock_for <= LONGEST:
        raise errors.Invalid(f"锁定的时长应大于零，不超过 {LONGEST.days} 天。")
    return work.now() + lock_for
