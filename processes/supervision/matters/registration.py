"""Registration (立项登记): a draft without a number, then a matter under its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import date

from engine import errors
from engine import handlers
from processes.supervision import numbers
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from processes.supervision.matters import matters

LONGEST_TITLE = 200
URGENCIES = ("平件", "急件", "特急")
SECRECIES = ("公开", "内部")


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


def open_draft(
    work: handlers.Work,
    source: Source,
    due: deadlines.Due,
    *,
    root_id: str | None,
    person: str | None,
) -> matters.Matter:
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
    return matters.get(work.connection, matter_id)


def number(work: handlers.Work, matter: matters.Matter, *, area: str) -> matters.Matter:
    """Register a draft under a number of its own, and set up its deadlines.

    The number is unique, never changes and is never used again (R-00-12).
    """
    year = matter.received_on.year
    scope = f"matter {area} {matter.category}"
    serial = numbers.draw(work.connection, scope, year)
    registered = matters.move(
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
) -> matters.Matter:
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
