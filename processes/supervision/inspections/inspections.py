"""Inspections (督查活动、巡查、督查、联合督查、调研): from the plan to the report.

What was planned, who was in the group and what was seen on site stand in
inspection_plans.py, inspection_groups.py and site_visits.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision import policies
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights

Kind = Literal["督查活动", "巡查", "督查", "联合督查", "调研"]
KINDS: tuple[Kind, ...] = ("督查活动", "巡查", "督查", "联合督查", "调研")
#: The decision table with what 【补充】 fixed for each kind.
POLICY = "inspection"
#: What the ladder calls a report that is due.
SUBJECT = "inspection"

STATE_LABELS: Mapping[str, str] = {
    "PLANNING": "拟定方案",
    "APPROVED": "方案已批准",
    "ON_SITE": "实施中",
    "ENDED": "已结束待报告",
    "REPORTED": "已形成报告",
}
#: Which state may follow which; a plan that changes leads back to planning.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "PLANNING": frozenset({"APPROVED", "ON_SITE"}),
    "APPROVED": frozenset({"PLANNING", "ON_SITE"}),
    "ON_SITE": frozenset({"PLANNING", "ENDED"}),
    "ENDED": frozenset({"REPORTED"}),
    "REPORTED": frozenset({"REPORTED", "ENDED"}),
}

OUTCOME_LABELS: Mapping[str, str] = {
    "FORMED": "形成报告",
    "LEADERS": "报领导",
    "PUBLIC": "公开通报",
    "THREE_LISTS": "转三单",
}
#: A patrol's report need only be formed, and research goes to the leaders (Q-08).
UNDECIDED = frozenset({"巡查", "调研"})


class WrongState(errors.Refused):
    """督查活动当前的状态不允许这一操作。"""


@dataclass(frozen=True)
class Policy:
    """What the office fixed for a kind: how many, and how many days."""

    members_least: int
    report_workdays: int
    #: Objects inspected within so many days are inspected too often (多头督查).
    overlap_days: int
    #: The longest report; 0 where there is no limit.
    words_most: int


@dataclass(frozen=True)
class Inspection:
    """One inspection; days are days in Shanghai, moments are UTC."""

    id: int
    matter_id: int
    kind: str
    state: str
    leader: str | None
    ended_on: date | None
    report_due_at: datetime | None
    report_due_provisional: bool | None
    reported_at: datetime | None
    outcome: str | None
    light: lights.Light
    ever_red: bool
    late_days: int
    late_workdays: int
    created_at: datetime


def open_inspection(work: handlers.Work, matter_id: int, kind: str) -> Inspection:
    """Open an inspection of a matter, whose plan is yet to be written."""
    if kind not in KINDS:
        raise errors.DuchaError(f"没有“{kind}”这种督查活动。", kind=kind)
    row = work.connection.execute(
        tables.inspection.insert()
        .values(
            matter_id=matter_id,
            kind=kind,
            state="PLANNING",
            light="OFF",
            created_at=work.now(),
        )
        .returning(tables.inspection)
    ).one()
    return Inspection(**row._mapping)


def get(connection: sa.Connection, inspection_id: int) -> Inspection:
    """Return the inspection, whoever asks: for handlers, never for pages."""
    row = connection.execute(
        sa.select(tables.inspection).where(tables.inspection.c.id == inspection_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(inspection_id=inspection_id)
    return Inspection(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Inspection]:
    """Return the inspections of a matter, the first one first."""
    rows = connection.execute(
        sa.select(tables.inspection)
        .where(tables.inspection.c.matter_id == matter_id)
        .order_by(tables.inspection.c.id)
    )
    return [Inspection(**row._mapping) for row in rows]


def policy(connection: sa.Connection, kind: str) -> Policy:
    """Return what the office fixed for this kind of inspection."""
    (row,) = policies.decide(connection, POLICY, {"kind": kind})
    return Policy(**{name: int(str(value)) for name, value in row.items()})


def end(
    work: handlers.Work, inspection: Inspection, given: entries.Entries
) -> Inspection:
    """Record the day it ended; its report is due some working days later.

    Reads `ended_on`, no later than today. The fifth working day counts to its last
    second (R-02-11, R-02-22).
    """
    ended_on = entries.day(given, "ended_on")
    visits = work.connection.execute(
        sa.select(
            sa.func.count(tables.site_visit.c.id),
            sa.func.max(tables.site_visit.c.held_on),
        ).where(tables.site_visit.c.inspection_id == inspection.id)
    ).one()
    if not visits[0]:
        raise entries.refusal(
            "ended_on", "还没有一次现场记录，不能结束。", rule="R-02-22"
        )
    if ended_on < visits[1]:
        raise entries.refusal(
            "ended_on", f"不得早于末次现场记录 {visits[1]}。", rule="R-02-22"
        )
    if ended_on > work.calendar.local_date(work.now()):
        raise entries.refusal("ended_on", "不能晚于今天。", rule="R-02-22")
    workdays = policy(work.connection, inspection.kind).report_workdays
    due = deadlines.after(work.calendar, ended_on, workdays)
    ended = move(
        work,
        inspection,
        "ENDED",
        ended_on=ended_on,
        report_due_at=due.at,
        report_due_provisional=due.provisional,
        light=lights.light(work.calendar, work.now(), due.at),
    )
    ladder.set_up(work, SUBJECT, ended.id, due.on)
    return ended


def report(work: handlers.Work, inspection: Inspection) -> Inspection:
    """Record that the report is there: the light goes out, the ladder comes down.

    A report that comes again after a return keeps the moment of the first.
    """
    if inspection.reported_at is not None:
        return move(work, inspection, "REPORTED")
    if inspection.report_due_at is None:
        raise WrongState(inspection_id=inspection.id)
    ladder.take_down(work, SUBJECT, inspection.id)
    late_days, late_workdays = lights.lateness(
        work.calendar, inspection.report_due_at, work.now()
    )
    return move(
        work,
        inspection,
        "REPORTED",
        reported_at=work.now(),
        light="OFF",
        late_days=late_days,
        late_workdays=late_workdays,
        outcome="FORMED",
    )


def decide_outcome(
    work: handlers.Work, inspection: Inspection, given: entries.Entries
) -> str:
    """Record where the report goes: to the leaders, to the public, to the lists.

    Reads `outcome`. Whoever reports a 督查 must choose (S15, Q-08).
    """
    if inspection.state != "REPORTED" or inspection.kind in UNDECIDED:
        raise WrongState(inspection_id=inspection.id)
    outcome = entries.choice(given, "outcome", ("LEADERS", "PUBLIC", "THREE_LISTS"))
    move(work, inspection, "REPORTED", outcome=outcome)
    return outcome


def turn(
    work: handlers.Work, inspection: Inspection, light: lights.Light
) -> Inspection:
    """Turn the light of a report that is due soon or overdue."""
    ever_red = inspection.ever_red or light == "RED"
    return _change(work, inspection, light=light, ever_red=ever_red)


def move(
    work: handlers.Work, inspection: Inspection, state: str, **values: object
) -> Inspection:
    """Bring an inspection into a state that may follow; raise `WrongState` else."""
    if state not in TRANSITIONS[inspection.state]:
        raise WrongState(
            f"督查活动现为“{STATE_LABELS[inspection.state]}”，"
            f"不能变为“{STATE_LABELS[state]}”。",
            inspection_id=inspection.id,
        )
    return _change(work, inspection, state=state, **values)


def _change(
    work: handlers.Work, inspection: Inspection, **values: object
) -> Inspection:
    row = work.connection.execute(
        tables.inspection.update()
        .where(tables.inspection.c.id == inspection.id)
        .values(**values)
        .returning(tables.inspection)
    ).one()
    return Inspection(**row._mapping)
