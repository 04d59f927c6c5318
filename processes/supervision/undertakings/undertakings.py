"""Undertakings (承办): one unit's part of a matter in one round."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import statements
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from processes.supervision.matters import matters
from processes.supervision.scoring import scores

Role = Literal["LEAD", "ASSIST"]

STATE_LABELS: Mapping[str, str] = {
    "SENT": "待签收",
    "SIGNED": "已签收",
    "HANDLING": "办理中",
    "UNIT_REVIEW": "单位审核",
    "UNIT_SIGN": "单位签发",
    "REPORTED": "已上报",
    "ACCEPTED": "已采纳",
    "RETURNED": "退回待重报",
    "LAPSED": "协办逾期",
    "PLANNED": "未到反馈期",
    "RETURN_REQ": "申请退办",
    "REASSIGNED": "已改派",
    "SUSPENDED": "已暂停",
    "CANCELLED": "已取消",
}
#: Which state may follow which (domain §3.2). A return inside the unit leads back.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "PLANNED": frozenset({"HANDLING"}),
    "SENT": frozenset({"SIGNED", "RETURN_REQ"}),
    "SIGNED": frozenset({"HANDLING", "RETURN_REQ"}),
    "RETURN_REQ": frozenset({"SENT", "SIGNED", "REASSIGNED"}),
    "HANDLING": frozenset({"UNIT_REVIEW", "ACCEPTED"}),
    "UNIT_REVIEW": frozenset({"UNIT_SIGN", "HANDLING"}),
    "UNIT_SIGN": frozenset({"REPORTED", "HANDLING"}),
    "REPORTED": frozenset({"ACCEPTED", "RETURNED"}),
    "RETURNED": frozenset({"UNIT_REVIEW"}),
    "ACCEPTED": frozenset(),
    "LAPSED": frozenset(),
    "CANCELLED": frozenset(),
    "REASSIGNED": frozenset(),
    "SUSPENDED": frozenset(),
}
#: With these the unit has nothing to do, so no light burns.
RESTING = ("PLANNED", "REPORTED", "ACCEPTED", "LAPSED", "CANCELLED", "REASSIGNED")
ENDED = ("ACCEPTED", "LAPSED", "CANCELLED", "REASSIGNED")


class WrongState(errors.Refused):
    """承办任务当前的状态不允许这一操作。"""


@dataclass(frozen=True)
class Undertaking:
    """One unit's part; moments are UTC."""

    id: int
    matter_id: int
    mandate_id: int
    number: str
    round: int
    #: The label of its feedback period; empty for the whole of the unit's part.
    period: str
    opens_at: datetime | None
    role: Role
    unit: str
    duty: str
    state: str
    issued_at: datetime
    sign_due_at: datetime
    original_due_at: datetime
    due_at: datetime
    due_provisional: bool
    signed_at: datetime | None
    signed_by: str | None
    handler: str | None
    internal_due_on: date | None
    assist_opinion: str | None
    reported_at: datetime | None
    first_reported_at: datetime | None
    returns: int
    light: lights.Light
    ever_red: bool
    late_days: int
    late_workdays: int
    closed_at: datetime | None


_BY_ID = statements.Query(
    sa.select(tables.undertaking).where(
        tables.undertaking.c.id == sa.bindparam("undertaking_id")
    )
)


def get(connection: sa.Connection, undertaking_id: int) -> Undertaking:
    """Return the undertaking, whoever asks: for handlers, never for pages."""
    row = statements.first(connection, _BY_ID, undertaking_id=undertaking_id)
    if row is None:
        raise errors.NotFound(undertaking_id=undertaking_id)
    return Undertaking(**row)


def of_matter(
    connection: sa.Connection,
    matter_id: int,
    *,
    round: int | None = None,
    mandate_id: int | None = None,
) -> list[Undertaking]:
    """Return the undertakings of a matter, all rounds and mandates or one of them.

    The lead comes first.
    """
    undertaking = tables.undertaking.c
    query = (
        sa.select(tables.undertaking)
        .where(undertaking.matter_id == matter_id)
        .order_by(undertaking.round, undertaking.id)
    )
    if round is not None:
        query = query.where(undertaking.round == round)
    if mandate_id is not None:
        query = query.where(undertaking.mandate_id == mandate_id)
    return [Undertaking(**row._mapping) for row in connection.execute(query)]


def beside(connection: sa.Connection, undertaking: Undertaking) -> list[Undertaking]:
    """Return all undertakings of its mandate in its round, itself among them."""
    return of_matter(
        connection,
        undertaking.matter_id,
        round=undertaking.round,
        mandate_id=undertaking.mandate_id,
    )


def acknowledge(work: handlers.Work, undertaking_id: int, person: str) -> Undertaking:
    """Record that the unit has received the notice (签收)."""
    ladder.take_down(work, "acknowledgement", undertaking_id)
    return move(
        work,
        get(work.connection, undertaking_id),
        "SIGNED",
        signed_at=work.now(),
        signed_by=person,
    )


def assign(
    work: handlers.Work,
    undertaking_id: int,
    handler: str,
    internal_due_on: date | None,
) -> Undertaking:
    """Name the one person who handles it (明确专人); he must be of the unit."""
    undertaking = get(work.connection, undertaking_id)
    group = people.group("unit_handler", undertaking.unit)
    if handler not in people.holders(work.connection, group, work.now()):
        raise entries.refusal(
            "handler", "办理人须是本单位在岗的办理人员。", rule="R-00-17"
        )
    due_on = work.calendar.local_date(undertaking.due_at)
    if internal_due_on is not None and internal_due_on > due_on:
        raise entries.refusal(
            "internal_due_on", f"不得晚于报送时限 {due_on}。", rule="R-00-17"
        )
    return move(
        work,
        undertaking,
        "HANDLING",
        handler=handler,
        internal_due_on=internal_due_on,
    )


def give_assist_opinion(
    work: handlers.Work, undertaking_id: int, opinion: str
) -> Undertaking:
    """Keep an assisting unit's opinion: its part is reported with it."""
    undertaking = get(work.connection, undertaking_id)
    if undertaking.role != "ASSIST":
        raise WrongState("主办单位须提交办理情况报告。", undertaking=undertaking.number)
    return change(
        work, undertaking, assist_opinion=opinion, **_reported(work, undertaking)
    )


def reported(work: handlers.Work, undertaking_id: int) -> Undertaking:
    """Record that the unit's report has gone to the office: its clock stops."""
    undertaking = get(work.connection, undertaking_id)
    ladder.take_down(work, "undertaking", undertaking.id)
    return move(work, undertaking, "REPORTED", **_reported(work, undertaking))


def returned(
    work: handlers.Work, undertaking_id: int, resubmit_on: date
) -> Undertaking:
    """Send the report back with a new deadline; what was late stays late.

    From the second return on a score is entered (domain §2.1 CA-06, S09).
    """
    undertaking = get(work.connection, undertaking_id)
    returns = undertaking.returns + 1
    due_at = work.calendar.end_of_day(resubmit_on)
    scores.record(
        work,
        scores.RETURNED,
        unit=undertaking.unit,
        undertaking_id=undertaking.id,
        occasion=str(returns),
        count=returns,
    )
    changed = move(
        work,
        undertaking,
        "RETURNED",
        returns=returns,
        due_at=due_at,
        reported_at=None,
        light=lights.light(work.calendar, work.now(), due_at),
    )
    ladder.set_up(work, "undertaking", undertaking.id, resubmit_on)
    matters.refresh_light(work, undertaking.matter_id)
    return changed


def accept(work: handlers.Work, undertaking_id: int) -> Undertaking:
    """Accept the unit's part; once the lead's is, open assistance lapses (S11)."""
    undertaking = get(work.connection, undertaking_id)
    accepted = end(work, undertaking, "ACCEPTED")
    if undertaking.role == "LEAD":
        for other in beside(work.connection, undertaking):
            if other.role == "ASSIST" and other.state not in ENDED:
                end(work, other, "LAPSED")
    return accepted


def end(work: handlers.Work, undertaking: Undertaking, state: str) -> Undertaking:
    """End an undertaking: nothing reminds of it any more and its light goes out."""
    for subject in ("undertaking", "acknowledgement"):
        ladder.take_down(work, subject, undertaking.id)
    values = {"closed_at": work.now(), "light": "OFF"}
    # Lapsing and cancelling come from outside and may meet any open state.
    if state == "ACCEPTED":
        ended = move(work, undertaking, state, **values)
    else:
        ended = change(work, undertaking, state=state, **values)
    matters.refresh_light(work, undertaking.matter_id)
    return ended


def leads_accepted(work: handlers.Work, matter_id: object) -> bool:
    """Whether every lead of the present round has been accepted."""
    matter = matters.get(
        work.connection, entries.number({"matter": matter_id}, "matter")
    )
    found = leads(work.connection, matter)
    return bool(found) and all(one.state == "ACCEPTED" for one in found)


def leads(connection: sa.Connection, matter: matters.Matter) -> list[Undertaking]:
    """Return the leads of the present round that were not reassigned."""
    return [
        one
        for one in of_matter(connection, matter.id, round=matter.round)
        if one.role == "LEAD" and not one.period and one.state != "REASSIGNED"
    ]


def open_assistance(
    connection: sa.Connection, undertaking: Undertaking
) -> Sequence[Undertaking]:
    """Return the assisting undertakings of the same round that gave no opinion yet."""
    return [
        one
        for one in beside(connection, undertaking)
        if one.role == "ASSIST"
        and one.state != "REASSIGNED"
        and one.assist_opinion is None
    ]


def move(
    work: handlers.Work, undertaking: Undertaking, state: str, **changes: object
) -> Undertaking:
    """Bring the undertaking into a state that may follow its own."""
    if state not in TRANSITIONS[undertaking.state]:
        raise WrongState(
            f"{undertaking.number} 现为“{STATE_LABELS[undertaking.state]}”，"
            f"不能转为“{STATE_LABELS[state]}”。",
            undertaking=undertaking.number,
            state=undertaking.state,
        )
    return change(work, undertaking, state=state, **changes)


def change(
    work: handlers.Work, undertaking: Undertaking, **changes: object
) -> Undertaking:
    """Write these columns of the undertaking and return it as it is now."""
    row = work.connection.execute(
        tables.undertaking.update()
        .where(tables.undertaking.c.id == undertaking.id)
        .values(**changes)
        .returning(tables.undertaking)
    ).one()
    return Undertaking(**row._mapping)


def _reported(work: handlers.Work, undertaking: Undertaking) -> dict[str, object]:
    """Return what a report changes: lateness counts from the deadline in force."""
    now = work.now()
    late_days, late_workdays = lights.lateness(work.calendar, undertaking.due_at, now)
    return {
        "reported_at": now,
        "first_reported_at": undertaking.first_reported_at or now,
        "late_days": max(undertaking.late_days, late_days),
        "late_workdays": max(undertaking.late_workdays, late_workdays),
        "ever_red": undertaking.ever_red or late_days > 0,
        "light": "OFF",
    }
