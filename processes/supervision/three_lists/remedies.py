"""Remedies for a problem: its cause, the measures, who answers for them.

Everything a unit or the appraisal office decides is appended by round, so that a
problem can be traced from what was found to who answered for it (R-02-41).
"""

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import policies
from processes.supervision import tables
from processes.supervision.inspections import inspections
from processes.supervision.three_lists import problems

#: The decision table with the numbers of days and percents (三单参数).
POLICY = "three_lists"
DISPOSALS = {"IMMEDIATE": "马上解决", "LIMITED": "限期整改", "UPPER": "需上级协调"}
#: What a unit may choose for what it can do itself (R-02-38).
OWN_DISPOSALS = ("IMMEDIATE", "LIMITED")


@dataclass(frozen=True)
class Measure:
    """One measure, with the deadline of its problem and its own milestones."""

    id: int
    problem_id: int
    round: int
    version: int
    serial: int
    content: str
    roadmap: str
    deadline: date
    milestones: Sequence[dict[str, str]]
    person: str
    on_behalf_of: str | None
    at: datetime


@dataclass(frozen=True)
class Responsibility:
    """Who answers for a problem: units, and the one person (到岗到人)."""

    id: int
    problem_id: int
    round: int
    lead_unit: str
    assisting: Sequence[str]
    responsible: str
    duty: str
    person: str
    on_behalf_of: str | None
    at: datetime


def rule(connection: sa.Connection, name: str) -> int:
    """Return a number of days or percent that the office fixed for the three lists."""
    (row,) = policies.decide(connection, POLICY, {"rule": name})
    return int(str(row["value"]))


def analyse(
    work: handlers.Work,
    problem: problems.Problem,
    cause: str,
    disposal: str,
    signed: problems.Signature,
) -> problems.Problem:
    """Keep the root cause; what needs the level above is not within the unit's duty.

    Raise `WrongState` unless the analysis is awaited.
    """
    if problem.state not in problems.TO_ANALYSE:
        raise problems.WrongState(
            f"问题 {problem.number} 现在不需要分析根源。", problem=problem.number
        )
    within_duty = disposal in OWN_DISPOSALS
    work.connection.execute(
        tables.root_cause.insert().values(
            problem_id=problem.id,
            round=problem.round,
            cause=cause,
            within_duty=within_duty,
            **asdict(signed),
        )
    )
    if within_duty:
        return problems.move(work, problem, "ANALYSED", disposal=disposal)
    return problems.change(work, problem, disposal=disposal)


@entries.under("R-02-40")
def plan(
    work: handlers.Work,
    problem: problems.Problem,
    fields: entries.Entries,
    signed: problems.Signature,
) -> problems.Problem:
    """Keep the next version of the measures, each with at least one milestone.

    All share the one deadline of the problem (整改时限). Raise `Invalid` by field:
    no measure, no milestone (R-02-40, S14), a day that is past or after the deadline.
    """
    today = work.calendar.local_date(work.now())
    deadline = entries.day(fields, "deadline")
    if deadline < today:
        raise entries.refusal("deadline", "整改时限不能早于今天。", rule="R-02-31")
    rows = entries.rows(fields, "measures")
    if not rows:
        raise entries.refusal("measures", "至少写一条整改措施。（R-02-40）")
    roadmap = entries.text(fields, "roadmap", longest=5000)
    version = 1 + len({one.version for one in measures(work.connection, problem.id)})
    for serial, row in enumerate(rows, start=1):
        work.connection.execute(
            tables.measure.insert().values(
                problem_id=problem.id,
                round=problem.round,
                version=version,
                serial=serial,
                content=entries.text(row, "content", longest=2000),
                roadmap=roadmap,
                deadline=deadline,
                milestones=_milestones(row, serial, deadline),
                **asdict(signed),
            )
        )
    return problems.move(work, problem, "MEASURED", deadline=deadline)


def _milestones(
    row: entries.Entries, serial: int, deadline: date
) -> list[dict[str, str]]:
    place = f"measures[{serial - 1}].milestones"
    found = []
    for one in entries.rows(row, "milestones"):
        on = entries.day(one, "on")
        if on > deadline:
            raise entries.refusal(
                place, f"节点 {on} 晚于整改时限 {deadline}。", rule="R-02-40"
            )
        found.append({"on": on.isoformat(), "what": entries.text(one, "what")})
    if not found:
        raise entries.refusal(
            place, f"第{serial}条措施没有时间节点，须至少写一个。（R-02-40）"
        )
    return found


def submit(work: handlers.Work, problem: problems.Problem) -> None:
    """Lay the approved measures before the group that found the problem (报督查组)."""
    leader = inspections.get(work.connection, problem.inspection_id).leader
    if leader is not None:
        inbox.tell(
            work,
            [inbox.person(leader)],
            problem.content,
            f"{problem.number}：整改措施已经责任单位主要负责人审定，"
            f"整改时限 {require_deadline(problem)}。",
            matter_id=problem.matter_id,
        )


@entries.under("R-02-33")
def charge(
    work: handlers.Work,
    problem: problems.Problem,
    fields: entries.Entries,
    signed: problems.Signature,
) -> Responsibility:
    """Enter who answers for the problem: the unit, those that assist, one person.

    Raise `Invalid` unless the person holds a post in the unit (R-02-33: 落实到具体
    单位、具体人员).
    """
    connection = work.connection
    responsible = entries.optional_text(fields, "responsible", longest=100)
    staff = {person for person, _ in staff_of(connection, problem.unit, work.now())}
    if responsible not in staff:
        raise entries.refusal(
            "responsible", "责任清单须落实到责任单位的具体人员。（R-02-33）"
        )
    assisting = []
    for row in entries.rows(fields, "assisting"):
        unit = entries.text(row, "unit", longest=100)
        problems.require_unit(connection, unit, "assisting")
        if unit == problem.unit or unit in assisting:
            raise entries.refusal(
                "assisting", "配合责任单位不能重复，也不能是牵头单位。", rule="R-02-33"
            )
        assisting.append(unit)
    entered = connection.execute(
        tables.responsibility.insert()
        .values(
            problem_id=problem.id,
            round=problem.round,
            lead_unit=problem.unit,
            assisting=assisting,
            responsible=responsible,
            duty=entries.text(fields, "duty", longest=2000),
            **asdict(signed),
        )
        .returning(tables.responsibility)
    ).one()
    return Responsibility(**entered._mapping)


def staff_of(
    connection: sa.Connection, unit: str, at: datetime
) -> list[tuple[str, str]]:
    """Return account and name of everybody who holds a post in the unit."""
    post, person = engine_tables.post.c, engine_tables.person.c
    rows = connection.execute(
        sa.select(person.id, person.name)
        .join(engine_tables.post, post.person == person.id)
        .where(
            post.unit == unit,
            post.starts_at <= at,
            post.ends_at.is_(None) | (post.ends_at > at),
            person.active,
        )
        .distinct()
        .order_by(person.id)
    )
    return [(row.id, row.name) for row in rows]


def measures(connection: sa.Connection, problem_id: int) -> list[Measure]:
    """Return every measure ever drawn up for a problem, in their order."""
    column = tables.measure.c
    rows = connection.execute(
        sa.select(tables.measure)
        .where(column.problem_id == problem_id)
        .order_by(column.version, column.serial)
    )
    return [Measure(**row._mapping) for row in rows]


def measures_in_force(connection: sa.Connection, problem_id: int) -> list[Measure]:
    """Return the measures of the last version."""
    found = measures(connection, problem_id)
    return [one for one in found if one.version == found[-1].version]


def responsibilities(
    connection: sa.Connection, problem_id: int
) -> list[Responsibility]:
    """Return who answered for a problem in each of its rounds, the last one last."""
    column = tables.responsibility.c
    rows = connection.execute(
        sa.select(tables.responsibility)
        .where(column.problem_id == problem_id)
        .order_by(column.id)
    )
    return [Responsibility(**row._mapping) for row in rows]


def require_deadline(problem: problems.Problem) -> date:
    """Return the deadline; raise `Refused` where no measures set one yet."""
    if problem.deadline is None:
        raise errors.Refused(
            "还没有整改措施和整改时限。（R-02-31）", problem=problem.number
        )
    return problem.deadline


def require_responsibility(
    connection: sa.Connection, problem: problems.Problem
) -> Responsibility:
    """Return who answers for the problem in its present round."""
    found = responsibilities(connection, problem.id)
    if not found or found[-1].round != problem.round:
        raise errors.Refused("还没有整改责任清单。（R-02-33）", problem=problem.number)
    return found[-1]
