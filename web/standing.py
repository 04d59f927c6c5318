"""Where an instance stands: as marks on its diagram and as a list in words."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from engine import engine as engines
from engine import people
from engine import queries
from engine import tables
from web import desk

#: What people recognise; gateways and events are only drawn.
TOLD = {"userTask", "callActivity"}

#: So many tasks of what was called are told by name.
TOLD_WITHIN = 5


@dataclass(frozen=True)
class Place:
    """One activity: ``state`` is done, active or failed."""

    name: str
    state: str
    who: str


@dataclass(frozen=True)
class Standing:
    """The marks of the viewer, and the same in words for those who see no diagram."""

    places: tuple[Place, ...]
    marks: Mapping[str, list[str]]
    xml_url: str


def of(
    engine: engines.Engine, connection: sa.Connection, instance_id: str, xml_url: str
) -> Standing:
    """Return where an instance stands now."""
    drawn = queries.diagram(connection, engine.library, instance_id)
    row = connection.execute(
        sa.select(tables.instance.c.definition_id, tables.instance.c.root_id).where(
            tables.instance.c.id == instance_id
        )
    ).one()
    definition = engine.library.get(connection, row.definition_id)
    now = engine.clock.now()
    overdue = []
    who: dict[str, str] = {}
    within = []
    for opened in queries.open_tasks_of(connection, row.root_id):
        task = opened.task
        if task.instance_id != instance_id:
            within.append(opened)
            continue
        who[task.element_id] = in_hands(engine, connection, opened)
        if task.due_at is not None and task.due_at < now:
            overdue.append(task.element_id)
    told = [
        f"{one.task.name}（{in_hands(engine, connection, one)}）"
        for one in within[:TOLD_WITHIN]
    ]
    if len(within) > TOLD_WITHIN:
        told.append(f"等 {len(within)} 项")
    for element in definition.process.elements.values():
        if element.kind == "callActivity" and row.root_id == instance_id:
            who[element.id] = "；".join(told)
    places = tuple(
        Place(element.name, state, who.get(element.id, "") if state != "done" else "")
        for element in definition.process.elements.values()
        if element.kind in TOLD
        for state in [_state(drawn, element.id)]
        if state
    )
    # A sub-process is active as long as anything in it is: only its inside is marked.
    around = {e.scope for e in definition.process.elements.values()}
    marks = {
        "done": sorted((drawn.done | drawn.taken_sequence_flows) - around),
        "active": sorted(drawn.active - around),
        "overdue": overdue,
        "failed": sorted(drawn.failed),
    }
    return Standing(places, marks, xml_url)


def in_hands(
    engine: engines.Engine, connection: sa.Connection, opened: queries.OpenTask
) -> str:
    """Return in whose hands an open task is: the assignee, else who may take it."""
    task = opened.task
    if task.assignee:
        return people.names(connection, [task.assignee]).get(task.assignee, "")
    named = people.names(connection, opened.persons)
    held = desk.holders(connection, opened.groups, engine.clock.now())
    return "、".join([*named.values(), *([held] if held else [])])


def _state(drawn: queries.DiagramState, element_id: str) -> str:
    if element_id in drawn.failed:
        return "failed"
    if element_id in drawn.active:
        return "active"
    return "done" if element_id in drawn.done else ""
