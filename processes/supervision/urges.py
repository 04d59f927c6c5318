"""Urges (催办): every push for an overdue result, on the record and never changed."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import handlers
from processes.supervision import tables


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
