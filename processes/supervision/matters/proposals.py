"""Proposals (拟办意见): who should do what by when; every version is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import mandates
from processes.supervision.matters import matters


@dataclass(frozen=True)
class Proposal:
    """One version of the proposal for a matter: the opinion and its mandates."""

    id: int
    version: int
    opinion: str
    mandates: tuple[mandates.Mandate, ...]
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
    """Keep a version with one mandate and send the matter into approval.

    Reads `opinion`, `requirement`, `lead_unit`, `assisting` (rows of unit and
    duty) and `due_on` (the matter's due day where left blank; never later).
    """
    last_day = work.calendar.local_date(matter.due_at)
    due_on = entries.optional_day(given, "due_on") or last_day
    today = work.calendar.local_date(work.now())
    if due_on > last_day:
        raise entries.refusal(
            "due_on", f"不得晚于事项的办结时限 {last_day}。", rule="R-00-15"
        )
    if due_on < today <= last_day:
        raise entries.refusal("due_on", "不得早于今天。", rule="R-00-15")
    requirement = entries.text(given, "requirement")
    only = mandates.Draft(
        content=matter.title,
        requirement=requirement,
        lead_unit=entries.text(given, "lead_unit"),
        duty=requirement,
        assisting=tuple(
            mandates.Assisting(entries.text(row, "unit"), entries.text(row, "duty"))
            for row in entries.rows(given, "assisting")
        ),
        due_on=due_on,
    )
    mandates.require_units(work.connection, [only])
    return _lay_before(
        work,
        matter,
        entries.text(given, "opinion"),
        [only],
        person=person,
        on_behalf_of=on_behalf_of,
    )


def record_breakdown(
    work: handlers.Work,
    matter: matters.Matter,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Proposal:
    """Keep a version with the mandates of a breakdown form (R-00-11, R-00-13).

    Reads `opinion` and what `mandates.read` reads.
    """
    opinion = entries.optional_text(given, "opinion")
    if not opinion:
        raise entries.refusal("opinion", "须填写拟办意见方可送批。", rule="R-00-13")
    return _lay_before(
        work,
        matter,
        opinion,
        mandates.read(work, matter, given),
        person=person,
        on_behalf_of=on_behalf_of,
    )


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
    first, *others = latest.mandates
    if lead_unit == first.lead_unit:
        raise entries.refusal(
            "lead_unit", "改承办须选择另一个主办单位。", rule="R-00-16"
        )
    assisting = tuple(one for one in first.assisting if one.unit != lead_unit)
    changed = [replace(first, lead_unit=lead_unit, assisting=assisting), *others]
    mandates.require_units(work.connection, changed)
    return keep(
        work,
        matter_id,
        latest.opinion,
        changed,
        person=person,
        on_behalf_of=on_behalf_of,
    )


def keep(
    work: handlers.Work,
    matter_id: int,
    opinion: str,
    drafts: Sequence[mandates.Draft],
    *,
    person: str,
    on_behalf_of: str | None,
) -> Proposal:
    """Keep the next version of the proposal of a matter."""
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
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
        .returning(proposal)
    ).one()
    mandates.keep(work, matter_id, row.id, drafts)
    return _proposal(work.connection, row)


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
    return _proposal(connection, row)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Proposal]:
    """Return all versions, the first one first."""
    rows = connection.execute(
        sa.select(tables.proposal)
        .where(tables.proposal.c.matter_id == matter_id)
        .order_by(tables.proposal.c.version)
    )
    return [_proposal(connection, row) for row in rows.all()]


def _lay_before(
    work: handlers.Work,
    matter: matters.Matter,
    opinion: str,
    drafts: Sequence[mandates.Draft],
    *,
    person: str,
    on_behalf_of: str | None,
) -> Proposal:
    proposal = keep(
        work, matter.id, opinion, drafts, person=person, on_behalf_of=on_behalf_of
    )
    matters.move(work, matter, "APPROVING")
    return proposal


def _proposal(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> Proposal:
    return Proposal(
        id=row.id,
        version=row.version,
        opinion=row.opinion,
        mandates=mandates.of_proposal(connection, row.id),
        person=row.person,
        at=row.at,
    )
