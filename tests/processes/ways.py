"""The ways a matter may go (straight through, returned …), measured from the records.

Measured is what a played scenario left behind in the database, never what it says of
itself. A way belongs to the procedure of the root instance in which it happened.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import tables as engine_tables
from engine.bpmn import model
from engine.bpmn.diagrams import reading
from processes import office
from processes.supervision import tables

#: Which scenario of a procedure's folder shows which way, or why it has none.
FILE = Path(__file__).with_suffix(".toml")
WITHOUT = "without"

STRAIGHT, RETURNED, EXTENDED = "straight", "returned", "extended"
OVERDUE, REASSIGNED = "overdue", "reassigned"
WAYS = (STRAIGHT, RETURNED, EXTENDED, OVERDUE, REASSIGNED)
#: Diagrams in which somebody decides on more time.
EXTENDING = {"extend", "ticket_extension", "inspection_plan"}

#: Decided on: a request withdrawn, or still waiting, extended nothing.
DECIDED = ("GRANTED", "GRANTED_IN_PART", "REFUSED", "DECLINED")
#: What has a light, and so turns red.
LIT = (tables.undertaking, tables.inspection, tables.problem)
#: A lower office concludes its matter; all the others have it filed.
FINISHED = ("CLOSED", "ARCHIVED")

Shown = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Listed:
    """A way of a procedure: its scenario, else why the procedure has no such way."""

    procedure: str
    way: str
    scenario: str
    reason: str


def listed() -> list[Listed]:
    """Return every way of every procedure, in the order of the file and of `WAYS`."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [
        Listed(key, way, rows.get(way, ""), rows.get(WITHOUT, {}).get(way, ""))
        for key, rows in told.items()
        for way in WAYS
    ]


def offered(key: str) -> frozenset[str]:
    """Return which of `RETURNED` and `EXTENDED` the diagrams of a procedure offer."""
    drawn = {
        process.key: process
        for path in office.CATALOG.rglob("*.bpmn")
        for process in reading.read_diagram(path.read_bytes(), name=path.name).processes
    }
    reached, elements = set[str](), list[model.Element]()
    waiting = {key}
    while waiting:
        reached |= waiting
        called = [one for key in waiting for one in drawn[key].elements.values()]
        elements += called
        waiting = {str(one.called_element) for one in called} & drawn.keys() - reached
    found = set()
    if any(one.properties.get("may_return") == "true" for one in elements):
        found.add(RETURNED)
    if not EXTENDING.isdisjoint(reached):
        found.add(EXTENDED)
    return frozenset(found)


def shown(connection: sa.Connection) -> Shown:
    """Return pairs of procedure and way that happened in this database."""
    instance = engine_tables.instance.c
    procedures = {
        row.id: row.key
        for row in connection.execute(
            sa.select(instance.id, instance.key).where(instance.parent_id.is_(None))
        )
    }
    roots = {
        RETURNED: set(_returned(connection)),
        EXTENDED: set(_extended(connection)),
        OVERDUE: set(_overdue(connection)),
        REASSIGNED: set(_reassigned(connection)),
    }
    roots[STRAIGHT] = set(_finished(connection)).difference(*roots.values())
    return frozenset((procedures[root], way) for way in WAYS for root in roots[way])


def _finished(connection: sa.Connection) -> Iterator[str]:
    """Yield the roots that came to their end, their matter concluded."""
    instance, matter = engine_tables.instance.c, tables.matter.c
    unfinished = sa.select(matter.root_id).where(
        matter.root_id.is_not(None), matter.status.not_in(FINISHED)
    )
    yield from connection.scalars(
        sa.select(instance.id).where(
            instance.parent_id.is_(None),
            instance.ended_how.in_(("completed", "terminated")),
            instance.id.not_in(unfinished),
        )
    )


def _returned(connection: sa.Connection) -> Iterator[str]:
    """Yield the roots in which a person sent back what lay before them."""
    for row in _events(connection, "task_completed"):
        fields = row.details.get("fields") or {}
        if any(str(value).startswith("RETURN") for value in fields.values()):
            yield row.root_id


def _extended(connection: sa.Connection) -> Iterator[str]:
    """Yield the roots in which somebody decided on more time.

    A request of a unit or to the hotline; or an inspection's plan with a later end,
    approved again.
    """
    asked, ticket = tables.extension_request, tables.ticket_extension
    yield from connection.scalars(
        _of_undertakings().join(asked).where(asked.c.status.in_(DECIDED))
    )
    yield from connection.scalars(
        _of_matters().join(ticket).where(ticket.c.status.in_(DECIDED))
    )
    later, before = tables.inspection_plan, tables.inspection_plan.alias()
    yield from connection.scalars(
        _of_matters()
        .join(tables.inspection)
        .join(later)
        .join(before, before.c.inspection_id == later.c.inspection_id)
        .where(
            before.c.approved_at < later.c.approved_at,
            before.c.ends_on < later.c.ends_on,
        )
    )


def _overdue(connection: sa.Connection) -> Iterator[str]:
    """Yield the roots in which a red light burned, or silence was taken for consent.

    The latter where scores are heard: what has no light has its time all the same.
    """
    yield from connection.scalars(_of_matters().where(tables.matter.c.ever_red))
    for table in LIT:
        yield from connection.scalars(
            _of_matters()
            .join(table, table.c.matter_id == tables.matter.c.id)
            .where(table.c.ever_red)
        )
    yield from connection.scalars(
        sa.select(engine_tables.instance.c.root_id)
        .join(
            tables.score_entry,
            tables.score_entry.c.instance_id == engine_tables.instance.c.id,
        )
        .join(tables.score_decision)
        .where(tables.score_decision.c.person.is_(None))
    )


def _reassigned(connection: sa.Connection) -> Iterator[str]:
    """Yield the roots in which another unit took over.

    Where no unit has a part, those in which a person gave a task to another for good.
    """
    undertaking = tables.undertaking.c
    yield from connection.scalars(
        _of_undertakings().where(undertaking.state == "REASSIGNED")
    )
    with_units = set(connection.scalars(_of_undertakings()))
    for row in _events(connection, "task_transferred"):
        if row.root_id not in with_units:
            yield row.root_id


def _events(connection: sa.Connection, type_: str) -> sa.CursorResult[Any]:
    instance, event = engine_tables.instance.c, engine_tables.history_event.c
    return connection.execute(
        sa.select(instance.root_id, event.details)
        .join(engine_tables.instance, instance.id == event.instance_id)
        .where(event.type == type_)
    )


def _of_matters() -> sa.Select[str]:
    matter = tables.matter
    return (
        sa.select(matter.c.root_id)
        .select_from(matter)
        .where(matter.c.root_id.is_not(None))
    )


def _of_undertakings() -> sa.Select[str]:
    undertaking = tables.undertaking.c
    return _of_matters().join(
        tables.undertaking, undertaking.matter_id == tables.matter.c.id
    )
