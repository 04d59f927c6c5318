"""Matters (督查事项): what the office supervises, and how far each has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from difflib import SequenceMatcher

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import numbers
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights

LONGEST_TITLE = 200
#: Titles at least this similar are shown to the registrar (CA-01 查重 【补充】).
SIMILAR = 0.85
COMPARED_TITLES = 500

URGENCIES = ("平件", "急件", "特急")
SECRECIES = ("公开", "内部")

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


@dataclass(frozen=True)
class Source:
    """Where a matter comes from and how it must be handled (CA-01)."""

    procedure: str
    procedure_deployment: str | None
    category: str
    type: str
    title: str
    doc_no: str | None
    urgency: str
    secrecy: str
    received_on: date
    assigned_on: date
    clause: str | None = None
    on: date | None = None
    leader: str | None = None
    rank: str | None = None
    requirement: str | None = None
    upper_due: date | None = None
    major: bool = False
    comprehensive: bool = False
    long_cycle: bool = False
    office: str | None = None
    parent_id: int | None = None
    #: What the start form told beyond these, by its keys.
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Similar:
    """A matter whose title resembles a new one."""

    number: str
    title: str
    similarity: float


def open_draft(
    work: handlers.Work,
    source: Source,
    due: deadlines.Due,
    *,
    root_id: str | None,
    person: str | None,
) -> Matter:
    """Create a matter without a number: it is on record, and nobody supervises it yet.

    Raise `Invalid` for a missing or too long title and for anything marked as a
    state secret: such matters must not enter this system (domain §3.1).
    """
    require_source(source)
    now = work.now()
    matter_id = work.connection.execute(
        tables.matter.insert()
        .values(
            title=source.title.strip(),
            category=source.category,
            procedure=source.procedure,
            procedure_deployment=source.procedure_deployment,
            office=source.office,
            source_type=source.type,
            source_doc_no=source.doc_no,
            source_clause=source.clause,
            source_on=source.on,
            source_leader=source.leader,
            source_rank=source.rank,
            source=dict(source.details),
            requirement=source.requirement,
            major=source.major,
            comprehensive=source.comprehensive,
            long_cycle=source.long_cycle,
            parent_id=source.parent_id,
            upper_due=source.upper_due,
            urgency=source.urgency,
            secrecy=source.secrecy,
            status="DRAFT",
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
    ).scalar_one()
    return get(work.connection, matter_id)


def number(work: handlers.Work, matter: Matter, *, area: str) -> Matter:
    """Register a draft under a number of its own, and set up its deadlines.

    The number is unique, never changes and is never used again (R-00-12).
    """
    year = matter.received_on.year
    scope = f"matter {area} {matter.category}"
    serial = numbers.draw(work.connection, scope, year)
    registered = move(
        work,
        matter,
        "REGISTERED",
        number=numbers.matter_number(area, year, matter.category, serial),
    )
    due_on = work.calendar.local_date(matter.due_at)
    ladder.set_up(work, "matter", matter.id, due_on)
    approval = work.calendar.add_workdays(
        work.calendar.local_date(work.now()), deadlines.APPROVAL_WORKDAYS
    )
    ladder.set_up(work, "approval", matter.id, approval)
    return registered


def register(
    work: handlers.Work,
    source: Source,
    due: deadlines.Due,
    *,
    area: str,
    root_id: str | None,
    person: str | None,
) -> Matter:
    """Open the matter and register it at once."""
    draft = open_draft(work, source, due, root_id=root_id, person=person)
    return number(work, draft, area=area)


def require_source(source: Source) -> None:
    """Raise `Invalid` with the fields that are missing or not allowed."""
    wrong: dict[str, list[str]] = {}
    title = source.title.strip()
    if not title:
        wrong["title"] = ["标题不能为空。"]
    elif len(title) > LONGEST_TITLE:
        wrong["title"] = [f"标题不得超过{LONGEST_TITLE}字。"]
    if source.secrecy not in SECRECIES:
        wrong["secrecy"] = [
            "只能登记公开或内部事项；涉密事项不得录入本系统。（R-05-06）"
        ]
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
    return _matter(row)


def of_root(connection: sa.Connection, root_id: str) -> Matter:
    """Return the matter of a process instance, whoever asks: never for pages."""
    row = connection.execute(
        sa.select(tables.matter).where(tables.matter.c.root_id == root_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(root_id=root_id)
    return _matter(row)


def by_number(connection: sa.Connection, number: str) -> Matter:
    """Return the matter of this number, whoever asks: for handlers, never for pages."""
    row = connection.execute(
        sa.select(tables.matter).where(tables.matter.c.number == number)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(number=number)
    return _matter(row)


def find(connection: sa.Connection, identity: people.Identity, number: str) -> Matter:
    """Return the matter of this number to one who may see it."""
    row = connection.execute(
        sa.select(tables.matter).where(
            tables.matter.c.number == number, access.visible(identity)
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(number=number)
    return _matter(row)


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
    return [_matter(row) for row in connection.execute(query)]


def similar(
    connection: sa.Connection, identity: people.Identity, title: str
) -> list[Similar]:
    """Return the open matters one may see whose title resembles this one."""
    return resembling(connection, title, access.visible(identity))


def resembling(
    connection: sa.Connection, title: str, condition: sa.ColumnElement[bool]
) -> list[Similar]:
    """Return open matters whose title is at least 0.85 similar, the closest first."""
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(matter.number, matter.title)
        .where(condition, matter.status.not_in(ENDED), matter.number.is_not(None))
        .order_by(matter.id.desc())
        .limit(COMPARED_TITLES)
    )
    comparison = SequenceMatcher(autojunk=False)
    comparison.set_seq2(title.strip())
    found = []
    for row in rows:
        comparison.set_seq1(row.title)
        # The quick bounds spare the slow comparison for nearly every title.
        if (
            comparison.real_quick_ratio() >= SIMILAR
            and comparison.quick_ratio() >= SIMILAR
            and comparison.ratio() >= SIMILAR
        ):
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
    """Set the light to the worst of the matter's own and its open undertakings'.

    While its clock stands still the matter's own light stays as it was.
    """
    matter = get(work.connection, matter_id)
    if matter.status in ENDED:
        return change(work, matter, light="OFF")
    undertaking = tables.undertaking.c
    others = work.connection.scalars(
        sa.select(undertaking.light).where(undertaking.matter_id == matter_id)
    )
    stopped = work.connection.scalar(
        sa.select(tables.clock_stop.c.stopped_at).where(
            tables.clock_stop.c.matter_id == matter_id,
            tables.clock_stop.c.resumed_at.is_(None),
        )
    )
    own = lights.light(work.calendar, stopped or work.now(), matter.due_at)
    light = lights.worst([own, *others])
    return change(work, matter, light=light, ever_red=matter.ever_red or light == "RED")


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


def _matter(row: sa.Row[tuple[object, ...]]) -> Matter:
    columns = dict(row._mapping)
    return Matter(**{**columns, "number": columns["number"] or ""})
