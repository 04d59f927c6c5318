"""An instance that rests, with all it called, until somebody resumes it (挂起, 恢复).

Suspended: nobody's command is taken but resume, terminate and looking; no job runs,
what comes for it meanwhile (a signal, a result) is kept. Its deadlines stand still.
When it is resumed, due times that were written in working days move by the working
days of the rest, all others by the time itself; jobs that only waited to be run
(continuations, retries) run at once, and letters already in the outbox leave anyway.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from engine import assignments
from engine import due_dates
from engine import errors
from engine import history
from engine import instances
from engine import transactions
from engine import user_tasks
from engine import workdays
from engine.bpmn.game import delays
from engine.bpmn.game import tokens
from engine.tables import candidate
from engine.tables import instance as instance_table
from engine.tables import job as job_table
from engine.tables import user_task

#: What is written in working days moves by working days.
IN_WORKDAYS = re.compile(r"\bworkdays(_from)?\s*\(")


class NotSuspended(errors.Refused):
    """这一办件没有挂起。"""


class Called(errors.Refused):
    """这是被调用的办件，请对调用它的上级办件进行这一操作。"""


def suspend(
    work: transactions.Transaction, instance_id: str, reason: str, person: str | None
) -> None:
    """Let an instance that no other one called rest, with all that it called."""
    assignments.require_reason(reason, "挂起")
    if _suspended_at(work.connection, instance_id) is not None:
        raise user_tasks.Suspended("这一办件已经挂起。", instance_id=instance_id)
    event = history.Event(
        "instance_suspended", person=person, details={"reason": reason}
    )
    if any(i.moving and i.root_id == instance_id for i in work.instances.values()):
        raise errors.Refused("这一办件正在办理中，不能同时挂起。")
    # What is being changed now may call another instance: asked until none is left.
    while tree := _tree(work.connection, instance_id, resting=False):
        for found in tree:
            work.instances.pop(found, None)
            work.connection.execute(
                instance_table.update()
                .where(instance_table.c.id == found)
                .values(suspended_at=work.now(), version=instance_table.c.version + 1)
            )
            instances.note(work, found, event)
        work.connection.execute(
            job_table.update()
            .where(
                job_table.c.instance_id.in_(tree),
                job_table.c.status == "due",
                job_table.c.kind != "outbox",
            )
            .values(status="suspended")
        )
    for tell in work.registry.rests:
        tell(work, instance_id, None)


def resume(
    work: transactions.Transaction, instance_id: str, person: str | None
) -> None:
    """Let a suspended instance go on; its due times move by the time it rested.

    The office moves its own deadlines, and due dates that rest on them are asked again.

    Raises MissingYear where working days must be counted in a year not known.
    """
    since = _suspended_at(work.connection, instance_id)
    if since is None:
        raise NotSuspended(instance_id=instance_id)
    for found in _wake(work.connection, instance_id):
        _move_deadlines(work, instances.load(work, found), since, person)
    for tell in work.registry.rests:
        tell(work, instance_id, since)
    due_dates.refresh(work, instance_id)


def end_rest(connection: sa.Connection, instance_id: str) -> None:
    """Wake an instance that is to be ended; refuse one that another called."""
    if _suspended_at(connection, instance_id) is not None:
        _wake(connection, instance_id)


def require_running(connection: sa.Connection, instance_id: str) -> None:
    """Raise Suspended while the instance rests, itself or with its caller."""
    query = sa.select(instance_table.c.suspended_at).where(
        instance_table.c.id == instance_id
    )
    if connection.scalar(query) is not None:
        raise user_tasks.Suspended(instance_id=instance_id)


def _suspended_at(connection: sa.Connection, instance_id: str) -> datetime | None:
    row = connection.execute(
        sa.select(
            instance_table.c.suspended_at,
            instance_table.c.parent_id,
            instance_table.c.status,
        )
        .where(instance_table.c.id == instance_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise instances.NoSuchInstance(instance_id=instance_id)
    if row.parent_id is not None:
        raise Called(instance_id=instance_id)
    if row.status != "active":
        raise instances.Over(instance_id=instance_id)
    since: datetime | None = row.suspended_at
    return since


def _tree(connection: sa.Connection, root_id: str, *, resting: bool) -> Sequence[str]:
    """Return the active instances of a root, callers first, locked."""
    since = instance_table.c.suspended_at
    return connection.scalars(
        sa.select(instance_table.c.id)
        .where(
            instance_table.c.root_id == root_id,
            instance_table.c.status == "active",
            since.is_not(None) if resting else since.is_(None),
        )
        .order_by(instance_table.c.depth, instance_table.c.id)
        .with_for_update(key_share=True)
    ).all()


def _wake(connection: sa.Connection, root_id: str) -> Sequence[str]:
    """Take the mark from a suspended tree and free its jobs; return its instances."""
    tree = _tree(connection, root_id, resting=True)
    connection.execute(
        instance_table.update()
        .where(instance_table.c.id.in_(tree))
        .values(suspended_at=None, version=instance_table.c.version + 1)
    )
    connection.execute(
        job_table.update()
        .where(job_table.c.instance_id.in_(tree), job_table.c.status == "suspended")
        .values(status="due")
    )
    return tree


def _move_deadlines(
    work: transactions.Transaction,
    instance: transactions.Instance,
    since: datetime,
    person: str | None,
) -> None:
    def later(written: str, due_at: datetime) -> datetime:
        if not IN_WORKDAYS.search(written):
            return due_at + (work.now() - since)
        rested = work.calendar.workdays_between(since, work.now())
        day = work.calendar.add_workdays(due_at, rested)
        local = due_at.astimezone(workdays.SHANGHAI)
        return work.calendar.at(day, local.timetz().replace(tzinfo=None))

    due = _due_jobs(work.connection, instance.id)
    timer_due = {
        wait_id: due_at for kind, wait_id, due_at in due.values() if kind == "timer"
    }
    moved: dict[str, datetime] = {}

    def motion(game: tokens.Game) -> None:
        moved.update(delays.delay(game, timer_due, later))

    event = history.Event(
        "instance_resumed", person=person, details={"since": since.isoformat()}
    )
    instances.move(work, instance, transactions.Act(person=person), event, motion)
    for job_id, (kind, wait_id, due_at) in due.items():
        new = moved[wait_id] if kind == "timer" else later("", due_at)
        work.connection.execute(
            job_table.update().where(job_table.c.id == job_id).values(due_at=new)
        )
    _move_tasks(work, instance, later)


def _due_jobs(
    connection: sa.Connection, instance_id: str
) -> dict[str, tuple[str, str, datetime]]:
    """Return the jobs whose time is a deadline: (kind, wait id, due) by id."""
    rows = connection.execute(
        sa.select(
            job_table.c.id, job_table.c.kind, job_table.c.wait_id, job_table.c.due_at
        ).where(
            job_table.c.instance_id == instance_id,
            job_table.c.kind.in_(("timer", "handler")),
        )
    )
    return {row.id: (row.kind, row.wait_id, row.due_at) for row in rows}


def _move_tasks(
    work: transactions.Transaction, instance: transactions.Instance, later: delays.Later
) -> None:
    rows = work.connection.execute(
        sa.select(
            user_task.c.id,
            user_task.c.element_id,
            user_task.c.due_at,
            user_task.c.follow_up_at,
        ).where(user_task.c.instance_id == instance.id, user_task.c.closed_at.is_(None))
    ).all()
    for row in rows:
        written = instance.definition.process.elements[row.element_id].attributes
        new: dict[str, datetime] = {}
        asked = due_dates.asks_records(
            written.get("dueDate", ""), work.registry.work_functions
        )
        if row.due_at is not None and not asked:
            due_at = later(written.get("dueDate", ""), row.due_at)
            new |= {"due_at": due_at, "order_at": due_at}
            work.connection.execute(
                candidate.update()
                .where(candidate.c.user_task_id == row.id)
                .values(order_at=due_at)
            )
        if row.follow_up_at is not None:
            new["follow_up_at"] = later(
                written.get("followUpDate", ""), row.follow_up_at
            )
        if new:
            work.connection.execute(
                user_task.update().where(user_task.c.id == row.id).values(new)
            )
