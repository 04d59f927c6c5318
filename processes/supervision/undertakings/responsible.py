"""Who answers for a unit's part, in the four kinds of 000四(一) (R-00-31).

The head and the deputy are whoever holds the post; the unit itself names the other
leaders and the office or section that organises the work.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from engine import handlers
from engine import people
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.undertakings import undertakings

KIND_LABELS: Mapping[str, str] = {
    "HEAD": "主要负责人（总责）",
    "DEPUTY": "分管负责人（直接责任）",
    "LEADER": "其他领导（分管事项）",
    "SECTION": "职能处（室、科）（具体组织、协调和落实）",
}
#: The kinds that follow from a post.
POSTS = {"HEAD": "unit_head", "DEPUTY": "unit_deputy"}


@dataclass(frozen=True)
class Responsible:
    """One who answers: a person, or the name of a section."""

    kind: str
    name: str


def register(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
) -> None:
    """Keep who answers for the unit's part: reads `other_leaders` and `section`."""
    named = []
    for kind, role in POSTS.items():
        group = people.group(role, undertaking.unit)
        holders = sorted(people.holders(work.connection, group, work.now()))
        names = people.names(work.connection, holders)
        named += [(kind, names.get(one, one)) for one in holders]
    for kind, key in (("LEADER", "other_leaders"), ("SECTION", "section")):
        name = entries.optional_text(given, key, longest=200)
        if name:
            named.append((kind, name))
    table = tables.responsible_person
    work.connection.execute(
        table.delete().where(table.c.undertaking_id == undertaking.id)
    )
    for kind, name in named:
        work.connection.execute(
            table.insert().values(undertaking_id=undertaking.id, kind=kind, name=name)
        )


def of_undertaking(connection: sa.Connection, undertaking_id: int) -> list[Responsible]:
    """Return who answers for an undertaking, the head first."""
    table = tables.responsible_person.c
    rows = connection.execute(
        sa.select(table.kind, table.name)
        .where(table.undertaking_id == undertaking_id)
        .order_by(table.id)
    )
    return [Responsible(row.kind, row.name) for row in rows]
