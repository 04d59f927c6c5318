"""The two letters of a hotline matter: the notice that issues it, the one that urges.

Both freeze what they say when they are issued. Neither ever names the caller.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from engine import handlers
from engine import people
from engine import tables as engine_tables
from engine import workdays
from processes.supervision import documents
from processes.supervision import hotline
from processes.supervision import inbox
from processes.supervision import matters
from processes.supervision import numbers
from processes.supervision import opinions
from processes.supervision import proposals
from processes.supervision import undertakings
from processes.supervision import urges

NOTICE = "HOTLINE_NOTICE"
NOTICE_TEMPLATE = "proc_mayor_hotline/documents/notice.typ"
URGE = "URGE_NOTICE"
URGE_TEMPLATE = "common/documents/urge.typ"
#: The boxes of the notice and the tasks whose opinions stand in them (001二(七)1).
BOXES = (
    ("sign_deputy", "副主任签阅"),
    ("sign_director", "主任签阅"),
    ("decide", "常务副县长审定"),
)


def issue(
    work: handlers.Work,
    matter: matters.Matter,
    proposal: proposals.Proposal,
    opened: list[undertakings.Undertaking],
) -> documents.Document:
    """Register the 《督促查办事项通知单》 of the matter's present round."""
    ticket = hotline.ticket_row(work.connection, matter.id)
    lead, *assisting = opened
    units = unit_names(work.connection, [one.unit for one in opened])
    given = {
        one.element_id: one
        for one in opinions.of_matter(work.connection, matter.id)
        if one.subject == "proposal" and one.decision in ("APPROVE", "CHANGE_UNIT")
    }
    names = people.names(
        work.connection,
        [
            name
            for one in given.values()
            for name in (one.person, one.on_behalf_of)
            if name
        ]
        + [proposal.person],
    )
    data = {
        "number": matter.number,
        "ticket_no": ticket.ticket_no,
        "ticket_type": ticket.type,
        "urgency": matter.urgency,
        "round": matter.round,
        "title": matter.title,
        "content": ticket.content,
        "lead": units[lead.unit],
        "assisting": [{"unit": units[one.unit], "duty": one.duty} for one in assisting],
        "boxes": [_box(label, given.get(element), names) for element, label in BOXES],
        "requirement": proposal.mandates[0].requirement,
        "sign_due": chinese_day(lead.sign_due_at),
        "report_due": chinese_day(lead.due_at),
        "due": chinese_day(matter.due_at),
        "provisional": matter.due_provisional or lead.due_provisional,
        "contact": names.get(proposal.person, proposal.person),
        "issued_on": chinese_day(work.now()),
    }
    return documents.register(
        work,
        matter=matter,
        type=NOTICE,
        number=matter.number,
        title=f"督促查办事项通知单（{matter.number}）",
        data=data,
        template=NOTICE_TEMPLATE,
        person=proposal.person,
    )


def urge(
    work: handlers.Work,
    matter: matters.Matter,
    undertaking: undertakings.Undertaking,
    recipients: Iterable[inbox.Recipient],
) -> documents.Document:
    """Register the 《督查催办通知》 for an overdue undertaking and its urge."""
    now = work.now()
    year = work.calendar.local_date(now).year
    serial = numbers.draw(work.connection, "urge letter", year)
    number = numbers.letter_number(year, serial)
    overdue = work.calendar.workdays_between(undertaking.due_at, now)
    letters = [
        one
        for one in urges.of_undertaking(work.connection, undertaking.id)
        if one.document_id is not None
    ]
    unit = unit_names(work.connection, [undertaking.unit])[undertaking.unit]
    data = {
        "letter_number": number,
        "time": len(letters) + 1,
        "unit": unit,
        "number": matter.number,
        "title": matter.title,
        "due": chinese_day(undertaking.due_at),
        "overdue_workdays": overdue,
        "issued_on": chinese_day(now),
    }
    letter = documents.register(
        work,
        matter=matter,
        type=URGE,
        number=number,
        title=f"督查催办通知（{number}）",
        data=data,
        template=URGE_TEMPLATE,
        undertaking_id=undertaking.id,
    )
    urges.record(
        work,
        matter_id=matter.id,
        undertaking_id=undertaking.id,
        mode="书面",
        content=f"《督查催办通知》{number}：逾期{overdue}个工作日。",
        target="、".join(one.name for one in recipients),
        document_id=letter.id,
    )
    return letter


def unit_names(connection: sa.Connection, codes: Iterable[str]) -> dict[str, str]:
    """Return the full names of these units."""
    unit = engine_tables.unit.c
    rows = connection.execute(
        sa.select(unit.code, unit.name).where(unit.code.in_(set(codes)))
    )
    return {row.code: row.name for row in rows}


def chinese_day(moment: datetime) -> str:
    """Return the day in Shanghai as official documents write it: 2026年5月9日."""
    day = workdays.Calendar.local_date(moment)
    return f"{day.year}年{day.month}月{day.day}日"


def _box(
    label: str, opinion: opinions.Opinion | None, names: dict[str, str]
) -> dict[str, str]:
    if opinion is None:
        return {"label": label, "comment": "", "name": "", "date": ""}
    name = names.get(opinion.person, opinion.person)
    if opinion.on_behalf_of:
        name += f"（代{names.get(opinion.on_behalf_of, opinion.on_behalf_of)}）"
    return {
        "label": label,
        "comment": opinion.comment,
        "name": name,
        "date": chinese_day(opinion.at),
    }
