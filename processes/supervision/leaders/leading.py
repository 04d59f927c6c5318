"""What a leader sees first (领导首页): his matters and what goes wrong (R-00-39)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from engine import people
from processes.supervision import access
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.dossiers import dossiers
from processes.supervision.matters import matters

#: Whose home it is: the leaders of the county.
ROLES = access.LEADERS | {"party_leader"}
#: The worst first; what rests or is a draft comes last.
SEVERITY: tuple[lights.Light, ...] = ("RED", "YELLOW", "GREEN", "OFF")
LONGEST_LIST = 10


@dataclass(frozen=True)
class Board:
    """A leader's open matters, the worst first, and how all open matters stand.

    `own_lights` and `all_lights` count by light; `overdue` are those of others that
    are red, the longest overdue first, not more than `LONGEST_LIST`.
    """

    own: tuple[dossiers.Row, ...]
    own_lights: Mapping[lights.Light, int]
    all_lights: Mapping[lights.Light, int]
    overdue: tuple[dossiers.Row, ...]


def leads(identity: people.Identity) -> bool:
    """Whether this person's home is the leaders'."""
    return access.holds(identity, *ROLES)


def board(connection: sa.Connection, identity: people.Identity) -> Board:
    """Return what this leader answers for and what is amiss among all he sees.

    His are the matters that came from him, that he began, and those of whose tasks he
    is the responsible leader. Sources name a leader by account or by name.
    """
    matter, mandate = tables.matter.c, tables.mandate.c
    called = (identity.person, identity.name)
    is_own = sa.or_(
        matter.source_leader.in_(called),
        matter.created_by == identity.person,
        sa.exists().where(
            mandate.matter_id == matter.id, mandate.responsible_leader.in_(called)
        ),
    )
    is_open = sa.and_(access.visible(identity), matter.status.not_in(matters.ENDED))
    severity = sa.case(
        {light: place for place, light in enumerate(SEVERITY)}, value=matter.light
    )
    urgent = (severity, matter.due_at, matter.id)
    own = connection.execute(
        sa.select(tables.matter).where(is_open, is_own).order_by(*urgent)
    ).all()
    overdue = connection.execute(
        sa.select(tables.matter)
        .where(is_open, sa.not_(sa.func.coalesce(is_own, sa.false())))
        .where(matter.light == "RED")
        .order_by(*urgent)
        .limit(LONGEST_LIST)
    ).all()
    counted = connection.execute(
        sa.select(matter.light, sa.func.count()).where(is_open).group_by(matter.light)
    )
    all_lights = {light: count for light, count in counted}
    return Board(
        own=tuple(own),
        own_lights=_counts(Counter(row.light for row in own)),
        all_lights=_counts(all_lights),
        overdue=tuple(overdue),
    )


def _counts(found: Mapping[str, int]) -> dict[lights.Light, int]:
    return {light: found.get(light, 0) for light in SEVERITY}
