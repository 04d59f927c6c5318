"""Written explanations to deputies, which go before an extension (书面说明).

A reply to what touches many fields and is hard to handle may take up to six months,
explained to the deputies in writing first (代表法 51; domain §2.7).
"""

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.undertakings import undertakings


class NotExplained(errors.Refused):
    """延期答复须先向代表、委员书面说明。（R-01-30）"""


def record(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> None:
    """Record that the unit explained in writing why it needs more time.

    Reads `explained_on` and `explanation`.
    """
    explained_on = entries.day(given, "explained_on")
    if explained_on > work.calendar.local_date(work.now()):
        raise entries.refusal("explained_on", "不能晚于今天。", rule="R-01-30")
    work.connection.execute(
        tables.explanation.insert().values(
            undertaking_id=undertaking.id,
            explained_on=explained_on,
            content=entries.text(given, "explanation", longest=2000),
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
    )


def require(work: handlers.Work, undertaking: undertakings.Undertaking) -> None:
    """Raise `NotExplained` where the procedure wants an explanation and none is there.

    The parameter `explain_extensions` says so.
    """
    matter = matters.get(work.connection, undertaking.matter_id)
    rules = sources.procedure_of(work.connection, matter).parameters
    if not rules.get("explain_extensions"):
        return
    explanation = tables.explanation.c
    found = work.connection.scalar(
        sa.select(sa.func.count()).where(explanation.undertaking_id == undertaking.id)
    )
    if not found:
        raise NotExplained(undertaking=undertaking.number)
