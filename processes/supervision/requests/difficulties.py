"""Difficulties (难题): what a unit cannot solve goes to a leader, and back (R-00-22).

While one is not solved its matter is marked 需协调; the clock does not stop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings

MESSAGE = "difficulty_reported"
#: The leader whose help is needed.
LEVELS: Mapping[str, str] = {
    "go_director": "政府办主任",
    "vice_mayor": "副县长",
    "exec_vice_mayor": "常务副县长",
    "mayor": "县长",
}


@dataclass(frozen=True)
class Difficulty:
    """One difficulty; `resolved_at` is None until the unit says it is solved."""

    id: int
    undertaking_id: int
    description: str
    needed_level: str
    leader_opinion: str | None
    leader: str | None
    resolution: str | None
    resolved_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime


@entries.under("R-00-22")
def report(
    work: handlers.Work,
    undertaking_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> Difficulty:
    """Write down what cannot be solved here; the procedure takes it to a leader.

    Reads `description` and `needed_level`. The unit's handler reports, or an officer
    of the office who found out.
    """
    undertaking = undertakings.get(work.connection, undertaking_id)
    unit_handler = people.group("unit_handler", undertaking.unit)
    if not access.holds(identity, unit_handler, "dc_officer"):
        raise errors.Forbidden(
            "难题由承办单位办理人员或督查专员登记。（R-00-22）",
            undertaking=undertaking.number,
        )
    if undertaking.state in undertakings.ENDED:
        raise undertakings.WrongState(
            f"{undertaking.number} 已经办完，不能再登记难题。（R-00-22）",
            undertaking=undertaking.number,
        )
    row = work.connection.execute(
        tables.difficulty.insert()
        .values(
            undertaking_id=undertaking.id,
            description=entries.text(given, "description", longest=2000),
            needed_level=entries.choice(given, "needed_level", list(LEVELS)),
            person=identity.person,
            at=work.now(),
        )
        .returning(tables.difficulty)
    ).one()
    found = Difficulty(**row._mapping)
    matter = matters.get(work.connection, undertaking.matter_id)
    matters.change(work, matter, needs_coordination=True)
    work.correlate(
        MESSAGE,
        instance_id=matter.root_id,
        matching={"undertaking": undertaking.id},
        variables={"difficulty": found.id, "needed_level": found.needed_level},
        person=identity.person,
    )
    return found


def advise(
    work: handlers.Work, difficulty_id: int, opinion: str, *, person: str
) -> Difficulty:
    """Keep the leader's opinion and send it to the unit (意见回流)."""
    found = _change(
        work,
        get(work.connection, difficulty_id),
        leader_opinion=opinion,
        leader=person,
    )
    undertaking = undertakings.get(work.connection, found.undertaking_id)
    recipients = [inbox.group(people.group("unit_deputy", undertaking.unit))]
    if undertaking.handler is not None:
        recipients.append(inbox.person(undertaking.handler))
    inbox.tell(
        work,
        recipients,
        "领导对所报难题的意见",
        opinion,
        matter_id=undertaking.matter_id,
    )
    return found


def resolve(work: handlers.Work, difficulty_id: int, resolution: str) -> Difficulty:
    """Keep how it was solved; the mark goes with the matter's last open difficulty."""
    solved = _change(
        work,
        get(work.connection, difficulty_id),
        resolution=resolution,
        resolved_at=work.now(),
    )
    undertaking = undertakings.get(work.connection, solved.undertaking_id)
    if not any(
        one.resolved_at is None
        for one in of_matter(work.connection, undertaking.matter_id)
    ):
        matter = matters.get(work.connection, undertaking.matter_id)
        matters.change(work, matter, needs_coordination=False)
    return solved


def get(connection: sa.Connection, difficulty_id: int) -> Difficulty:
    """Return the difficulty of this id."""
    row = connection.execute(
        sa.select(tables.difficulty).where(tables.difficulty.c.id == difficulty_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(difficulty_id=difficulty_id)
    return Difficulty(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Difficulty]:
    """Return the difficulties of a matter, the first one first."""
    rows = connection.execute(
        sa.select(tables.difficulty)
        .join(
            tables.undertaking,
            tables.undertaking.c.id == tables.difficulty.c.undertaking_id,
        )
        .where(tables.undertaking.c.matter_id == matter_id)
        .order_by(tables.difficulty.c.id)
    )
    return [Difficulty(**row._mapping) for row in rows]


def _change(work: handlers.Work, found: Difficulty, **changes: object) -> Difficulty:
    row = work.connection.execute(
        tables.difficulty.update()
        .where(tables.difficulty.c.id == found.id)
        .values(**changes)
        .returning(tables.difficulty)
    ).one()
    return Difficulty(**row._mapping)
