"""Scores (考评得分): what a missed deadline or a second return costs a unit.

Entries are proposals until the unit has had its say: criticism takes effect only
when a person approves it (《政府督查工作条例》第21条).
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine import errors
from engine import handlers
from processes.supervision import tables


@dataclass(frozen=True)
class Rule:
    """An event and the points it gives, in tenths; the version names its basis."""

    code: str
    points_tenths: int
    version: str
    reason: str


#: Defaults of domain §5.1 【补充】, until the office enters its own measure.
OVERDUE = Rule("OVERDUE_FIRST", -10, "2026.1", "逾期未反馈（首次）")
RETURNED = Rule("RETURNED_AGAIN", -5, "2026.1", "报告第二次及以后被退回")


@dataclass(frozen=True)
class Entry:
    """One row of a unit's account."""

    id: int
    event_key: str
    unit: str
    undertaking_id: int | None
    rule: str
    rule_version: str
    points_tenths: int
    status: str
    reason: str
    corrects_id: int | None
    at: datetime

    @property
    def points(self) -> float:
        """The points, half a point being exact."""
        return self.points_tenths / tables.TENTHS


def record(
    work: handlers.Work, rule: Rule, *, unit: str, undertaking_id: int, event: str
) -> bool:
    """Enter the points once for an event; False if the event is entered already."""
    return _enter(
        work,
        event_key=f"{rule.code}:{undertaking_id}:{event}",
        unit=unit,
        undertaking_id=undertaking_id,
        rule=rule.code,
        rule_version=rule.version,
        points_tenths=rule.points_tenths,
        status="PENDING",
        reason=rule.reason,
    )


def correct(work: handlers.Work, entry_id: int, reason: str) -> bool:
    """Take an entry back by a new one of opposite points (冲正不删除).

    False if it was taken back before.
    """
    row = work.connection.execute(
        sa.select(tables.score_entry).where(tables.score_entry.c.id == entry_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(entry_id=entry_id)
    if not reason.strip():
        raise errors.Invalid(fields={"reason": ["请写明冲正理由。"]})
    return _enter(
        work,
        event_key=f"CORRECTION:{entry_id}",
        unit=row.unit,
        undertaking_id=row.undertaking_id,
        rule=row.rule,
        rule_version=row.rule_version,
        points_tenths=-row.points_tenths,
        status="EFFECTIVE",
        reason=reason.strip(),
        corrects_id=entry_id,
    )


def entries(connection: sa.Connection, undertaking_id: int) -> list[Entry]:
    """Return the entries an undertaking caused, in the order they were made."""
    rows = connection.execute(
        sa.select(tables.score_entry)
        .where(tables.score_entry.c.undertaking_id == undertaking_id)
        .order_by(tables.score_entry.c.id)
    )
    return [Entry(**row._mapping) for row in rows]


def _enter(work: handlers.Work, **values: object) -> bool:
    try:
        with work.connection.begin_nested():
            work.connection.execute(
                tables.score_entry.insert().values(at=work.now(), **values)
            )
    except IntegrityError:
        return False
    return True
