"""Matters (督查事项): what the office supervises, and how far each has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import statements
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights

STATUS_LABELS: Mapping[str, str] = {
    "DRAFT": "未立项",
    "REGISTERED": "已登记",
    "PROPOSING": "拟办中",
    "APPROVING": "审批中",
    "NOT_APPROVED": "不予立项",
    "APPROVED": "已批准",
    "ISSUED": "已下发",
    "IN_PROGRESS": "办理中",
    "SUMMARIZING": "汇总中",
    "LEADER_REVIEW": "审阅上报中",
    "LONG_TERM": "长期跟踪",
    "SUSPENDED": "已暂停",
    "REOPENED": "重新督办",
    "CLOSED": "已办结",
    "ARCHIVED": "已归档",
    "CANCELLED": "已撤回",
    "MERGED": "已并案",
    "SENT_BACK": "已退回来源机关",
    "SELF_HANDLED": "部门自行办结",
}
#: What may become of any matter that has not ended (domain §3.2 旁路).
ANYWAY = frozenset({"CANCELLED", "MERGED", "SUSPENDED", "SENT_BACK"})
#: Which status may follow which (domain §3.2); nothing follows an archived matter,
#: and a notice never goes out unless somebody approved it (R-00-14).
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "DRAFT": ANYWAY
    | {"REGISTERED", "PROPOSING", "APPROVING", "NOT_APPROVED", "SELF_HANDLED"},
    "REGISTERED": ANYWAY
    | {"PROPOSING", "APPROVING", "APPROVED", "IN_PROGRESS", "NOT_APPROVED"},
    "PROPOSING": ANYWAY | {"APPROVING", "REGISTERED", "NOT_APPROVED"},
    "APPROVING": ANYWAY
    | {"PROPOSING", "APPROVED", "REGISTERED", "NOT_APPROVED", "SELF_HANDLED", "DRAFT"},
    "APPROVED": ANYWAY | {"ISSUED", "IN_PROGRESS", "SUMMARIZING", "PROPOSING"},
    "ISSUED": ANYWAY | {"IN_PROGRESS", "SUMMARIZING", "LONG_TERM"},
    "IN_PROGRESS": ANYWAY | {"SUMMARIZING", "LEADER_REVIEW", "LONG_TERM", "CLOSED"},
    "SUMMARIZING": ANYWAY | {"LEADER_REVIEW", "IN_PROGRESS", "CLOSED"},
    "LEADER_REVIEW": ANYWAY | {"SUMMARIZING", "IN_PROGRESS", "CLOSED", "LONG_TERM"},
    "LONG_TERM": ANYWAY | {"IN_PROGRESS", "CLOSED"},
    "SUSPENDED": frozenset(),
    "CLOSED": frozenset({"ARCHIVED", "REOPENED"}),
    "REOPENED": ANYWAY | {"IN_PROGRESS", "SUMMARIZING"},
    "ARCHIVED": frozenset(),
    "NOT_APPROVED": frozenset(),
    "CANCELLED": frozenset(),
    "MERGED": frozenset(),
    "SENT_BACK": frozenset(),
    "SELF_HANDLED": frozenset(),
}
ENDED = (
    "CLOSED",
    "ARCHIVED",
    "NOT_APPROVED",
    "CANCELLED",
    "MERGED",
    "SENT_BACK",
    "SELF_HANDLED",
)


class WrongStatus(errors.Refused):
    """事项当前的状态不允许这一操作。"""


@dataclass(frozen=True)
class Matter:
    """One matter; days are days in Shanghai, moments are UTC."""

    id: int
    #: Empty while it is a draft.
    number: str
    title: str
    category: str
    procedure: str
    procedure_deployment: str | None
    office: str | None
    source_type: str
    source_doc_no: str | None
    source_clause: str | None
    source_on: date | None
    source_leader: str | None
    source_rank: str | None
    source: Mapping[str, object]
    requirement: str | None
    major: bool
    comprehensive: bool
    long_cycle: bool
    needs_coordination: bool
    parent_id: int | None
    merged_into_id: int | None
    urgency: str
    secrecy: str
    status: str
    root_id: str | None
    received_on: date
    assigned_on: date
    due_at: datetime
    due_workdays: int
    due_provisional: bool
    upper_due: date | None
    round: int
    light: lights.Light
    ever_red: bool
    late_days: int
    late_workdays: int
    summary: str | None
    summarized_by: str | None
    reported_at: datetime | None
    receipt_no: str | None
    receipt_at: datetime | None
    created_by: str | None
    created_at: datetime
    closed_at: datetime | None
    archived_at: datetime | None


def from_row(row: sa.Row[tuple[object, ...]]) -> Matter:
    """Return the matter that a row of all its columns tells."""
    return from_columns(dict(row._mapping))


def from_columns(columns: Mapping[str, Any]) -> Matter:
    """Return the matter that these columns tell, all by their names."""
    return Matter(**{**columns, "number": columns["number"] or ""})


_BY_ID = statements.Query(
    sa.select(tables.matter).where(tables.matter.c.id == sa.bindparam("matter_id"))
)


def get(connection: sa.Connection, matter_id: int) -> Matter:
    """Return the matter, whoever asks: for handlers, never for pages."""
    row = statements.first(connection, _BY_ID, matter_id=matter_id)
    if row is None:
        raise errors.NotFound(matter_id=matter_id)
    return from_columns(row)


def of_root(connection: sa.Connection, root_id: str) -> Matter:
    """Return the matter of a process instance, whoever asks: never for pages."""
    row = connection.execute(
        sa.select(tables.matter).where(tables.matter.c.root_id == root_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(root_id=root_id)
    return from_row(row)


def by_number(connection: sa.Connection, number: str) -> Matter:
    """Return the matter of this number, whoever asks: for handlers, never for pages."""
    row = connection.execute(
        sa.select(tables.matter).where(tables.matter.c.number == number)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(number=number)
    return from_row(row)


def find(connection: sa.Connection, identity: people.Identity, number: str) -> Matter:
    """Return the matter of this number to one who may see it."""
    row = connection.execute(
        sa.select(tables.matter).where(
            tables.matter.c.number == number, access.visible(identity)
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(number=number)
    return from_row(row)


def move(work: handlers.Work, matter: Matter, status: str, **changes: object) -> Matter:
    """Bring the matter into a status that may follow its own, with other changes.

    Raise `WrongStatus` for every other: approvals are never skipped.
    """
    require_transition(matter, status)
    if status in ENDED and matter.closed_at is None:
        changes.setdefault("closed_at", work.now())
    return change(work, matter, status=status, **changes)


def require_transition(matter: Matter, status: str) -> None:
    """Raise `WrongStatus` unless the status may follow the matter's own."""
    if status != matter.status and status not in TRANSITIONS[matter.status]:
        # 未批准不得通知承办单位；未审定不得归档，归档后不得再改.
        filed = "ARCHIVED" in (status, matter.status)
        rule = "R-00-28" if filed else "R-00-14" if status == "ISSUED" else None
        refusal = (
            f"事项 {matter.number} 现为“{STATUS_LABELS[matter.status]}”，"
            f"不能转为“{STATUS_LABELS[status]}”。"
        )
        raise WrongStatus(
            entries.ruled(refusal, rule),
            matter=matter.number,
            status=matter.status,
        )


def change(work: handlers.Work, matter: Matter, **changes: object) -> Matter:
    """Write these columns of the matter and return it as it is now."""
    row = work.connection.execute(
        tables.matter.update()
        .where(tables.matter.c.id == matter.id)
        .values(**changes)
        .returning(tables.matter)
    ).one()
    return from_row(row)


def refresh_light(work: handlers.Work, matter_id: int) -> Matter:
    """Set the light to the worst of the matter's own and its open undertakings'.

    While its clock stands still the matter's own light stays as it was.
    """
    matter = get(work.connection, matter_id)
    if matter.status in ENDED:
        return matter if matter.light == "OFF" else change(work, matter, light="OFF")
    undertaking = tables.undertaking.c
    others = work.connection.scalars(
        sa.select(undertaking.light)
        .where(undertaking.matter_id == matter_id)
        .distinct()
    )
    stopped = work.connection.scalar(
        sa.select(tables.clock_stop.c.stopped_at).where(
            tables.clock_stop.c.matter_id == matter_id,
            tables.clock_stop.c.resumed_at.is_(None),
        )
    )
    own = lights.light(work.calendar, stopped or work.now(), matter.due_at)
    light = lights.worst([own, *others])
    ever_red = matter.ever_red or light == "RED"
    if (light, ever_red) == (matter.light, matter.ever_red):
        return matter
    return change(work, matter, light=light, ever_red=ever_red)


def end(work: handlers.Work, matter: Matter, status: str) -> Matter:
    """End the matter: its lights go out and nothing reminds of it any more.

    How late it was stays on record, in calendar and in working days.
    """
    now = work.now()
    for subject in ("matter", "approval"):
        ladder.take_down(work, subject, matter.id)
    stop = tables.clock_stop
    work.connection.execute(
        stop.update()
        .where(stop.c.matter_id == matter.id, stop.c.resumed_at.is_(None))
        .values(resumed_at=now)
    )
    late_days, late_workdays = lights.lateness(work.calendar, matter.due_at, now)
    return move(
        work,
        matter,
        status,
        light="OFF",
        late_days=late_days,
        late_workdays=late_workdays,
    )


def extend(work: handlers.Work, matter: Matter, due: deadlines.Due) -> Matter:
    """Give the matter another due day, with a ladder of its own."""
    ladder.set_up(work, "matter", matter.id, due.on)
    changed = change(work, matter, due_at=due.at, due_provisional=due.provisional)
    return refresh_light(work, changed.id)
