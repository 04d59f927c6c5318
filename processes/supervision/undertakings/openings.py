"""Openings (下达): undertakings of a round, of a feedback period, of one more unit."""

from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
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
from processes.supervision.undertakings import undertakings


class NoRegistrar(errors.DuchaError):
    """承办单位没有收发岗，通知单送不出去。"""


def issue(
    work: handlers.Work,
    matter: matters.Matter,
    proposal: proposals.Proposal,
    due_on: date | None = None,
) -> list[undertakings.Undertaking]:
    """Open the undertakings of the matter's present round and start their clocks.

    The lead reports when its mandate says, else some working days before the mandate
    is due (the procedure's `report_before_due`); an assisting unit at half of the
    lead's time; each acknowledges within one (domain §2.1 CA-05). `due_on` is the due
    day of another round; else each mandate's own holds.
    """
    if not proposal.mandates:
        raise errors.Refused("没有任务可以下达。（R-00-11）", matter=matter.number)
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
    role: undertakings.Role,
    unit: str,
    duty: str,
    due_on: date,
) -> undertakings.Undertaking:
    """Open one more undertaking: for a unit that takes over, or joins (CA-08)."""
    opened = _open(work, matter, mandate, role, unit, duty, due_on)
    matters.refresh_light(work, matter.id)
    return opened


def plan(
    work: handlers.Work,
    matter: matters.Matter,
    lead: undertakings.Undertaking,
    *,
    period: str,
    opens_at: datetime,
    due_on: date,
) -> undertakings.Undertaking:
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


def open_period(work: handlers.Work, undertaking_id: int) -> undertakings.Undertaking:
    """Open the window of a feedback period: the unit's handler may report.

    One that is open already goes to the unit that leads now (CA-08); it stays due.
    """
    planned = undertakings.get(work.connection, undertaking_id)
    whole = next(
        (
            one
            for one in undertakings.beside(work.connection, planned)
            if one.role == "LEAD" and not one.period and one.state != "REASSIGNED"
        ),
        None,
    )
    unit = whole.unit if whole else planned.unit
    handler = whole.handler if whole else None
    if planned.state != "PLANNED":
        state = "RETURNED" if planned.state == "RETURNED" else "HANDLING"
        return undertakings.change(
            work, planned, state=state, unit=unit, handler=handler
        )
    due_on = work.calendar.local_date(planned.due_at)
    opened = undertakings.move(
        work,
        planned,
        "HANDLING",
        unit=unit,
        handler=handler,
        light=lights.light(work.calendar, work.now(), planned.due_at),
    )
    ladder.set_up(work, "undertaking", opened.id, due_on)
    matters.refresh_light(work, opened.matter_id)
    return opened


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
    role: undertakings.Role,
    unit: str,
    duty: str,
    due_on: date,
) -> undertakings.Undertaking:
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


_OPEN = tables.undertaking.insert().returning(tables.undertaking)


def _insert(
    work: handlers.Work,
    matter: matters.Matter,
    mandate: mandates.Mandate,
    role: undertakings.Role,
    unit: str,
    duty: str,
    due_on: date,
    **columns: object,
) -> undertakings.Undertaking:
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
    row = work.connection.execute(_OPEN, values).one()
    return undertakings.Undertaking(**row._mapping)
