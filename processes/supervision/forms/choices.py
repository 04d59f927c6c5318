"""What forms offer to choose from: decisions, units, persons, leaders.

A form names its source by `valuesKey`. What it offers depends on the element, the
instance and the moment, so it is asked for when the form is shown and again when it
is submitted, and is never a variable.
"""

from collections.abc import Iterable
from collections.abc import Mapping

import sqlalchemy as sa

from engine import handlers
from engine import people
from engine import tables as engine_tables
from engine.bpmn import model
from processes.supervision import access
from processes.supervision.matters import opinions
from processes.supervision.matters import passing

Choice = dict[str, str]


def install(registry: handlers.Registry) -> None:
    """Register every source under the name that forms use."""
    registry.choices("decisions")(decisions)
    registry.choices("units")(units)
    registry.choices("units_below")(units_below)
    registry.choices("persons_of_unit")(persons_of_unit)
    registry.choices("leaders")(leaders)


def decisions(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[Choice]:
    """Return what an approver may decide; to approve is called by the source's verb."""
    verb = element.properties.get("verb")
    labels = {**opinions.DECISION_LABELS, "APPROVE": verb or "同意"}
    return [
        {"value": decision, "label": labels[decision]}
        for decision in opinions.allowed(element)
    ]


def units(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[Choice]:
    """Return the active units that have somebody to receive a notice."""
    unit, post = engine_tables.unit.c, engine_tables.post.c
    receives = sa.exists().where(post.role == "unit_registrar", post.unit == unit.code)
    rows = reading.connection.execute(
        sa.select(unit.code, unit.name)
        .where(unit.active, receives)
        .order_by(unit.level, unit.code)
    )
    return [{"value": row.code, "label": row.name} for row in rows]


def units_below(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[Choice]:
    """Return the units below the one the instance is about, in its tree."""
    below = set(passing.below(reading.connection, str(variables.get("unit", ""))))
    return [one for one in units(reading, element, variables) if one["value"] in below]


def persons_of_unit(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[Choice]:
    """Return who may handle a matter in the unit the instance is about."""
    group = people.group("unit_handler", str(variables.get("unit", "")))
    holders = people.holders(reading.connection, group, reading.now())
    return _named(reading.connection, holders)


def leaders(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[Choice]:
    """Return the leaders of the county who are at work."""
    connection, at = reading.connection, reading.now()
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
