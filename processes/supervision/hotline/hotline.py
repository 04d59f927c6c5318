"""Hotline tickets (热线工单): one matter for each, however often it is delivered."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine import errors
from engine import handlers
from engine import people
from processes import procedures
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.hotline import callers
from processes.supervision.matters import matters
from processes.supervision.matters import registration
from processes.supervision.undertakings import undertakings

PROCEDURE = "proc_mayor_hotline"
START_MESSAGE = "start_message"
TICKET_TYPES: tuple[deadlines.TicketType, ...] = tuple(deadlines.DEFAULT_WORKDAYS)
DENUNCIATION = "举报"
CALLBACK_LABELS = {
    "SATISFIED": "满意",
    "MOSTLY_SATISFIED": "基本满意",
    "DISSATISFIED": "不满意",
}
#: A message without a title gets the beginning of its content.
TITLE_FROM_CONTENT = 40
LONGEST_DEADLINE_WORKDAYS = 250
LONGEST_SUPPLEMENT = 5000
#: Who writes down what a caller adds or takes back.
CLERKS = ("dc_registrar", "dc_officer")


class AlreadyRegistered(errors.Conflict):
    """这一工单已经登记。"""

    def __init__(self, ticket_no: str, number: str) -> None:
        """Name the matter, so that the page can link to it."""
        super().__init__(
            f"工单 {ticket_no} 已登记为督查事项 {number}，不能重复登记。",
            ticket_no=ticket_no,
            number=number,
        )
        self.number = number


@dataclass(frozen=True)
class Ticket:
    """A ticket as it was given to us; days are days in Shanghai."""

    ticket_no: str
    type: deadlines.TicketType
    urgent: bool
    title: str
    content: str
    assigned_on: date
    required_on: date | None
    required_workdays: int | None
    caller: callers.Caller | None

    @property
    def urgency(self) -> str:
        """Safety matters are urgent (是否紧急：安全类)."""
        return "急件" if self.urgent else "平件"


@dataclass(frozen=True)
class Delivery:
    """The answer to a ticket that arrived by message."""

    number: str
    created: bool


def read(given: entries.Entries, today: date) -> Ticket:
    """Return the ticket from a form or a message, or raise `Invalid` by field.

    Reads ticket_no, type, urgent, title, content, assigned_on, required_on or
    required_workdays, caller_name, caller_phone, caller_address.
    """
    content = entries.text(given, "content")
    title = entries.optional_text(given, "title") or content[:TITLE_FROM_CONTENT]
    assigned_on = entries.optional_day(given, "assigned_on") or today
    if assigned_on > today:
        raise entries.refusal("assigned_on", "交办日不能晚于今天。", rule="R-01-32")
    return Ticket(
        ticket_no=entries.text(given, "ticket_no", longest=50),
        type=_type(given),
        urgent=entries.flag(given, "urgent"),
        title=" ".join(title.split()),
        content=content,
        assigned_on=assigned_on,
        required_on=entries.optional_day(given, "required_on"),
        required_workdays=entries.optional_whole(
            given, "required_workdays", least=1, largest=LONGEST_DEADLINE_WORKDAYS
        ),
        caller=_caller(given),
    )


def deliver(work: handlers.Work, given: entries.Entries) -> Delivery:
    """Start a procedure for a ticket that came by message, once.

    The same ticket again gives the number of the first matter and changes nothing
    (同一工单号重复送达→返回原事项编号，不建第二件).
    """
    ticket = read(given, work.calendar.local_date(work.now()))
    known = number_of(work.connection, ticket.ticket_no)
    if known is not None:
        return Delivery(known, created=False)
    started = work.start(PROCEDURE, fields=given, start_event=START_MESSAGE)
    if started.business_key is None:
        raise errors.DuchaError("工单登记后没有得到督查编号。", ticket=ticket.ticket_no)
    return Delivery(started.business_key, created=True)


def register(
    work: handlers.Work,
    ticket: Ticket,
    *,
    area: str,
    vault: callers.Vault,
    root_id: str | None,
    person: str | None,
) -> matters.Matter:
    """Register the ticket as a matter; raise `AlreadyRegistered` for a known number."""
    known = number_of(work.connection, ticket.ticket_no)
    if known is not None:
        raise AlreadyRegistered(ticket.ticket_no, known)
    due = deadlines.of_ticket(
        work.calendar,
        ticket.type,
        ticket.assigned_on,
        required_on=ticket.required_on,
        required_workdays=ticket.required_workdays,
    )
    procedure, deployment = procedures.find(work.connection, PROCEDURE)
    source = registration.Source(
        procedure=PROCEDURE,
        procedure_deployment=deployment,
        category=procedure.category,
        type="热线",
        title=ticket.title,
        doc_no=ticket.ticket_no,
        urgency=ticket.urgency,
        # A ticket names a private person, so it is never public.
        secrecy="内部",
        received_on=work.calendar.local_date(work.now()),
        assigned_on=ticket.assigned_on,
    )
    matter = registration.register(
        work, source, due, area=area, root_id=root_id, person=person
    )
    _keep_ticket(work, ticket, matter)
    if ticket.caller is not None:
        callers.keep(
            work.connection,
            vault,
            matter.id,
            ticket.caller,
            hidden_from_units=ticket.type == DENUNCIATION,
        )
    return matter


def number_of(connection: sa.Connection, ticket_no: str) -> str | None:
    """Return the number of the matter a ticket was registered as, if it was."""
    return connection.scalar(
        sa.select(tables.matter.c.number)
        .join(tables.hotline_ticket)
        .where(tables.hotline_ticket.c.ticket_no == ticket_no)
    )


def optional_ticket(
    connection: sa.Connection, matter_id: int
) -> sa.Row[tuple[object, ...]] | None:
    """Return the ticket of a matter that has one."""
    return connection.execute(
        sa.select(tables.hotline_ticket).where(
            tables.hotline_ticket.c.matter_id == matter_id
        )
    ).one_or_none()


def ticket_row(connection: sa.Connection, matter_id: int) -> sa.Row[tuple[object, ...]]:
    """Return the ticket of a matter: its columns, without the caller."""
    return connection.execute(
        sa.select(tables.hotline_ticket).where(
            tables.hotline_ticket.c.matter_id == matter_id
        )
    ).one()


def change_ticket(work: handlers.Work, matter_id: int, **changes: object) -> None:
    """Write these columns of the ticket of a matter."""
    work.connection.execute(
        tables.hotline_ticket.update()
        .where(tables.hotline_ticket.c.matter_id == matter_id)
        .values(**changes)
    )


def send(
    work: handlers.Work, matter: matters.Matter, event: str, payload: dict[str, str]
) -> None:
    """Send something about a ticket to the hotline, once for each event."""
    ticket = ticket_row(work.connection, matter.id)
    work.send(
        "hotline",
        "hotline_center",
        {"ticket_no": ticket.ticket_no, "number": matter.number, **payload},
        key=f"hotline:{matter.number}:{event}",
        instance_id=matter.root_id,
    )


def verify(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries
) -> matters.Matter:
    """Take over what the registrar mended of a delivered ticket (核对登记).

    Reads `title`, `type`, `urgent`. Another type moves a deadline that rests on
    the type's default, and no other.
    """
    ticket = ticket_row(work.connection, matter.id)
    wanted = _type(given)
    title = entries.text(given, "title", longest=registration.LONGEST_TITLE)
    change_ticket(work, matter.id, type=wanted, urgent=entries.flag(given, "urgent"))
    work.connection.execute(
        tables.caller.update()
        .where(tables.caller.c.matter_id == matter.id)
        .values(hidden_from_units=wanted == DENUNCIATION)
    )
    defaulted = ticket.required_on is None and ticket.required_workdays is None
    if defaulted and wanted != ticket.type:
        due = deadlines.of_ticket(work.calendar, wanted, matter.assigned_on)
        matter = matters.extend(work, matter, due)
    return matters.change(work, matter, title=title)


def supplement(
    work: handlers.Work, matter: matters.Matter, content: str, *, person: str | None
) -> None:
    """Attach what the caller added and tell whoever handles the matter (补充)."""
    work.connection.execute(
        tables.supplement.insert().values(
            matter_id=matter.id, content=content, person=person, at=work.now()
        )
    )
    recipients = [
        inbox.person(one.handler)
        for one in undertakings.of_matter(work.connection, matter.id)
        if one.handler is not None and one.state not in undertakings.ENDED
    ]
    inbox.tell(
        work,
        [inbox.group("dc_officer"), *recipients],
        f"诉求人有补充：{matter.title}",
        content,
        matter_id=matter.id,
    )


def supplement_by_hand(
    work: handlers.Work, matter_id: int, identity: people.Identity, content: str
) -> None:
    """Write down what the caller added on the telephone; the procedure attaches it."""
    _correlate(work, matter_id, identity, "hotline_supplement", {"content": content})


def withdrawal_by_hand(
    work: handlers.Work, matter_id: int, identity: people.Identity, reason: str
) -> None:
    """Write down that the caller withdraws; an officer of the office confirms it."""
    _correlate(work, matter_id, identity, "hotline_withdrawal", {"reason": reason})


def withdraw(work: handlers.Work, matter: matters.Matter) -> matters.Matter:
    """End a matter whose caller withdrew, with all its undertakings (E2)."""
    return abandon(work, matter, "CANCELLED")


def send_back(work: handlers.Work, matter: matters.Matter) -> matters.Matter:
    """Give a matter that is not this county's back to the hotline (E8)."""
    ended = abandon(work, matter, "SENT_BACK")
    send(work, ended, "sent_back", {"reason": "不属本县"})
    return ended


def _correlate(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    message: str,
    given: entries.Entries,
) -> None:
    if not access.holds(identity, *CLERKS):
        raise errors.Forbidden(
            "只有登记岗和督查专员可以登记补充和撤回。", matter_id=matter_id
        )
    for key in given:
        entries.text(given, key, longest=LONGEST_SUPPLEMENT)
    matter = matters.get(work.connection, matter_id)
    work.correlate(
        message, business_key=matter.number, fields=given, person=identity.person
    )


def abandon(work: handlers.Work, matter: matters.Matter, status: str) -> matters.Matter:
    """End a matter with all its undertakings, wherever they stand."""
    for undertaking in undertakings.of_matter(work.connection, matter.id):
        if undertaking.state not in undertakings.ENDED:
            undertakings.end(work, undertaking, "CANCELLED")
    return matters.end(work, matters.get(work.connection, matter.id), status)


def _keep_ticket(work: handlers.Work, ticket: Ticket, matter: matters.Matter) -> None:
    try:
        with work.connection.begin_nested():
            work.connection.execute(
                tables.hotline_ticket.insert().values(
                    ticket_no=ticket.ticket_no,
                    matter_id=matter.id,
                    type=ticket.type,
                    urgent=ticket.urgent,
                    content=ticket.content,
                    required_on=ticket.required_on,
                    required_workdays=ticket.required_workdays,
                )
            )
    except IntegrityError as error:
        # Another transaction registered it while ours ran.
        raise errors.Conflict(
            f"工单 {ticket.ticket_no} 正由他人登记，请稍后再试。",
            ticket_no=ticket.ticket_no,
        ) from error


def _type(given: entries.Entries) -> deadlines.TicketType:
    wanted = entries.choice(given, "type", TICKET_TYPES)
    return next(known for known in TICKET_TYPES if known == wanted)


def _caller(given: entries.Entries) -> callers.Caller | None:
    name = entries.optional_text(given, "caller_name", longest=50)
    phone = entries.optional_text(given, "caller_phone", longest=50)
    if not name and not phone:
        return None
    address = entries.optional_text(given, "caller_address", longest=200)
    return callers.Caller(name=name, phone=phone, address=address)
