"""Urges (催办): every push for a result, on the record and never changed (R-00-19)."""

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
from processes.supervision.undertakings import undertakings

#: How a person of the office may urge; 系统 is the ladder's.
MODES = ("电话", "书面", "现场", "约谈")
#: 通知下发后督查机构可随时催办督办 (000三(三)).
URGING = ("dc_officer", "dc_chief", "go_section", "go_deputy", "go_director")


@dataclass(frozen=True)
class Urge:
    """One urge; `person` is None where the system wrote it."""

    id: int
    matter_id: int
    undertaking_id: int | None
    level: int
    mode: str
    content: str
    target: str
    document_id: int | None
    person: str | None
    at: datetime


def record(
    work: handlers.Work,
    *,
    matter_id: int,
    undertaking_id: int,
    mode: str,
    content: str,
    target: str,
    document_id: int | None = None,
    person: str | None = None,
) -> int:
    """Append an urge and return its level: the first of an undertaking is 1.

    `mode` is 系统, 电话, 书面, 现场 or 约谈 (domain §3.1 UrgeRecord).
    """
    level = 1 + len(of_undertaking(work.connection, undertaking_id))
    work.connection.execute(
        tables.urge.insert().values(
            matter_id=matter_id,
            undertaking_id=undertaking_id,
            level=level,
            mode=mode,
            content=content,
            target=target,
            document_id=document_id,
            person=person,
            at=work.now(),
        )
    )
    return level


@entries.under("R-00-19")
def by_hand(
    work: handlers.Work,
    undertaking_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> int:
    """Urge a unit at any time after the notice went out; return the urge's level.

    Reads `mode`, `content`, `target` (whom it reached) and `response`, if it was
    given at once.
    """
    undertaking = undertakings.get(work.connection, undertaking_id)
    if not access.holds(identity, *URGING):
        raise errors.Forbidden(
            "只有督查室和政府办可以催办。（R-00-19）", undertaking=undertaking.number
        )
    if undertaking.state in undertakings.ENDED:
        raise undertakings.WrongState(
            f"{undertaking.number} 已经办完，不能再催办。（R-00-19）",
            undertaking=undertaking.number,
        )
    content = entries.text(given, "content", longest=2000)
    level = record(
        work,
        matter_id=undertaking.matter_id,
        undertaking_id=undertaking.id,
        mode=entries.choice(given, "mode", MODES),
        content=content,
        target=entries.text(given, "target", longest=200),
        person=identity.person,
    )
    response = entries.optional_text(given, "response", longest=2000)
    if response:
        last = of_undertaking(work.connection, undertaking.id)[-1]
        _answer(work, last.id, response, identity.person)
    recipients = [
        inbox.group(people.group(role, undertaking.unit))
        for role in ("unit_deputy", "unit_registrar")
    ]
    if undertaking.handler is not None:
        recipients.append(inbox.person(undertaking.handler))
    title = f"督查催办：{undertaking.number}"
    inbox.tell(work, recipients, title, content, matter_id=undertaking.matter_id)
    return level


@entries.under("R-00-19")
def respond(
    work: handlers.Work,
    urge_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> None:
    """Write down what the unit answers to an urge: reads `response`."""
    row = work.connection.execute(
        sa.select(tables.undertaking.c.unit)
        .join(tables.urge, tables.urge.c.undertaking_id == tables.undertaking.c.id)
        .where(tables.urge.c.id == urge_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(urge_id=urge_id)
    if not may_respond(identity, row.unit):
        raise errors.Forbidden(
            "只有被催办的单位和督查室可以登记回应。（R-00-19）", urge_id=urge_id
        )
    response = entries.text(given, "response", longest=2000)
    _answer(work, urge_id, response, identity.person)


def may_respond(identity: people.Identity, unit: str) -> bool:
    """Whether this person may write down what the unit answers to an urge."""
    own = [people.group(role, unit) for role in sorted(access.UNIT_ROLES)]
    return access.holds(identity, *own, *URGING)


def responses(connection: sa.Connection, urge_id: int) -> list[str]:
    """Return what was answered to an urge, the first answer first."""
    response = tables.urge_response.c
    return list(
        connection.scalars(
            sa.select(response.content)
            .where(response.urge_id == urge_id)
            .order_by(response.id)
        )
    )


def of_undertaking(connection: sa.Connection, undertaking_id: int) -> list[Urge]:
    """Return the urges of an undertaking, the first one first."""
    return _urges(connection, tables.urge.c.undertaking_id == undertaking_id)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Urge]:
    """Return the urges of a matter, the first one first."""
    return _urges(connection, tables.urge.c.matter_id == matter_id)


def _urges(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Urge]:
    rows = connection.execute(
        sa.select(tables.urge).where(condition).order_by(tables.urge.c.id)
    )
    return [Urge(**row._mapping) for row in rows]


def _answer(work: handlers.Work, urge_id: int, content: str, person: str) -> None:
    work.connection.execute(
        tables.urge_response.insert().values(
            urge_id=urge_id, content=content, person=person, at=work.now()
        )
    )
