"""Papers (材料): whatever a person fills in and the matter keeps, version by version.

A plan, a judgement, the minutes of a meeting, a draft to be approved: each is a kind of
paper, named by the diagram, with the fields of its form. So a procedure brings records
of its own without a line of code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import tables


@dataclass(frozen=True)
class Paper:
    """One version of a paper; `content` holds the fields of its form."""

    id: int
    matter_id: int
    undertaking_id: int | None
    kind: str
    version: int
    title: str
    element_id: str
    form: str | None
    content: Mapping[str, object]
    person: str
    on_behalf_of: str | None
    at: datetime


class NoPaper(errors.Refused):
    """还没有这份材料。"""


def keep(
    work: handlers.Work,
    *,
    matter_id: int,
    kind: str,
    title: str,
    content: Mapping[str, object],
    element_id: str,
    person: str,
    form: str | None = None,
    on_behalf_of: str | None = None,
    undertaking_id: int | None = None,
) -> Paper:
    """Keep the next version of a paper; the versions before it stay as they are."""
    paper = tables.paper
    last = latest(work.connection, matter_id, kind, undertaking_id=undertaking_id)
    row = work.connection.execute(
        paper.insert()
        .values(
            matter_id=matter_id,
            undertaking_id=undertaking_id,
            kind=kind,
            version=1 if last is None else last.version + 1,
            title=title,
            element_id=element_id,
            form=form,
            content=dict(content),
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
        .returning(paper)
    ).one()
    return Paper(**row._mapping)


def latest(
    connection: sa.Connection,
    matter_id: int,
    kind: str,
    *,
    undertaking_id: int | None = None,
) -> Paper | None:
    """Return the newest version of a kind of paper, of a matter or an undertaking."""
    paper = tables.paper.c
    row = connection.execute(
        sa.select(tables.paper)
        .where(
            paper.matter_id == matter_id,
            paper.kind == kind,
            paper.undertaking_id == undertaking_id
            if undertaking_id is not None
            else paper.undertaking_id.is_(None),
        )
        .order_by(paper.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Paper(**row._mapping)


def require(
    connection: sa.Connection,
    matter_id: int,
    kind: str,
    *,
    undertaking_id: int | None = None,
) -> Paper:
    """Return the newest version; NoPaper where there is none yet."""
    found = latest(connection, matter_id, kind, undertaking_id=undertaking_id)
    if found is None:
        raise NoPaper(matter_id=matter_id, kind=kind)
    return found


def of_matter(connection: sa.Connection, matter_id: int) -> list[Paper]:
    """Return every version of every paper of a matter, the first one first."""
    rows = connection.execute(
        sa.select(tables.paper)
        .where(tables.paper.c.matter_id == matter_id)
        .order_by(tables.paper.c.id)
    )
    return [Paper(**row._mapping) for row in rows]
