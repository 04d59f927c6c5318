"""Extensions asked of the hotline (对热线室的延期): once, before the ticket is due.

They are apart from those a unit asks of the office: the hotline grants another day for
the matter, and only then may the office grant one to the unit (domain §2.8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters

REQUEST = "ticket_extension_requested"
STATUS_LABELS: Mapping[str, str] = {
    "PENDING": "待主任同意",
    "DECLINED": "主任未同意",
    "ASKED": "待热线室答复",
    "GRANTED": "热线室同意",
    "REFUSED": "热线室不同意",
}
ANSWERS = ("GRANTED", "REFUSED")


@dataclass(frozen=True)
class TicketExtension:
    """The one request of a matter to the hotline; `due_before` stays on record."""

    id: int
    matter_id: int
    reason: str
    wanted_on: date
    due_before: datetime
    status: str
    granted_on: date | None
    answered_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime


@entries.under("R-00-33")
def request(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> TicketExtension:
    """Propose to ask the hotline for more time: reads `reason` and `wanted_on`."""
    if not access.holds(identity, "dc_officer"):
        raise errors.Forbidden(
            "只有督查专员可以提请热线室延期。（R-00-33）", matter_id=matter_id
        )
    matter = matters.get(work.connection, matter_id)
    if work.now() > matter.due_at:
        raise errors.Refused(
            "对热线室的延期须在到期前申请。（R-00-33）", matter=matter.number
        )
    if of_matter(work.connection, matter.id) is not None:
        raise errors.Refused("热线工单只能延期1次。（R-00-33）", matter=matter.number)
    wanted_on = entries.day(given, "wanted_on")
    _require_later(work, matter, wanted_on, "wanted_on")
    row = work.connection.execute(
        tables.ticket_extension.insert()
        .values(
            matter_id=matter.id,
            reason=entries.text(given, "reason", longest=2000),
            wanted_on=wanted_on,
            due_before=matter.due_at,
            status="PENDING",
            person=identity.person,
            at=work.now(),
        )
        .returning(tables.ticket_extension)
    ).one()
    asked = TicketExtension(**row._mapping)
    work.correlate(
        REQUEST,
        business_key=matter.number,
        variables={"ticket_extension": asked.id},
        person=identity.person,
    )
    return asked


def send(work: handlers.Work, extension_id: int) -> TicketExtension:
    """Send the request to the hotline."""
    asked = get(work.connection, extension_id)
    hotline.send(
        work,
        matters.get(work.connection, asked.matter_id),
        "extension",
        {"wanted_on": asked.wanted_on.isoformat(), "reason": asked.reason},
    )
    return _change(work, asked, status="ASKED")


def decline(work: handlers.Work, extension_id: int) -> TicketExtension:
    """Leave it: the director does not want to ask."""
    return _change(work, get(work.connection, extension_id), status="DECLINED")


def answer(
    work: handlers.Work, extension_id: int, given: entries.Entries
) -> TicketExtension:
    """Keep what the hotline answered; what it granted is the matter's due day.

    Reads `answer` (GRANTED, REFUSED) and `granted_on`, by message or by hand.
    """
    asked = get(work.connection, extension_id)
    status = entries.choice(given, "answer", ANSWERS)
    changes: dict[str, object] = {"status": status, "answered_at": work.now()}
    if status == "GRANTED":
        matter = matters.get(work.connection, asked.matter_id)
        granted_on = entries.optional_day(given, "granted_on") or asked.wanted_on
        _require_later(work, matter, granted_on, "granted_on")
        due = deadlines.on_day(work.calendar, matter.assigned_on, granted_on)
        matters.extend(work, matter, due)
        changes["granted_on"] = granted_on
    return _change(work, asked, **changes)


def get(connection: sa.Connection, extension_id: int) -> TicketExtension:
    """Return the request of this id."""
    row = connection.execute(
        sa.select(tables.ticket_extension).where(
            tables.ticket_extension.c.id == extension_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(ticket_extension=extension_id)
    return TicketExtension(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> TicketExtension | None:
    """Return the request of a matter to the hotline, if there was one."""
    row = connection.execute(
        sa.select(tables.ticket_extension).where(
            tables.ticket_extension.c.matter_id == matter_id
        )
    ).one_or_none()
    return None if row is None else TicketExtension(**row._mapping)


def _require_later(
    work: handlers.Work, matter: matters.Matter, day: date, key: str
) -> None:
    due_on = work.calendar.local_date(matter.due_at)
    if day <= due_on:
        raise entries.refusal(key, f"须晚于现在的时限 {due_on}。", rule="R-00-33")


def _change(
    work: handlers.Work, asked: TicketExtension, **changes: object
) -> TicketExtension:
    row = work.connection.execute(
        tables.ticket_extension.update()
        .where(tables.ticket_extension.c.id == asked.id)
        .values(**changes)
        .returning(tables.ticket_extension)
    ).one()
    return TicketExtension(**row._mapping)
