"""Plans of inspections (督查方案): approved objects and scope, every version kept.

An inspection keeps to what was approved; whoever widens the scope or changes the
objects draws up another version, which is approved again (条例第十五条).
"""

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.inspections import inspections
from processes.supervision.matters import opinions

SUBJECT = "inspection_plan"
LONGEST_INSPECTION = timedelta(days=366)

#: 督查类型五种 (政府督查工作条例第十四条).
TYPES = ("综合督查", "专项督查", "事件调查", "日常督办", "线索核查")
#: 立项依据 (条例第十一条): decided, ordered, or advised and then approved.
ADVICE = "督查机构建议"
AUTHORITIES = ("政府决定", "行政首长指令", ADVICE)
#: Whose inspection it is; a department needs to be designated (条例第七条).
DEPARTMENT = "政府部门"
#: The role of the head of government (行政首长).
CHIEF_EXECUTIVE = "mayor"
#: 督查形式五种 (观政办〔2016〕29号 二(一)2).
FORMS = ("现场督办", "跟踪督查", "调研督查", "专项督查", "回访复核")
#: 巡查方式九种 (观政办〔2016〕29号 二(一)1).
PATROL_METHODS = (
    "听取汇报",
    "查看资料",
    "问卷调查",
    "座谈交流",
    "跟踪审计",
    "第三方评估",
    "个别访谈",
    "抽查暗访",
    "现场查看",
)
#: 督查方式八种 (政府督查工作条例第十二条).
STATUTORY_METHODS = (
    "自查说明",
    "听取督查对象汇报",
    "检查、访谈、暗访",
    "座谈、听证、统计、评估",
    "调阅、复制资料",
    "收集线索",
    "约谈",
    "互联网+督查",
)
METHODS = PATROL_METHODS + STATUTORY_METHODS


@dataclass(frozen=True)
class Plan:
    """One version of a plan; `objects` are codes of units."""

    id: int
    inspection_id: int
    version: int
    plan_no: str
    basis: str
    authority: str
    designation: str | None
    type: str | None
    form: str | None
    content: str
    scope: str
    objects: tuple[str, ...]
    methods: tuple[str, ...]
    starts_on: date
    ends_on: date
    place: str
    overlap_reason: str | None
    approved_at: datetime | None
    person: str
    at: datetime


@dataclass(frozen=True)
class Overlap:
    """Another inspection of the same object, a short time away."""

    inspection_id: int
    matter_number: str
    unit: str
    starts_on: date
    ends_on: date


def record(
    work: handlers.Work,
    inspection: inspections.Inspection,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Plan:
    """Keep a new version of the plan, which is not approved yet.

    Reads `plan_no`, `basis` (one of them), `authority`, `organizer` and `designation`
    (a department must have one), `type` (not of research), `form` (not of a patrol),
    `content`, `scope`, `objects` (rows of unit), `methods`, `starts_on`, `ends_on`,
    `place` and `overlap_reason`, which is needed where an object has been inspected
    within the days of the policy (严禁重复、多头督查).
    """
    plan_no = entries.optional_text(given, "plan_no", longest=100)
    basis = entries.optional_text(given, "basis", longest=500)
    if not plan_no and not basis:
        raise entries.refusal(
            "plan_no",
            "年度计划编号和批准依据至少填一项。",
            rule="整治形式主义为基层减负若干规定",
        )
    authority = entries.choice(given, "authority", AUTHORITIES)
    designation = entries.optional_text(given, "designation", longest=500)
    department = entries.optional_text(given, "organizer") == DEPARTMENT
    if department and not designation:
        raise entries.refusal(
            "designation",
            "政府部门未经本级政府指定不得开展政府督查，请填写指定文件。",
            rule="条例第七条",
        )
    starts_on, ends_on = entries.day(given, "starts_on"), entries.day(given, "ends_on")
    if not starts_on <= ends_on <= starts_on + LONGEST_INSPECTION:
        raise entries.refusal(
            "ends_on", f"应在开始日 {starts_on} 之后一年以内。", rule="条例第十五条"
        )
    methods = entries.choices(given, "methods", METHODS)
    if not methods:
        raise entries.refusal("methods", "至少选一种督查方式。", rule="R-02-10")
    form, type = None, None
    if inspection.kind != "巡查":
        form = entries.choice(given, "form", FORMS)
    if inspection.kind != "调研":
        type = entries.choice(given, "type", TYPES)
    objects = _objects(work.connection, given)
    reason = _overlap_reason(work, inspection, objects, starts_on, ends_on, given)
    if inspection.state != "PLANNING":
        inspection = inspections.move(work, inspection, "PLANNING")
    plan = tables.inspection_plan
    version = work.connection.scalar(
        sa.select(sa.func.coalesce(sa.func.max(plan.c.version), 0) + 1).where(
            plan.c.inspection_id == inspection.id
        )
    )
    row = work.connection.execute(
        plan.insert()
        .values(
            inspection_id=inspection.id,
            version=version,
            plan_no=plan_no,
            basis=basis,
            authority=authority,
            designation=designation or None,
            type=type,
            form=form,
            content=entries.text(given, "content"),
            scope=entries.text(given, "scope", longest=2000),
            objects=list(objects),
            methods=list(methods),
            starts_on=starts_on,
            ends_on=ends_on,
            place=entries.optional_text(given, "place", longest=500),
            overlap_reason=reason,
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
        .returning(plan)
    ).one()
    return _plan(row)


def approve(work: handlers.Work, inspection: inspections.Inspection) -> Plan:
    """Put the newest version in force; somebody must have approved it (R-02-06).

    With a group already there the inspection goes on, else the group may be formed.
    """
    plan = latest(work.connection, inspection.id)
    if not agreed(work.connection, inspection.id):
        raise errors.Refused(
            "方案未经批准，不能成立督查组、不能实施。（R-02-06）",
            inspection_id=inspection.id,
        )
    if plan.authority == ADVICE and not _approved_above(work, plan):
        raise errors.Refused(
            "督查机构建议的督查，须经行政首长批准。（条例第十一条）",
            inspection_id=inspection.id,
        )
    inspections.move(
        work, inspection, "APPROVED" if inspection.leader is None else "ON_SITE"
    )
    row = work.connection.execute(
        tables.inspection_plan.update()
        .where(tables.inspection_plan.c.id == plan.id)
        .values(approved_at=work.now())
        .returning(tables.inspection_plan)
    ).one()
    return _plan(row)


def agreed(connection: sa.Connection, inspection_id: int) -> bool:
    """Whether the newest version was approved, and by nobody returned."""
    plan = latest(connection, inspection_id)
    given = opinions.about(connection, opinions.Subject(SUBJECT, plan.id, plan.person))
    decisions = {one.decision for one in given}
    return "APPROVE" in decisions and "RETURN" not in decisions


def _approved_above(work: handlers.Work, plan: Plan) -> bool:
    """Whether the head of government approved, himself or by whoever stands in."""
    heads = set(people.holders(work.connection, CHIEF_EXECUTIVE, work.now()))
    given = opinions.about(
        work.connection, opinions.Subject(SUBJECT, plan.id, plan.person)
    )
    return any(
        one.decision == "APPROVE" and (one.on_behalf_of or one.person) in heads
        for one in given
    )


def latest(connection: sa.Connection, inspection_id: int) -> Plan:
    """Return the newest version, approved or not."""
    return _newest(connection, tables.inspection_plan.c.inspection_id == inspection_id)


def in_force(connection: sa.Connection, inspection_id: int) -> Plan:
    """Return the newest version that was approved."""
    plan = tables.inspection_plan.c
    return _newest(
        connection,
        sa.and_(plan.inspection_id == inspection_id, plan.approved_at.is_not(None)),
    )


def of_inspection(connection: sa.Connection, inspection_id: int) -> list[Plan]:
    """Return all versions, the first one first."""
    plan = tables.inspection_plan
    rows = connection.execute(
        sa.select(plan)
        .where(plan.c.inspection_id == inspection_id)
        .order_by(plan.c.version)
    )
    return [_plan(row) for row in rows]


def overlaps(
    work: handlers.Work,
    inspection: inspections.Inspection,
    objects: tuple[str, ...],
    starts_on: date,
    ends_on: date,
) -> list[Overlap]:
    """Return other inspections of these objects within the days of the policy."""
    days = inspections.policy(work.connection, inspection.kind).overlap_days
    plan, other = tables.inspection_plan, tables.inspection
    newest = (
        sa.select(plan.c.inspection_id, sa.func.max(plan.c.version).label("version"))
        .where(plan.c.inspection_id != inspection.id)
        .group_by(plan.c.inspection_id)
        .subquery()
    )
    rows = work.connection.execute(
        sa.select(plan, tables.matter.c.number)
        .join(
            newest,
            (newest.c.inspection_id == plan.c.inspection_id)
            & (newest.c.version == plan.c.version),
        )
        .join(other, other.c.id == plan.c.inspection_id)
        .join(tables.matter, tables.matter.c.id == other.c.matter_id)
        .where(
            plan.c.starts_on <= ends_on + timedelta(days=days),
            plan.c.ends_on >= starts_on - timedelta(days=days),
        )
        .order_by(plan.c.id)
    )
    return [
        Overlap(row.inspection_id, row.number or "", unit, row.starts_on, row.ends_on)
        for row in rows
        for unit in row.objects
        if unit in objects
    ]


def _overlap_reason(
    work: handlers.Work,
    inspection: inspections.Inspection,
    objects: tuple[str, ...],
    starts_on: date,
    ends_on: date,
    given: entries.Entries,
) -> str | None:
    reason = entries.optional_text(given, "overlap_reason", longest=500)
    found = overlaps(work, inspection, objects, starts_on, ends_on)
    if found and not reason:
        named = "；".join(
            f"{one.unit}（{one.starts_on} 至 {one.ends_on}，事项 {one.matter_number}）"
            for one in found
        )
        raise entries.refusal(
            "overlap_reason",
            f"涉嫌多头督查：{named}。确需督查的，请写明理由。",
            rule="条例第十五条",
        )
    return reason if found else None


def _objects(connection: sa.Connection, given: entries.Entries) -> tuple[str, ...]:
    codes = [entries.text(row, "unit") for row in entries.rows(given, "objects")]
    if not codes:
        raise entries.refusal("objects", "至少填一个督查对象。", rule="条例第八条")
    unit = engine_tables.unit.c
    known = set(
        connection.scalars(
            sa.select(unit.code).where(unit.code.in_(codes), unit.active)
        )
    )
    for code in codes:
        if code not in known:
            raise entries.refusal(
                "objects", f"没有单位“{code}”，或已停用。", rule="条例第八条"
            )
    return tuple(dict.fromkeys(codes))


def _newest(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Plan:
    row = connection.execute(
        sa.select(tables.inspection_plan)
        .where(condition)
        .order_by(tables.inspection_plan.c.version.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise errors.NotFound("督查活动还没有方案，或方案未经批准。")
    return _plan(row)


def _plan(row: sa.Row[tuple[object, ...]]) -> Plan:
    found = dict(row._mapping)
    del found["on_behalf_of"]
    found["objects"], found["methods"] = tuple(row.objects), tuple(row.methods)
    return Plan(**found)
