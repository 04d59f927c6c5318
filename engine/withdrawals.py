"""Taking back what one has just completed, before anybody went on from it (撤回)."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import history
from engine import instances
from engine import people
from engine import transactions
from engine import user_tasks
from engine.bpmn.game import moves
from engine.bpmn.game import tokens
from engine.bpmn.game.graph import Graph
from engine.tables import draft
from engine.tables import history_event
from engine.tables import user_task

#: What one act leads to by itself, told in the same breath after it.
CONSEQUENCES = frozenset(
    {"tokens_moved", "user_task_opened", "user_task_cancelled", "call_opened"}
)
#: What cannot be taken back: it is known outside, or has failed.
OUTGOING = frozenset(
    {
        "message_thrown",
        "signal_thrown",
        "escalation_thrown",
        "error_thrown",
        "element_failed",
        "instance_ended",
    }
)
#: What a called instance does before anybody has acted in it.
UNTOUCHED = CONSEQUENCES | {"instance_started"}


class CannotWithdraw(errors.Refused):
    """这次办理已经不能撤回。"""


@dataclass(frozen=True, slots=True)
class _Aftermath:
    """What completing a task led to in its instance."""

    took: frozenset[str]
    entered: tuple[str, ...]
    opened: tuple[str, ...]
    calls: tuple[str, ...]


def withdraw(
    work: transactions.Transaction, task_id: str, person: str
) -> tuple[str, ...]:
    """Open a task again that the person completed; return the user tasks opened.

    Refused once anybody has gone on from it: claimed, drafted, completed what it
    opened; once a handler, a message or a signal has carried it outside; and for one
    signature of several. Variables keep their values until it is completed anew.
    """
    task = _completed_by(work, task_id, person)
    instance = instances.load(work, task.instance_id)
    game = instance.game
    events = _events(work.connection, instance.id)
    places = [n for n, e in enumerate(events) if _completes(e, task_id)]
    after = _aftermath(events[places[-1] + 1 :])
    _require_inside(game.graph, after.entered)
    _require_untouched(work, after, events)
    target = game.graph.process.elements.get(task.element_id)
    if target is None or target.loop is not None:
        raise CannotWithdraw("会签中的一份意见不能单独撤回。", task_id=task_id)
    landed = [
        token
        for token in game.tasks.values()
        if token.parent is not None
        and token.parent.element.id == target.scope
        and not token.parent.body
        and (token.internal_data.get("flow") in after.took or token.id in after.opened)
    ]
    if not landed:
        raise CannotWithdraw("已经流转到后面的环节，不能撤回。", task_id=task_id)
    move = moves.plan(game, landed[0].id, target.id)
    going = {token.id for token in (move.leaving, *move.ending)}
    if going != {token.id for token in landed}:
        raise CannotWithdraw("撤回会影响其他并行分支，不能撤回。", task_id=task_id)

    def motion(game: tokens.Game) -> None:
        moves.make(game, move, holder=task.on_behalf_of or person)

    event = history.Event(
        "task_withdrawn",
        element_id=task.element_id,
        task_id=task_id,
        person=person,
        on_behalf_of=task.on_behalf_of,
    )
    act = transactions.Act(person=person, on_behalf_of=task.on_behalf_of)
    return instances.move(work, instance, act, event, motion)


def _completed_by(
    work: transactions.Transaction, task_id: str, person: str
) -> sa.Row[Any]:
    row = work.connection.execute(
        sa.select(user_task).where(user_task.c.id == task_id)
    ).one_or_none()
    if row is None:
        raise user_tasks.NoSuchTask(task_id=task_id)
    if row.closed_how != "completed":
        raise CannotWithdraw("这一待办没有办结，无需撤回。", task_id=task_id)
    if person not in (row.closed_by, row.on_behalf_of):
        raise errors.Forbidden("只有办理人本人可以撤回。", task_id=task_id)
    return row


def _events(connection: sa.Connection, instance_id: str) -> Sequence[sa.Row[Any]]:
    return connection.execute(
        sa.select(history_event)
        .where(history_event.c.instance_id == instance_id)
        .order_by(history_event.c.seq)
    ).all()


def _completes(event: sa.Row[Any], task_id: str) -> bool:
    return bool(event.type == "task_completed" and event.task_id == task_id)


def _aftermath(events: Iterable[sa.Row[Any]]) -> _Aftermath:
    took: set[str] = set()
    entered: list[str] = []
    opened: list[str] = []
    calls: list[str] = []
    for event in events:
        if event.type in OUTGOING:
            raise CannotWithdraw("其间已有内容发出或出错，不能撤回。")
        if event.type in history.TYPES and event.type not in CONSEQUENCES:
            break
        if event.type == "tokens_moved":
            took.update(event.details["took"])
            entered += event.details["entered"]
        elif event.type == "user_task_opened":
            opened.append(event.task_id)
        elif event.type == "call_opened":
            calls.append(event.details["instance_id"])
    return _Aftermath(frozenset(took), tuple(entered), tuple(opened), tuple(calls))


def _require_inside(graph: Graph, entered: Iterable[str]) -> None:
    """Refuse where a handler or another program has been given the matter."""
    for element_id in entered:
        element = graph.process.elements.get(element_id)
        if element is None:
            continue
        said = element.attributes
        acts = "delegateExpression" in said or said.get("type") == "external"
        if acts or element.kind == "sendTask":
            name = element.name or element_id
            raise CannotWithdraw(
                f"其间系统已自动办理“{name}”，不能撤回。", element_id=element_id
            )


def _require_untouched(
    work: transactions.Transaction, after: _Aftermath, events: Sequence[sa.Row[Any]]
) -> None:
    connection = work.connection
    acted = [
        event
        for event in events
        if event.task_id in after.opened and event.type not in CONSEQUENCES
    ]
    if acted:
        names = people.names(connection, [acted[0].person or ""])
        who = names.get(acted[0].person or "", "他人")
        raise CannotWithdraw(f"下一环节已由 {who} 着手办理，不能撤回。")
    begun = connection.execute(
        sa.select(draft.c.person).where(draft.c.user_task_id.in_(after.opened)).limit(1)
    ).first()
    if begun is not None:
        raise CannotWithdraw("下一环节已有人开始填写，不能撤回。")
    for instance_id in after.calls:
        _require_called_untouched(work, instance_id)


def _require_called_untouched(work: transactions.Transaction, called_id: str) -> None:
    events = _events(work.connection, called_id)
    if not {event.type for event in events} <= UNTOUCHED:
        raise CannotWithdraw("被调用的办件已经开始办理，不能撤回。")
    after = _aftermath(events[1:])
    _require_inside(instances.look(work, called_id).graph, after.entered)
    _require_untouched(work, after, events)
