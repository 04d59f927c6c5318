"""Finds every instance that neither goes on by itself nor waits for anybody.

What an instance waits for stands twice: in its stored state, and as a row that
somebody or something acts on (a user task, a job, a subscription, a called instance,
an incident). Where a row is missing, or nobody is left to act on it, the token would
stand there for ever. The two are compared without locks; what looks stalled is judged
once more under the lock of its instance, so that no one is told of what only moved.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import incidents
from engine import jobs
from engine.bpmn.game import codec
from engine.tables import candidate
from engine.tables import incident
from engine.tables import instance
from engine.tables import job
from engine.tables import subscription
from engine.tables import user_task

#: Read and compared at a time.
PAGE = 500
#: A job that is due for so long, and held by nobody, is run by nobody.
OVERDUE = timedelta(hours=1)

_JOB_KINDS = {
    "timer": ("timer",),
    "async": ("async",),
    "external": ("external",),
    "failed": ("retry",),
    "call": ("hand_over",),
}

Wait = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the rows beside the states of some instances say."""

    tasks: Collection[str]
    nobodys: Collection[str]
    subscriptions: Collection[str]
    called: Collection[str]
    #: By the wait each is for.
    jobs: Mapping[str, list[Any]]
    #: The waits and the jobs that an open incident shows.
    shown: Collection[str]


def suspects(connection: sa.Connection, at: datetime) -> list[str]:
    """Return the active instances in which a token seems to stand for ever."""
    found: list[str] = []
    last = ""
    while True:
        page = connection.execute(
            sa.select(instance.c.id, instance.c.state, instance.c.suspended_at)
            .where(instance.c.status == "active", instance.c.id > last)
            .order_by(instance.c.id)
            .limit(PAGE)
        ).all()
        if not page:
            return found
        rows = _rows(connection, [row.id for row in page])
        found += [row.id for row in page if next(_faults(row, rows, at), None)]
        last = page[-1].id


def report(connection: sa.Connection, instance_id: str, at: datetime) -> bool:
    """Open an incident for an instance that is stalled; False if it is not, or has one.

    The instance is locked from here on.
    """
    row = connection.execute(
        sa.select(instance.c.id, instance.c.state, instance.c.suspended_at)
        .where(instance.c.id == instance_id, instance.c.status == "active")
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        return False
    faults = list(_faults(row, _rows(connection, [instance_id]), at))
    if not faults or connection.execute(_open(instance_id)).first():
        return False
    element_id, fault = faults[0]
    message = f"{incidents.STALLED}{fault}"
    new = incidents.row(
        "stalled", message, at, instance_id=instance_id, element_id=element_id
    )
    incidents.open_(connection, [new])
    return True


def healed(
    connection: sa.Connection, still: Collection[str], at: datetime
) -> list[str]:
    """Resolve what was reported and is stalled no longer; return the instances."""
    told = connection.execute(
        sa.select(incident.c.id, incident.c.instance_id).where(
            incident.c.kind == "stalled", incident.c.resolved_at.is_(None)
        )
    ).all()
    over = [row for row in told if row.instance_id not in still]
    for row in over:
        incidents.resolve(connection, at, None, incident_id=row.id)
    return [row.instance_id for row in over]


def _open(instance_id: str) -> sa.Select[Any]:
    return sa.select(incident.c.id).where(
        incident.c.instance_id == instance_id,
        incident.c.kind == "stalled",
        incident.c.resolved_at.is_(None),
    )


def _faults(row: Any, rows: _Rows, at: datetime) -> Iterator[tuple[str | None, str]]:
    """Yield the element and the reason of every token that would stand for ever."""
    try:
        waits = codec.waits(row.state)
    except codec.UnreadableState as error:
        yield None, error.message
        return
    if not waits:
        yield None, "没有一个步骤在等待，汇合处等待的分支已不会到达。"
    for wait_id, (kind, element_id) in waits.items():
        fault = _fault(wait_id, kind, rows, at, suspended=row.suspended_at is not None)
        if fault:
            yield element_id, f"步骤“{element_id}”{fault}"


def _fault(
    wait_id: str, kind: str, rows: _Rows, at: datetime, *, suspended: bool
) -> str | None:
    if kind == "user_task":
        if wait_id not in rows.tasks:
            return "的待办丢失了。"
        return "没有人可以办理。" if wait_id in rows.nobodys else None
    if kind not in _JOB_KINDS:
        return None if wait_id in rows.subscriptions else "等待的消息订阅丢失了。"
    if wait_id in rows.shown or wait_id in rows.called:
        return None
    found = [one for one in rows.jobs.get(wait_id, ()) if one.kind in _JOB_KINDS[kind]]
    if not found:
        return {
            "call": "调用的办件丢失了，或者它的结果没有送达。",
            "failed": "没有办成，也没有人或程序再试。",
        }.get(kind, "的定时任务丢失了。")
    return _job_fault(found[0], rows, at, suspended=suspended)


def _job_fault(found: Any, rows: _Rows, at: datetime, *, suspended: bool) -> str | None:
    if found.status == "failed":
        return None if found.id in rows.shown else "的定时任务失败了，而没有人知道。"
    if found.status == "suspended":
        return None if suspended else "的定时任务停着，而办件没有暂停。"
    since = max(found.due_at, found.locked_until or found.due_at)
    overdue = found.kind != jobs.EXTERNAL and since < at - OVERDUE
    return "的定时任务早已到期，而没有程序执行它。" if overdue else None


def _rows(connection: sa.Connection, ids: Collection[str]) -> _Rows:
    tasks = connection.execute(
        sa.select(
            user_task.c.id,
            user_task.c.assignee,
            sa.exists()
            .where(candidate.c.user_task_id == user_task.c.id)
            .label("offered"),
        ).where(user_task.c.instance_id.in_(ids), user_task.c.closed_at.is_(None))
    ).all()
    child = instance.c
    # In this order: a called instance that ends leaves a job in the same commit,
    # a job that is given up an incident.
    called = connection.scalars(
        sa.select(child.parent_wait_id).where(
            child.parent_id.in_(ids), child.status == "active"
        )
    ).all()
    waiting: dict[str, list[Any]] = {}
    for found in connection.execute(
        sa.select(
            job.c.id,
            job.c.wait_id,
            job.c.kind,
            job.c.status,
            job.c.due_at,
            job.c.locked_until,
            job.c.payload,
        ).where(job.c.instance_id.in_(ids), job.c.wait_id.is_not(None))
    ):
        if found.payload.get("how") != "escalated":
            waiting.setdefault(found.wait_id, []).append(found)
    shown = connection.execute(
        sa.select(incident.c.wait_id, incident.c.job_id).where(
            incident.c.instance_id.in_(ids),
            incident.c.resolved_at.is_(None),
            incident.c.kind != "stalled",
        )
    ).all()
    return _Rows(
        tasks={row.id for row in tasks},
        nobodys={row.id for row in tasks if not (row.assignee or row.offered)},
        subscriptions=set(
            connection.scalars(
                sa.select(subscription.c.wait_id).where(
                    subscription.c.instance_id.in_(ids)
                )
            )
        ),
        called=set(called),
        jobs=waiting,
        shown={key for row in shown for key in row if key is not None},
    )
