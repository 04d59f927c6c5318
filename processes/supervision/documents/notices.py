"""The notice that issues a hotline matter (督促查办事项通知单).

It freezes what it says when it is issued, and never names the caller.
"""

from engine import handlers
from engine import people
from processes.supervision import phrases
from processes.supervision.documents import documents
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import proposals
from processes.supervision.undertakings import undertakings

NOTICE = "HOTLINE_NOTICE"
NOTICE_TEMPLATE = "proc_mayor_hotline/documents/notice.typ"
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
    units = phrases.unit_names(work.connection, [one.unit for one in opened])
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
        "sign_due": phrases.chinese_day(lead.sign_due_at),
        "report_due": phrases.chinese_day(lead.due_at),
        "due": phrases.chinese_day(matter.due_at),
        "provisional": matter.due_provisional or lead.due_provisional,
        "contact": names.get(proposal.person, proposal.person),
        "issued_on": phrases.chinese_day(work.now()),
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
        "date": phrases.chinese_day(opinion.at),
    }
