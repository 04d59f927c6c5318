"""What lies before a person: the form to be filled in, and who gets it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from engine import definitions
from engine import engine as engines
from engine import people
from engine import queries
from processes.supervision.forms import recalls

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Looking:
    """The connection and the moment at which something is looked at."""

    connection: sa.Connection
    at: datetime

    def now(self) -> datetime:
        """Return the moment."""
        return self.at


@dataclass(frozen=True)
class Paper:
    """A form with what its fields offer, and what was written on it before.

    Without a form there is nothing to fill.
    """

    schema: Schema | None
    offered: Mapping[str, Any]


def of_task(
    engine: engines.Engine, connection: sa.Connection, task: queries.TaskSummary
) -> Paper:
    """Return the form of an open user task."""
    if task.form_key is None:
        return Paper(None, {})
    variables = queries.variables_at(connection, engine.library, task.id)
    return _paper(
        engine,
        connection,
        task.definition_id,
        task.element_id,
        task.form_key,
        variables,
    )


def of_start(engine: engines.Engine, connection: sa.Connection, key: str) -> Paper:
    """Return the form with which a person starts a procedure."""
    definition_id = definitions.latest(connection, key)
    definition = engine.library.get(connection, definition_id)
    for element in definitions.starts(definition.process):
        name = definitions.form_name(element)
        if name and (element.event is None or element.event.kind == "none"):
            return _paper(engine, connection, definition_id, element.id, name, {})
    return Paper(None, {})


def next_in_words(
    engine: engines.Engine, connection: sa.Connection, task: queries.TaskSummary
) -> list[str]:
    """Return the user tasks that may follow, with the names of who would get them."""
    definition = engine.library.get(connection, task.definition_id)
    variables = queries.variables_at(connection, engine.library, task.id)
    words = []
    for following in queries.who_next(definition, task.element_id, variables):
        if following.element_id == task.element_id:
            continue
        names = holders(connection, following.groups, engine.clock.now())
        words.append(f"{following.name}（{names}）" if names else following.name)
    return words


def holders(
    connection: sa.Connection, groups: tuple[str, ...], at: datetime, *, most: int = 3
) -> str:
    """Return the names of who holds a post of these groups, the first few of many."""
    found = [one for group in groups for one in people.holders(connection, group, at)]
    names = people.names(connection, found)
    listed = [names[one] for one in dict.fromkeys(found) if one in names]
    return "、".join(listed[:most]) + ("等" if len(listed) > most else "")


def _paper(
    engine: engines.Engine,
    connection: sa.Connection,
    definition_id: str,
    element_id: str,
    form_key: str,
    variables: Mapping[str, object],
) -> Paper:
    definition = engine.library.get(connection, definition_id)
    schema = orjson.loads(queries.form(connection, definition_id, form_key))
    offered = engine.registry.offered(
        definition.forms[form_key].sources(),
        Looking(connection, engine.clock.now()),
        definition.process.elements[element_id],
        variables,
    )
    # A variable of the same name would fill a field in with somebody else's answer.
    fields = {key.partition(".")[0] for key in definition.forms[form_key].keys}
    seen = {name: value for name, value in variables.items() if name not in fields}
    element = definition.process.elements[element_id]
    recalled = recalls.recall(connection, element, variables)
    written = {key: value for key, value in recalled.items() if key in fields}
    return Paper(schema, {**written, **seen, **offered})
