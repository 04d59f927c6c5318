"""Training of those who supervise: the year's plan, its sessions, who attended.

《政府督查工作条例》第9条; lectures of leaders are marked (培训制度), and the ledger of
the team shows each person's hours (R-00-40).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import entries
from processes.supervision import tables

#: Whose training is planned and recorded.
TEAM = ("dc_chief", "dc_officer", "dc_registrar", "go_section")
LONGEST_HOURS = 40


@dataclass(frozen=True)
class Session:
    """One session of a plan; held or dropped once it is recorded."""

    id: int
    matter_id: int
    serial: int
    planned_on: date
    topic: str
    lecturer: str
    leader_lecture: bool
    held_on: date | None
    hours: int | None
    summary: str | None
    dropped: str | None
    recorded_by: str | None
    recorded_at: datetime | None


@dataclass(frozen=True)
class Trained:
    """One line of the team's ledger."""

    person: str
    name: str
    sessions: int
    hours: int
    last_on: date | None


@entries.under("R-04-14")
def plan(work: handlers.Work, matter_id: int, given: entries.Entries) -> list[Session]:
    """Keep the sessions of a plan, in place of those of a version sent back.

    Reads sessions: rows of on, topic, lecturer and leader_lecture.
    """
    rows = entries.rows(given, "sessions")
    if not rows:
        raise entries.refusal("sessions", "培训计划至少安排一次培训。", rule="R-04-14")
    today = work.calendar.local_date(work.now())
    session = tables.training_session
    work.connection.execute(session.delete().where(session.c.matter_id == matter_id))
    for serial, row in enumerate(rows, start=1):
        planned_on = entries.day(row, "on")
        if planned_on < today:
            raise entries.refusal(
                "sessions", f"第{serial}次培训的日期已经过去。", rule="R-04-14"
            )
        work.connection.execute(
            session.insert().values(
                matter_id=matter_id,
                serial=serial,
                planned_on=planned_on,
                topic=entries.text(row, "topic", longest=200),
                lecturer=entries.text(row, "lecturer", longest=100),
                leader_lecture=entries.flag(row, "leader_lecture"),
            )
        )
    return of_matter(work.connection, matter_id)


@entries.under("R-04-14")
def record(
    work: handlers.Work, session_id: int, given: entries.Entries, *, person: str
) -> Session:
    """Record that a session was held and who attended, or why it was dropped.

    Reads held, held_on, hours, attended (accounts) and summary; else dropped.
    """
    planned = get(work.connection, session_id)
    if planned.recorded_at is not None:
        raise errors.Refused("这次培训已经登记过了。（R-04-14）", session_id=session_id)
    held = entries.flag(given, "held")
    values: dict[str, object] = {"recorded_by": person, "recorded_at": work.now()}
    if not held:
        values["dropped"] = entries.text(given, "dropped", longest=1000)
    else:
        values |= _held(work, given)
        attended = entries.choices(given, "attended", members(work))
        if not attended:
            raise entries.refusal("attended", "请登记参加人员。", rule="R-04-14")
        work.connection.execute(
            tables.training_attendance.insert(),
            [{"session_id": session_id, "person": one} for one in attended],
        )
    row = work.connection.execute(
        tables.training_session.update()
        .where(tables.training_session.c.id == session_id)
        .values(**values)
        .returning(tables.training_session)
    ).one()
    return Session(**row._mapping)


def get(connection: sa.Connection, session_id: int) -> Session:
    """Return the session of this id."""
    row = connection.execute(
        sa.select(tables.training_session).where(
            tables.training_session.c.id == session_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(session_id=session_id)
    return Session(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Session]:
    """Return the sessions of a plan in their order."""
    session = tables.training_session
    rows = connection.execute(
        sa.select(session)
        .where(session.c.matter_id == matter_id)
        .order_by(session.c.serial)
    )
    return [Session(**row._mapping) for row in rows]


def members(work: handlers.Reading) -> list[str]:
    """Return the accounts of the team, now."""
    return sorted(
        {
            person
            for role in TEAM
            for person in people.holders(work.connection, role, work.now())
        }
    )


def ledger(work: handlers.Reading, since: date, until: date) -> list[Trained]:
    """Return what training each of the team had between two days, both included."""
    session, attendance = tables.training_session.c, tables.training_attendance.c
    rows = work.connection.execute(
        sa.select(attendance.person, session.held_on, session.hours)
        .join(tables.training_session, session.id == attendance.session_id)
        .where(session.held_on >= since, session.held_on <= until)
    ).all()
    team = members(work)
    names = people.names(work.connection, team)
    return [_trained(one, names.get(one, one), rows) for one in team]


def _trained(person: str, name: str, rows: Sequence[Any]) -> Trained:
    own = [row for row in rows if row.person == person]
    return Trained(
        person,
        name,
        sessions=len(own),
        hours=sum(row.hours for row in own),
        last_on=max((row.held_on for row in own), default=None),
    )


def _held(work: handlers.Work, given: entries.Entries) -> dict[str, object]:
    held_on = entries.day(given, "held_on")
    if held_on > work.calendar.local_date(work.now()):
        raise entries.refusal("held_on", "不能晚于今天。", rule="R-04-14")
    hours = entries.optional_whole(given, "hours", least=1, largest=LONGEST_HOURS)
    if hours is None:
        raise entries.refusal("hours", "请填写学时。", rule="R-04-14")
    return {
        "held_on": held_on,
        "hours": hours,
        "summary": entries.text(given, "summary", longest=5000),
    }
