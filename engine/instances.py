"""Process instances: loaded, moved, and saved as rows.

The token game says what happened as facts; `save` turns them into the rows of one
transaction. Called instances are opened once their caller rests; a called instance
that ends leaves a job that hands its result over in a transaction of its own, so
that two units that finish together never stand in each other's way.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine import definitions
from engine import early_messages
from engine import errors
from engine import history
from engine import incidents
from engine import jobs
from engine import saving
from engine import statements
from engine import transactions
from engine import user_tasks
from engine.bpmn import facts
from engine.bpmn.game import codec
from engine.bpmn.game import surroundings
from engine.bpmn.game import tokens
from engine.tables import instance as instance_table
from engine.tables import subscription
from engine.tables import user_task

#: Calls inside calls; more is a process that calls itself without end.
DEEPEST = 20


class NoSuchInstance(errors.NotFound):
    """没有这一办件，或者您无权查看。"""


class Over(errors.Conflict):
    """这一办件已经办结，不能再变动。"""


class TooDeep(errors.DuchaError):
    """调用的层数过多，流程可能在不断调用自己。"""


# -- loading ------------------------------------------------------------------

_COLUMNS = (
    instance_table.c.id,
    instance_table.c.definition_id,
    instance_table.c.business_key,
    instance_table.c.parent_id,
    instance_table.c.parent_wait_id,
    instance_table.c.root_id,
    instance_table.c.root_key,
    instance_table.c.depth,
    instance_table.c.version,
    instance_table.c.history_seq,
    instance_table.c.history_head,
    instance_table.c.state,
    instance_table.c.status,
    instance_table.c.suspended_at,
)
# Locked with KEY SHARE: a called instance that ends refers to its caller by a job,
# and must not wait for it (locks are only ever taken from parent to child).
_LOAD = statements.Query(
    sa.select(*_COLUMNS)
    .where(instance_table.c.id == sa.bindparam("instance_id"))
    .with_for_update(key_share=True)
)
_LOAD_BY_TASK = statements.Query(
    sa.select(*user_tasks.COLUMNS, *_COLUMNS)
    .join_from(
        user_task, instance_table, user_task.c.instance_id == instance_table.c.id
    )
    .where(user_task.c.id == sa.bindparam("task_id"))
    .with_for_update(of=instance_table, key_share=True)
)


def load(work: transactions.Transaction, instance_id: str) -> transactions.Instance:
    """Return the active instance, locked; saving fails if it was changed meanwhile.

    Raises NoSuchInstance, Over, or Suspended.
    """
    known = work.instances.get(instance_id)
    if known is not None:
        return known
    (found,) = statements.ask(work.connection, (_LOAD, {"instance_id": instance_id}))
    if not found:
        raise NoSuchInstance(instance_id=instance_id)
    return _loaded(work, found[0])


def of_task(task_id: str) -> tuple[statements.Query, statements.Row]:
    """Return the question whose rows `load_by_task` reads."""
    return _LOAD_BY_TASK, {"task_id": task_id}


def load_by_task(
    work: transactions.Transaction, task_id: str, rows: Sequence[tuple[Any, ...]]
) -> tuple[transactions.Instance, user_tasks.UserTask]:
    """Return the open user task and its instance from what `of_task` found."""
    if not rows:
        raise user_tasks.NoSuchTask(task_id=task_id)
    row = rows[0]
    width = len(user_tasks.COLUMNS)
    task = user_tasks.UserTask(*row[:width])
    user_tasks.require_open(work.connection, task)
    try:
        instance = work.instances.get(task.instance_id) or _loaded(work, row[width:])
    except Over:
        # It was the last task, closed while this transaction waited for the lock.
        user_tasks.get(work.connection, task_id)
        raise
    if task_id not in instance.game.tasks:
        # Another transaction closed it while this one waited for the lock.
        user_tasks.get(work.connection, task_id)
        raise saving.UnsoundState(task_id=task_id)
    return instance, task


def _loaded(
    work: transactions.Transaction, row: tuple[Any, ...]
) -> transactions.Instance:
    *plain, state, status, suspended_at = row
    if status != "active":
        raise Over(instance_id=row[0])
    if suspended_at is not None:
        raise user_tasks.Suspended(instance_id=row[0])
    plain[1] = work.library.get(work.connection, plain[1])
    instance = transactions.Instance(*plain)
    instance.surroundings = transactions.Surroundings(work, instance)
    instance.game = codec.load(instance.definition.graph, state, instance.surroundings)
    work.instances[instance.id] = instance
    return instance


def look(work: transactions.Transaction, instance_id: str) -> tokens.Game:
    """Return an active instance's tokens, to be read only: nothing is locked."""
    known = work.instances.get(instance_id)
    if known is not None:
        return known.game
    row = work.connection.execute(
        sa.select(instance_table.c.definition_id, instance_table.c.state).where(
            instance_table.c.id == instance_id, instance_table.c.status == "active"
        )
    ).one_or_none()
    if row is None:
        raise NoSuchInstance(instance_id=instance_id)
    graph = work.library.get(work.connection, row.definition_id).graph
    return codec.load(graph, row.state, surroundings.AtRest())


# -- acts ---------------------------------------------------------------------


def start(
    work: transactions.Transaction,
    definition_id: str,
    *,
    variables: Mapping[str, object],
    business_key: str | None,
    act: transactions.Act,
    start_event: str | None = None,
    caller: transactions.Instance | None = None,
    wait_id: str | None = None,
    instance_id: str | None = None,
) -> transactions.Instance:
    """Start an instance, called by another one or by itself, and save it."""
    definition = work.library.get(work.connection, definition_id)
    new_id = instance_id or uuid4().hex
    instance = transactions.Instance(
        id=new_id,
        definition=definition,
        business_key=business_key,
        parent_id=caller.id if caller else None,
        parent_wait_id=wait_id,
        root_id=caller.root_id if caller else new_id,
        root_key=caller.root_key if caller else definition.key,
        depth=caller.depth + 1 if caller else 0,
        version=0,
        history_seq=0,
        history_head=history.GENESIS,
        act=act,
    )
    instance.surroundings = transactions.Surroundings(work, instance)
    work.instances[new_id] = instance
    # The row comes first: what handlers write refers to it.
    saving.insert(work, instance)
    instance.events.append(
        history.Event(
            "instance_started",
            element_id=start_event,
            person=act.person,
            details={
                "key": definition.key,
                "version": definition.version,
                "business_key": business_key,
                "variables": dict(variables),
            },
        )
    )
    instance.moving = True
    instance.game = tokens.Game.start(
        definition.graph,
        instance.surroundings,
        variables=variables,
        start_event=start_event,
        initiator=act.person,
        called=caller is not None,
    )
    instance.moving = False
    _follow(work, instance, saving.save(work, instance))
    return instance


def move(
    work: transactions.Transaction,
    instance: transactions.Instance,
    act: transactions.Act,
    event: history.Event,
    motion: Callable[[tokens.Game], None],
) -> tuple[str, ...]:
    """Record the event, move the tokens and save; return the user tasks opened."""
    instance.act = act
    instance.events.append(event)
    instance.moving = True
    motion(instance.game)
    instance.moving = False
    saved = saving.save(work, instance)
    _follow(work, instance, saved)
    return saved.tasks


def _follow(
    work: transactions.Transaction,
    instance: transactions.Instance,
    saved: saving.Saved,
) -> None:
    """Cancel the called instances that are no longer wanted, and open new ones."""
    if saved.abandoned:
        children = work.connection.scalars(
            sa.select(instance_table.c.id)
            .where(
                instance_table.c.parent_id == instance.id,
                instance_table.c.parent_wait_id.in_(saved.abandoned),
                instance_table.c.status == "active",
            )
            .order_by(instance_table.c.id)
        ).all()
        for child_id in children:
            child = load(work, child_id)
            cancel(work, child, "上级办件不再需要", instance.act)
    for wait, instance_id in saved.calls:
        call(work, instance, wait, instance_id)


def cancel(
    work: transactions.Transaction,
    instance: transactions.Instance,
    reason: str,
    act: transactions.Act,
) -> None:
    """End an instance and all it called."""
    event = history.Event(
        "instance_cancelled", person=act.person, details={"reason": reason}
    )
    move(work, instance, act, event, lambda game: game.cancel(reason))


def note(
    work: transactions.Transaction, instance_id: str, event: history.Event
) -> None:
    """Append an event, in its place if the instance is moving."""
    known = work.instances.get(instance_id)
    if known is not None and known.moving:
        known.events.append(event)
        return
    seq, head = history.append(work.connection, instance_id, work.now(), event)
    if known is not None:
        known.history_seq, known.history_head = seq, head


def rename(work: transactions.Transaction, instance_id: str, business_key: str) -> None:
    """Give an instance, its open tasks and its subscriptions a business key."""
    known = work.instances.get(instance_id)
    if known is not None:
        known.business_key = business_key
    for table, column in (
        (instance_table, instance_table.c.id),
        (user_task, user_task.c.instance_id),
        (subscription, subscription.c.instance_id),
    ):
        work.connection.execute(
            table.update()
            .where(column == instance_id)
            .values(business_key=business_key)
        )
    # A message for this key may have come before the key.
    awaited = work.connection.scalars(
        sa.select(subscription.c.name).where(
            subscription.c.instance_id == instance_id,
            subscription.c.kind.in_(("message", "receive")),
        )
    )
    looks = early_messages.look(
        work.connection, awaited, business_key, work.now(), work.worker
    )
    jobs.add(work.connection, looks)
    work.prompt.extend(job["id"] for job in looks)


# -- calls --------------------------------------------------------------------


def call(
    work: transactions.Transaction,
    caller: transactions.Instance,
    wait: facts.Wait,
    instance_id: str,
) -> None:
    """Open the instance that a call activity waits for; an incident if there is none.

    An instance that names no business key of its own bears its caller's.
    """
    details = wait.details
    try:
        if caller.depth >= DEEPEST:
            raise TooDeep(instance_id=caller.id)
        definition_id = definitions.called(
            work.connection, caller.definition, wait.name, details
        )
    except (definitions.NoSuchDefinition, TooDeep) as error:
        trouble = incidents.row(
            "call",
            error.message,
            work.now(),
            instance_id=caller.id,
            element_id=wait.element_id,
            wait_id=wait.id,
        )
        incidents.open_(work.connection, [trouble])
        return
    given: Any = details.get("variables") or {}
    key = details.get("business_key")
    start(
        work,
        definition_id,
        variables=given,
        business_key=str(key) if key else caller.business_key,
        act=transactions.Act(
            person=caller.act.person, on_behalf_of=caller.act.on_behalf_of
        ),
        caller=caller,
        wait_id=wait.id,
        instance_id=instance_id,
    )


def take_over(
    work: transactions.Transaction,
    parent: transactions.Instance,
    wait_id: str,
    result: Mapping[str, Any],
) -> None:
    """Give a called instance's end, error or escalation to its caller."""
    code, how = result.get("code"), result["how"]
    element_id = parent.game.waits[wait_id][1]
    event = history.Event(f"call_{how}", element_id, details={"code": code})

    def motion(game: tokens.Game) -> None:
        if how == "escalated":
            game.escalate(wait_id, code, result["variables"])
        elif how == "error":
            game.raise_error(wait_id, code, result["message"], result["variables"])
        elif result.get("reach"):
            game.reach_up(wait_id, result["reach"], result["variables"])
        else:
            game.finish_call(wait_id, result["variables"])

    move(work, parent, transactions.NOBODY, event, motion)
