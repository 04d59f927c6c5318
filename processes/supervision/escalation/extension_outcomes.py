"""What becomes of an extension once it is decided on: another day, or what was due."""

from datetime import date

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import inbox
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from processes.supervision.escalation import escalation
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.requests import extensions
from processes.supervision.undertakings import undertakings


class Settled(errors.Refused):
    """这份延期申请已经有了结果。"""


def grant(work: handlers.Work, extension_id: int) -> extensions.Extension:
    """Move the due day to the one that was granted; what was due first stays on record.

    A matter that would be due before its unit's report moves along.
    """
    asked = _pending(work, extension_id)
    granted_on = asked.granted_on or asked.wanted_on
    status = "GRANTED" if granted_on == asked.wanted_on else "GRANTED_IN_PART"
    settled = _settle(work, asked, status, granted_on=granted_on)
    undertaking = undertakings.get(work.connection, asked.undertaking_id)
    due_at = work.calendar.end_of_day(granted_on)
    changes: dict[str, object] = {"due_at": due_at}
    if undertaking.reported_at is not None:
        # Reported while the request waited: on time, if the new day is kept.
        days, workdays = lights.lateness(work.calendar, due_at, undertaking.reported_at)
        changes |= {"late_days": days, "late_workdays": workdays}
    else:
        changes["light"] = lights.light(work.calendar, work.now(), due_at)
        ladder.set_up(work, "undertaking", undertaking.id, granted_on)
    undertakings.change(work, undertaking, **changes)
    matter = matters.get(work.connection, undertaking.matter_id)
    _move_along(work, matter, granted_on)
    matters.refresh_light(work, matter.id)
    if matter.root_id is not None:
        work.refresh_due_dates(matter.root_id)
    _tell(work, undertaking, f"延期获批，报送时限改为 {granted_on}。")
    return settled


def refuse(work: handlers.Work, extension_id: int) -> extensions.Extension:
    """Leave the due day as it is; what rested meanwhile is made up for at once."""
    asked = _pending(work, extension_id)
    settled = _settle(work, asked, "REFUSED")
    _make_up(work, asked)
    undertaking = undertakings.get(work.connection, asked.undertaking_id)
    due_on = work.calendar.local_date(undertaking.due_at)
    _tell(work, undertaking, f"延期未获批准，报送时限仍为 {due_on}。")
    return settled


def withdraw(work: handlers.Work, extension_id: int) -> extensions.Extension:
    """Take back what the head of the unit, or the office, did not send on."""
    asked = _pending(work, extension_id)
    settled = _settle(work, asked, "WITHDRAWN")
    _make_up(work, asked)
    return settled


def _pending(work: handlers.Work, extension_id: int) -> extensions.Extension:
    asked = extensions.get(work.connection, extension_id)
    if asked.status != "PENDING":
        raise Settled(extension_id=extension_id)
    return asked


def _settle(
    work: handlers.Work,
    asked: extensions.Extension,
    status: str,
    *,
    granted_on: date | None = None,
) -> extensions.Extension:
    ladder.take_down(work, "extension", asked.id)
    return extensions.change(
        work, asked, status=status, granted_on=granted_on, decided_at=work.now()
    )


def _make_up(work: handlers.Work, asked: extensions.Extension) -> None:
    """Climb what was left out while the request waited (不批准则立即转红并补记)."""
    undertaking = undertakings.get(work.connection, asked.undertaking_id)
    if work.now() <= undertaking.due_at:
        return
    if undertaking.state not in undertakings.RESTING:
        escalation.catch_up(work, undertaking)
    elif undertaking.ever_red:
        escalation.score_missed(work, undertaking)


def _move_along(work: handlers.Work, matter: matters.Matter, granted_on: date) -> None:
    rules = sources.procedure_of(work.connection, matter).deadlines
    before = int(rules.get("report_before_due", 0))
    needed = work.calendar.add_workdays(granted_on, before)
    if needed <= work.calendar.local_date(matter.due_at):
        return
    counted = deadlines.on_day(work.calendar, matter.assigned_on, needed)
    matters.extend(work, matter, counted)


def _tell(
    work: handlers.Work, undertaking: undertakings.Undertaking, text: str
) -> None:
    matter = matters.get(work.connection, undertaking.matter_id)
    recipients = [inbox.group(people.group("unit_deputy", undertaking.unit))]
    if undertaking.handler is not None:
        recipients.append(inbox.person(undertaking.handler))
    inbox.tell(work, recipients, f"{matter.number}：{text}", text, matter_id=matter.id)
