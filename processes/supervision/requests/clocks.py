"""Clocks that stand still (停钟): while a matter rests, or while its caller is asked.

What was not yet due when the clock stopped is due as many working days later as it
stood still; what was overdue stays overdue, and only its next rungs come later. The
day set by a superior authority never moves: nobody here may stop that clock.
"""

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings

Kind = Literal["SUSPENDED", "CALLER"]
#: 任意未结→SUSPENDED(须领导批，停钟) (domain §3.2): who may let a matter rest.
MAY_SUSPEND = ("go_director", "vice_mayor", "exec_vice_mayor", "mayor", "party_leader")


@dataclass(frozen=True)
class Stop:
    """One rest of a matter's clock; `workdays` is how long it was, once it is over."""

    id: int
    matter_id: int
    kind: Kind
    status_before: str
    #: The ladders that stood: subject, id, due day and the rungs not yet climbed.
    ladders: list[dict[str, Any]]
    stopped_at: datetime
    resumed_at: datetime | None
    workdays: int | None


class NotStopped(errors.Refused):
    """这一事项的时钟没有停。"""


def suspend(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> None:
    """Let a matter rest with its procedure; a leader decides so and says why.

    Reads `reason`.
    """
    reason = entries.text(given, "reason", longest=1000)
    work.suspend(_root(work, matter_id, identity), reason, identity.person)


def resume(work: handlers.Work, matter_id: int, identity: people.Identity) -> None:
    """Let a matter that rests go on; its deadlines move by the working days it did."""
    work.resume(_root(work, matter_id, identity), identity.person)


def rest(work: handlers.Work, root_id: str, since: datetime | None) -> None:
    """Stop the clocks of the matter of a suspended instance, or let them go on.

    The engine tells when an instance rests (None) and when it goes on (since when).
    """
    matter_id = work.connection.scalar(
        sa.select(tables.matter.c.id).where(tables.matter.c.root_id == root_id)
    )
    if matter_id is None:
        return
    matter = matters.get(work.connection, matter_id)
    standing = stopped(work.connection, matter_id)
    if since is None:
        if standing is None:
            stop(work, matter, "SUSPENDED")
        else:
            _change(work, standing, status_before=matter.status)
        if matter.status not in matters.ENDED:
            matters.change(work, matter, status="SUSPENDED")
    elif standing is not None:
        if matter.status == "SUSPENDED":
            matter = matters.change(work, matter, status=standing.status_before)
        # A caller who was asked before the rest may still have to answer.
        if standing.kind == "SUSPENDED":
            go(work, matter)


def stop(work: handlers.Work, matter: matters.Matter, kind: Kind) -> Stop:
    """Stop the clocks of a matter and of its open undertakings."""
    ladders = []
    for subject, subject_id in _subjects(work.connection, matter):
        standing = ladder.standing(work.connection, subject, subject_id)
        if standing is not None:
            due_on, rungs = standing
            ladders.append(
                {
                    "subject": subject,
                    "id": subject_id,
                    "due_on": due_on.isoformat(),
                    "rungs": rungs,
                }
            )
            ladder.take_down(work, subject, subject_id)
    row = work.connection.execute(
        tables.clock_stop.insert()
        .values(
            matter_id=matter.id,
            kind=kind,
            status_before=matter.status,
            ladders=ladders,
            stopped_at=work.now(),
        )
        .returning(tables.clock_stop)
    ).one()
    return Stop(**row._mapping)


def go(work: handlers.Work, matter: matters.Matter) -> Stop:
    """Let the clocks of a matter go on; raise `NotStopped` if they do."""
    standing = stopped(work.connection, matter.id)
    if standing is None:
        raise NotStopped(matter=matter.number)
    rested = work.calendar.workdays_between(standing.stopped_at, work.now())
    over = _change(work, standing, resumed_at=work.now(), workdays=rested)
    _move_undertakings(work, matter, standing, rested)
    if matter.due_at >= standing.stopped_at:
        matter = matters.change(
            work, matter, due_at=_later(work, matter.due_at, rested)
        )
    for one in standing.ladders:
        _set_up(work, standing, one, rested)
    matters.refresh_light(work, matter.id)
    if matter.root_id is not None:
        work.refresh_due_dates(matter.root_id)
    return over


def stopped(connection: sa.Connection, matter_id: int) -> Stop | None:
    """Return the rest that is not over yet, if the matter's clock stands still."""
    row = connection.execute(
        sa.select(tables.clock_stop).where(
            tables.clock_stop.c.matter_id == matter_id,
            tables.clock_stop.c.resumed_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else Stop(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Stop]:
    """Return every rest of a matter's clock, the first one first."""
    rows = connection.execute(
        sa.select(tables.clock_stop)
        .where(tables.clock_stop.c.matter_id == matter_id)
        .order_by(tables.clock_stop.c.id)
    )
    return [Stop(**row._mapping) for row in rows]


def _root(work: handlers.Work, matter_id: int, identity: people.Identity) -> str:
    if not access.holds(identity, *MAY_SUSPEND):
        raise errors.Forbidden("暂停和恢复督查事项须经领导批准。", matter_id=matter_id)
    matter = matters.get(work.connection, matter_id)
    if matter.root_id is None or matter.status in matters.ENDED:
        raise matters.WrongStatus(
            f"事项 {matter.number} 已经办结，不能暂停或恢复。", matter=matter.number
        )
    return matter.root_id


def _subjects(
    connection: sa.Connection, matter: matters.Matter
) -> list[tuple[str, int]]:
    found = [("matter", matter.id), ("approval", matter.id)]
    for one in undertakings.of_matter(connection, matter.id):
        if one.state not in undertakings.ENDED:
            found += [("undertaking", one.id), ("acknowledgement", one.id)]
    return found


def _move_undertakings(
    work: handlers.Work, matter: matters.Matter, standing: Stop, rested: int
) -> None:
    for one in undertakings.of_matter(work.connection, matter.id):
        if one.state in undertakings.RESTING:
            continue
        due_at = one.due_at
        if due_at >= standing.stopped_at:
            due_at = _later(work, due_at, rested)
        sign_due_at = one.sign_due_at
        if one.signed_at is None and sign_due_at >= standing.stopped_at:
            sign_due_at = _later(work, sign_due_at, rested)
        light = lights.light(work.calendar, work.now(), due_at)
        undertakings.change(
            work, one, due_at=due_at, sign_due_at=sign_due_at, light=light
        )


def _set_up(
    work: handlers.Work, standing: Stop, stood: dict[str, Any], rested: int
) -> None:
    due_on = date.fromisoformat(stood["due_on"])
    subject, subject_id = stood["subject"], stood["id"]
    if work.calendar.end_of_day(due_on) >= standing.stopped_at:
        later = work.calendar.add_workdays(due_on, rested)
        ladder.set_up(work, subject, subject_id, later)
    else:
        ladder.put_off(work, subject, subject_id, due_on, stood["rungs"], rested)


def _later(work: handlers.Work, due_at: datetime, rested: int) -> datetime:
    day = work.calendar.add_workdays(work.calendar.local_date(due_at), rested)
    return work.calendar.end_of_day(day)


def _change(work: handlers.Work, standing: Stop, **changes: object) -> Stop:
    row = work.connection.execute(
        tables.clock_stop.update()
        .where(tables.clock_stop.c.id == standing.id)
        .values(**changes)
        .returning(tables.clock_stop)
    ).one()
    return Stop(**row._mapping)
