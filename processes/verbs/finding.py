"""Finding what a scenario speaks of: the matter, its undertakings, a column."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine import scenarios
from engine import testing
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings


def column(story: testing.Story, query: sa.Select[Any]) -> Sequence[Any]:
    """Return the first column of what a query finds."""
    with story.engine.read() as connection:
        return connection.scalars(query).all()


def matter(story: testing.Story) -> matters.Matter:
    """Return the matter the story is about."""
    with story.engine.read() as connection:
        matter_id = connection.scalar(
            sa.select(tables.matter.c.id).where(
                tables.matter.c.root_id == story.root_id
            )
        )
        if matter_id is None:
            raise scenarios.Unmet("还没有登记的事项。")
        return matters.get(connection, matter_id)


def undertakings_now(story: testing.Story) -> list[undertakings.Undertaking]:
    """Return the undertakings of the present round."""
    found = matter(story)
    with story.engine.read() as connection:
        return list(undertakings.of_matter(connection, found.id, round=found.round))


def undertaking(story: testing.Story, name: str) -> undertakings.Undertaking:
    """Return a unit's undertaking in force: `zjj`, `zjj/T02`, `zjj@2月10日`.

    The second is of that mandate, the third of that feedback period.
    """
    rest, _, period = name.partition("@")
    unit, _, mandate = rest.partition("/")
    fitting = [
        one
        for one in undertakings_now(story)
        if one.unit == unit
        and one.period == period
        and (not mandate or f"-{mandate}-" in one.number)
    ]
    if not fitting:
        raise scenarios.Unmet(f"单位 {name} 没有承办任务。")
    return fitting[-1]


def ids_of_unit(story: testing.Story, unit: str) -> list[int]:
    """Return the ids of a unit's undertakings in the matter, of all rounds."""
    undertaking = tables.undertaking.c
    return list(
        column(
            story,
            sa.select(undertaking.id).where(
                undertaking.matter_id == matter(story).id, undertaking.unit == unit
            ),
        )
    )
