"""Mandates (任务): the lines of a breakdown, each with one lead unit (CA-02)."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.matters import sources

QUARTERS = ("q1", "q2", "q3", "q4")
REPORT_CLASSES = ("GENERAL", "COMPREHENSIVE")
LONGEST_CONTENT = 2000


@dataclass(frozen=True)
class Assisting:
    """An assisting unit and its own duty (S11: 各有责任描述)."""

    unit: str
    duty: str


@dataclass(frozen=True)
class Draft:
    """A mandate as it is proposed; `report_on` is when the lead reports."""

    content: str
    requirement: str
    lead_unit: str
    duty: str
    assisting: tuple[Assisting, ...]
    due_on: date
    report_on: date | None = None
    responsible_leader: str | None = None
    responsible_person: str | None = None
    report_class: str = "GENERAL"
    indicator: Mapping[str, object] | None = None
    milestones: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Mandate(Draft):
    """A mandate on record; `serial` is the number behind its T (…-T01)."""

    id: int = 0
    matter_id: int = 0
    proposal_id: int = 0
    serial: int = 0


def read(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries
) -> list[Draft]:
    """Return the mandates that a breakdown form tells, or raise `Invalid` by row.

    Reads `mandates`, rows of content, requirement, lead_unit, duty, assisting (rows of
    unit and duty), due_on, report_on, responsible_leader, responsible_person,
    report_class, indicator with target, indicator_unit and q1 to q4, milestones (rows
    of on and what). The four elements of R-00-29 must be there.
    """
    rows = entries.rows(given, "mandates")
    if not rows:
        raise entries.refusal("mandates", "至少分解出一项任务。", rule="R-00-11")
    found = []
    for number, row in enumerate(rows):
        try:
            found.append(_draft(work, matter, row))
        except errors.Invalid as error:
            place = f"mandates[{number}]"
            raise errors.Invalid(
                fields={f"{place}.{key}": texts for key, texts in error.fields.items()}
            ) from error
    require_units(work.connection, found)
    return found


def keep(
    work: handlers.Work,
    matter_id: int,
    proposal_id: int,
    drafts: Sequence[Draft],
) -> tuple[Mandate, ...]:
    """Keep the mandates of one version of a proposal."""
    rows = [
        {
            "matter_id": matter_id,
            "proposal_id": proposal_id,
            "serial": serial,
            "content": one.content,
            "requirement": one.requirement,
            "lead_unit": one.lead_unit,
            "duty": one.duty,
            "assisting": [{"unit": a.unit, "duty": a.duty} for a in one.assisting],
            "due_on": one.due_on,
            "report_on": one.report_on,
            "responsible_leader": one.responsible_leader,
            "responsible_person": one.responsible_person,
            "report_class": one.report_class,
            "indicator": one.indicator,
            "milestones": list(one.milestones),
        }
        for serial, one in enumerate(drafts, start=1)
    ]
    work.connection.execute(tables.mandate.insert(), rows)
    return of_proposal(work.connection, proposal_id)


def of_proposal(connection: sa.Connection, proposal_id: int) -> tuple[Mandate, ...]:
    """Return the mandates of one version of a proposal, T01 first."""
    mandate = tables.mandate.c
    rows = connection.execute(
        sa.select(tables.mandate)
        .where(mandate.proposal_id == proposal_id)
        .order_by(mandate.serial)
    )
    return tuple(_mandate(row) for row in rows)


def get(connection: sa.Connection, mandate_id: int) -> Mandate:
    """Return the mandate of this id."""
    row = connection.execute(
        sa.select(tables.mandate).where(tables.mandate.c.id == mandate_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(mandate_id=mandate_id)
    return _mandate(row)


def require_units(connection: sa.Connection, drafts: Sequence[Draft]) -> None:
    """Raise `Invalid` for a unit that is not there or stands twice in a mandate."""
    named = {
        code
        for one in drafts
        for code in (one.lead_unit, *(a.unit for a in one.assisting))
    }
    unit = engine_tables.unit.c
    known = set(
        connection.scalars(
            sa.select(unit.code).where(unit.code.in_(named), unit.active)
        )
    )
    for one in drafts:
        units = [one.lead_unit, *(a.unit for a in one.assisting)]
        if len(set(units)) < len(units):
            raise entries.refusal("assisting", "同一单位不能重复承办。", rule="R-00-16")
        for code in units:
            if code not in known:
                key = "lead_unit" if code == one.lead_unit else "assisting"
                raise entries.refusal(
                    key, f"没有单位“{code}”，或已停用。", rule="R-00-16"
                )


def _draft(work: handlers.Work, matter: matters.Matter, row: entries.Entries) -> Draft:
    if not isinstance(row.get("lead_unit"), str):
        raise entries.refusal(
            "lead_unit", "必须且只能指定一个主办单位。", rule="R-00-16"
        )
    due_on = _due_day(work, matter, row)
    return Draft(
        content=_element(row, "content", "任务内容", longest=LONGEST_CONTENT),
        requirement=entries.text(row, "requirement"),
        lead_unit=_element(row, "lead_unit", "执行单位"),
        duty=entries.optional_text(row, "duty") or entries.text(row, "requirement"),
        assisting=tuple(
            Assisting(
                entries.text(one, "unit"),
                _duty(one),
            )
            for one in entries.rows(row, "assisting")
        ),
        due_on=due_on,
        report_on=_report_day(work, matter, row, due_on),
        responsible_leader=entries.optional_text(row, "responsible_leader") or None,
        responsible_person=_element(row, "responsible_person", "责任人", longest=100),
        report_class=entries.choice(
            {"report_class": row.get("report_class") or "GENERAL"},
            "report_class",
            REPORT_CLASSES,
        ),
        indicator=_indicator(row),
        milestones=tuple(
            {
                "on": entries.day(one, "on").isoformat(),
                "what": entries.text(one, "what", longest=500),
            }
            for one in entries.rows(row, "milestones")
        ),
    )


def _element(row: entries.Entries, key: str, label: str, *, longest: int = 200) -> str:
    value = entries.optional_text(row, key, longest=longest)
    if not value:
        raise entries.refusal(key, f"{label}不能为空。", rule="R-00-29")
    return value


def _duty(row: entries.Entries) -> str:
    duty = entries.optional_text(row, "duty", longest=500)
    if not duty:
        raise entries.refusal("duty", "每个单位都要写明责任。", rule="R-00-16")
    return duty


def _due_day(work: handlers.Work, matter: matters.Matter, row: entries.Entries) -> date:
    due_on = entries.optional_day(row, "due_on")
    if due_on is None:
        raise entries.refusal("due_on", "完成时限不能为空。", rule="R-00-29")
    today = work.calendar.local_date(work.now())
    if due_on < today:
        raise entries.refusal("due_on", "完成时限不得早于今天。", rule="R-00-15")
    latest = sources.procedure_of(work.connection, matter).deadlines.get("latest")
    if latest is not None:
        last = date.fromisoformat(f"{matter.received_on.year}-{latest}")
        if due_on > last:
            raise entries.refusal("due_on", f"不得晚于 {last}。", rule="R-01-15")
    return due_on


def _report_day(
    work: handlers.Work,
    matter: matters.Matter,
    row: entries.Entries,
    due_on: date,
) -> date | None:
    """Return when the lead reports: a working day before 上级 wants to hear."""
    report_on = entries.optional_day(row, "report_on")
    if matter.upper_due is not None:
        last = work.calendar.add_workdays(matter.upper_due, -1)
        if (report_on or due_on) > last:
            raise entries.refusal(
                "report_on" if report_on else "due_on",
                f"须早于对上时限 {matter.upper_due} 至少1个工作日。",
                rule="R-01-07",
            )
    if report_on is not None and report_on > due_on:
        raise entries.refusal(
            "report_on", f"不得晚于完成时限 {due_on}。", rule="R-01-18"
        )
    return report_on


def _indicator(row: entries.Entries) -> Mapping[str, object] | None:
    name = entries.optional_text(row, "indicator", longest=200)
    if not name:
        return None
    return {
        "name": name,
        "target": row.get("target"),
        "unit": entries.optional_text(row, "indicator_unit", longest=20),
        **{quarter: row.get(quarter) for quarter in QUARTERS},
    }


def _mandate(row: sa.Row[tuple[object, ...]]) -> Mandate:
    columns = dict(row._mapping)
    columns["assisting"] = tuple(Assisting(**one) for one in row.assisting)
    columns["milestones"] = tuple(row.milestones)
    return Mandate(**columns)
