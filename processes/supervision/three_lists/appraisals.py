"""Appraisals (考察): what patrols and inspections found, weighed for each unit.

Without the results of a patrol or an inspection nothing can be appraised (R-02-23).
What comes out is kept for the annual appraisal (R-02-25), and never becomes a
criticism or a penalty by itself: those are circulars and referrals that leaders
approve.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.inspections import inspection_plans
from processes.supervision.inspections import inspections
from processes.supervision.three_lists import problems

GRADES = ("好", "较好", "一般", "差")
APPRAISAL, RECTIFYING = "考察", "三单整改"
#: What an appraisal weighs: the results of patrols and inspections.
WEIGHED = ("巡查", "督查", "联合督查", "督查活动")


@dataclass(frozen=True)
class Result:
    """One unit's result, as the annual appraisal reads it."""

    id: int
    matter_id: int
    unit: str
    year: int
    kind: str
    grade: str | None
    content: Mapping[str, object]
    at: datetime


@dataclass(frozen=True)
class Basis:
    """What patrols and inspections say of one unit within a period."""

    unit: str
    inspections: Sequence[int]
    problems: int
    closed: int
    overdue: int
    reopened: int

    def content(self) -> dict[str, object]:
        """Return it as it is kept with the result."""
        return {
            "inspections": list(self.inspections),
            "problems": self.problems,
            "closed": self.closed,
            "overdue": self.overdue,
            "reopened": self.reopened,
        }


@dataclass(frozen=True)
class Evaluation:
    """A unit's grade, why, and what it rests on."""

    grade: str
    reason: str
    basis: Basis


def basis(connection: sa.Connection, since: date, until: date) -> dict[str, Basis]:
    """Return what every inspected unit's appraisal rests on, by unit.

    Counts inspections that ended within the days given and have reported.
    """
    inspection = tables.inspection.c
    rows = connection.execute(
        sa.select(inspection.id, inspection.matter_id)
        .where(
            inspection.kind.in_(WEIGHED),
            inspection.reported_at.is_not(None),
            inspection.ended_on.between(since, until),
        )
        .order_by(inspection.id)
    ).all()
    of_unit: dict[str, list[int]] = {}
    for row in rows:
        for unit in inspection_plans.in_force(connection, row.id).objects:
            of_unit.setdefault(unit, []).append(row.id)
    return {unit: _basis(connection, unit, ids) for unit, ids in of_unit.items()}


def require_basis(
    connection: sa.Connection, since: date, until: date
) -> dict[str, Basis]:
    """Return the basis; raise `Refused` where there is none (R-02-23)."""
    if until < since:
        raise entries.refusal("until", "考察期间的截止日早于起始日。", rule="R-02-23")
    found = basis(connection, since, until)
    if not found:
        raise errors.Refused(
            f"{since} 至 {until} 没有巡查、督查结果，不能作出考察评价。（R-02-23）"
        )
    return found


def read(
    connection: sa.Connection, fields: entries.Entries, since: date, until: date
) -> list[Evaluation]:
    """Return the grade of each unit with what it rests on.

    Reads `evaluations`: rows of unit, grade, reason. Raise `Invalid` for a unit that
    nobody inspected within the period, and for one graded twice.
    """
    weighed = require_basis(connection, since, until)
    rows = entries.rows(fields, "evaluations")
    if not rows:
        raise entries.refusal("evaluations", "至少评价一个单位。", rule="R-02-23")
    found: dict[str, Evaluation] = {}
    for row in rows:
        unit = entries.text(row, "unit", longest=100)
        if unit not in weighed:
            raise entries.refusal(
                "evaluations",
                f"{since} 至 {until} 没有对“{unit}”的巡查、督查结果，不能评价。",
                rule="R-02-23",
            )
        if unit in found:
            raise entries.refusal(
                "evaluations", f"单位“{unit}”评价了两次。", rule="R-02-23"
            )
        found[unit] = Evaluation(
            grade=entries.choice(row, "grade", GRADES),
            reason=entries.text(row, "reason", longest=2000),
            basis=weighed[unit],
        )
    return list(found.values())


def record(
    work: handlers.Work,
    matter_id: int,
    evaluations: Sequence[Evaluation],
    since: date,
    until: date,
) -> list[Result]:
    """Keep what was approved of each unit for the annual appraisal (R-02-25)."""
    period = {"since": since.isoformat(), "until": until.isoformat()}
    return [
        _keep(
            work,
            matter_id,
            one.basis.unit,
            until.year,
            APPRAISAL,
            one.grade,
            {**one.basis.content(), "reason": one.reason, **period},
        )
        for one in evaluations
    ]


def record_rectifying(
    work: handlers.Work, inspection: inspections.Inspection
) -> list[Result]:
    """Keep how each unit rectified what an inspection found (结果计入绩效考核)."""
    found = problems.of_inspection(work.connection, inspection.id)
    year = work.calendar.local_date(work.now()).year
    kept = []
    for unit in dict.fromkeys(one.unit for one in found):
        own = [one for one in found if one.unit == unit]
        content = _count(unit, [inspection.id], own).content()
        kept.append(
            _keep(work, inspection.matter_id, unit, year, RECTIFYING, None, content)
        )
    return kept


def of_matter(connection: sa.Connection, matter_id: int) -> list[Result]:
    """Return the results that a matter brought, the first one first."""
    result = tables.appraisal_result.c
    rows = connection.execute(
        sa.select(tables.appraisal_result)
        .where(result.matter_id == matter_id)
        .order_by(result.id)
    )
    return [Result(**row._mapping) for row in rows]


def _basis(connection: sa.Connection, unit: str, ids: Sequence[int]) -> Basis:
    problem = tables.problem
    rows = connection.execute(
        sa.select(problem)
        .where(problem.c.unit == unit, problem.c.inspection_id.in_(ids))
        .order_by(problem.c.id)
    )
    own = [problems.Problem(**row._mapping) for row in rows]
    return _count(unit, ids, own)


def _count(unit: str, ids: Sequence[int], own: Sequence[problems.Problem]) -> Basis:
    return Basis(
        unit=unit,
        inspections=ids,
        problems=len(own),
        closed=sum(one.state == "CLOSED" for one in own),
        overdue=sum(one.ever_red for one in own),
        reopened=sum(one.round > 1 for one in own),
    )


def _keep(
    work: handlers.Work,
    matter_id: int,
    unit: str,
    year: int,
    kind: str,
    grade: str | None,
    content: Mapping[str, object],
) -> Result:
    row = work.connection.execute(
        tables.appraisal_result.insert()
        .values(
            matter_id=matter_id,
            unit=unit,
            year=year,
            kind=kind,
            grade=grade,
            content=dict(content),
            at=work.now(),
        )
        .returning(tables.appraisal_result)
    ).one()
    return Result(**row._mapping)
