"""Targets (目标): what makes a mandate measurable, and how a target is adjusted.

A procedure says by what its mandates are measured, as its parameter `measured_by`:
`indicator` (an indicator with a plan for each quarter), `milestones`, or `progress`
(visible progress, for which the head of the unit answers first).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from decimal import InvalidOperation

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes import procedures
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.matters import sources

#: What tells the procedure that a unit asks for another target.
MESSAGE = "target_adjustment"
PLANNED = ("target", *mandates.QUARTERS)
LABELS = {
    "indicator": "量化指标",
    "target": "年度目标",
    "indicator_unit": "计量单位",
    "q1": "一季度计划",
    "q2": "二季度计划",
    "q3": "三季度计划",
    "q4": "四季度计划",
}


@dataclass(frozen=True)
class Adjustment:
    """A unit's request for another target; `granted_at` is None until it is granted."""

    id: int
    matter_id: int
    mandate_id: int
    indicator: Mapping[str, object]
    reason: str
    granted_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime


def measured_by(connection: sa.Connection, matter: matters.Matter) -> str:
    """Return by what mandates of the matter are measured; empty where by nothing."""
    parameters = sources.procedure_of(connection, matter).parameters
    return str(parameters.get("measured_by", ""))


def measurable(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries
) -> entries.Entries:
    """Return a breakdown whose every row can be measured, or raise `Invalid` by row.

    For `progress` the head of each lead unit is filled in as the one who answers;
    nobody else may be named (R-01-14).
    """
    kind = measured_by(work.connection, matter)
    if kind not in REQUIREMENTS:
        raise procedures.BadProcedure(
            f"参数 measured_by 只能是{'、'.join(REQUIREMENTS)}。", matter=matter.number
        )
    require = REQUIREMENTS[kind]
    rows, wrong = [], {}
    for number, row in enumerate(entries.rows(given, "mandates")):
        try:
            rows.append(require(work, row))
        except errors.Invalid as error:
            for key, texts in error.fields.items():
                wrong[f"mandates[{number}].{key}"] = [
                    f"第{number + 1}条：{text}" for text in texts
                ]
    if wrong:
        raise errors.Invalid(fields=wrong)
    return {**given, "mandates": rows}


def figure(given: entries.Entries, key: str, label: str, *, rule: str = "") -> Decimal:
    """Return a number that must be there, exact."""
    value = given.get(key)
    if value is None or value == "":
        raise entries.refusal(key, f"{label}不能为空。", rule=rule or None)
    number = exact(value)
    if number is None:
        raise entries.refusal(key, f"{label}应填数字。", rule=rule or None)
    return number


def exact(value: object) -> Decimal | None:
    """Return the decimal that a number of a form, of JSON or of a text means."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def shown(number: Decimal | None) -> str:
    """Return a number as people write it: 30, 7.5; — for none."""
    if number is None:
        return "—"
    whole = number.to_integral_value()
    return str(whole) if number == whole else format(number.normalize(), "f")


def mandate_of(
    connection: sa.Connection, matter: matters.Matter, name: str
) -> mandates.Mandate:
    """Return the mandate in force that people call T03; Invalid where none is."""
    for one in proposals.current(connection, matter.id).mandates:
        if name.strip().upper() in (label(one), f"T{one.serial}"):
            return one
    raise entries.refusal("mandate", f"没有任务“{name[:20]}”。", rule="R-01-09")


def label(mandate: mandates.Mandate) -> str:
    """Return how people call a mandate: T03."""
    return f"T{mandate.serial:02}"


# -- adjusting ---------------------------------------------------------------------


@entries.under("R-01-09")
def request(
    work: handlers.Work,
    matter: matters.Matter,
    identity: people.Identity,
    given: entries.Entries,
) -> Adjustment:
    """Ask for another target: the procedure takes it to the mayor.

    Reads mandate (T03), target, q1 to q4 and reason. Only a handler of the lead unit
    may ask; what was planned stays on record with the mandate.
    """
    mandate = mandate_of(work.connection, matter, entries.text(given, "mandate"))
    if not access.holds(identity, people.group("unit_handler", mandate.lead_unit)):
        raise errors.Forbidden("只有责任单位的办理人员可以申请调整指标。（R-01-09）")
    planned = in_force(work.connection, mandate)
    if planned is None:
        raise entries.refusal("mandate", "这一任务没有量化指标。", rule="R-01-09")
    changed = {key: _json(figure(given, key, LABELS[key])) for key in PLANNED}
    row = work.connection.execute(
        tables.target_adjustment.insert()
        .values(
            matter_id=matter.id,
            mandate_id=mandate.id,
            indicator={**planned, **changed},
            reason=entries.text(given, "reason", longest=2000),
            person=identity.person,
            at=work.now(),
        )
        .returning(tables.target_adjustment)
    ).one()
    asked = Adjustment(**row._mapping)
    work.correlate(
        MESSAGE,
        instance_id=matter.root_id,
        variables={"adjustment": asked.id, "adjusting_unit": mandate.lead_unit},
        person=identity.person,
    )
    return asked


def adjustable(
    connection: sa.Connection, identity: people.Identity, matter: matters.Matter
) -> list[mandates.Mandate]:
    """Return the mandates whose targets this person may ask to change."""
    if measured_by(connection, matter) != "indicator":
        return []
    return [
        one
        for one in proposals.current(connection, matter.id).mandates
        if one.indicator is not None
        and access.holds(identity, people.group("unit_handler", one.lead_unit))
    ]


def grant(work: handlers.Work, adjustment_id: int) -> Adjustment:
    """Let the adjusted target count from now on; the mandate keeps the original."""
    adjustment = tables.target_adjustment
    row = work.connection.execute(
        adjustment.update()
        .where(adjustment.c.id == adjustment_id)
        .values(granted_at=work.now())
        .returning(adjustment)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(adjustment=adjustment_id)
    return Adjustment(**row._mapping)


def get(connection: sa.Connection, adjustment_id: int) -> Adjustment:
    """Return the request of this id."""
    row = connection.execute(
        sa.select(tables.target_adjustment).where(
            tables.target_adjustment.c.id == adjustment_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(adjustment=adjustment_id)
    return Adjustment(**row._mapping)


def in_force(
    connection: sa.Connection, mandate: mandates.Mandate
) -> Mapping[str, object] | None:
    """Return the indicator that counts: adjusted last, else as it was approved."""
    adjustment = tables.target_adjustment.c
    last: Mapping[str, object] | None = connection.scalar(
        sa.select(adjustment.indicator)
        .where(adjustment.mandate_id == mandate.id, adjustment.granted_at.is_not(None))
        .order_by(adjustment.granted_at.desc(), adjustment.id.desc())
        .limit(1)
    )
    return last or mandate.indicator


# -- rows of a breakdown -----------------------------------------------------------


def _require_indicator(work: handlers.Work, row: entries.Entries) -> entries.Entries:
    """Require name, unit, target and the plan of four quarters (R-01-09)."""
    wrong: dict[str, list[str]] = {}
    figures: dict[str, object] = {}
    for key in ("indicator", "indicator_unit"):
        if not entries.optional_text(row, key):
            wrong |= entries.refusal(
                key, f"{LABELS[key]}不能为空。", rule="R-01-09"
            ).fields
    for key in PLANNED:
        try:
            figures[key] = _json(figure(row, key, LABELS[key], rule="R-01-09"))
        except errors.Invalid as error:
            wrong |= error.fields
    if wrong:
        raise errors.Invalid(fields=wrong)
    return {**row, **figures}


def _require_milestones(work: handlers.Work, row: entries.Entries) -> entries.Entries:
    if not entries.rows(row, "milestones"):
        raise entries.refusal("milestones", "至少一个时间节点。", rule="R-03-11")
    return row


def _with_head(work: handlers.Work, row: entries.Entries) -> entries.Entries:
    unit = entries.text(row, "lead_unit")
    heads = people.holders(work.connection, people.group("unit_head", unit), work.now())
    if not heads:
        raise entries.refusal(
            "lead_unit",
            f"单位“{unit}”没有主要负责人，定不了第一责任人。",
            rule="R-01-14",
        )
    first = sorted(heads)[0]
    name = people.names(work.connection, [first]).get(first, first)
    for key in ("responsible_person", "responsible_leader"):
        written = entries.optional_text(row, key)
        if written and written != name:
            raise entries.refusal(
                key, f"第一责任人是单位主要负责人{name}，不能填他人。", rule="R-01-14"
            )
    return {**row, "responsible_person": name, "responsible_leader": name}


def _json(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


#: What each row of a breakdown must bring, by what its procedure measures by.
REQUIREMENTS = {
    "indicator": _require_indicator,
    "milestones": _require_milestones,
    "progress": _with_head,
}
