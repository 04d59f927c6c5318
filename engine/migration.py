"""Running instances go on in another version of their process, or stay untouched."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine import definitions
from engine import errors
from engine import history
from engine import instances
from engine import transactions
from engine import user_tasks
from engine.bpmn import facts
from engine.bpmn.diagrams import comparison
from engine.bpmn.diagrams import problems
from engine.bpmn.game import migration
from engine.bpmn.game import obstructions
from engine.tables import candidate
from engine.tables import definition as definition_table
from engine.tables import definition_resource
from engine.tables import incident
from engine.tables import instance as instance_table
from engine.tables import resource
from engine.tables import user_task

#: What a user task asks for, and the columns that say so.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "documentation": ("description",),
    "role": ("role",),
    "approval": ("approval",),
    "assignment": ("assignee",),
    "due_at": ("due_at", "order_at"),
    "follow_up_at": ("follow_up_at",),
    "priority": ("priority",),
    "form": ("form_key",),
}
ASKED: Mapping[str, str] = {
    "name": "名称",
    "documentation": "说明",
    "role": "角色",
    "approval": "是否审批",
    "assignment": "办理人",
    "due_at": "时限",
    "follow_up_at": "跟进时间",
    "priority": "优先级",
    "form": "表单",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an instance can go on in a version, or has gone on there.

    `obstacles` says why it cannot; `effects` are sentences on what becomes of its
    open user tasks, timers and subscriptions when it does.
    """

    instance_id: str
    business_key: str | None
    version: int
    obstacles: tuple[obstructions.Obstacle, ...] = ()
    effects: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.obstacles


class SameVersion(errors.Refused):
    """这一办件已在这一版本上办理。"""


class _Tried(Exception):
    """Ends the trial of a migration, so that nothing of it remains."""


# -- before -------------------------------------------------------------------


def compare(
    connection: sa.Connection,
    library: definitions.Library,
    key: str,
    before: int,
    after: int,
) -> tuple[comparison.Comparison, tuple[str, ...]]:
    """Return what differs between two versions, and what of their files does.

    The files are the forms and decision tables that a version uses: sentences.
    """
    ids = [definitions.numbered(connection, key, n) for n in (before, after)]
    old, new = (library.get(connection, found) for found in ids)
    files = [_files(connection, found) for found in ids]
    return comparison.compare(old.process, new.process), tuple(_differing(*files))


def _files(connection: sa.Connection, definition_id: str) -> dict[str, str]:
    joined = (resource.c.deployment_id == definition_resource.c.deployment_id) & (
        resource.c.name == definition_resource.c.resource
    )
    rows = connection.execute(
        sa.select(resource.c.name, resource.c.hash)
        .join_from(definition_resource, resource, joined)
        .where(definition_resource.c.definition_id == definition_id)
        .order_by(resource.c.name)
    )
    return {row.name: row.hash for row in rows}


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in {**before, **after}:
        if name not in before:
            yield f"新增文件“{name}”。"
        elif name not in after:
            yield f"不再使用文件“{name}”。"
        elif before[name] != after[name]:
            yield f"文件“{name}”的内容有改动。"


def candidates(connection: sa.Connection, key: str, to: int) -> Sequence[str]:
    """Return the ids of the active instances of a process in other versions."""
    definition_id = definitions.numbered(connection, key, to)
    return connection.scalars(
        sa.select(instance_table.c.id)
        .where(
            instance_table.c.key == key,
            instance_table.c.status == "active",
            instance_table.c.definition_id != definition_id,
        )
        .order_by(instance_table.c.started_at, instance_table.c.id)
    ).all()


def plan(
    work: transactions.Transaction,
    instance_ids: Iterable[str],
    to: int,
    *,
    mapping: Mapping[str, str],
    restart_timers: bool,
) -> list[Verdict]:
    """Return the verdict on every instance, having tried each and undone it."""
    verdicts = []
    for instance_id in instance_ids:
        verdict: Verdict | None = None
        try:
            with work.savepoint():
                verdict = migrate(
                    work,
                    instance_id,
                    to,
                    mapping=mapping,
                    restart_timers=restart_timers,
                    person=None,
                )
                raise _Tried
        except _Tried:
            assert verdict is not None
        except errors.Refused as refusal:
            verdict = refused(work.connection, instance_id, refusal)
        verdicts.append(verdict)
    return verdicts


def refused(
    connection: sa.Connection, instance_id: str, refusal: errors.DuchaError
) -> Verdict:
    """Return the verdict that a refusal amounts to."""
    row = connection.execute(
        sa.select(instance_table.c.business_key, definition_table.c.version)
        .join(definition_table, definition_table.c.id == instance_table.c.definition_id)
        .where(instance_table.c.id == instance_id)
    ).one_or_none()
    found = (obstructions.Obstacle(None, refusal.message),)
    told = refusal.obstacles if isinstance(refusal, obstructions.Obstructed) else found
    return Verdict(
        instance_id=instance_id,
        business_key=row.business_key if row else None,
        version=row.version if row else 0,
        obstacles=told,
    )


# -- the act --------------------------------------------------------------------


def migrate(
    work: transactions.Transaction,
    instance_id: str,
    to: int,
    *,
    mapping: Mapping[str, str],
    restart_timers: bool,
    person: str | None,
) -> Verdict:
    """Let an instance go on in another version of its process; say what came of it.

    Raises Obstructed, SameVersion, Over, or whatever stands in the way, and then
    nothing has changed.
    """
    with work.savepoint():
        return _migrate(work, instance_id, to, mapping, restart_timers, person)


def _migrate(
    work: transactions.Transaction,
    instance_id: str,
    to: int,
    mapping: Mapping[str, str],
    restart_timers: bool,
    person: str | None,
) -> Verdict:
    instance = instances.load(work, instance_id)
    if instance.moving:
        raise errors.Conflict(
            "这一办件正在流转，请稍后再改版本。", instance_id=instance_id
        )
    old = instance.definition
    definition_id = definitions.numbered(work.connection, old.key, to)
    if definition_id == old.id:
        raise SameVersion(instance_id=instance_id)
    instance.definition = work.library.get(work.connection, definition_id)
    migrated = migration.migrate(
        instance.game,
        instance.definition.graph,
        instance.surroundings,
        mapping,
        restart_timers=restart_timers,
    )
    instance.game = migrated.game
    effects = _effects(migrated, old, instance.definition)
    _rewrite(work, instance, mapping)
    for asked in migrated.tasks:
        _ask(work.connection, instance, asked)
    event = history.Event(
        "instance_migrated",
        person=person,
        details={
            "from": old.version,
            "to": to,
            "mapping": dict(mapping),
            "restart_timers": restart_timers,
            "effects": effects,
        },
    )
    act = transactions.Act(person=person)
    instances.move(work, instance, act, event, migration.settle)
    return Verdict(instance.id, instance.business_key, old.version, effects=effects)


def _rewrite(
    work: transactions.Transaction,
    instance: transactions.Instance,
    mapping: Mapping[str, str],
) -> None:
    """Let the instance and what is open of it refer to the new version."""
    definition_id = instance.definition.id
    work.connection.execute(
        instance_table.update()
        .where(instance_table.c.id == instance.id)
        .values(definition_id=definition_id)
    )
    open_task = (
        user_task.c.instance_id == instance.id,
        user_task.c.closed_at.is_(None),
    )
    work.connection.execute(
        user_task.update().where(*open_task).values(definition_id=definition_id)
    )
    if mapping:
        for table, still_open in (
            (user_task, open_task),
            (
                incident,
                (
                    incident.c.instance_id == instance.id,
                    incident.c.resolved_at.is_(None),
                ),
            ),
        ):
            column = table.c.element_id
            renamed = sa.case(dict(mapping), value=column, else_=column)
            work.connection.execute(
                table.update()
                .where(*still_open, column.in_(list(mapping)))
                .values(element_id=renamed)
            )


def _ask(
    connection: sa.Connection, instance: transactions.Instance, asked: migration.Asked
) -> None:
    """Write what an open user task asks for now; what is drawn as before stays."""
    row, rows = user_tasks.rows(asked.wait, asked.element, {})
    values: dict[str, Any] = {
        column: row[column] for name in asked.changed for column in COLUMNS[name]
    }
    if "assignment" in asked.changed:
        # Who held it holds it no longer, nor does whom they asked.
        values["delegated_by"] = None
    if values:
        connection.execute(
            user_task.update().where(user_task.c.id == asked.wait.id).values(values)
        )
    known = candidate.c.user_task_id == asked.wait.id
    if "assignment" in asked.changed:
        connection.execute(candidate.delete().where(known))
        if rows:
            connection.execute(candidate.insert(), rows)
        # The order is that of the task, which may have kept its due date.
        order_at = sa.select(user_task.c.order_at).where(
            user_task.c.id == asked.wait.id
        )
        values["order_at"] = order_at.scalar_subquery()
    if "order_at" in values:
        connection.execute(
            candidate.update().where(known).values(order_at=values["order_at"])
        )


def _effects(
    migrated: migration.Migrated,
    old: definitions.Definition,
    new: definitions.Definition,
) -> tuple[str, ...]:
    """Tell people what becomes of open user tasks, timers and subscriptions."""
    told = []
    for asked in migrated.tasks:
        if asked.changed:
            named = problems.label(asked.element.id, asked.wait.name)
            changed = "、".join(
                label for name, label in ASKED.items() if name in asked.changed
            )
            told.append(f"待办{named}按新版本重新确定：{changed}。")
    for fact in migrated.happened:
        if isinstance(fact, facts.Closed):
            named = comparison.label(old.graph.element(fact.element_id))
            told.append(f"不再等待：{named}。")
        elif isinstance(fact, facts.Opened):
            named = comparison.label(new.graph.element(fact.wait.element_id))
            told.append(f"开始等待：{named}。")
    return tuple(told)
