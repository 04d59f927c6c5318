"""The ladder of a deadline (CA-09): which rung is climbed when, as a decision table.

Setting a deadline writes one job for each rung of the table `ladder`; whoever meets
the deadline takes the ladder down. What a rung does is in escalation.py.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta

import sqlalchemy as sa

from engine import handlers
from engine import tables
from engine import workdays
from processes.supervision import policies

DECISION = "ladder"
JOB = "ladder_rung"


@dataclass(frozen=True)
class Rung:
    """One row of the table: what happens how many working days around the due day."""

    name: str
    #: Working days after the due day; negative before it.
    workdays: int
    #: Hour of that day in Shanghai; 24 is the midnight that ends it.
    hour: int
    act: str
    #: A reminder that is past when its deadline is set is left out; a red light never.
    skipped_when_past: bool
    #: Roles to be told, `handler` being the person who handles the undertaking.
    targets: tuple[str, ...]
    text_message: bool


@dataclass(frozen=True)
class Planned:
    """A rung and the moment it is due."""

    rung: Rung
    at: datetime


def rungs(answer: Iterable[Mapping[str, object]]) -> tuple[Rung, ...]:
    """Return the rungs that the decision table answered, one a row."""
    return tuple(
        Rung(
            name=str(row["rung"]),
            workdays=int(str(row["workdays"])),
            hour=int(str(row["hour"])),
            act=str(row["act"]),
            skipped_when_past=bool(row["skipped_when_past"]),
            targets=tuple(
                filter(None, str(row["targets"]).replace(" ", "").split(","))
            ),
            text_message=bool(row["text_message"]),
        )
        for row in answer
    )


def plan(
    calendar: workdays.Calendar, now: datetime, due_on: date, rungs: Iterable[Rung]
) -> tuple[Planned, ...]:
    """Return when each rung is climbed, in order of time.

    Days are counted from the due day by working days (sub_wd, add_wd of domain
    §3.3). A rung that is already past is left out where its row says so, else it
    is due at once.
    """
    planned = []
    for rung in rungs:
        day = calendar.add_workdays(due_on, rung.workdays)
        at = calendar.start_of_day(day) + timedelta(hours=rung.hour)
        if at < now and rung.skipped_when_past:
            continue
        planned.append(Planned(rung, max(at, now)))
    return tuple(sorted(planned, key=lambda one: one.at))


def set_up(work: handlers.Work, subject: str, subject_id: int, due_on: date) -> None:
    """Write the jobs of the ladder, in place of those of an earlier deadline.

    `subject` is what is due: undertaking, acknowledgement, matter, approval,
    extension, inspection.
    """
    take_down(work, subject, subject_id)
    steep = _of(work.connection, subject)
    _schedule(work, subject, subject_id, due_on, steep)


def put_off(
    work: handlers.Work,
    subject: str,
    subject_id: int,
    due_on: date,
    names: Collection[str],
    rested: int,
) -> None:
    """Write the rungs of these names so many working days later than their table says.

    The due day itself is past and stays: only what follows a delay waits longer.
    """
    later = [
        replace(rung, workdays=rung.workdays + rested)
        for rung in _of(work.connection, subject)
        if rung.name in names
    ]
    _schedule(work, subject, subject_id, due_on, later)


def standing(
    connection: sa.Connection, subject: str, subject_id: int
) -> tuple[date, list[str]] | None:
    """Return the due day of a ladder that stands and its rungs not yet climbed."""
    job = tables.job.c
    payloads = connection.scalars(
        sa.select(job.payload)
        .where(
            job.key.startswith(_prefix(subject, subject_id), autoescape=True),
            job.status == "due",
        )
        .order_by(job.due_at, job.key)
    ).all()
    if not payloads:
        return None
    due_on = date.fromisoformat(payloads[0]["due_on"])
    return due_on, [str(payload["rung"]) for payload in payloads]


def catch_up(
    work: handlers.Work, subject: str, subject_id: int, due_on: date
) -> list[Mapping[str, object]]:
    """Set the ladder up and return the rungs to be climbed at once, in their order."""
    take_down(work, subject, subject_id)
    due: list[Mapping[str, object]] = []
    for planned in plan(
        work.calendar, work.now(), due_on, _of(work.connection, subject)
    ):
        if planned.at <= work.now():
            due.append(_payload(subject, subject_id, due_on, planned.rung))
        else:
            _schedule(work, subject, subject_id, due_on, [planned.rung])
    return due


def take_down(work: handlers.Work, subject: str, subject_id: int) -> None:
    """Remove the rungs not yet climbed: what was due is done (停钟)."""
    work.unschedule(_prefix(subject, subject_id), prefix=True)


def _prefix(subject: str, subject_id: int) -> str:
    # The closing colon keeps matter 1 apart from matter 10.
    return f"ladder:{subject}:{subject_id}:"


def _of(connection: sa.Connection, subject: str) -> tuple[Rung, ...]:
    return rungs(policies.decide(connection, DECISION, {"subject": subject}))


def _schedule(
    work: handlers.Work,
    subject: str,
    subject_id: int,
    due_on: date,
    steep: Iterable[Rung],
) -> None:
    for planned in plan(work.calendar, work.now(), due_on, steep):
        work.schedule(
            JOB,
            planned.at,
            _payload(subject, subject_id, due_on, planned.rung),
            key=f"{_prefix(subject, subject_id)}{planned.rung.name}",
        )


def _payload(
    subject: str, subject_id: int, due_on: date, rung: Rung
) -> dict[str, object]:
    return {
        "subject": subject,
        "id": subject_id,
        "rung": rung.name,
        "act": rung.act,
        "targets": list(rung.targets),
        "text_message": rung.text_message,
        "due_on": due_on.isoformat(),
    }
