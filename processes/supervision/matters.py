"""Matters (督查事项): what the office supervises, and how far each has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from difflib import SequenceMatcher

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import deadlines
from processes.supervision import ladder
from processes.supervision import lights
from processes.supervision import numbers
from processes.supervision import tables

LONGEST_TITLE = 200
#: Titles at least this similar are shown to the registrar (CA-01 查重 【补充】).
SIMILAR = 0.85
COMPARED_TITLES = 500

URGENCIES = ("平件", "急件", "特急")
SECRECIES = ("公开", "内部")

STATUS_LABELS: Mapping[str, str] = {
    "REGISTERED": "已登记",
    "PROPOSING": "拟办中",
    "APPROVING": "审批中",
    "ISSUED": "已下发",
    "IN_PROGRESS": "办理中",
    "SUMMARIZING": "汇总中",
    "LEADER_REVIEW": "审阅上报中",
    "CLOSED": "已办结",
    "ARCHIVED": "已归档",
    "CANCELLED": "已撤回",
    "SENT_BACK": "已退回来源机关",
}
#: Which status may follow which (domain §3.2); nothing follows an archived matter.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "REGISTERED": frozenset({"PROPOSING", "APPROVING", "CANCELLED"}),
    "PROPOSING": frozenset({"APPROVING", "CANCELLED"}),
    "APPROVING": frozenset({"PROPOSING", "ISSUED", "SENT_BACK", "CANCELLED"}),
    "ISSUED": frozenset({"IN_PROGRESS", "SUMMARIZING", "CANCELLED"}),
    "IN_PROGRESS": frozenset({"SUMMARIZING", "CANCELLED"}),
    "SUMMARIZING": frozenset({"LEADER_REVIEW", "IN_PROGRESS", "CANCELLED"}),
    "LEADER_REVIEW": frozenset({"SUMMARIZING", "IN_PROGRESS", "CLOSED", "CANCELLED"}),
    "CLOSED": frozenset({"ARCHIVED"}),
    "ARCHIVED": frozenset(),
    "CANCELLED": frozenset(),
    "SENT_BACK": frozenset(),
}
ENDED = ("CLOSED", "ARCHIVED", "CANCELLED", "SENT_BACK")


class WrongStatus(errors.Refused):
    """事项当前的状态不允许这一操作。"""


@dataclass(frozen=True)
class Matter:
    """One matter; days are days in Shanghai, moments are UTC."""

    id: int
    number: str
    title: str
    category: str
    source_type: str
    source_doc_no: str | None
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


@dataclass(frozen=True)
class Source:
    """Where a matter comes from and how it must be handled (CA-01)."""

    category: str
    type: str
    title: str
    doc_no: str | None
    urgency: str
    secrecy: str
    received_on: date
    assigned_on: date


@dataclass(frozen=True)
class Similar:
    """A matter whose title resembles a new one."""

    number: str
    title: str
    similarity: float


def register(
    work: handlers.Work,
    source: Source,
    due: deadlines.Due,
    *,
    area: str,
    root_id: str | None,
    person: str | None,
) -> Matter:
    """Create the matter with a number of its own, and set up its deadlines.

    Raise `Invalid` for a missing or too long title and for anything marked as a
    state secret: such matters must not enter this system (domain §3.1).
    """
    require_source(source)
    now = work.now()
    year = source.received_on.year
    scope = f"matter {area} {source.category}"
    serial = numbers.draw(work.connection, scope, year)
    statement = (
        tables.matter.insert()
        .values(
            number=numbers.matter_number(area, year, source.category, serial),
            title=source.title.strip(),
            category=source.category,
            source_type=source.type,
            source_doc_no=source.doc_no,
            urgency=source.urgency,
            secrecy=source.secrecy,
            status="REGISTERED",
            root_id=root_id,
            received_on=source.received_on,
            assigned_on=source.assigned_on,
            due_at=due.at,
            due_workdays=due.workdays,
            due_provisional=due.provisional,
            light=lights.light(work.calendar, now, due.at),
            created_by=person,
            created_at=now,
        )
        .returning(tables.matter.c.id)
    )
    matter = get(work.connection, work.connection.execute(statement).scalar_one())
    ladder.set_up(work, "matter", matter.id, due.on)
    approval = work.calendar.add_workdays(
        work.calendar.local_date(now), deadlines.APPROVAL_WORKDAYS
    )
    ladder.set_up(work, "approval", matter.id, approval)
    return matter


def require_source(source: Source) -> None:
    """Raise `Invalid` with the fields that are missing or not allowed."""
    wrong: dict[str, list[str]] = {}
    title = source.title.strip()
    if not title:
        wrong["title"] = ["标题不能为空。"]
    elif len(title) > LONGEST_TITLE:
        wrong["title"] = [f"标题不得超过{LONGEST_TITLE}字。"]
    if source.secrecy not in SECRECIES:
        wrong["secrecy"] = ["只能登记公开或内部事项；涉密事项不得录入本系统。"]
    if source.urgency not in URGENCIES:
        wrong["urgency"] = [f"紧急程度只能是{'、'.join(URGENCIES)}。"]
    if wrong:
        raise errors.Invalid(fields=wrong)


def get(connection: sa.Connection, matter_id: int) -> Matter:
    """Return the matter, whoever asks: for handlers, never for pages."""
    row = connection.execute(
        sa.select(tables.matter).where(tables.matter.c.id == matter_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(matter_id=matter_id)
    return Matter(**row._mapping)


def find(connection: sa.Connection, identity: people.Identity, number: str) -> Matter:
    """Return the matter of this number to one who may see it."""
    row = connection.execute(
        sa.select(tables.matter).where(
            tables.matter.c.number == number, access.visible(identity)
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(number=number)
    return Matter(**row._mapping)


def ledger(
    connection: sa.Connection,
    identity: people.Identity,
    *,
    status: str | None = None,
    light: str | None = None,
    category: str | None = None,
    unit: str | None = None,
    text: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Matter]:
    """Return the matters this person may see, newest first, one page of them.

    `before` is the id of the last matter of the page before; `text` is found in
    the title or begins the number.
    """
    matter = tables.matter.c
    query = (
        sa.select(tables.matter)
        .where(access.visible(identity))
        .order_by(matter.id.desc())
        .limit(limit)
    )
    if status:
        query = query.where(matter.status == status)
    if light:
        query = query.where(matter.light == light)
    if category:
        query = query.where(matter.category == category)
    if unit:
        undertaking = tables.undertaking.c
        query = query.where(
            sa.exists().where(
                undertaking.matter_id == matter.id, undertaking.unit == unit
            )
        )
    if text:
        query = query.where(
            matter.title.contains(text, autoescape=True)
            | matter.number.startswith(text, autoescape=True)
        )
    if before is not None:
        query = query.where(matter.id < before)
    return [Matter(**row._mapping) for row in connection.execute(query)]


def similar(
    connection: sa.Connection, identity: people.Identity, title: str
) -> list[Similar]:
    """Return open matters whose title is at least 0.85 similar, the closest first."""
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(matter.number, matter.title)
        .where(access.visible(identity), matter.status.not_in(ENDED))
        .order_by(matter.id.desc())
        .limit(COMPARED_TITLES)
    )
    comparison = SequenceMatcher(autojunk=False)
    comparison.set_seq2(title.strip())
    found = []
    for row in rows:
        comparison.set_seq1(row.title)
        # The quick bound spares the slow comparison for nearly every title.
        if comparison.quick_ratio() >= SIMILAR and comparison.ratio() >= SIMILAR:
            found.append(Similar(row.number, row.title, round(comparison.ratio(), 3)))
    return sorted(found, key=lambda one: one.similarity, reverse=True)


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
        raise WrongStatus(
            f"事项 {matter.number} 现为“{STATUS_LABELS[matter.status]}”，"
            f"不能转为“{STATUS_LABELS[status]}”。",
            matter=matter.number,
            status=matter.status,
        )


def change(work: handlers.Work, matter: Matter, **changes: object) -> Matter:
    """Write these columns of the matter and return it as it is now."""
    work.connection.execute(
        tables.matter.update().where(tables.matter.c.id == matter.id).values(**changes)
    )
    return get(work.connection, matter.id)


def refresh_light(work: handlers.Work, matter_id: int) -> Matter:
    """Set the light to the worst of the matter's own and its open undertakings'."""
    matter = get(work.connection, matter_id)
    if matter.status in ENDED:
        return change(work, matter, light="OFF")
    undertaking = tables.undertaking.c
    others = work.connection.scalars(
        sa.select(undertaking.light).where(undertaking.matter_id == matter_id)
    )
    own = lights.light(work.calendar, work.now(), matter.due_at)
    light = lights.worst([own, *others])
    return change(work, matter, light=light, ever_red=matter.ever_red or light == "RED")


def end(work: handlers.Work, matter: Matter, status: str) -> Matter:
    """End the matter: its lights go out and nothing reminds of it any more.

    How late it was stays on record, in calendar and in working days.
    """
    now = work.now()
    for subject in ("matter", "approval"):
        ladder.take_down(work, subject, matter.id)
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
