"""What a long delay gives cause for (CA-09): a person decides, never the system.

After 5 working days a unit may be criticised in the next circular, after 10 its head
may be called in (约谈), after 20 the mayor is told and decides whether the matter goes
to 纪检监察: nothing is ever handed over by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.undertakings import undertakings

KIND_LABELS: Mapping[str, str] = {
    "CRITICISM": "通报批评候选",
    "INTERVIEW": "约谈建议",
    "REFERRAL": "移交纪检监察建议",
}
DECISION_LABELS: Mapping[str, str] = {"ADOPT": "采纳", "DISMISS": "不采纳"}
#: Who may decide on each (可配 by the roles that the ladder tells).
DECIDERS: Mapping[str, tuple[str, ...]] = {
    "CRITICISM": ("dc_chief", "go_deputy", "go_director"),
    "INTERVIEW": ("go_director", "vice_mayor", "exec_vice_mayor", "mayor"),
    "REFERRAL": ("mayor",),
}


@dataclass(frozen=True)
class Recommendation:
    """One cause; `decision` is None until a person has decided."""

    id: int
    matter_id: int
    undertaking_id: int
    kind: str
    reason: str
    at: datetime
    decision: str | None
    comment: str | None
    decided_by: str | None
    decided_at: datetime | None


class Decided(errors.Refused):
    """这一建议已经有了决定。"""


def record(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    kind: str,
    reason: str,
) -> Recommendation:
    """Write down that a delay gives cause for something."""
    row = work.connection.execute(
        tables.recommendation.insert()
        .values(
            matter_id=undertaking.matter_id,
            undertaking_id=undertaking.id,
            kind=kind,
            reason=reason,
            at=work.now(),
        )
        .returning(tables.recommendation)
    ).one()
    return Recommendation(**row._mapping)


@entries.under("条例第二十一条")
def decide(
    work: handlers.Work,
    recommendation_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> Recommendation:
    """Decide on it once: reads `decision` (ADOPT, DISMISS) and `comment`."""
    found = get(work.connection, recommendation_id)
    if not access.holds(identity, *DECIDERS[found.kind]):
        raise errors.Forbidden(
            f"您的岗位不能决定“{KIND_LABELS[found.kind]}”。", id=recommendation_id
        )
    if found.decision is not None:
        raise Decided(id=recommendation_id)
    row = work.connection.execute(
        tables.recommendation.update()
        .where(tables.recommendation.c.id == recommendation_id)
        .values(
            decision=entries.choice(given, "decision", list(DECISION_LABELS)),
            comment=entries.text(given, "comment", longest=1000),
            decided_by=identity.person,
            decided_at=work.now(),
        )
        .returning(tables.recommendation)
    ).one()
    return Recommendation(**row._mapping)


def get(connection: sa.Connection, recommendation_id: int) -> Recommendation:
    """Return the recommendation of this id."""
    row = connection.execute(
        sa.select(tables.recommendation).where(
            tables.recommendation.c.id == recommendation_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(id=recommendation_id)
    return Recommendation(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Recommendation]:
    """Return what the delays of a matter gave cause for, the first one first."""
    rows = connection.execute(
        sa.select(tables.recommendation)
        .where(tables.recommendation.c.matter_id == matter_id)
        .order_by(tables.recommendation.c.id)
    )
    return [Recommendation(**row._mapping) for row in rows]
