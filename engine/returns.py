"""Returning a user task: to the previous one, to the first, to a chosen one (退回).

What was before is read from the history of the instance, not from the drawing: only
who has completed a user task can get it back.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import assignments
from engine import errors
from engine import history
from engine import instances
from engine import people
from engine import statements
from engine import transactions
from engine import user_tasks
from engine.bpmn import model
from engine.bpmn.game import markings
from engine.bpmn.game import moves
from engine.bpmn.game import tokens
from engine.bpmn.game.graph import Graph
from engine.tables import history_event

#: Where to, beside the id of an element.
PREVIOUS = "previous"
STARTER = "starter"


class NowhereToReturn(errors.Refused):
    """本件此前没有可以退回的环节。"""


class CannotComeBack(errors.Refused):
    """这次退回会终止其他尚未办完的工作，重新提交时不能直接送回，请改为逐级重走。"""


@dataclass(frozen=True, slots=True)
class Target:
    """A user task that was completed before, and by whom last, when."""

    element_id: str
    name: str
    person: str
    at: datetime
    #: The completed task itself.
    task_id: str
    #: Where the history has its first completion.
    first_seq: int


@dataclass(frozen=True, slots=True)
class Returned:
    """Where a task was returned to, and the user tasks that opened there."""

    element_id: str
    person: str | None
    opened: tuple[str, ...]


def targets(work: transactions.Transaction, task_id: str) -> tuple[Target, ...]:
    """Return where an open task can be returned to, the previous one first."""
    task = user_tasks.get(work.connection, task_id)
    game = instances.look(work, task.instance_id)
    return tuple(_targets(work.connection, game, task))


def return_task(
    work: transactions.Transaction,
    task_id: str,
    person: str,
    *,
    to: str,
    reason: str,
    straight: bool,
) -> Returned:
    """Close a task as returned and open an earlier one for who completed it.

    `to`: PREVIOUS, STARTER or an element id. `straight`: completing that one leads
    straight back to the holder of this task. Raises NowhereToReturn, CannotMove, or
    CannotComeBack where the way back would pass over work that now ends unfinished.
    """
    (found,) = statements.ask(work.connection, instances.of_task(task_id))
    instance, task = instances.load_by_task(work, task_id, found)
    identity = people.identity(work.connection, person, work.now())
    on_behalf_of = user_tasks.authority(work.connection, task, identity)
    user_tasks.require_undelegated(task)
    assignments.require_reason(reason, "退回")
    target = _chosen(_targets(work.connection, instance.game, task), to, instance)
    move = moves.plan(instance.game, task_id, target.element_id)
    if straight and move.ends_open_work:
        raise CannotComeBack(task_id=task_id, element_id=target.element_id)
    holder = _holder(work, instance.id, target)
    back = (task.element_id, on_behalf_of or person) if straight else None

    def motion(game: tokens.Game) -> None:
        game.close_wait(game.tasks[task_id], "returned")
        moves.make(game, move, holder=holder, back=back)

    event = history.Event(
        "task_returned",
        element_id=task.element_id,
        task_id=task_id,
        person=person,
        on_behalf_of=on_behalf_of,
        details={
            "to": target.element_id,
            "holder": holder,
            "reason": reason,
            "straight": straight,
        },
    )
    act = transactions.Act(person=person, on_behalf_of=on_behalf_of, task_id=task_id)
    opened = instances.move(work, instance, act, event, motion)
    return Returned(target.element_id, holder, opened)


def _chosen(found: list[Target], to: str, instance: transactions.Instance) -> Target:
    if not found:
        if instance.parent_id is not None:
            raise NowhereToReturn(
                "本件由上级办件调用，此前没有可以退回的环节；不能退回到上级办件中。",
                instance_id=instance.id,
            )
        raise NowhereToReturn(instance_id=instance.id)
    if to == PREVIOUS:
        return found[0]
    if to == STARTER:
        return min(found, key=lambda target: target.first_seq)
    for target in found:
        if target.element_id == to:
            return target
    raise NowhereToReturn(f"“{to}”不是此前办理过、可以退回的环节。", element_id=to)


def _targets(
    connection: sa.Connection, game: tokens.Game, task: user_tasks.UserTask
) -> list[Target]:
    """Return the completed user tasks that lead to this one, the latest first."""
    event = history_event.c
    rows = connection.execute(
        sa.select(event.element_id, event.task_id, event.person, event.on_behalf_of)
        .add_columns(event.at, event.seq)
        .where(
            event.instance_id == task.instance_id,
            event.type == "task_completed",
        )
        .order_by(event.seq.desc())
    ).all()
    first = {row.element_id: row.seq for row in rows}
    found: dict[str, Target] = {}
    for row in rows:
        if row.element_id in found or not _leads(game, row.element_id, task):
            continue
        name = game.graph.element(row.element_id).name or row.element_id
        found[row.element_id] = Target(
            element_id=row.element_id,
            name=name,
            person=row.on_behalf_of or row.person,
            at=row.at,
            task_id=row.task_id,
            first_seq=first[row.element_id],
        )
    return list(found.values())


def _leads(game: tokens.Game, element_id: str, task: user_tasks.UserTask) -> bool:
    """Tell whether an element lies before the task, where a move can reach it."""
    elements = game.graph.process.elements
    earlier = elements.get(element_id)
    if earlier is None or earlier.id == task.element_id:
        return False
    around = _around(game.graph, elements[task.element_id], earlier.scope)
    if around is None or not markings.leads_to(game.graph, earlier.id, around.id):
        return False
    try:
        moves.plan(game, task.id, earlier.id)
    except moves.CannotMove:
        return False
    return True


def _around(graph: Graph, element: model.Element, scope: str) -> model.Element | None:
    """Return the element of a scope that is the given one or holds it."""
    while element.scope != scope:
        if element.scope not in graph.process.elements:
            return None
        element = graph.element(element.scope)
    return element


def _holder(
    work: transactions.Transaction, instance_id: str, target: Target
) -> str | None:
    """Return who completed the target, if still entitled to it; else nobody."""
    try:
        identity = people.identity(work.connection, target.person, work.now())
    except people.NoSuchPerson:
        return None
    details = history.opening(work.connection, instance_id, target.task_id)
    entitled = (
        target.person == details.get("assignee")
        or target.person in details.get("candidate_users", ())
        or not identity.groups.isdisjoint(details.get("candidate_groups", ()))
    )
    return target.person if entitled else None
