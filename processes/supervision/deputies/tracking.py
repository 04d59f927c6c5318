"""Replies that promise more (B): followed as matters of their own (长期跟踪)."""

from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deputies import replies
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.matters import registration
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import undertakings

PROCEDURE = "proposal_tracking"


def begin(work: handlers.Work, matter: matters.Matter) -> int:
    """Have every reply of the matter that promises more followed; return how many."""
    promised = replies.promised(work.connection, matter)
    for reply in promised:
        work.start(PROCEDURE, variables={"reply": reply.id})
    return len(promised)


def open_matter(
    work: handlers.Work, reply_id: int, *, area: str, root_id: str
) -> matters.Matter:
    """Open the child matter of a B reply: it rests until the promised day.

    The unit that promised answers again, with the words of its mandate; the child is
    due on that day until it is handed over anew.
    """
    reply = replies.get(work.connection, reply_id)
    if reply.promised_on is None:
        raise errors.Refused("这份答复没有承诺日期。（R-01-30）", reply_id=reply_id)
    parent = matters.get(work.connection, reply.matter_id)
    today = work.calendar.local_date(work.now())
    child = registration.register(
        work,
        _source(parent, today),
        deadlines.on_day(work.calendar, today, reply.promised_on),
        area=area,
        root_id=root_id,
        person=None,
    )
    ladder.take_down(work, "approval", child.id)
    _hand_down(work, parent, child, reply)
    child = matters.move(work, child, "IN_PROGRESS")
    work.connection.execute(
        tables.tracking.insert().values(
            matter_id=child.id, reply_id=reply.id, promised_on=reply.promised_on
        )
    )
    return matters.move(work, child, "LONG_TERM", long_cycle=True)


def promised_day(connection: sa.Connection, matter_id: int) -> date:
    """Return the day on which a followed matter is to be answered again."""
    day: date | None = connection.scalar(
        sa.select(tables.tracking.c.promised_on).where(
            tables.tracking.c.matter_id == matter_id
        )
    )
    if day is None:
        raise errors.NotFound(matter_id=matter_id)
    return day


def _source(parent: matters.Matter, today: date) -> registration.Source:
    return registration.Source(
        procedure=parent.procedure,
        procedure_deployment=parent.procedure_deployment,
        category=parent.category,
        type=parent.source_type,
        title=f"{parent.title[: registration.LONGEST_TITLE - 6]}（长期跟踪）",
        doc_no=parent.source_doc_no,
        urgency=parent.urgency,
        secrecy=parent.secrecy,
        received_on=today,
        assigned_on=today,
        requirement=parent.requirement,
        office=parent.office,
        parent_id=parent.id,
        details=dict(parent.source),
    )


def _hand_down(
    work: handlers.Work,
    parent: matters.Matter,
    child: matters.Matter,
    reply: replies.Reply,
) -> None:
    """Give the child the mandate that the reply answered, led by who answered it."""
    report = reports.get(work.connection, reply.report_id)
    answered = undertakings.get(work.connection, report.undertaking_id)
    mandate = mandates.get(work.connection, answered.mandate_id)
    approved = proposals.current(work.connection, parent.id)
    again = replace(
        mandate,
        lead_unit=answered.unit,
        duty=answered.duty,
        assisting=(),
        due_on=work.calendar.local_date(child.due_at),
        report_on=None,
    )
    proposals.keep(
        work,
        child.id,
        f"{parent.number}答复为B类，到承诺之日再次答复。",
        [again],
        person=approved.person,
        on_behalf_of=None,
    )
