"""Who has a user task: assigned, delegated and answered, transferred."""

from collections.abc import Mapping

from engine import errors
from engine import history
from engine import instances
from engine import people
from engine import transactions
from engine import user_tasks
from engine.tables import user_task


class NotDelegated(errors.Refused):
    """这一待办没有委托给他人，无需答复。"""


def assign(
    work: transactions.Transaction, task_id: str, to: str, person: str | None
) -> None:
    """Give a task to a person, whoever has it now (指派)."""
    task = user_tasks.get(work.connection, task_id)
    user_tasks.require_undelegated(task)
    _require_other(work, task, to)
    _record(work, task, "task_assigned", person, None, {"to": to})
    _hand(work, task, to)


def transfer(
    work: transactions.Transaction, task_id: str, to: str, person: str, reason: str
) -> None:
    """Give a task that one may complete to somebody else, for good (转办)."""
    task, on_behalf_of = _held(work, task_id, person)
    require_reason(reason, "转办")
    _require_other(work, task, to)
    details = {"to": to, "reason": reason}
    _record(work, task, "task_transferred", person, on_behalf_of, details)
    _hand(work, task, to)


def delegate(
    work: transactions.Transaction, task_id: str, to: str, person: str, question: str
) -> None:
    """Ask another for an answer; the task stays one's own, and waits (委托)."""
    task, on_behalf_of = _held(work, task_id, person)
    require_reason(question, "委托")
    holder = on_behalf_of or person
    if to == holder:
        raise errors.Invalid(fields={"to": ["不能委托给本人。"]})
    _require_other(work, task, to)
    details = {"to": to, "question": question}
    _record(work, task, "task_delegated", person, on_behalf_of, details)
    _hand(work, task, to, delegated_by=holder)


def resolve(
    work: transactions.Transaction, task_id: str, person: str, answer: str
) -> None:
    """Give a delegated task back to its holder, with an answer (答复).

    The holder may take it back likewise. NotDelegated, or NotACandidate for others.
    """
    task = user_tasks.get(work.connection, task_id)
    if task.delegated_by is None:
        raise NotDelegated(task_id=task_id)
    identity = people.identity(work.connection, person, work.now())
    on_behalf_of = None
    if person not in (task.assignee, task.delegated_by):
        on_behalf_of = user_tasks.stood_in_for(task, identity)
        if on_behalf_of is None:
            raise user_tasks.NotACandidate(task_id=task_id, person=person)
    require_reason(answer, "答复")
    details = {"to": task.delegated_by, "answer": answer}
    _record(work, task, "task_resolved", person, on_behalf_of, details)
    _hand(work, task, task.delegated_by)


def require_reason(text: str, act: str) -> None:
    """Refuse an act whose reason is left empty."""
    if not text.strip():
        raise errors.Invalid(
            f"请写明{act}的内容或理由。", fields={"reason": ["必填。"]}
        )


def _held(
    work: transactions.Transaction, task_id: str, person: str
) -> tuple[user_tasks.UserTask, str | None]:
    """Return a task that the person may complete, and for whom."""
    identity = people.identity(work.connection, person, work.now())
    task = user_tasks.get(work.connection, task_id)
    on_behalf_of = user_tasks.authority(work.connection, task, identity)
    user_tasks.require_undelegated(task)
    return task, on_behalf_of


def _require_other(
    work: transactions.Transaction, task: user_tasks.UserTask, to: str
) -> None:
    """Refuse a person who does not exist, or who has the task already."""
    if not people.active(work.connection, to):
        raise errors.Invalid(fields={"to": [f"没有账号 {to}，或已停用。"]})
    if task.assignee == to:
        raise errors.Refused("这一待办已经在此人手中。", task_id=task.id, person=to)


def _hand(
    work: transactions.Transaction,
    task: user_tasks.UserTask,
    to: str,
    *,
    delegated_by: str | None = None,
) -> None:
    """Write the new assignee, unless somebody was quicker.

    Called after the history is written: locks go from the instance to its rows.
    """
    written = work.connection.execute(
        user_task.update()
        .where(
            user_task.c.id == task.id,
            user_task.c.closed_at.is_(None),
            user_task.c.assignee.is_not_distinct_from(task.assignee),
        )
        .values(assignee=to, delegated_by=delegated_by)
    )
    if written.rowcount == 0:
        user_tasks.get(work.connection, task.id)
        raise user_tasks.Claimed(task_id=task.id)


def _record(
    work: transactions.Transaction,
    task: user_tasks.UserTask,
    type_: str,
    person: str | None,
    on_behalf_of: str | None,
    details: Mapping[str, object],
) -> None:
    event = history.Event(
        type_,
        element_id=task.element_id,
        task_id=task.id,
        person=person,
        on_behalf_of=on_behalf_of,
        details=details,
    )
    instances.note(work, task.instance_id, event)
