"""The ladder of a deadline (CA-09): which rung is climbed when, as a decision table.

Setting a deadline writes one job for each rung of the table `ladder`; whoever meets
the deadline takes the ladder down. What a rung does is in escalation.py.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta

from engine import handlers
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

    `subject` is what is due: undertaking, acknowledgement, matter or approval.
    """
    take_down(work, subject, subject_id)
    answer = policies.decide(work.connection, DECISION, {"subject": subject})
    steep = rungs(answer)
    for planned in plan(work.calendar, work.now(), due_on, steep):
        work.schedule(
            JOB,
            planned.at,
            {
                "subject": subject,
                "id": subject_id,
                "rung": planned.rung.name,
                "act": planned.rung.act,
                "targets": list(planned.rung.targets),
                "text_message": planned.rung.text_message,
                "due_on": due_on.isoformat(),
            },
            key=f"{_prefix(subject, subject_id)}{planned.rung.name}",
        )


def take_down(work: handlers.Work, subject: str, subject_id: int) -> None:
    """Remove the rungs not yet climbed: what was due is done (停钟)."""
    work.unschedule(_prefix(subject, subject_id), prefix=True)


def _prefix(subject: str, subject_id: int) -> str:
    # The closing colon keeps matter 1 apart from matter 10.
    return f"ladder:{subject}:{subject_id}:"
