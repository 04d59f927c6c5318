"""What a leader is told at a hearing (领导汇报材料), printed from the records."""

import sqlalchemy as sa

from engine import database
from engine import people
from engine import workdays
from processes.supervision.documents import documents
from processes.supervision.statistics import registers
from processes.supervision.statistics import statistics

TEMPLATE = f"{documents.SHARED}briefing.typ"
NO_SOURCE = {"type": "", "doc_no": "", "clause": "", "on": "", "leader": ""}


def pdf(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    identity: people.Identity,
    span: statistics.Span,
) -> bytes:
    """Return the pages on this leader's open matters, the worst first (R-01-39)."""
    sheet = registers.briefing(
        connection, calendar, identity.name, span, account=identity.person
    )
    told = {
        "document_title": sheet.title,
        "number": "",
        "source": NO_SOURCE,
        "as_of": calendar.local_date(span.as_of).isoformat(),
        "caliber": sheet.caliber,
        "headings": sheet.headings,
        "rows": [[str(cell) for cell in row] for row in sheet.rows],
    }
    return documents.render(
        documents.template_files(connection, TEMPLATE),
        TEMPLATE,
        database.canonical(told),
        created_at=span.as_of,
    )
