"""The monthly patrols (每月领衔巡查): one duty for each vice mayor and month.

区政府分管负责同志按分工每月领衔巡查 (观政办〔2016〕29号 二(一)1). A month that is begun
twice has each duty once.
"""

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine.workdays import Calendar
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.matters import matters

PROCEDURE = "proc_patrol"
#: 分管负责同志: the vice mayors, the executive one included.
LEADING = ("vice_mayor", "exec_vice_mayor")
REMINDER_HOUR = time(9)


@dataclass(frozen=True)
class Duty:
    """One leader's patrol of one month, and the matter it became."""

    id: int
    month: str
    leader: str
    matter_id: int | None
    opened_at: datetime
    reminded_at: datetime | None


def open_month(work: handlers.Work) -> list[Duty]:
    """Open this month's duty of every vice mayor who has none yet."""
    connection, now = work.connection, work.now()
    month = work.calendar.local_date(now).strftime("%Y-%m")
    leaders = {
        person for role in LEADING for person in people.holders(connection, role, now)
    }
    duty = tables.patrol_duty
    known = set(
        connection.scalars(sa.select(duty.c.leader).where(duty.c.month == month))
    )
    opened = []
    for leader in sorted(leaders - known):
        row = connection.execute(
            duty.insert()
            .values(month=month, leader=leader, opened_at=now)
            .returning(duty)
        ).one()
        opened.append(Duty(**row._mapping))
    return opened


def begin(
    work: handlers.Work, duty: Duty, fields: entries.Entries, person: str
) -> Duty:
    """Start the patrol of the duty as a matter of its own."""
    leader = people.names(work.connection, [duty.leader])[duty.leader]
    told = {**fields, "source_leader": leader}
    started = work.start(PROCEDURE, fields=told, person=person)
    matter = matters.by_number(work.connection, started.business_key or "")
    return _change(work, duty, matter_id=matter.id)


def remind(work: handlers.Work, duty: Duty) -> Duty:
    """Tell the vice mayor that nothing has begun, and the director a copy of it."""
    names = people.names(work.connection, [duty.leader])
    inbox.tell(
        work,
        [inbox.person(duty.leader), inbox.group("go_director")],
        f"{duty.month} 领衔巡查尚未开展",
        f"{names.get(duty.leader, duty.leader)}：本月领衔巡查尚未开展，请及时组织。",
        matter_id=None,
    )
    return _change(work, duty, reminded_at=work.now())


def reminder_at(calendar: Calendar, duty: Duty) -> datetime:
    """Return nine o'clock of the last working day of the month (月末提醒)."""
    return calendar.at(calendar.roll(last_day(duty), "previous"), REMINDER_HOUR)


def last_day(duty: Duty) -> date:
    """Return the last day of the duty's month."""
    first = date.fromisoformat(f"{duty.month}-01")
    return Calendar.add_days(Calendar.add_months(first, 1), -1)


def get(connection: sa.Connection, duty_id: int) -> Duty:
    """Return the duty of this id."""
    row = connection.execute(
        sa.select(tables.patrol_duty).where(tables.patrol_duty.c.id == duty_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(duty_id=duty_id)
    return Duty(**row._mapping)


def of_month(connection: sa.Connection, month: str) -> list[Duty]:
    """Return the duties of a month such as 2026-01, by leader."""
    duty = tables.patrol_duty
    rows = connection.execute(
        sa.select(duty).where(duty.c.month == month).order_by(duty.c.leader)
    )
    return [Duty(**row._mapping) for row in rows]


def _change(work: handlers.Work, duty: Duty, **values: object) -> Duty:
    work.connection.execute(
        tables.patrol_duty.update()
        .where(tables.patrol_duty.c.id == duty.id)
        .values(**values)
    )
    return get(work.connection, duty.id)
