"""Grants to read (阅文权限): a matter that somebody does not see of himself (R-04-18).

Whoever supervises may join meetings, read papers and travel with leaders. A grant opens
one matter to one person for some days, to be read and nothing else; each look is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.matters import matters

RULE = "R-04-18"
#: The job that ends a grant when its time is over.
JOB = "reading_grant_ends"
#: Who may let somebody read.
GRANTERS = frozenset({"dc_chief", "go_deputy", "go_director"}) | access.LEADERS
PAGE = "事项"


@dataclass(frozen=True)
class Grant:
    """Who may read a matter until when and why, and how often it was used."""

    id: int
    matter_id: int
    reader: str
    reason: str
    ends_at: datetime
    ended_at: datetime | None
    person: str
    at: datetime
    looks: int


def may_give(identity: people.Identity) -> bool:
    """Whether the person may let others read."""
    return access.holds(identity, *GRANTERS)


@entries.under("R-04-18")
def give(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> Grant:
    """Let somebody read a matter; reads `reader`, `reason` and `until`, a day.

    Raise `Forbidden` for one who may not grant, `Invalid` for a reader who is unknown,
    sees no business text (三员) or sees the matter anyway, and for a day gone by.
    """
    _require_granter(identity, matter_id)
    matter = _visible(work.connection, identity, matter_id)
    reader = _reader(work, entries.text(given, "reader", longest=100), matter_id)
    reason = entries.text(given, "reason", longest=500)
    until = entries.day(given, "until")
    if until < work.calendar.local_date(work.now()):
        raise entries.refusal("until", "截止日不能早于今天。", rule=RULE)
    ends_at = work.calendar.end_of_day(until)
    grant_id = work.connection.execute(
        tables.reading_grant.insert()
        .values(
            matter_id=matter_id,
            reader=reader.person,
            reason=reason,
            ends_at=ends_at,
            person=identity.person,
            at=work.now(),
        )
        .returning(tables.reading_grant.c.id)
    ).scalar_one()
    work.schedule(JOB, ends_at, {"grant": grant_id}, key=_key(grant_id))
    details = {"name": reader.name, "until": until.isoformat(), "reason": reason}
    if matter.root_id is not None:
        work.note(matter.root_id, "reading_granted", details, person=identity.person)
    inbox.tell(
        work,
        [inbox.person(reader.person)],
        f"可以阅文：{matter.title}",
        f"您可以查看“{matter.title}”至{until}，每次查看都会记录。事由：{reason}",
        matter_id=matter_id,
    )
    return get(work.connection, grant_id)


def take_back(work: handlers.Work, grant_id: int, identity: people.Identity) -> Grant:
    """End a grant before its time."""
    grant = get(work.connection, grant_id)
    _require_granter(identity, grant.matter_id)
    matter = _visible(work.connection, identity, grant.matter_id)
    if grant.ended_at is not None:
        raise errors.Refused("这一阅文权限已经结束。（R-04-18）", grant=grant_id)
    work.unschedule(_key(grant_id))
    _end(work, grant_id, by=identity.person)
    if matter.root_id is not None:
        name = people.names(work.connection, [grant.reader])
        details = {"name": name.get(grant.reader, grant.reader)}
        work.note(matter.root_id, "reading_taken_back", details, person=identity.person)
    return get(work.connection, grant_id)


def lapse(work: handlers.Work, payload: Mapping[str, object]) -> None:
    """End a grant whose time is over."""
    _end(work, entries.number(payload, "grant"), by=None)


def in_use(
    connection: sa.Connection, identity: people.Identity, matter_id: int
) -> int | None:
    """Return the grant by which this person reads the matter; None who needs none."""
    if access.holds(identity, *access.OVERSEERS):
        return None
    grant = tables.reading_grant.c
    return connection.scalar(
        sa.select(grant.id)
        .where(
            grant.matter_id == matter_id,
            grant.reader == identity.person,
            grant.ended_at.is_(None),
        )
        .order_by(grant.id.desc())
        .limit(1)
    )


def look(work: handlers.Work, grant_id: int, what: str) -> None:
    """Keep that the reader looked at the matter or at one of its documents."""
    work.connection.execute(
        tables.reading_look.insert().values(grant_id=grant_id, what=what, at=work.now())
    )


def of_matter(connection: sa.Connection, matter_id: int) -> list[Grant]:
    """Return the grants of a matter, the first one first."""
    found = _grants().where(tables.reading_grant.c.matter_id == matter_id)
    return [Grant(**row._mapping) for row in connection.execute(found)]


def get(connection: sa.Connection, grant_id: int) -> Grant:
    """Return the grant of this id."""
    found = _grants().where(tables.reading_grant.c.id == grant_id)
    row = connection.execute(found).one_or_none()
    if row is None:
        raise errors.NotFound(grant=grant_id)
    return Grant(**row._mapping)


def _grants() -> sa.Select[tuple[object, ...]]:
    grant, look = tables.reading_grant.c, tables.reading_look.c
    looks = (
        sa.select(sa.func.count())
        .where(look.grant_id == grant.id)
        .scalar_subquery()
        .label("looks")
    )
    columns = (
        grant.id,
        grant.matter_id,
        grant.reader,
        grant.reason,
        grant.ends_at,
        grant.ended_at,
        grant.person,
        grant.at,
    )
    return sa.select(*columns, looks).order_by(grant.id)


def _reader(work: handlers.Work, account: str, matter_id: int) -> people.Identity:
    person = engine_tables.person.c
    known = work.connection.scalar(sa.select(person.id).where(person.id == account))
    if known is None:
        raise entries.refusal("reader", f"没有账号“{account}”。", rule=RULE)
    identity = people.identity(work.connection, account, work.now())
    if identity.roles & access.GUARDIANS:
        message = "系统、安全、审计管理员不查看业务内容。"
        raise entries.refusal("reader", message, rule=RULE)
    seen = work.connection.scalar(
        sa.select(tables.matter.c.id).where(
            tables.matter.c.id == matter_id, access.visible(identity)
        )
    )
    if seen is not None:
        message = f"{identity.name}已能查看这一事项。"
        raise entries.refusal("reader", message, rule=RULE)
    return identity


def _visible(
    connection: sa.Connection, identity: people.Identity, matter_id: int
) -> matters.Matter:
    seen = sa.select(tables.matter.c.id).where(
        tables.matter.c.id == matter_id, access.visible(identity)
    )
    if connection.scalar(seen) is None:
        raise errors.NotFound(matter_id=matter_id)
    return matters.get(connection, matter_id)


def _require_granter(identity: people.Identity, matter_id: int) -> None:
    if not may_give(identity):
        raise errors.Forbidden(
            entries.ruled("只有督查室主任、政府办主任和领导可以授予阅文权限。", RULE),
            matter_id=matter_id,
        )


def _end(work: handlers.Work, grant_id: int, *, by: str | None) -> None:
    grant = tables.reading_grant
    work.connection.execute(
        grant.update()
        .where(grant.c.id == grant_id, grant.c.ended_at.is_(None))
        .values(ended_at=work.now(), ended_by=by)
    )


def _key(grant_id: int) -> str:
    return f"{JOB}:{grant_id}"
