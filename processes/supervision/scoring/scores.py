"""Scores (考评得分): what the office's measure takes from a unit or gives it.

An entry is a proposal until the unit has been heard and the chief of the office has
ruled: criticism takes effect only when a person approves it (《政府督查工作条例》
第21条). Nothing is deleted: a mistake is mended by an entry of opposite points.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import database
from engine import errors
from engine import handlers
from processes.supervision import entries as given
from processes.supervision import tables
from processes.supervision.scoring import measures

#: Events that the measure may know.
OVERDUE = "OVERDUE"
RETURNED = "RETURNED"
URGED = "URGED"
FALSIFIED = "FALSIFIED"
PRAISED = "PRAISED"
#: What only a person can know; the others are entered by the system.
REPORTED_BY_PERSONS = (FALSIFIED, PRAISED)

STATUS_LABELS = {
    "PENDING": "待确认",
    "CONFIRMED": "已确认",
    "APPEALED": "申诉中",
    "EFFECTIVE": "已生效",
    "REVOKED": "已撤销",
}
TRANSITIONS = {
    "PENDING": frozenset({"CONFIRMED", "APPEALED", "REVOKED"}),
    "CONFIRMED": frozenset({"EFFECTIVE", "REVOKED"}),
    "APPEALED": frozenset({"EFFECTIVE", "REVOKED"}),
    "EFFECTIVE": frozenset[str](),
    "REVOKED": frozenset[str](),
}
#: Every unit begins a period with so many points (domain §5.1).
FULL_TENTHS = 100 * tables.TENTHS

#: The job that starts the hearing of an entry (see hearings.py).
HEARING = "score_hearing"


class Settled(errors.Refused):
    """这条计分流水当前的状态不允许这一操作。"""


@dataclass(frozen=True)
class Entry:
    """One row of a unit's account."""

    id: int
    event_key: str
    unit: str
    matter_id: int | None
    undertaking_id: int | None
    rule: str
    rule_version: str
    family: str
    basis: str
    points_tenths: int
    status: str
    reason: str
    corrects_id: int | None
    instance_id: str | None
    at: datetime

    @property
    def points(self) -> float:
        """The points, half a point being exact."""
        return self.points_tenths / tables.TENTHS


def record(
    work: handlers.Work,
    event: str,
    *,
    unit: str,
    undertaking_id: int,
    occasion: str,
    count: int = 1,
    at: datetime | None = None,
) -> bool:
    """Enter the points for the `count`th such event of an undertaking, once.

    `occasion` tells one event from another; `at` is when it happened, if not now.
    False if it is entered already, earns no points, or its family has reached the
    cap. The unit is heard in an instance of P-15, which a job starts: the clock that
    missed the deadline waits for nobody.
    """
    undertaking = tables.undertaking.c
    matter_id = work.connection.scalar(
        sa.select(undertaking.matter_id).where(undertaking.id == undertaking_id)
    )
    entry = _enter(
        work,
        event,
        count,
        unit=unit,
        matter_id=matter_id,
        undertaking_id=undertaking_id,
        event_key=f"{event}:{undertaking_id}:{occasion}",
        at=at,
    )
    if entry is None:
        return False
    work.schedule(HEARING, work.now(), {"entry": entry.id}, key=f"score:{entry.id}")
    return True


def report(
    work: handlers.Work,
    event: str,
    *,
    unit: str,
    matter_id: int,
    reason: str,
    instance_id: str,
) -> Entry:
    """Enter what a person reports about a unit in a matter (弄虚作假、肯定性批示).

    Raise `Invalid` when the measure has no rule for it.
    """
    entry = _enter(
        work,
        event,
        1,
        unit=unit,
        matter_id=matter_id,
        undertaking_id=None,
        event_key=f"{event}:{instance_id}",
        reason=reason,
        instance_id=instance_id,
    )
    if entry is None:
        raise given.refusal(
            "event", "现行考核办法对这一事件没有计分规则。", rule="R-03-01"
        )
    return entry


def correct(work: handlers.Work, entry_id: int, reason: str) -> bool:
    """Take an entry in effect back by a new one of opposite points (冲正不删除).

    False if it was taken back before; `Settled` if it is not in effect.
    """
    entry = get(work.connection, entry_id)
    if not reason.strip():
        raise given.refusal("reason", "请写明冲正理由。", rule="R-04-13")
    if entry.status != "EFFECTIVE" or entry.corrects_id is not None:
        raise Settled("只有已生效的计分才能冲正。", entry_id=entry_id)
    return _insert(
        work,
        event_key=f"CORRECTION:{entry_id}",
        unit=entry.unit,
        matter_id=entry.matter_id,
        undertaking_id=entry.undertaking_id,
        rule=entry.rule,
        rule_version=entry.rule_version,
        family=entry.family,
        basis=entry.basis,
        points_tenths=-entry.points_tenths,
        status="EFFECTIVE",
        reason=reason.strip(),
        corrects_id=entry_id,
    )


def get(connection: sa.Connection, entry_id: int) -> Entry:
    """Return the entry; NotFound when there is none."""
    row = connection.execute(
        sa.select(tables.score_entry).where(tables.score_entry.c.id == entry_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(entry_id=entry_id)
    return Entry(**row._mapping)


def entries(connection: sa.Connection, undertaking_id: int) -> list[Entry]:
    """Return the entries an undertaking caused, in the order they were made."""
    return _entries(connection, tables.score_entry.c.undertaking_id == undertaking_id)


def of_matter(
    connection: sa.Connection, matter_id: int, *, unit: str | None = None
) -> list[Entry]:
    """Return the entries of a matter, all or one unit's, in the order of making."""
    entry = tables.score_entry.c
    condition = entry.matter_id == matter_id
    if unit is not None:
        condition &= entry.unit == unit
    return _entries(connection, condition)


def _entries(
    connection: sa.Connection, condition: sa.ColumnElement[bool]
) -> list[Entry]:
    rows = connection.execute(
        sa.select(tables.score_entry).where(condition).order_by(tables.score_entry.c.id)
    )
    return [Entry(**row._mapping) for row in rows]


def _enter(
    work: handlers.Work,
    event: str,
    count: int,
    *,
    unit: str,
    matter_id: int | None,
    undertaking_id: int | None,
    event_key: str,
    reason: str | None = None,
    instance_id: str | None = None,
    at: datetime | None = None,
) -> Entry | None:
    registered_at = work.connection.scalar(
        sa.select(tables.matter.c.created_at).where(tables.matter.c.id == matter_id)
    )
    day = work.calendar.local_date(registered_at or work.now())
    found = measures.rule(work.connection, event, count, day)
    if found is None:
        return None
    points = _within_cap(work.connection, found, matter_id, unit)
    if points == 0:
        return None
    entered = _insert(
        work,
        event_key=event_key,
        unit=unit,
        matter_id=matter_id,
        undertaking_id=undertaking_id,
        rule=found.code,
        rule_version=found.version,
        family=found.family,
        basis=found.basis,
        points_tenths=points,
        status="PENDING",
        reason="：".join(filter(None, (found.reason, reason))),
        instance_id=instance_id,
        at=at or work.now(),
    )
    return _entries(work.connection, _key_is(event_key))[0] if entered else None


def _within_cap(
    connection: sa.Connection, rule: measures.Rule, matter_id: int | None, unit: str
) -> int:
    """Return the points that the cap of the family leaves in this matter (单件封顶)."""
    if rule.cap_tenths is None or matter_id is None:
        return rule.points_tenths
    spent = sum(
        abs(one.points_tenths)
        for one in of_matter(connection, matter_id, unit=unit)
        if one.family == rule.family
        and one.status != "REVOKED"
        and one.corrects_id is None
    )
    left = max(0, rule.cap_tenths - spent)
    size = min(abs(rule.points_tenths), left)
    return size if rule.points_tenths > 0 else -size


def _key_is(event_key: str) -> sa.ColumnElement[bool]:
    return tables.score_entry.c.event_key == event_key


def _insert(work: handlers.Work, **values: object) -> bool:
    return database.insert_once(
        work.connection, tables.score_entry, "event_key", {"at": work.now(), **values}
    )


def move(work: handlers.Work, entry_id: int, status: str) -> Entry:
    """Bring the entry into a status that may follow its own; else `Settled`."""
    entry = get(work.connection, entry_id)
    if status not in TRANSITIONS[entry.status]:
        raise Settled(
            f"这条计分流水{STATUS_LABELS[entry.status]}，"
            f"不能转为“{STATUS_LABELS[status]}”。",
            entry_id=entry_id,
        )
    return change(work, entry, status=status)


def change(work: handlers.Work, entry: Entry, **changes: object) -> Entry:
    """Write these columns of the entry and return it as it is now."""
    work.connection.execute(
        tables.score_entry.update()
        .where(tables.score_entry.c.id == entry.id)
        .values(**changes)
    )
    return get(work.connection, entry.id)
