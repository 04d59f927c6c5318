"""Process instances: loaded, moved, and saved as rows.

The token game says what happened as facts; `save` turns them into the rows of one
transaction. Called instances are opened once their caller rests; a called instance
that ends leaves a job that hands its result over in a transaction of its own, so
that two units that finish together never stand in each other's way.
"""

from collections.abc import Callable
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any
from typing import Protocol
from uuid import uuid4

import sqlalchemy as sa

from engine import definitions
from engine import errors
from engine import handlers
from engine import history
from engine import incidents
from engine import jobs
from engine import people
from engine import routing
from engine import user_tasks
from engine import workdays
from engine.bpmn import codec
from engine.bpmn import facts
from engine.bpmn import model
from engine.bpmn import tokens
from engine.tables import instance as instance_table
from engine.tables import subscription
from engine.tables import user_task

#: Calls inside calls; more is a process that calls itself without end.
DEEPEST = 20

#: Waits whose rows are jobs, and waits whose rows are subscriptions.
TIMED = ("timer", "async", "external")
SUBSCRIBED = ("message", "signal", "receive", "conditional")


class NoSuchInstance(errors.NotFound):
    """没有这一办件，或者您无权查看。"""


class Over(errors.Conflict):
    """这一办件已经办结，不能再变动。"""


class Overtaken(errors.Conflict):
    """这一办件刚刚被他人更新，请刷新后再办。"""


class UnsoundState(errors.DuchaError):
    """办件的新状态存下后读不回来，没有保存。"""


class TooDeep(errors.DuchaError):
    """调用的层数过多，流程可能在不断调用自己。"""


@dataclass(frozen=True, slots=True)
class Act:
    """Who moves the instance, and what they brought."""

    person: str | None = None
    on_behalf_of: str | None = None
    task_id: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    #: Of the job that tries a failed element again; None for any other act.
    attempts_left: int | None = None


#: What happens by itself.
NOBODY = Act()


class Transaction(handlers.Work, Protocol):
    """The unit of work, as far as instances need it."""

    #: The instances loaded in this transaction.
    instances: "dict[str, Instance]"
    #: Jobs to be run at once after the commit.
    prompt: list[str]
    worker: str
    registry: handlers.Registry
    library: definitions.Library

    @property
    def functions(self) -> Mapping[str, Callable[..., object]]:
        """The functions that expressions may call."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what is done inside, in memory too, when it raises."""
        ...


@dataclass(slots=True)
class Instance:
    """A process instance of this transaction."""

    id: str
    definition: definitions.Definition
    business_key: str | None
    parent_id: str | None
    parent_wait_id: str | None
    root_id: str
    root_key: str
    depth: int
    version: int
    history_seq: int
    history_head: str
    #: None until the token game has begun.
    game: tokens.Game = field(init=False)
    surroundings: "Surroundings" = field(init=False)
    act: Act = NOBODY
    #: Whether tokens are moving now: what comes from outside has to wait.
    moving: bool = False
    #: Happened since the last save.
    events: list[history.Event] = field(default_factory=list)


class Surroundings:
    """What one instance's token game may ask of the transaction."""

    def __init__(self, work: Transaction, instance: Instance) -> None:
        """Belong to one instance in one transaction."""
        self._work = work
        self._instance = instance
        self.functions = work.functions

    def now(self) -> datetime:
        """Return the moment of the transaction."""
        return self._work.now()

    def invoke(
        self,
        handler: str,
        element: model.Element,
        token_id: str,
        variables: Mapping[str, object],
        listener: model.Listener | None,
    ) -> Mapping[str, object] | None:
        """Run a handler; of one that raises nothing remains."""
        function = self._work.registry.handlers.get(handler)
        if function is None:
            raise handlers.NoHandler(f"没有登记处理程序“{handler}”。", name=handler)
        instance, act = self._instance, self._instance.act
        call = handlers.Call(
            work=self._work,
            instance_id=instance.id,
            root_id=instance.root_id,
            business_key=instance.business_key,
            element=element,
            variables=variables,
            fields=act.fields,
            task_id=token_id if element.kind == "userTask" else act.task_id,
            person=act.person,
            on_behalf_of=act.on_behalf_of,
            parameters=listener.fields if listener else {},
        )
        with self._work.savepoint():
            return function(call)

    def decide(
        self,
        decision: str,
        element: model.Element,
        variables: Mapping[str, object],
    ) -> list[dict[str, object]]:
        """Return the rows of one of the definition's decision tables."""
        table = self._instance.definition.decisions.get(decision)
        if table is None:
            raise handlers.NoHandler(f"没有决策表“{decision}”。", name=decision)
        return table.decide(variables, self.functions)


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
)
_LOAD = (
    sa.select(*_COLUMNS)
    .where(instance_table.c.id == sa.bindparam("instance_id"))
    .with_for_update()
)
_LOAD_BY_TASK = (
    sa.select(*user_tasks.COLUMNS, *_COLUMNS)
    .join_from(
        user_task, instance_table, user_task.c.instance_id == instance_table.c.id
    )
    .where(user_task.c.id == sa.bindparam("task_id"))
    .with_for_update(of=instance_table)
)


def load(work: Transaction, instance_id: str) -> Instance:
    """Return the active instance, locked; saving fails if it was changed meanwhile."""
    known = work.instances.get(instance_id)
    if known is not None:
        return known
    row = work.connection.execute(_LOAD, {"instance_id": instance_id}).one_or_none()
    if row is None:
        raise NoSuchInstance(instance_id=instance_id)
    return _loaded(work, tuple(row))


def load_by_task(
    work: Transaction, task_id: str
) -> tuple[Instance, user_tasks.UserTask]:
    """Return the open user task and its instance, by one query."""
    row = work.connection.execute(_LOAD_BY_TASK, {"task_id": task_id}).one_or_none()
    if row is None:
        raise user_tasks.NoSuchTask(task_id=task_id)
    width = len(user_tasks.COLUMNS)
    task = user_tasks.UserTask(*row[:width])
    user_tasks.require_open(work.connection, task)
    instance = work.instances.get(task.instance_id) or _loaded(work, row[width:])
    if task_id not in instance.game.tasks:
        # Another transaction closed it while this one waited for the lock.
        user_tasks.get(work.connection, task_id)
        raise UnsoundState(task_id=task_id)
    return instance, task


def _loaded(work: Transaction, row: tuple[Any, ...]) -> Instance:
    *plain, state, status = row
    if status != "active":
        raise Over(instance_id=row[0])
    plain[1] = work.library.get(work.connection, plain[1])
    instance = Instance(*plain)
    instance.surroundings = Surroundings(work, instance)
    instance.game = codec.load(instance.definition.graph, state, instance.surroundings)
    work.instances[instance.id] = instance
    return instance


# -- acts ---------------------------------------------------------------------


def start(
    work: Transaction,
    definition_id: str,
    *,
    variables: Mapping[str, object],
    business_key: str | None,
    act: Act,
    start_event: str | None = None,
    caller: Instance | None = None,
    wait_id: str | None = None,
    instance_id: str | None = None,
) -> Instance:
    """Start an instance, called by another one or by itself, and save it."""
    definition = work.library.get(work.connection, definition_id)
    new_id = instance_id or uuid4().hex
    instance = Instance(
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
    instance.surroundings = Surroundings(work, instance)
    work.instances[new_id] = instance
    # The row comes first: what handlers write refers to it.
    _insert(work, instance)
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
    save(work, instance)
    return instance


def move(
    work: Transaction,
    instance: Instance,
    act: Act,
    event: history.Event,
    motion: Callable[[tokens.Game], None],
) -> list[str]:
    """Record the event, move the tokens and save; return the user tasks opened."""
    instance.act = act
    instance.events.append(event)
    instance.moving = True
    motion(instance.game)
    instance.moving = False
    return save(work, instance)


def cancel(work: Transaction, instance: Instance, reason: str, act: Act) -> None:
    """End an instance and all it called."""
    event = history.Event(
        "instance_cancelled", person=act.person, details={"reason": reason}
    )
    move(work, instance, act, event, lambda game: game.cancel(reason))


def note(work: Transaction, instance_id: str, event: history.Event) -> None:
    """Append an event, in its place if the instance is moving."""
    known = work.instances.get(instance_id)
    if known is not None and known.moving:
        known.events.append(event)
        return
    seq, head = history.append(work.connection, instance_id, work.now(), event)
    if known is not None:
        known.history_seq, known.history_head = seq, head


def rename(work: Transaction, instance_id: str, business_key: str) -> None:
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


# -- saving -------------------------------------------------------------------

_UPDATE = (
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
_END = _UPDATE.values(
    status="ended", ended_at=sa.bindparam("at"), ended_how=sa.bindparam("how")
)
_INSERT_SUBSCRIPTION = subscription.insert()


@dataclass(slots=True)
class Changes:
    """What one rest-to-rest move means for the rows beside the instance's own."""

    opened: dict[str, facts.Wait] = field(default_factory=dict)
    closed: dict[tuple[str, str], facts.Closed] = field(default_factory=dict)
    sent: list[facts.Sent] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    took: list[str] = field(default_factory=list)
    failed: list[facts.Failed] = field(default_factory=list)
    ended: facts.Ended | None = None

    def add(self, fact: facts.Fact) -> None:
        """Take in one fact, in order: what opened and closed again leaves no row."""
        match fact:
            case facts.Opened(wait):
                self.opened[wait.id] = wait
            case facts.Closed():
                if self.opened.pop(fact.wait_id, None) is None:
                    self.closed[fact.wait_id, fact.kind] = fact
            case facts.Sent():
                self.sent.append(fact)
            case facts.Entered(element_id):
                self.entered.append(element_id)
            case facts.Left(element_id):
                self.left.append(element_id)
            case facts.Took(sequence_flow_id):
                self.took.append(sequence_flow_id)
            case facts.Failed():
                self.failed.append(fact)
            case facts.Ended():
                self.ended = fact

    def closed_of(self, *kinds: str) -> list[facts.Closed]:
        """Return the waits of these kinds that closed."""
        return [c for (_, kind), c in self.closed.items() if kind in kinds]

    def opened_of(self, *kinds: str) -> list[facts.Wait]:
        """Return the waits of these kinds that opened."""
        return [w for w in self.opened.values() if w.kind in kinds]


def save(work: Transaction, instance: Instance) -> list[str]:
    """Write what happened since the instance was loaded; return the tasks opened."""
    changes = Changes()
    for fact in instance.game.take_facts():
        changes.add(fact)
    calls = {wait.id: uuid4().hex for wait in changes.opened_of("call")}
    instance.events += _told(instance, changes, calls)
    events, seq, head = history.chained(
        instance.id,
        instance.history_seq,
        instance.history_head,
        work.now(),
        instance.events,
    )
    _update(work, instance, changes, seq, head)
    instance.events = []
    _close(work, instance, changes)
    opened = _open(work, instance, changes)
    _later(work, instance, changes)
    history.write(work.connection, events)
    if changes.ended is not None:
        del work.instances[instance.id]
    for wait in changes.opened_of("call"):
        call(work, instance, wait, calls[wait.id])
    return opened


def _insert(work: Transaction, instance: Instance) -> None:
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
    work: Transaction, instance: Instance, changes: Changes, seq: int, head: str
) -> None:
    values = {
        "instance_id": instance.id,
        "known_version": instance.version,
        "new_version": instance.version + 1,
        "seq": seq,
        "head": head,
    }
    if changes.ended is None:
        values["new_state"] = _proved(instance)
        saved = work.connection.execute(_UPDATE, values)
    else:
        # What is over is in the history; its tokens are gone.
        ended = {"new_state": None, "at": work.now(), "how": changes.ended.how}
        saved = work.connection.execute(_END, values | ended)
    if saved.rowcount != 1:
        raise _overtaken(work, instance)
    instance.version += 1
    instance.history_seq, instance.history_head = seq, head


def _proved(instance: Instance) -> bytes:
    """Return the state, having proved that it can be read back."""
    state = codec.dump(instance.game)
    again = codec.load(instance.definition.graph, state, instance.surroundings)
    if codec.dump(again) != state:
        raise UnsoundState(instance_id=instance.id)
    return state


def _overtaken(work: Transaction, instance: Instance) -> Overtaken:
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


def _told(
    instance: Instance, changes: Changes, calls: Mapping[str, str]
) -> list[history.Event]:
    """Return what the history says of the changes."""
    told: list[history.Event] = []
    if changes.entered or changes.left or changes.took:
        moved = {
            "entered": changes.entered,
            "left": changes.left,
            "took": changes.took,
        }
        told.append(history.Event("tokens_moved", details=moved))
    for closed in changes.closed_of("user_task"):
        if closed.how == "cancelled":
            told.append(
                history.Event("user_task_cancelled", closed.element_id, closed.wait_id)
            )
    for failed in changes.failed:
        told.append(
            history.Event(
                "element_failed", failed.element_id, details={"error": failed.error}
            )
        )
    for sent in changes.sent:
        thrown = {"name": sent.name, "code": sent.code}
        told.append(
            history.Event(f"{sent.kind}_thrown", sent.element_id, details=thrown)
        )
    for wait in changes.opened_of("user_task"):
        told.append(
            history.Event(
                "user_task_opened",
                wait.element_id,
                wait.id,
                details={"name": wait.name, **_assignment(wait)},
            )
        )
    for wait in changes.opened_of("call"):
        made = {"key": wait.name, "instance_id": calls[wait.id]}
        told.append(history.Event("call_opened", wait.element_id, details=made))
    if changes.ended is not None:
        how = {
            "how": changes.ended.how,
            "code": changes.ended.code,
            "message": changes.ended.message,
        }
        told.append(history.Event("instance_ended", details=how))
    return told


def _assignment(wait: facts.Wait) -> dict[str, object]:
    names = ("assignee", "candidate_users", "candidate_groups", "due_at")
    return {name: wait.details[name] for name in names if wait.details.get(name)}


def _close(work: Transaction, instance: Instance, changes: Changes) -> None:
    act, connection = instance.act, work.connection
    user_tasks.close(
        connection,
        [
            {
                "task_id": closed.wait_id,
                "at": work.now(),
                "person": act.person if closed.how == "completed" else None,
                "principal": act.on_behalf_of if closed.how == "completed" else None,
                "how": closed.how,
            }
            for closed in changes.closed_of("user_task")
        ],
    )
    timed = [closed.wait_id for closed in changes.closed_of(*TIMED, "failed")]
    if timed:
        jobs.drop(connection, timed)
    subscribed = [closed.wait_id for closed in changes.closed_of(*SUBSCRIBED)]
    if subscribed:
        connection.execute(
            subscription.delete().where(subscription.c.wait_id.in_(subscribed))
        )
    troubled = [closed.wait_id for closed in changes.closed_of("failed", "call")]
    if troubled:
        incidents.resolve(connection, work.now(), act.person, wait_ids=troubled)
    calls = [
        closed.wait_id
        for closed in changes.closed_of("call")
        if closed.how == "cancelled"
    ]
    if calls:
        children = connection.scalars(
            sa.select(instance_table.c.id)
            .where(
                instance_table.c.parent_id == instance.id,
                instance_table.c.parent_wait_id.in_(calls),
                instance_table.c.status == "active",
            )
            .order_by(instance_table.c.id)
        ).all()
        for child_id in children:
            cancel(work, load(work, child_id), "上级办件不再需要", act)


def _open(work: Transaction, instance: Instance, changes: Changes) -> list[str]:
    shared = {
        "instance_id": instance.id,
        "root_id": instance.root_id,
        "business_key": instance.business_key,
        "definition_id": instance.definition.id,
        "procedure": instance.root_key,
        "created_at": work.now(),
    }
    tasks, candidates = [], []
    for wait in changes.opened_of("user_task"):
        element = instance.definition.graph.element(wait.element_id)
        task, those = user_tasks.rows(wait, element, shared)
        tasks.append(task)
        candidates += those
    user_tasks.open_(work.connection, tasks, candidates)
    subscriptions = [
        {
            "wait_id": wait.id,
            "instance_id": instance.id,
            "kind": wait.kind,
            "name": wait.name,
            "business_key": instance.business_key,
            "correlation": wait.details.get("correlation", {}),
        }
        for wait in changes.opened_of(*SUBSCRIBED)
    ]
    if subscriptions:
        work.connection.execute(_INSERT_SUBSCRIPTION, subscriptions)
    return [task["id"] for task in tasks]


def _later(work: Transaction, instance: Instance, changes: Changes) -> None:
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
        attempts = jobs.ATTEMPTS - 1
        if instance.act.attempts_left is not None:
            attempts = instance.act.attempts_left - 1
        if wait.details.get("retry") and attempts > 0:
            rows.append(
                jobs.row(
                    "retry",
                    now + jobs.back_off(attempts),
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
    jobs.add(work.connection, rows)
    incidents.open_(work.connection, troubles)


def _prompt(
    work: Transaction, instance: Instance, changes: Changes
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
    ended = changes.ended
    if ended is not None and ended.how != "cancelled" and instance.parent_id:
        result = {
            "how": ended.how,
            "code": ended.code,
            "message": ended.message,
            "variables": instance.game.variables,
        }
        add("hand_over", result, instance.parent_id, instance.parent_wait_id)
    return rows


def _spoken(instance: Instance, sent: facts.Sent) -> dict[str, object]:
    return {
        "business_key": instance.business_key,
        "variables": dict(sent.variables),
        "from": instance.id,
    }


# -- calls --------------------------------------------------------------------


def call(
    work: Transaction, caller: Instance, wait: facts.Wait, instance_id: str
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
        act=Act(person=caller.act.person, on_behalf_of=caller.act.on_behalf_of),
        caller=caller,
        wait_id=wait.id,
        instance_id=instance_id,
    )


def take_over(
    work: Transaction, parent: Instance, wait_id: str, result: Mapping[str, Any]
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
        else:
            game.finish_call(wait_id, result["variables"])

    move(work, parent, NOBODY, event, motion)
