"""Visits on site (现场督查): what was seen and settled, and the problems found.

Each of the five forms of inspection asks something of its own (R-02-20). What is
found must be of an object of the approved plan: nobody widens the scope on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.inspections import inspection_plans
from processes.supervision.inspections import inspections

#: What each form asks of a visit, and what the field is called (形式各异).
PARTICULARS: Mapping[str, Mapping[str, str]] = {
    "现场督办": {"verified": "现场核实的办理情况"},
    "跟踪督查": {"channel": "跟踪方式"},
    "调研督查": {"tendency": "普遍性倾向性问题", "countermeasure": "对策措施"},
    "专项督查": {"rectify_by": "限期整改日期"},
    "回访复核": {"rectified": "整改是否落实", "satisfied": "群众是否满意"},
}
CHANNELS = ("电话督办", "书面督办", "落实反馈")
ANSWERS = ("是", "部分", "否")


@dataclass(frozen=True)
class Visit:
    """One visit; `particulars` by the keys of the inspection's form."""

    id: int
    inspection_id: int
    held_on: date
    place: str
    method: str
    content: str
    bottleneck: str | None
    coordination: str | None
    particulars: Mapping[str, str]
    person: str
    at: datetime


@dataclass(frozen=True)
class Finding:
    """A problem found: where, about what, which fact, on what evidence."""

    id: int
    inspection_id: int
    visit_id: int
    unit: str
    object: str
    place: str
    fact: str
    evidence: tuple[str, ...]
    suggestion: str
    person: str
    at: datetime


@entries.under("R-03-05")
def record(
    work: handlers.Work,
    inspection: inspections.Inspection,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Visit:
    """Keep the record of a visit with the problems found on it.

    Reads `held_on`, `place`, `method`, `content`, `bottleneck`, `coordination`, what
    the form asks, and `findings`: rows of unit, object, place, fact, evidence (one
    piece a line) and suggestion. Photographs are never demanded (减负红线③).
    """
    if inspection.state != "ON_SITE":
        raise inspections.WrongState(inspection_id=inspection.id)
    plan = inspection_plans.in_force(work.connection, inspection.id)
    held_on = entries.day(given, "held_on")
    if held_on > work.calendar.local_date(work.now()):
        raise entries.refusal("held_on", "不能晚于今天。", rule="R-03-05")
    if not plan.starts_on <= held_on <= plan.ends_on:
        raise entries.refusal(
            "held_on",
            f"应在批准的期间 {plan.starts_on} 至 {plan.ends_on} 内；"
            "确需变更的，先变更方案报批。",
            rule="条例第十五条",
        )
    row = work.connection.execute(
        tables.site_visit.insert()
        .values(
            inspection_id=inspection.id,
            held_on=held_on,
            place=entries.text(given, "place", longest=500),
            method=entries.choice(given, "method", plan.methods),
            content=entries.text(given, "content"),
            bottleneck=entries.optional_text(given, "bottleneck") or None,
            coordination=entries.optional_text(given, "coordination") or None,
            particulars=_particulars(plan.form, given),
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
        .returning(tables.site_visit)
    ).one()
    for found in entries.rows(given, "findings"):
        _record_finding(work, plan, row.id, found, person, on_behalf_of)
    return _visit(row)


def of_inspection(connection: sa.Connection, inspection_id: int) -> list[Visit]:
    """Return the visits of an inspection in the order they were recorded."""
    rows = connection.execute(
        sa.select(tables.site_visit)
        .where(tables.site_visit.c.inspection_id == inspection_id)
        .order_by(tables.site_visit.c.id)
    )
    return [_visit(row) for row in rows]


def findings(connection: sa.Connection, inspection_id: int) -> list[Finding]:
    """Return the problems found by an inspection: what its problem list is made of."""
    rows = connection.execute(
        sa.select(tables.finding)
        .where(tables.finding.c.inspection_id == inspection_id)
        .order_by(tables.finding.c.id)
    )
    found = []
    for row in rows:
        values = dict(row._mapping)
        del values["on_behalf_of"]
        found.append(Finding(**{**values, "evidence": tuple(row.evidence)}))
    return found


def _particulars(form: str | None, given: entries.Entries) -> dict[str, str]:
    asked = PARTICULARS.get(form or "", {})
    told: dict[str, str] = {}
    for key in asked:
        if key == "channel":
            told[key] = entries.choice(given, key, CHANNELS)
        elif key in ("rectified", "satisfied"):
            told[key] = entries.choice(given, key, ANSWERS)
        elif key == "rectify_by":
            told[key] = entries.day(given, key).isoformat()
        else:
            told[key] = entries.text(given, key, longest=5000)
    return told


def _record_finding(
    work: handlers.Work,
    plan: inspection_plans.Plan,
    visit_id: int,
    found: entries.Entries,
    person: str,
    on_behalf_of: str | None,
) -> None:
    unit = entries.text(found, "unit")
    if unit not in plan.objects:
        raise entries.refusal(
            "findings",
            f"单位“{unit}”不是批准的督查对象；不得擅自扩大范围、变更对象。",
            rule="条例第十五条",
        )
    evidence = entries.text(found, "evidence", longest=5000)
    work.connection.execute(
        tables.finding.insert().values(
            inspection_id=plan.inspection_id,
            visit_id=visit_id,
            unit=unit,
            object=entries.text(found, "object", longest=500),
            place=entries.text(found, "place", longest=500),
            fact=entries.text(found, "fact", longest=5000),
            evidence=[line.strip() for line in evidence.splitlines() if line.strip()],
            suggestion=entries.text(found, "suggestion", longest=2000),
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
    )


def _visit(row: sa.Row[tuple[object, ...]]) -> Visit:
    found = dict(row._mapping)
    del found["on_behalf_of"]
    return Visit(**found)
