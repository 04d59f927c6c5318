"""Problems (整改问题清单): what an inspection found, and how far each has come.

A problem that is closed (销号) cannot be changed any more; only a second look
(回头看) that finds it again opens it, as another round (domain §3.1).
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import numbers
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.matters import matters
from processes.supervision.matters import opinions

STATE_LABELS: Mapping[str, str] = {
    "LISTED": "已列清单",
    "SENT": "待分析根源",
    "RAISED": "逐级上报中",
    "ANALYSED": "待定措施",
    "MEASURED": "待定责任",
    "RECTIFYING": "整改中",
    "REPORTED": "待核验",
    "RETURNED": "退回整改",
    "KEY_INSPECTION": "重点督查",
    "CLOSED": "已销号",
    "REOPENED": "反弹重开",
}
#: Which state may follow which (domain §2.10 P-09d).
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "LISTED": frozenset({"SENT"}),
    "SENT": frozenset({"ANALYSED", "RAISED"}),
    "REOPENED": frozenset({"ANALYSED", "RAISED"}),
    "RAISED": frozenset({"RAISED", "ANALYSED", "SENT"}),
    "ANALYSED": frozenset({"MEASURED"}),
    "MEASURED": frozenset({"ANALYSED", "RECTIFYING"}),
    "RECTIFYING": frozenset({"REPORTED"}),
    "RETURNED": frozenset({"REPORTED"}),
    "KEY_INSPECTION": frozenset({"REPORTED"}),
    "REPORTED": frozenset({"CLOSED", "RETURNED", "KEY_INSPECTION"}),
    "CLOSED": frozenset({"REOPENED"}),
}
#: These see the whole list of a matter that they may see; a unit sees its own part.
WHOLE_LIST = access.OVERSEERS | access.APPRAISERS | access.GROUP
#: The unit must rectify and report with these.
RECTIFYING = ("RECTIFYING", "RETURNED", "KEY_INSPECTION")
#: With these the unit's analysis is awaited.
TO_ANALYSE = ("SENT", "REOPENED")


class WrongState(errors.Refused):
    """问题当前的状态不允许这一操作。"""


@dataclass(frozen=True)
class Signature:
    """Who decided something about a problem, for whom, and when."""

    person: str
    on_behalf_of: str | None
    at: datetime


@dataclass(frozen=True)
class Problem:
    """One problem; days are days in Shanghai, moments are UTC."""

    id: int
    matter_id: int
    inspection_id: int
    finding_id: int | None
    number: str
    content: str
    place: str
    object: str
    fact: str
    evidence: Sequence[str]
    suggestion: str
    unit: str
    state: str
    round: int
    disposal: str | None
    level: str | None
    deadline: date | None
    report_due_at: datetime | None
    reported_at: datetime | None
    light: lights.Light
    ever_red: bool
    late_days: int
    late_workdays: int
    closed_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime


@dataclass(frozen=True)
class Found:
    """What an inspection group writes down about one problem (R-02-39)."""

    content: str
    place: str
    object: str
    fact: str
    evidence: Sequence[str]
    suggestion: str
    unit: str
    finding_id: int | None = None


def signature(call: handlers.Call) -> Signature:
    """Return whose decision this call brings."""
    return Signature(opinions.require_person(call), call.on_behalf_of, call.work.now())


@entries.under("R-02-39")
def read(
    connection: sa.Connection, inspection_id: int, fields: entries.Entries
) -> list[Found]:
    """Return the problems of a form, each with place, object, fact and evidence.

    A row may name a finding of the inspection, whose particulars it takes over.
    Raise `Invalid` by the row and field that is missing (R-02-39: 点具体、重细节、
    列明细), or where the unit is not one that can be asked to rectify.
    """
    return [
        _read_row(connection, inspection_id, row, number)
        for number, row in enumerate(entries.rows(fields, "problems"))
    ]


def _read_row(
    connection: sa.Connection, inspection_id: int, row: entries.Entries, number: int
) -> Found:
    place = f"problems[{number}]"
    finding = entries.optional_text(row, "finding", longest=20)
    if finding:
        return _found_on_site(connection, inspection_id, finding, row, place)
    missing = {
        f"{place}.{key}": [f"第{number + 1}个问题没有写明{label}。（R-02-39）"]
        for key, label in REQUIRED.items()
        if not entries.optional_text(row, key)
    }
    if missing:
        raise errors.Invalid(fields=missing)
    unit = entries.text(row, "unit", longest=100)
    require_unit(connection, unit, f"{place}.unit")
    return Found(
        content=entries.text(row, "content"),
        place=entries.text(row, "place"),
        object=entries.text(row, "object"),
        fact=entries.text(row, "fact"),
        evidence=lines(entries.text(row, "evidence")),
        suggestion=entries.text(row, "suggestion"),
        unit=unit,
    )


def _found_on_site(
    connection: sa.Connection,
    inspection_id: int,
    finding: str,
    row: entries.Entries,
    place: str,
) -> Found:
    column = tables.finding.c
    found = connection.execute(
        sa.select(tables.finding).where(
            column.inspection_id == inspection_id,
            column.id == (int(finding) if finding.isdecimal() else 0),
        )
    ).one_or_none()
    if found is None:
        raise entries.refusal(
            f"{place}.finding", "不是本次督查发现的问题。", rule="R-02-39"
        )
    return Found(
        content=entries.optional_text(row, "content") or found.fact,
        place=found.place,
        object=found.object,
        fact=found.fact,
        evidence=found.evidence,
        suggestion=entries.optional_text(row, "suggestion") or found.suggestion,
        unit=found.unit,
        finding_id=found.id,
    )


REQUIRED: Mapping[str, str] = {
    "content": "具体内容",
    "place": "地点",
    "object": "对象",
    "fact": "事实",
    "evidence": "佐证材料",
    "suggestion": "整改建议",
    "unit": "责任单位",
}


def lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text that are not blank: one piece of evidence each."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def require_unit(connection: sa.Connection, unit: str, field: str) -> None:
    """Raise `Invalid` unless this is an active unit."""
    known = sa.select(engine_tables.unit.c.active).where(
        engine_tables.unit.c.code == unit
    )
    if not connection.scalar(known):
        raise entries.refusal(field, f"没有在用的单位“{unit}”。", rule="R-02-39")


def register(
    work: handlers.Work,
    matter: matters.Matter,
    inspection_id: int,
    found: Sequence[Found],
    signed: Signature,
) -> list[Problem]:
    """Enter what the group found, numbered `WT-2026-01-001`: year, group, serial.

    Groups are counted by the lists that they bring within the year.
    """
    if not found:
        return []
    year = work.calendar.local_date(work.now()).year
    group_no = numbers.draw(work.connection, "problem list", year)
    listed = []
    for serial, one in enumerate(found, start=1):
        row = work.connection.execute(
            tables.problem.insert()
            .values(
                matter_id=matter.id,
                inspection_id=inspection_id,
                number=f"WT-{year}-{group_no:02d}-{serial:03d}",
                state="LISTED",
                light="OFF",
                **{**asdict(one), "evidence": list(one.evidence)},
                **asdict(signed),
            )
            .returning(tables.problem)
        ).one()
        listed.append(Problem(**row._mapping))
    return listed


def send(
    work: handlers.Work, matter: matters.Matter, inspection_id: int
) -> list[Problem]:
    """Send the list to the units it names; each is told of its own problems only."""
    sent = [
        move(work, one, "SENT")
        for one in with_states(work.connection, inspection_id, ("LISTED",))
    ]
    for one in sent:
        group = inbox.group(people.group("unit_handler", one.unit))
        text = f"{one.number}：请对照问题清单逐条分析根源。{one.content}"
        inbox.tell(work, [group], matter.title, text, matter_id=matter.id)
    return sent


def get(connection: sa.Connection, problem_id: int) -> Problem:
    """Return the problem, whoever asks: for handlers, never for pages."""
    row = connection.execute(
        sa.select(tables.problem).where(tables.problem.c.id == problem_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(problem_id=problem_id)
    return Problem(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Problem]:
    """Return all problems of a matter in the order of their numbers."""
    rows = connection.execute(
        sa.select(tables.problem)
        .where(tables.problem.c.matter_id == matter_id)
        .order_by(tables.problem.c.id)
    )
    return [Problem(**row._mapping) for row in rows]


def ledger(
    connection: sa.Connection,
    identity: people.Identity,
    *,
    matter_id: int | None = None,
    state: str | None = None,
    unit: str | None = None,
    limit: int = 200,
) -> list[Problem]:
    """Return the problems this person may see, newest first (三单台账).

    Whoever sees the matter only through a unit sees that unit's problems only.
    """
    problem = tables.problem.c
    query = (
        sa.select(tables.problem)
        .join(tables.matter, tables.matter.c.id == problem.matter_id)
        .where(access.visible(identity))
        .order_by(problem.id.desc())
        .limit(limit)
    )
    if not access.holds(identity, *WHOLE_LIST):
        query = query.where(problem.unit.in_(sorted(identity.units)))
    if matter_id is not None:
        query = query.where(problem.matter_id == matter_id)
    if state:
        query = query.where(problem.state == state)
    if unit:
        query = query.where(problem.unit == unit)
    return [Problem(**row._mapping) for row in connection.execute(query)]


def move(
    work: handlers.Work, problem: Problem, state: str, **changes: object
) -> Problem:
    """Bring the problem into a state that may follow its own, with other changes."""
    if state not in TRANSITIONS[problem.state]:
        raise WrongState(
            f"问题 {problem.number} 现为“{STATE_LABELS[problem.state]}”，"
            f"不能转为“{STATE_LABELS[state]}”。（R-02-34）",
            problem=problem.number,
            state=problem.state,
        )
    return change(work, problem, state=state, **changes)


def change(work: handlers.Work, problem: Problem, **changes: object) -> Problem:
    """Write these columns and return the problem as it is now.

    A closed problem cannot be changed; it can only be reopened.
    """
    if problem.state == "CLOSED" and changes.get("state") != "REOPENED":
        raise WrongState(
            f"问题 {problem.number} 已销号，不能再改；"
            "确有反弹的，经“回头看”重开。（R-02-36）",
            problem=problem.number,
            state=problem.state,
        )
    work.connection.execute(
        tables.problem.update()
        .where(tables.problem.c.id == problem.id)
        .values(**changes)
    )
    return get(work.connection, problem.id)


def close(work: handlers.Work, problem: Problem) -> Problem:
    """Strike the problem off the list (销号): its light goes out."""
    return move(work, problem, "CLOSED", closed_at=work.now(), light="OFF")


def reopen(work: handlers.Work, problem: Problem) -> Problem:
    """Open a closed problem again in another round: it has come back (反弹)."""
    return move(
        work,
        problem,
        "REOPENED",
        round=problem.round + 1,
        closed_at=None,
        level=None,
        disposal=None,
        deadline=None,
        report_due_at=None,
        reported_at=None,
    )


def of_inspection(connection: sa.Connection, inspection_id: int) -> list[Problem]:
    """Return the problems that one inspection found, in the order of their numbers."""
    rows = connection.execute(
        sa.select(tables.problem)
        .where(tables.problem.c.inspection_id == inspection_id)
        .order_by(tables.problem.c.id)
    )
    return [Problem(**row._mapping) for row in rows]


def with_states(
    connection: sa.Connection, inspection_id: int, states: Sequence[str]
) -> list[Problem]:
    """Return the problems of one inspection that are in these states."""
    found = of_inspection(connection, inspection_id)
    return [one for one in found if one.state in states]
