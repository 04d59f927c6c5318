"""Dry runs: what a command would end, open and change, and nothing of it remains."""

from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import instances
from engine import transactions
from engine.tables import instance as instance_table
from engine.tables import job as job_table
from engine.tables import user_task


@dataclass(frozen=True, slots=True)
class Branch:
    """A token that stands at an element of an instance."""

    element_id: str
    name: str
    instance_id: str


@dataclass(frozen=True, slots=True)
class UserTask:
    """An open user task: whose it is, and when it is due."""

    element_id: str
    name: str
    instance_id: str
    assignee: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that runs."""

    element_id: str
    due_at: datetime
    instance_id: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance."""

    key: str
    instance_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is of each kind, sorted by element."""

    branches: tuple[Branch, ...] = ()
    user_tasks: tuple[UserTask, ...] = ()
    timers: tuple[Timer, ...] = ()
    instances: tuple[Instance, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a command would do: what ends, what opens, what changes from and to.

    Work that restarts ends and opens. `changed_tasks` and `changed_timers` go on with
    another holder or due time: pairs of before and after.
    """

    ends: Standing
    opens: Standing
    changed_tasks: tuple[tuple[UserTask, UserTask], ...] = ()
    changed_timers: tuple[tuple[Timer, Timer], ...] = ()


class _DryRun(Exception):
    """Thrown to undo what a dry run did."""


def preview(
    work: transactions.Transaction, instance_id: str, command: Callable[[], object]
) -> Preview:
    """Return what a command would do to an instance, its callers and its called ones.

    The command runs as it would, with its refusals and handlers, and is undone. What
    happens in a transaction of its own afterwards (a called instance hands its result
    over, a signal is heard) is not seen.
    """
    root = sa.select(instance_table.c.root_id).where(instance_table.c.id == instance_id)
    root_id = work.connection.scalar(root)
    if root_id is None:
        raise instances.NoSuchInstance(instance_id=instance_id)
    before = _standing(work, root_id)
    after: dict[str, dict[str, Any]] = {}
    try:
        with work.savepoint():
            command()
            after = _standing(work, root_id)
            raise _DryRun
    except _DryRun:
        pass
    return Preview(
        ends=_only(before, after),
        opens=_only(after, before),
        changed_tasks=_changed(before["user_tasks"], after["user_tasks"]),
        changed_timers=_changed(before["timers"], after["timers"]),
    )


def _standing(
    work: transactions.Transaction, root_id: str
) -> dict[str, dict[str, Any]]:
    """Return everything open under a root, of each kind by its id."""
    found: dict[str, dict[str, Any]] = {
        "branches": {},
        "user_tasks": {},
        "timers": {},
        "instances": {},
    }
    for row in work.connection.execute(
        sa.select(instance_table.c.id, instance_table.c.key).where(
            instance_table.c.root_id == root_id, instance_table.c.status == "active"
        )
    ).all():
        found["instances"][row.id] = Instance(row.key, row.id)
        game = instances.look(work, row.id)
        elements = game.graph.process.elements
        for token_id, element_id in game.standing.items():
            name = elements[element_id].name or element_id
            found["branches"][token_id] = Branch(element_id, name, row.id)
        waits = game.waits
        for job in work.connection.execute(
            sa.select(job_table.c.wait_id, job_table.c.due_at).where(
                job_table.c.instance_id == row.id, job_table.c.kind == "timer"
            )
        ):
            timer = Timer(waits[job.wait_id][1], job.due_at, row.id)
            found["timers"][job.wait_id] = timer
    for task in work.connection.execute(
        sa.select(user_task).where(
            user_task.c.root_id == root_id, user_task.c.closed_at.is_(None)
        )
    ):
        found["user_tasks"][task.id] = UserTask(
            task.element_id, task.name, task.instance_id, task.assignee, task.due_at
        )
    return found


def _only(
    these: dict[str, dict[str, Any]], those: dict[str, dict[str, Any]]
) -> Standing:
    return Standing(
        **{
            kind: _sorted(v for k, v in known.items() if k not in those[kind])
            for kind, known in these.items()
        }
    )


def _changed(before: dict[str, Any], after: dict[str, Any]) -> tuple[Any, ...]:
    return _sorted(
        (before[k], after[k]) for k in before if k in after and before[k] != after[k]
    )


def _sorted(found: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(found, key=repr))
