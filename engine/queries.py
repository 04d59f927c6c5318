"""What people see of running and finished instances; reading only.

Lists are paged by keyset (`after` is the last row's `place`): a page costs the same
whatever lies before it.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import definitions
from engine import errors
from engine import instances
from engine import people
from engine import statements
from engine import user_tasks
from engine.bpmn import expressions
from engine.bpmn import model
from engine.bpmn.game import codec
from engine.bpmn.game import surroundings
from engine.bpmn.game import tokens
from engine.tables import candidate
from engine.tables import definition_resource
from engine.tables import history_event
from engine.tables import incident as incident_table
from engine.tables import instance as instance_table
from engine.tables import resource
from engine.tables import resource_item
from engine.tables import subscription
from engine.tables import user_task

#: Where the next page begins: the order and the id of the last row seen.
Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """A user task in a list."""

    id: str
    instance_id: str
    root_id: str
    business_key: str | None
    definition_id: str
    procedure: str
    element_id: str
    name: str
    description: str | None
    role: str | None
    approval: bool
    assignee: str | None
    due_at: datetime | None
    order_at: datetime
    priority: int
    form_key: str | None
    created_at: datetime
    #: For whom the person would complete it; None: for themselves.
    on_behalf_of: str | None = None

    @property
    def place(self) -> Place:
        """Where the page after this row begins."""
        return self.order_at, self.id


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open user task of an instance and who may complete it."""

    task: TaskSummary
    persons: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an instance's timeline."""

    instance_id: str
    seq: int
    at: datetime
    type: str
    element_id: str | None
    task_id: str | None
    person: str | None
    on_behalf_of: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DiagramState:
    """A diagram and where its instance stands; ids of elements and sequence flows."""

    xml: bytes
    done: frozenset[str]
    active: frozenset[str]
    failed: frozenset[str]
    taken_sequence_flows: frozenset[str]


@dataclass(frozen=True, slots=True)
class Next:
    """A user task that may follow, and the groups that would get it."""

    element_id: str
    name: str
    #: Empty where only a running instance can tell.
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """An open incident."""

    id: str
    kind: str
    instance_id: str | None
    business_key: str | None
    element_id: str | None
    message: str
    created_at: datetime
    annotation: str | None


_TASK: tuple[sa.Column[Any], ...] = (
    user_task.c.id,
    user_task.c.instance_id,
    user_task.c.root_id,
    user_task.c.business_key,
    user_task.c.definition_id,
    user_task.c.procedure,
    user_task.c.element_id,
    user_task.c.name,
    user_task.c.description,
    user_task.c.role,
    user_task.c.approval,
    user_task.c.assignee,
    user_task.c.due_at,
    user_task.c.order_at,
    user_task.c.priority,
    user_task.c.form_key,
    user_task.c.created_at,
)


def tasks_for(
    connection: sa.Connection,
    identity: people.Identity,
    *,
    after: Place | None = None,
    limit: int = 50,
) -> list[TaskSummary]:
    """Return the open tasks a person may complete, by due date, without a date last.

    Tasks claimed by others are left out; those of persons one stands in for are in,
    marked with for whom.
    """
    branches = [
        _first(branch, after, limit)
        for branch in (
            *_branches(identity.person, identity.groups, None),
            *(
                branch
                for principal in identity.substitutes_for
                for branch in _branches(
                    principal.person, principal.groups, principal, identity.person
                )
            ),
        )
    ]
    found: dict[str, TaskSummary] = {}
    for row in connection.execute(sa.union_all(*branches)):
        task = TaskSummary(*row)
        # One's own right goes before another's.
        if task.id not in found or task.on_behalf_of is None:
            found[task.id] = task
    return sorted(found.values(), key=lambda task: task.place)[:limit]


@dataclass(frozen=True, slots=True)
class _Branch:
    """One way in which a task may be somebody's; each has an index of its own."""

    source: sa.FromClause
    conditions: tuple[sa.ColumnElement[bool], ...]
    #: The columns of the index that the list is ordered by.
    order: tuple[sa.Column[Any], sa.Column[Any]]
    on_behalf_of: str | None


def _branches(
    person: str,
    groups: frozenset[str],
    principal: people.Principal | None,
    substitute: str | None = None,
) -> Iterator[_Branch]:
    limits: list[sa.ColumnElement[bool]] = [user_task.c.closed_at.is_(None)]
    named = list(limits)
    if principal is not None and principal.procedures:
        procedures = sorted(principal.procedures)
        limits.append(user_task.c.procedure.in_(procedures))
        named.append(user_task.c.procedure.in_(procedures))
    if principal is not None and principal.roles:
        named.append(user_task.c.role.in_(sorted(principal.roles)))
    on_behalf_of = principal.person if principal else None
    yield _Branch(
        user_task,
        (*named, user_task.c.assignee == person),
        (user_task.c.order_at, user_task.c.id),
        on_behalf_of,
    )
    joined = candidate.join(user_task, user_task.c.id == candidate.c.user_task_id)
    free: sa.ColumnElement[bool] = user_task.c.assignee.is_(None)
    if substitute is not None:
        free |= user_task.c.assignee == substitute
    for kind, value, conditions in (
        ("person", person, named),
        *(("group", group, limits) for group in sorted(groups)),
    ):
        yield _Branch(
            joined,
            (*conditions, free, candidate.c.kind == kind, candidate.c.value == value),
            (candidate.c.order_at, candidate.c.user_task_id),
            on_behalf_of,
        )


def _first(
    branch: _Branch, after: Place | None, limit: int
) -> sa.Select[tuple[Any, ...]]:
    """Return the first rows of a branch after a place, as part of a union."""
    on_behalf_of = sa.literal(branch.on_behalf_of, sa.Text).label("on_behalf_of")
    rows = (
        sa.select(*_TASK, on_behalf_of)
        .select_from(branch.source)
        .where(*branch.conditions)
        .order_by(*branch.order)
        .limit(limit)
    )
    if after is not None:
        at, task_id = branch.order
        rows = rows.where(
            sa.tuple_(at, task_id)
            > sa.tuple_(sa.literal(after[0], at.type), sa.literal(after[1]))
        )
    return sa.select(rows.subquery())


def task(
    connection: sa.Connection, identity: people.Identity, task_id: str
) -> TaskSummary:
    """Return an open task that the person may complete.

    Refused as `complete_task` would refuse it: NoSuchTask, AlreadyClosed, Claimed ...
    """
    found = user_tasks.get(connection, task_id)
    on_behalf_of = user_tasks.authority(connection, found, identity)
    row = connection.execute(sa.select(*_TASK).where(user_task.c.id == task_id)).one()
    return replace(TaskSummary(*row), on_behalf_of=on_behalf_of)


def open_tasks_of(connection: sa.Connection, root_id: str) -> list[OpenTask]:
    """Return the open tasks of an instance and of all it called, oldest first."""
    rows = connection.execute(
        sa.select(*_TASK)
        .where(user_task.c.root_id == root_id, user_task.c.closed_at.is_(None))
        .order_by(user_task.c.created_at, user_task.c.id)
    ).all()
    found: dict[str, dict[str, list[str]]] = {
        row.id: {"person": [], "group": []} for row in rows
    }
    for row in connection.execute(
        sa.select(candidate.c.user_task_id, candidate.c.kind, candidate.c.value)
        .where(candidate.c.user_task_id.in_(list(found)))
        .order_by(candidate.c.value)
    ):
        found[row.user_task_id][row.kind].append(row.value)
    return [
        OpenTask(
            TaskSummary(*row),
            persons=tuple(found[row.id]["person"]),
            groups=tuple(found[row.id]["group"]),
        )
        for row in rows
    ]


def awaited(connection: sa.Connection, root_id: str) -> list[str]:
    """Return the names of messages that a root instance, or what it called, awaits."""
    rows = connection.scalars(
        sa.select(subscription.c.name)
        .join(instance_table, instance_table.c.id == subscription.c.instance_id)
        .where(instance_table.c.root_id == root_id, subscription.c.kind != "signal")
        .distinct()
        .order_by(subscription.c.name)
    )
    return list(rows)


def timeline(connection: sa.Connection, root_id: str) -> list[Entry]:
    """Return what happened in an instance and in all it called, in order.

    The movements of tokens between the acts are left out.
    """
    rows = connection.execute(
        sa.select(
            history_event.c.instance_id,
            history_event.c.seq,
            history_event.c.at,
            history_event.c.type,
            history_event.c.element_id,
            history_event.c.task_id,
            history_event.c.person,
            history_event.c.on_behalf_of,
            history_event.c.details,
        )
        .join(instance_table, instance_table.c.id == history_event.c.instance_id)
        .where(
            instance_table.c.root_id == root_id,
            history_event.c.type != "tokens_moved",
        )
        .order_by(
            history_event.c.at,
            instance_table.c.depth,
            history_event.c.instance_id,
            history_event.c.seq,
        )
    )
    return [Entry(*row) for row in rows]


def diagram(
    connection: sa.Connection, library: definitions.Library, instance_id: str
) -> DiagramState:
    """Return an instance's diagram and where it stands in it."""
    row = connection.execute(
        sa.select(instance_table.c.definition_id, instance_table.c.state).where(
            instance_table.c.id == instance_id
        )
    ).one_or_none()
    if row is None:
        raise instances.NoSuchInstance(instance_id=instance_id)
    left: set[str] = set()
    took: set[str] = set()
    for details in connection.scalars(
        sa.select(history_event.c.details).where(
            history_event.c.instance_id == instance_id,
            history_event.c.type == "tokens_moved",
        )
    ):
        left.update(details["left"])
        took.update(details["took"])
    # What was done in an earlier version may not be drawn in this one.
    process = library.get(connection, row.definition_id).process
    left &= process.elements.keys()
    took &= process.sequence_flows.keys()
    active: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    if row.state is not None:
        game = _resting(connection, library, row.definition_id, row.state)
        active = frozenset(game.active_elements)
        waits = game.waits.values()
        failed = frozenset(element for kind, element in waits if kind == "failed")
    return DiagramState(
        xml=definitions.diagram(connection, row.definition_id),
        done=frozenset(left) - active,
        active=active,
        failed=failed,
        taken_sequence_flows=frozenset(took),
    )


_STATE_AT = statements.Query(
    sa.select(instance_table.c.definition_id, instance_table.c.state)
    .join(user_task, user_task.c.instance_id == instance_table.c.id)
    .where(user_task.c.id == sa.bindparam("task_id"), user_task.c.closed_at.is_(None))
)


def variables_at(
    connection: sa.Connection, library: definitions.Library, task_id: str
) -> dict[str, object]:
    """Return the variables that an open user task sees."""
    (rows,) = statements.ask(connection, (_STATE_AT, {"task_id": task_id}))
    if not rows:
        raise user_tasks.NoSuchTask(task_id=task_id)
    definition_id, state = rows[0]
    game = _resting(connection, library, definition_id, state)
    return dict(game.variables_at(task_id))


def form(connection: sa.Connection, definition_id: str, form_key: str) -> bytes:
    """Return the form-js file of a form as a definition uses it."""
    content = connection.scalar(
        sa.select(resource.c.content)
        .join_from(
            definition_resource,
            resource_item,
            (resource_item.c.deployment_id == definition_resource.c.deployment_id)
            & (resource_item.c.resource == definition_resource.c.resource),
        )
        .join(
            resource,
            (resource.c.deployment_id == definition_resource.c.deployment_id)
            & (resource.c.name == definition_resource.c.resource),
        )
        .where(
            definition_resource.c.definition_id == definition_id,
            resource_item.c.kind == "form",
            resource_item.c.item_id == form_key,
        )
    )
    if content is None:
        raise errors.NotFound(f"没有表单“{form_key}”。", form_key=form_key)
    return bytes(content)


def incidents(
    connection: sa.Connection, *, after: Place | None = None, limit: int = 50
) -> list[Incident]:
    """Return the open incidents, oldest first; `after` is (created_at, id)."""
    rows = (
        sa.select(
            incident_table.c.id,
            incident_table.c.kind,
            incident_table.c.instance_id,
            instance_table.c.business_key,
            incident_table.c.element_id,
            incident_table.c.message,
            incident_table.c.created_at,
            incident_table.c.annotation,
        )
        .select_from(
            incident_table.outerjoin(
                instance_table, instance_table.c.id == incident_table.c.instance_id
            )
        )
        .where(incident_table.c.resolved_at.is_(None))
        .order_by(incident_table.c.created_at, incident_table.c.id)
        .limit(limit)
    )
    if after is not None:
        at = incident_table.c.created_at
        rows = rows.where(
            sa.tuple_(at, incident_table.c.id)
            > sa.tuple_(sa.literal(after[0], at.type), sa.literal(after[1]))
        )
    return [Incident(*row) for row in connection.execute(rows)]


# -- who is next ----------------------------------------------------------------


def who_next(
    definition: definitions.Definition,
    element_id: str,
    variables: Mapping[str, object],
) -> list[Next]:
    """Return the user tasks and calls that may follow an element.

    Every branch is followed: which one is taken is known only afterwards.
    """
    process = definition.process
    found: dict[str, Next] = {}
    seen: set[str] = set()
    ahead = list(_after(process, process.elements[element_id]))
    while ahead:
        element = ahead.pop(0)
        if element.id in seen:
            continue
        seen.add(element.id)
        if element.kind == "userTask":
            groups = _groups(element, variables)
            found[element.id] = Next(element.id, element.name, groups)
        elif element.kind == "callActivity":
            # Who acts first in there stands in another diagram, and may be many.
            found[element.id] = Next(element.id, element.name, ())
        elif element.kind in ("subProcess", "transaction"):
            ahead += definition.graph.starts(element.id)
        else:
            ahead += _after(process, element)
    return list(found.values())


def _after(process: model.Process, element: model.Element) -> Iterator[model.Element]:
    """Yield what follows an element; at the end of a scope, what follows that."""
    for sequence_flow_id in element.outgoing:
        yield process.elements[process.sequence_flows[sequence_flow_id].target]
    if not element.outgoing and element.scope in process.elements:
        yield from _after(process, process.elements[element.scope])


def _groups(element: model.Element, variables: Mapping[str, object]) -> tuple[str, ...]:
    written = element.attributes.get("candidateGroups") or element.lane
    if not written:
        return ()
    if expressions.is_expression(written):
        try:
            value = expressions.compile_juel(written).evaluate(variables, {})
        except errors.DuchaError:
            return ()
    else:
        value = written
    names = value if isinstance(value, list) else str(value).split(",")
    return tuple(str(name).strip() for name in names)


# -- an instance that is only looked at -------------------------------------------


def _resting(
    connection: sa.Connection,
    library: definitions.Library,
    definition_id: str,
    state: bytes,
) -> tokens.Game:
    graph = library.get(connection, definition_id).graph
    return codec.load(graph, state, surroundings.AtRest())
