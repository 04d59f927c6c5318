"""An instance that rests becomes rows, all in the transaction that moved it."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine import changes as changing
from engine import early_messages
from engine import errors
from engine import history
from engine import incidents
from engine import jobs
from engine import people
from engine import routing
from engine import statements
from engine import transactions
from engine import user_tasks
from engine import workdays
from engine.bpmn import facts
from engine.bpmn import iso8601
from engine.bpmn.game import codec
from engine.tables import instance as instance_table
from engine.tables import subscription

#: Waits whose rows are jobs, and waits whose rows are subscriptions.
TIMED = ("timer", "async", "external")
SUBSCRIBED = ("message", "signal", "receive", "conditional")


class Overtaken(errors.Conflict):
    """这一办件刚刚被他人更新，请刷新后再办。"""


class UnsoundState(errors.DuchaError):
    """办件的新状态存下后读不回来，没有保存。"""


_MOVED = (
    instance_table.update()
    .where(
        instance_table.c.id == sa.bindparam("instance_id"),
        instance_table.c.version == sa.bindparam("known_version"),
    )
    .values(
        version=sa.bindparam("new_version"),
        state=sa.bindparam("new_state"),
        history_seq=sa.bindparam("seq"),
        history_head=sa.bindparam("head"),
    )
)


_UPDATE = statements.Statement(_MOVED)
_END = statements.Statement(
    _MOVED.values(
        status=sa.bindparam("status"),
        ended_at=sa.bindparam("at"),
        ended_how=sa.bindparam("how"),
    )
)
_SUBSCRIBE = statements.Statement(subscription.insert())
_UNSUBSCRIBE = statements.Statement(
    subscription.delete().where(subscription.c.wait_id == sa.bindparam("wait"))
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What is left to be done when an instance has been saved."""

    #: The user tasks that opened.
    tasks: tuple[str, ...]
    #: The calls that opened, and the ids their instances shall bear.
    calls: tuple[tuple[facts.Wait, str], ...]
    #: The calls that are no longer wanted.
    abandoned: tuple[str, ...]


def save(work: transactions.Transaction, instance: transactions.Instance) -> Saved:
    """Write what happened since the instance was loaded."""
    changes = changing.Changes()
    for fact in instance.game.take_facts():
        changes.add(fact)
    calls = {wait.id: uuid4().hex for wait in changes.opened_of("call")}
    instance.events += changing.told(changes, calls)
    events, seq, head = history.chained(
        instance.id,
        instance.history_seq,
        instance.history_head,
        work.now(),
        instance.events,
    )
    batch = statements.Batch(work.connection)
    _update(batch, work, instance, changes, seq, head)
    _close(batch, work, instance, changes)
    tasks = _open(batch, work, instance, changes)
    _later(batch, work, instance, changes)
    batch.add(history.WRITE, *events)
    if batch.flush() != 1:
        raise _overtaken(work, instance)
    instance.events = []
    instance.version += 1
    instance.history_seq, instance.history_head = seq, head
    if changes.ended is not None:
        del work.instances[instance.id]
    return Saved(
        tasks=tuple(tasks),
        calls=tuple((wait, calls[wait.id]) for wait in changes.opened_of("call")),
        abandoned=tuple(
            closed.wait_id
            for closed in changes.closed_of("call")
            if closed.how == "cancelled"
        ),
    )


def insert(work: transactions.Transaction, instance: transactions.Instance) -> None:
    """Write the row of a new instance, to which everything else refers."""
    work.connection.execute(
        instance_table.insert(),
        {
            "id": instance.id,
            "definition_id": instance.definition.id,
            "key": instance.definition.key,
            "business_key": instance.business_key,
            "parent_id": instance.parent_id,
            "parent_wait_id": instance.parent_wait_id,
            "root_id": instance.root_id,
            "root_key": instance.root_key,
            "depth": instance.depth,
            "status": "active",
            "version": 0,
            "history_seq": 0,
            "history_head": history.GENESIS,
            "started_by": instance.act.person,
            "started_at": work.now(),
        },
    )


def _update(
    batch: statements.Batch,
    work: transactions.Transaction,
    instance: transactions.Instance,
    changes: changing.Changes,
    seq: int,
    head: str,
) -> None:
    values = {
        "instance_id": instance.id,
        "known_version": instance.version,
        "new_version": instance.version + 1,
        "seq": seq,
        "head": head,
    }
    if changes.ended is None:
        batch.add(_UPDATE, {**values, "new_state": _proved(instance)})
    else:
        # What is over is in the history; its tokens are gone.
        ended = {"status": "ended", "at": work.now(), "how": changes.ended.how}
        batch.add(_END, {**values, "new_state": None, **ended})


def _proved(instance: transactions.Instance) -> bytes:
    """Return the state, having proved that it can be read back."""
    state = codec.dump(instance.game)
    again = codec.load(instance.definition.graph, state, instance.surroundings)
    if codec.dump(again) != state:
        raise UnsoundState(instance_id=instance.id)
    return state


def _overtaken(
    work: transactions.Transaction, instance: transactions.Instance
) -> Overtaken:
    last = history.last(work.connection, instance.id)
    if last is None or last.person is None:
        return Overtaken(instance_id=instance.id)
    name = people.names(work.connection, [last.person]).get(last.person, last.person)
    when = last.at.astimezone(workdays.SHANGHAI).strftime("%Y-%m-%d %H:%M")
    return Overtaken(
        f"{name} 于 {when} 刚刚办理了这一办件，请刷新后再办。",
        instance_id=instance.id,
        person=last.person,
        at=last.at,
    )


def _close(
    batch: statements.Batch,
    work: transactions.Transaction,
    instance: transactions.Instance,
    changes: changing.Changes,
) -> None:
    act = instance.act
    for closed in changes.closed_of("user_task"):
        by_person = closed.how in ("completed", "returned")
        user_tasks.close(
            batch,
            task_id=closed.wait_id,
            at=work.now(),
            person=act.person if by_person else None,
            principal=act.on_behalf_of if by_person else None,
            how=closed.how,
        )
    for closed in changes.closed_of(*TIMED, "failed"):
        batch.add(jobs.DROP, {"wait": closed.wait_id})
    for closed in changes.closed_of(*SUBSCRIBED):
        batch.add(_UNSUBSCRIBE, {"wait": closed.wait_id})
    troubled = [c.wait_id for c in changes.closed_of("failed", "call", "external")]
    if troubled:
        incidents.resolve(work.connection, work.now(), act.person, wait_ids=troubled)


def _open(
    batch: statements.Batch,
    work: transactions.Transaction,
    instance: transactions.Instance,
    changes: changing.Changes,
) -> list[str]:
    shared = {
        "instance_id": instance.id,
        "root_id": instance.root_id,
        "business_key": instance.business_key,
        "definition_id": instance.definition.id,
        "procedure": instance.root_key,
        "created_at": work.now(),
    }
    opened = []
    for wait in changes.opened_of("user_task"):
        element = instance.definition.graph.element(wait.element_id)
        task, candidates = user_tasks.rows(wait, element, shared)
        user_tasks.open_(batch, task, candidates)
        opened.append(wait.id)
    for wait in changes.opened_of(*SUBSCRIBED):
        batch.add(
            _SUBSCRIBE,
            {
                "wait_id": wait.id,
                "instance_id": instance.id,
                "kind": wait.kind,
                "name": wait.name,
                "business_key": instance.business_key,
                "correlation": wait.details.get("correlation", {}),
            },
        )
    return opened


def _later(
    batch: statements.Batch,
    work: transactions.Transaction,
    instance: transactions.Instance,
    changes: changing.Changes,
) -> None:
    """Write the jobs and incidents that the changes ask for."""
    now = work.now()
    rows = []
    for wait in changes.opened_of(*TIMED):
        rows.append(
            jobs.row(
                wait.kind,
                wait.due_at or now,
                now,
                instance_id=instance.id,
                wait_id=wait.id,
                handler=wait.name or None,
            )
        )
    troubles = []
    for wait in changes.opened_of("failed"):
        waits = _waits(instance, wait)
        attempts = len(waits)
        if instance.act.attempts_left is not None:
            attempts = instance.act.attempts_left - 1
        if wait.details.get("retry") and attempts > 0:
            rows.append(
                jobs.row(
                    "retry",
                    jobs.again_at(waits, attempts, now),
                    now,
                    instance_id=instance.id,
                    wait_id=wait.id,
                    attempts=attempts,
                )
            )
        else:
            troubles.append(
                incidents.row(
                    "failed",
                    str(wait.details.get("error", "")),
                    now,
                    instance_id=instance.id,
                    element_id=wait.element_id,
                    wait_id=wait.id,
                )
            )
    rows += _prompt(work, instance, changes)
    batch.add(jobs.ADD, *rows)
    batch.add(incidents.OPEN, *troubles)


def _waits(
    instance: transactions.Instance, wait: facts.Wait
) -> Sequence[iso8601.Duration]:
    """Return the waits between the tries of an element, as drawn or as usual."""
    element = instance.definition.graph.element(wait.element_id)
    written = element.attributes.get("failedJobRetryTimeCycle")
    if not written:
        return jobs.BACK_OFF
    seen = instance.game.variables_at(wait.id)
    try:
        return iso8601.parse_retries(str(instance.game.evaluate_in(written, seen)))
    except errors.DuchaError:
        # What cannot be understood must not undo what the person did.
        return jobs.BACK_OFF


def _prompt(
    work: transactions.Transaction,
    instance: transactions.Instance,
    changes: changing.Changes,
) -> list[dict[str, Any]]:
    """Return the jobs that are run at once after the commit."""
    rows: list[dict[str, Any]] = []

    def add(
        kind: str, payload: Mapping[str, object], to: str | None, wait_id: str | None
    ) -> None:
        new = jobs.row(
            kind,
            work.now(),
            work.now(),
            instance_id=to,
            wait_id=wait_id,
            payload=payload,
            worker=work.worker,
        )
        rows.append(new)
        work.prompt.append(new["id"])

    for sent in changes.sent:
        if sent.kind == "message":
            add("message", {"name": sent.name, **_spoken(instance, sent)}, None, None)
        elif sent.kind == "signal":
            for to in routing.listeners(work.connection, sent.name, but=instance.id):
                add("signal", _spoken(instance, sent), to.instance_id, to.wait_id)
            for start_ in routing.starts(work.connection, "signal", sent.name):
                begun = {
                    "definition_id": start_.definition_id,
                    "element_id": start_.element_id,
                }
                add("start", {**begun, **_spoken(instance, sent)}, None, None)
        elif sent.kind == "escalation" and instance.parent_id is not None:
            escalated = {
                "how": "escalated",
                "code": sent.code,
                "variables": dict(sent.variables),
            }
            add("hand_over", escalated, instance.parent_id, instance.parent_wait_id)
    awaited = [wait.name for wait in changes.opened_of("message", "receive")]
    for new in early_messages.look(
        work.connection, awaited, instance.business_key, work.now(), work.worker
    ):
        rows.append(new)
        work.prompt.append(new["id"])
    ended = changes.ended
    if ended is not None and ended.how != "cancelled" and instance.parent_id:
        result = {
            "how": ended.how,
            "code": ended.code,
            "message": ended.message,
            "reach": ended.reach,
            "variables": instance.game.variables,
        }
        add("hand_over", result, instance.parent_id, instance.parent_wait_id)
    return rows


def _spoken(instance: transactions.Instance, sent: facts.Sent) -> dict[str, object]:
    return {
        "business_key": instance.business_key,
        "variables": dict(sent.variables),
        "from": instance.id,
    }
