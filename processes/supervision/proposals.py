"""Proposals (拟办意见): who should do what by when; every version is kept."""

from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import matters
from processes.supervision import tables


@dataclass(frozen=True)
class Assisting:
    """An assisting unit and its own duty (S11: 各有责任描述)."""

    unit: str
    duty: str


@dataclass(frozen=True)
class Proposal:
    """One version of the proposal for a matter."""

    id: int
    version: int
    opinion: str
    requirement: str
    lead_unit: str
    assisting: tuple[Assisting, ...]
    due_on: date
    person: str
    at: datetime


def record(
    work: handlers.Work,
    matter: matters.Matter,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Proposal:
    """Keep a new version of the proposal and send the matter into approval.

    Reads `opinion`, `requirement`, `lead_unit`, `assisting` (rows of unit and
    duty) and `due_on` (the matter's due day where left blank; never later).
    """
    last_day = work.calendar.local_date(matter.due_at)
    due_on = entries.optional_day(given, "due_on") or last_day
    today = work.calendar.local_date(work.now())
    if due_on > last_day:
        raise entries.refusal("due_on", f"不得晚于事项的办结时限 {last_day}。")
    if due_on < today <= last_day:
        raise entries.refusal("due_on", "不得早于今天。")
    proposal = _keep(
        work,
        matter.id,
        opinion=entries.text(given, "opinion"),
        requirement=entries.text(given, "requirement"),
        lead_unit=entries.text(given, "lead_unit"),
        assisting=tuple(
            Assisting(entries.text(row, "unit"), entries.text(row, "duty"))
            for row in entries.rows(given, "assisting")
        ),
        due_on=due_on,
        person=person,
        on_behalf_of=on_behalf_of,
    )
    matters.move(work, matter, "APPROVING")
    return proposal


def change_unit(
    work: handlers.Work,
    matter_id: int,
    lead_unit: str,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Proposal:
    """Keep a version with another lead unit: what the decider changed (改承办)."""
    latest = current(work.connection, matter_id)
    if lead_unit == latest.lead_unit:
        raise entries.refusal("lead_unit", "改承办须选择另一个主办单位。")
    return _keep(
        work,
        matter_id,
        opinion=latest.opinion,
        requirement=latest.requirement,
        lead_unit=lead_unit,
        assisting=tuple(one for one in latest.assisting if one.unit != lead_unit),
        due_on=latest.due_on,
        person=person,
        on_behalf_of=on_behalf_of,
    )


def current(connection: sa.Connection, matter_id: int) -> Proposal:
    """Return the newest version."""
    row = connection.execute(
        sa.select(tables.proposal)
        .where(tables.proposal.c.matter_id == matter_id)
        .order_by(tables.proposal.c.version.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise errors.NotFound("这一事项还没有拟办意见。", matter_id=matter_id)
    return _proposal(row)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Proposal]:
    """Return all versions, the first one first."""
    rows = connection.execute(
        sa.select(tables.proposal)
        .where(tables.proposal.c.matter_id == matter_id)
        .order_by(tables.proposal.c.version)
    )
    return [_proposal(row) for row in rows]


def _keep(
    work: handlers.Work,
    matter_id: int,
    *,
    opinion: str,
    requirement: str,
    lead_unit: str,
    assisting: tuple[Assisting, ...],
    due_on: date,
    person: str,
    on_behalf_of: str | None,
) -> Proposal:
    _require_units(work.connection, lead_unit, assisting)
    proposal = tables.proposal
    version = work.connection.scalar(
        sa.select(sa.func.coalesce(sa.func.max(proposal.c.version), 0)).where(
            proposal.c.matter_id == matter_id
        )
    )
    row = work.connection.execute(
        proposal.insert()
        .values(
            matter_id=matter_id,
            version=int(version or 0) + 1,
            opinion=opinion,
            requirement=requirement,
            lead_unit=lead_unit,
            assisting=[{"unit": one.unit, "duty": one.duty} for one in assisting],
            due_on=due_on,
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
        .returning(proposal)
    ).one()
    return _proposal(row)


def _require_units(
    connection: sa.Connection, lead_unit: str, assisting: tuple[Assisting, ...]
) -> None:
    units = [lead_unit, *(one.unit for one in assisting)]
    if len(set(units)) < len(units):
        raise entries.refusal("assisting", "同一单位不能重复承办。")
    unit = engine_tables.unit.c
    known = set(
        connection.scalars(
            sa.select(unit.code).where(unit.code.in_(units), unit.active)
        )
    )
    for code in units:
        if code not in known:
            key = "lead_unit" if code == lead_unit else "assisting"
            raise entries.refusal(key, f"没有单位“{code}”，或已停用。")


def _proposal(row: sa.Row[tuple[object, ...]]) -> Proposal:
    return Proposal(
        id=row.id,
        version=row.version,
        opinion=row.opinion,
        requirement=row.requirement,
        lead_unit=row.lead_unit,
        assisting=tuple(Assisting(**one) for one in row.assisting),
        due_on=row.due_on,
        person=row.person,
        at=row.at,
    )
