"""The letter that urges (督查催办通知): numbered, and on the record as an urge.

It freezes what it says when it is issued, and never names the caller.
"""

from collections.abc import Iterable

from engine import handlers
from processes.supervision import inbox
from processes.supervision import numbers
from processes.supervision import phrases
from processes.supervision.documents import documents
from processes.supervision.escalation import urges
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings

URGE = "URGE_NOTICE"
URGE_TEMPLATE = "common/documents/urge.typ"


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
    sent = [
        one
        for one in urges.of_undertaking(work.connection, undertaking.id)
        if one.document_id is not None
    ]
    unit = phrases.unit_names(work.connection, [undertaking.unit])[undertaking.unit]
    data = {
        "letter_number": number,
        "time": len(sent) + 1,
        "unit": unit,
        "number": matter.number,
        "title": matter.title,
        "due": phrases.chinese_day(undertaking.due_at),
        "overdue_workdays": overdue,
        "issued_on": phrases.chinese_day(now),
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
