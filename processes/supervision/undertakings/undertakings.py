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
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import numbers
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.matters import sources
from processes.supervision.scoring import scores

Role = Literal["LEAD", "ASSIST"]
#: 每件至多重办2轮 (domain §2.8 重办 【补充】): what comes after needs a decision.
LARGEST_FREE_ROUND = 2

STATE_LABELS: Mapping[str, str] = {
    "SENT": "待签收",
    "SIGNED": "已签收",
    "HANDLING": "办理中",
    "UNIT_REVIEW": "单位审核",
    "UNIT_SIGN": "单位签发",
    "REPORTED": "已上报",
    "ACCEPTED": "已采纳",
    "RETURNED": "退回待重报",
    "LAPSED": "协办未交",
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


class NoRegistrar(errors.DuchaError):
    """承办单位没有收发岗，通知单送不出去。"""


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


def issue(
    work: handlers.Work,
    matter: matters.Matter,
    proposal: proposals.Proposal,
    due_on: date | None = None,
) -> list[Undertaking]:
    """Open the undertakings of the matter's present round and start their clocks.

    The lead reports when its mandate says, else some working days before the mandate
    is due (the procedure's `report_before_due`); an assisting unit at half of the
    lead's time; each acknowledges within one (domain §2.1 CA-05). `due_on` is the due
    day of another round; else each mandate's own holds.
    """
    if not proposal.mandates:
        raise errors.Refused("没有任务可以下达。", matter=matter.number)
    opened = []
    for mandate in proposal.mandates:
        report_on = report_day(work, matter, mandate, due_on)
        opened.append(
            _open(
                work,
                matter,
                mandate,
                "LEAD",
                mandate.lead_unit,
                mandate.duty,
                report_on,
            )
        )
        assist_on = _assist_day(work, matter, report_on)
        for one in mandate.assisting:
            opened.append(
                _open(work, matter, mandate, "ASSIST", one.unit, one.duty, assist_on)
            )
    matters.refresh_light(work, matter.id)
    return sorted(opened, key=lambda one: one.role != "LEAD")


def report_day(
    work: handlers.Work,
    matter: matters.Matter,
    mandate: mandates.Mandate,
    due_on: date | None = None,
) -> date:
    """Return when the lead of a mandate must have reported."""
    if due_on is None and mandate.report_on is not None:
        return mandate.report_on
    rules = sources.procedure_of(work.connection, matter).deadlines
    return deadlines.report_day(
        work.calendar,
        due_on or mandate.due_on,
        work.calendar.local_date(work.now()),
        int(rules.get("report_before_due", 0)),
    )


def open_one(
    work: handlers.Work,
    matter: matters.Matter,
    mandate: mandates.Mandate,
    role: Role,
    unit: str,
    duty: str,
    due_on: date,
) -> Undertaking:
    """Open one more undertaking: for a unit that takes over, or joins (CA-08)."""
    opened = _open(work, matter, mandate, role, unit, duty, due_on)
    matters.refresh_light(work, matter.id)
    return opened


def plan(
    work: handlers.Work,
    matter: matters.Matter,
    lead: Undertaking,
    *,
    period: str,
    opens_at: datetime,
    due_on: date,
) -> Undertaking:
    """Plan a feedback period of a lead: nothing is due before its window opens."""
    mandate = mandates.get(work.connection, lead.mandate_id)
    return _insert(
        work,
        matter,
        mandate,
        "LEAD",
        lead.unit,
        lead.duty,
        due_on,
        state="PLANNED",
        period=period,
        opens_at=opens_at,
        light="OFF",
    )


def open_period(work: handlers.Work, undertaking_id: int) -> Undertaking:
    """Open the window of a feedback period: the unit's handler may report."""
    planned = get(work.connection, undertaking_id)
    whole = next(
        (
            one
            for one in of_matter(
                work.connection, planned.matter_id, round=planned.round
            )
            if one.mandate_id == planned.mandate_id
            and one.role == "LEAD"
            and not one.period
            and one.state != "REASSIGNED"
        ),
        None,
    )
    due_on = work.calendar.local_date(planned.due_at)
    opened = move(
        work,
        planned,
        "HANDLING",
        unit=whole.unit if whole else planned.unit,
        handler=whole.handler if whole else None,
        light=lights.light(work.calendar, work.now(), planned.due_at),
    )
    ladder.set_up(work, "undertaking", opened.id, due_on)
    matters.refresh_light(work, opened.matter_id)
    return opened


def get(connection: sa.Connection, undertaking_id: int) -> Undertaking:
    """Return the undertaking, whoever asks: for handlers, never for pages."""
    row = connection.execute(
        sa.select(tables.undertaking).where(tables.undertaking.c.id == undertaking_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(undertaking_id=undertaking_id)
    return Undertaking(**row._mapping)


def of_matter(
    connection: sa.Connection, matter_id: int, *, round: int | None = None
) -> list[Undertaking]:
    """Return the undertakings of a matter, all rounds or one, the lead first."""
    undertaking = tables.undertaking.c
    query = (
        sa.select(tables.undertaking)
        .where(undertaking.matter_id == matter_id)
        .order_by(undertaking.round, undertaking.id)
    )
    if round is not None:
        query = query.where(undertaking.round == round)
    return [Undertaking(**row._mapping) for row in connection.execute(query)]


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
        raise entries.refusal("handler", "办理人须是本单位在岗的办理人员。")
    due_on = work.calendar.local_date(undertaking.due_at)
    if internal_due_on is not None and internal_due_on > due_on:
        raise entries.refusal("internal_due_on", f"不得晚于报送时限 {due_on}。")
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
        for other in of_matter(
            work.connection, undertaking.matter_id, round=undertaking.round
        ):
            if (
                other.role == "ASSIST"
                and other.mandate_id == undertaking.mandate_id
                and other.state not in ENDED
            ):
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
        for one in of_matter(connection, undertaking.matter_id, round=undertaking.round)
        if one.role == "ASSIST"
        and one.mandate_id == undertaking.mandate_id
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
    work.connection.execute(
        tables.undertaking.update()
        .where(tables.undertaking.c.id == undertaking.id)
        .values(**changes)
    )
    return get(work.connection, undertaking.id)


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


def _assist_day(work: handlers.Work, matter: matters.Matter, report_on: date) -> date:
    """Return when assistance is due: as the procedure says, else at half time."""
    today = work.calendar.local_date(work.now())
    rules = sources.procedure_of(work.connection, matter).deadlines
    if "assist" in rules:
        due = deadlines.of_procedure(
            work.calendar,
            {"from": "assigned_on", "default": rules["assist"]},
            {"assigned_on": matter.assigned_on},
            today,
            urgency=matter.urgency,
        )
        return min(report_on, max(due.on, today))
    half = max(1, work.calendar.workdays_between(today, report_on) // 2)
    return min(report_on, work.calendar.add_workdays(today, half))


def _open(
    work: handlers.Work,
    matter: matters.Matter,
    mandate: mandates.Mandate,
    role: Role,
    unit: str,
    duty: str,
    due_on: date,
) -> Undertaking:
    now = work.now()
    registrars = people.group("unit_registrar", unit)
    if not people.holders(work.connection, registrars, now):
        raise NoRegistrar(f"单位“{unit}”没有收发岗，通知单送不出去。", unit=unit)
    undertaking = _insert(work, matter, mandate, role, unit, duty, due_on)
    sign_on = work.calendar.local_date(undertaking.sign_due_at)
    ladder.set_up(work, "undertaking", undertaking.id, due_on)
    ladder.set_up(work, "acknowledgement", undertaking.id, sign_on)
    inbox.tell(
        work,
        [inbox.group(registrars)],
        f"请签收：{matter.title}",
        f"督查编号 {matter.number}，请于 {sign_on} 前签收，{due_on} 前报送办理情况。",
        matter_id=matter.id,
        text_message_key=f"issued:{undertaking.id}",
        urgency=matter.urgency,
    )
    return undertaking


def _insert(
    work: handlers.Work,
    matter: matters.Matter,
    mandate: mandates.Mandate,
    role: Role,
    unit: str,
    duty: str,
    due_on: date,
    **columns: object,
) -> Undertaking:
    now = work.now()
    today = work.calendar.local_date(now)
    sign = deadlines.after(work.calendar, today, deadlines.ACKNOWLEDGEMENT_WORKDAYS)
    due_at = work.calendar.end_of_day(due_on)
    # Undertakings are never deleted, and whoever opens one holds the instance's lock.
    serial = 1 + int(
        work.connection.scalar(
            sa.select(sa.func.count()).where(
                tables.undertaking.c.matter_id == matter.id
            )
        )
        or 0
    )
    values = {
        "matter_id": matter.id,
        "mandate_id": mandate.id,
        "number": numbers.undertaking_number(matter.number, mandate.serial, serial),
        "round": matter.round,
        "role": role,
        "unit": unit,
        "duty": duty,
        "state": "SENT",
        "issued_at": now,
        "sign_due_at": sign.at,
        "original_due_at": due_at,
        "due_at": due_at,
        "due_provisional": work.calendar.is_provisional(today, due_on),
        "light": lights.light(work.calendar, now, due_at),
        **columns,
    }
    row = work.connection.execute(
        tables.undertaking.insert().values(**values).returning(tables.undertaking)
    ).one()
    return Undertaking(**row._mapping)
