"""What forms offer to choose from: decisions, units, persons, leaders.

A form names its source by `valuesKey`. What it offers depends on the element, the
instance and the moment, so it is asked for when the form is shown and again when it
is submitted, and is never a variable.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from engine import people
from engine import tables as engine_tables
from engine.bpmn import model
from processes.supervision import access
from processes.supervision import opinions

Choice = dict[str, str]


def offered(
    connection: sa.Connection,
    at: datetime,
    element: model.Element,
    variables: Mapping[str, object],
) -> dict[str, list[Choice]]:
    """Return the options of every source, as `value` and `label`, by `valuesKey`."""
    unit = str(variables.get("unit", ""))
    return {
        "decisions": decisions(element),
        "units": units(connection),
        "persons_of_unit": persons_of_unit(connection, at, unit),
        "leaders": leaders(connection, at),
    }


def decisions(element: model.Element) -> list[Choice]:
    """Return what an approver may decide; to approve is called by the source's verb."""
    verb = element.properties.get("verb")
    labels = {**opinions.DECISION_LABELS, "APPROVE": verb or "同意"}
    return [
        {"value": decision, "label": labels[decision]}
        for decision in opinions.allowed(element)
    ]


def units(connection: sa.Connection) -> list[Choice]:
    """Return the active units that have somebody to receive a notice."""
    unit, post = engine_tables.unit.c, engine_tables.post.c
    receives = sa.exists().where(post.role == "unit_registrar", post.unit == unit.code)
    rows = connection.execute(
        sa.select(unit.code, unit.name)
        .where(unit.active, receives)
        .order_by(unit.level, unit.code)
    )
    return [{"value": row.code, "label": row.name} for row in rows]


def persons_of_unit(connection: sa.Connection, at: datetime, unit: str) -> list[Choice]:
    """Return who may handle a matter in this unit."""
    group = people.group("unit_handler", unit)
    return _named(connection, people.holders(connection, group, at))


def leaders(connection: sa.Connection, at: datetime) -> list[Choice]:
    """Return the leaders of the county who are at work."""
    holders = {
        person
        for role in sorted(access.LEADERS)
        for person in people.holders(connection, role, at)
    }
    return _named(connection, sorted(holders - people.absent(connection, holders, at)))


def _named(connection: sa.Connection, persons: Iterable[str]) -> list[Choice]:
    listed = list(persons)
    names = people.names(connection, listed)
    return [{"value": one, "label": names.get(one, one)} for one in listed]
