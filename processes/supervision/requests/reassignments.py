"""Reassignments (退办、改派): another unit takes over, or joins in (CA-08).

The part of a unit is given to another until it is accepted: while the unit undertakes
it, and for the rest of a year of feedback periods, when only the year's procedure
still runs. The periods go with the part.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import routing
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import ladder
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.requests import extensions
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import undertakings

MESSAGE = "reassignment_ordered"
#: To the procedure, where the unit's own `undertake` is over: 分办 done, plan approved.
LATER = "part_reassignment_ordered"
#: To what the unit that handled it is still at: its report of an open period.
CHANGED = "unit_changed"
#: In these the unit is at its report; one that lies with the office is judged there.
AT_WORK = ("HANDLING", "UNIT_REVIEW", "UNIT_SIGN", "RETURNED")
#: A unit asks within so many working days (建议提案 7: parameter `return_workdays`).
ASKING_WORKDAYS = 1
#: 新任务时限=原剩余WD但≥3WD (CA-08 【补充】).
LEAST_WORKDAYS = 3
STATUS_LABELS: Mapping[str, str] = {
    "PENDING": "待定",
    "KEEP": "维持原办",
    "REASSIGN": "改派",
    "ADD_UNIT": "增加协办",
}
#: Who of the office may order it without the unit's asking.
ORDERING = ("dc_officer", "dc_chief")


@dataclass(frozen=True)
class Reassignment:
    """One request of a unit, or order of the office, and what came of it."""

    id: int
    undertaking_id: int
    asked_by_unit: bool
    reason: str
    proposed_unit: str | None
    status: str
    successor_id: int | None
    decided_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime


class Settled(errors.Refused):
    """这一改派已经有了结果。"""


def request(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Reassignment:
    """Let a unit ask in place of acknowledging that another handle it (申请退办).

    Reads `return_reason` and `proposed_unit`.
    """
    matter = matters.get(work.connection, undertaking.matter_id)
    parameters = sources.procedure_of(work.connection, matter).parameters
    within = int(parameters.get("return_workdays", ASKING_WORKDAYS))
    last = work.calendar.add_workdays(
        work.calendar.local_date(undertaking.issued_at), within
    )
    if work.now() > work.calendar.end_of_day(last):
        raise errors.Refused(
            f"申请退办须在收到后{within}个工作日内（{last}前）提出。",
            undertaking=undertaking.number,
        )
    asked = _keep(
        work,
        undertaking,
        asked_by_unit=True,
        reason=entries.text(given, "return_reason", longest=2000),
        proposed_unit=entries.optional_text(given, "proposed_unit") or None,
        person=person,
        on_behalf_of=on_behalf_of,
    )
    ladder.take_down(work, "acknowledgement", undertaking.id)
    undertakings.move(work, undertaking, "RETURN_REQ")
    return asked


@entries.under("R-00-16")
def order(
    work: handlers.Work,
    undertaking_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> Reassignment:
    """Let the office propose another unit, or one more (督查室主动).

    Reads `reason` and `proposed_unit`; the procedure takes it to those who decide. Of
    a feedback period the whole part is meant: none is given away alone.
    """
    undertaking = _whole(
        work.connection, undertakings.get(work.connection, undertaking_id)
    )
    if not access.holds(identity, *ORDERING):
        raise errors.Forbidden(
            "只有督查室可以提出改派。（R-00-16）", undertaking=undertaking.number
        )
    if undertaking.state in undertakings.RESTING:
        raise undertakings.WrongState(
            f"{undertaking.number} 现为"
            f"“{undertakings.STATE_LABELS[undertaking.state]}”，不能改派。（R-00-16）",
            undertaking=undertaking.number,
        )
    if any(
        one.status == "PENDING"
        for one in of_undertaking(work.connection, undertaking.id)
    ):
        raise errors.Refused(
            "已有一份改派待定。（R-00-16）", undertaking=undertaking.number
        )
    ordered = _keep(
        work,
        undertaking,
        asked_by_unit=False,
        reason=entries.text(given, "reason", longest=2000),
        proposed_unit=entries.text(given, "proposed_unit", longest=100),
        person=identity.person,
        on_behalf_of=None,
    )
    _lay_before(work, undertaking, ordered)
    return ordered


@entries.under("R-00-16")
def settle(
    work: handlers.Work, reassignment_id: int, outcome: str, given: entries.Entries
) -> Reassignment:
    """Do what was decided: KEEP, REASSIGN to `unit`, or ADD_UNIT `unit` with `duty`.

    Who takes over has what is left of the time, at least three working days; the
    unit that handled it is out, and no figure counts it.
    """
    asked = get(work.connection, reassignment_id)
    if asked.status != "PENDING":
        raise Settled(reassignment_id=reassignment_id)
    old = undertakings.get(work.connection, asked.undertaking_id)
    matter = matters.get(work.connection, old.matter_id)
    mandate = mandates.get(work.connection, old.mandate_id)
    successor = None
    if outcome == "REASSIGN":
        unit = _other_unit(work, old, given)
        undertakings.end(work, old, "REASSIGNED")
        extensions.drop(work, old.id)
        successor = openings.open_one(
            work, matter, mandate, old.role, unit, old.duty, _time_left(work, old)
        )
        _hand_over(work, matter, old)
    elif outcome == "ADD_UNIT":
        successor = openings.open_one(
            work,
            matter,
            mandate,
            "ASSIST",
            _other_unit(work, old, given),
            entries.text(given, "duty", longest=1000),
            _time_left(work, old),
        )
    if outcome != "REASSIGN" and old.state == "RETURN_REQ":
        undertakings.move(
            work, old, "SIGNED", signed_at=work.now(), signed_by=asked.person
        )
    return _change(
        work,
        asked,
        status=outcome,
        successor_id=successor.id if successor else None,
        decided_at=work.now(),
    )


def get(connection: sa.Connection, reassignment_id: int) -> Reassignment:
    """Return the reassignment of this id."""
    row = connection.execute(
        sa.select(tables.reassignment).where(
            tables.reassignment.c.id == reassignment_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(reassignment_id=reassignment_id)
    return Reassignment(**row._mapping)


def of_undertaking(
    connection: sa.Connection, undertaking_id: int
) -> list[Reassignment]:
    """Return what was asked and ordered about an undertaking, the first one first."""
    rows = connection.execute(
        sa.select(tables.reassignment)
        .where(tables.reassignment.c.undertaking_id == undertaking_id)
        .order_by(tables.reassignment.c.id)
    )
    return [Reassignment(**row._mapping) for row in rows]


def _keep(
    work: handlers.Work, undertaking: undertakings.Undertaking, **values: object
) -> Reassignment:
    row = work.connection.execute(
        tables.reassignment.insert()
        .values(
            undertaking_id=undertaking.id, status="PENDING", at=work.now(), **values
        )
        .returning(tables.reassignment)
    ).one()
    return Reassignment(**row._mapping)


def _change(
    work: handlers.Work, asked: Reassignment, **changes: object
) -> Reassignment:
    row = work.connection.execute(
        tables.reassignment.update()
        .where(tables.reassignment.c.id == asked.id)
        .values(**changes)
        .returning(tables.reassignment)
    ).one()
    return Reassignment(**row._mapping)


def _whole(
    connection: sa.Connection, undertaking: undertakings.Undertaking
) -> undertakings.Undertaking:
    if not undertaking.period:
        return undertaking
    return next(
        one
        for one in undertakings.beside(connection, undertaking)
        if (one.role, one.period) == ("LEAD", "") and one.state != "REASSIGNED"
    )


def _lay_before(
    work: handlers.Work, undertaking: undertakings.Undertaking, ordered: Reassignment
) -> None:
    """Tell the unit's part of the order, or the procedure where that part is over."""
    root_id = matters.get(work.connection, undertaking.matter_id).root_id
    try:
        work.correlate(
            MESSAGE,
            instance_id=root_id,
            matching={"undertaking": undertaking.id},
            variables={"reassignment": ordered.id},
            person=ordered.person,
        )
    except routing.NobodyWaits:
        work.correlate(
            LATER,
            instance_id=root_id,
            variables={"reassignment": ordered.id, "part": undertaking.id},
            person=ordered.person,
        )


def _hand_over(
    work: handlers.Work, matter: matters.Matter, old: undertakings.Undertaking
) -> None:
    """Let the unit that is out leave what it is at, the open periods of a lead too."""
    if old.role != "LEAD":
        return
    left = [
        one
        for one in undertakings.beside(work.connection, old)
        if one.period and one.state in AT_WORK
    ]
    for one in [old, *left]:
        extensions.lapse(work, one)
        with contextlib.suppress(routing.NobodyWaits):
            work.correlate(
                CHANGED, instance_id=matter.root_id, matching={"undertaking": one.id}
            )


def _other_unit(
    work: handlers.Work, old: undertakings.Undertaking, given: entries.Entries
) -> str:
    unit = entries.text(given, "unit", longest=100)
    engaged = {
        one.unit
        for one in undertakings.beside(work.connection, old)
        if not one.period and one.state != "REASSIGNED"
    }
    if unit in engaged:
        raise entries.refusal(
            "unit", "该单位已在承办这一任务，请另选单位。", rule="R-00-16"
        )
    registrars = people.group("unit_registrar", unit)
    if not people.holders(work.connection, registrars, work.now()):
        raise entries.refusal("unit", "该单位没有收发岗，不能承办。", rule="R-00-16")
    return unit


def _time_left(work: handlers.Work, old: undertakings.Undertaking) -> date:
    left = work.calendar.workdays_between(work.now(), old.due_at)
    today = work.calendar.local_date(work.now())
    return work.calendar.add_workdays(today, max(left, LEAST_WORKDAYS))
