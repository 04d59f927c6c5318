"""Groups of inspections (督查组、巡查组).

One head answers for the group (组长负责制); members are called from departments or
invited from outside. Whoever has an interest in an inspected unit is refused: its
own people, and those in the register of avoidance (R-04-19, 条例第十七条).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import avoidances
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.inspections import inspection_plans
from processes.supervision.inspections import inspections

Role = Literal["LEADER", "MEMBER"]
ROLE_LABELS: dict[Role, str] = {"LEADER": "组长", "MEMBER": "成员"}
#: Where members come from who are not called from departments (R-02-08, 条例第八条).
INVITED_FROM = ("人大工委", "政协专委会", "人大代表", "政协委员", "参事", "专家")


@dataclass(frozen=True)
class Member:
    """One of the group; without an account where invited from outside."""

    role: Role
    account: str | None
    name: str
    from_unit: str
    invited_from: str | None
    duty: str


@entries.under("R-02-08")
def establish(
    work: handlers.Work,
    inspection: inspections.Inspection,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> list[Member]:
    """Form the group of an approved plan; the inspection then goes on site.

    Reads `members`: rows of role, account or name and from_unit, invited_from, duty.
    There must be exactly one head, who has an account, and as many members in all as
    the policy says. Raise `Invalid` with the name of whoever must keep away.
    """
    if inspection.state != "APPROVED":
        raise errors.Refused(
            "方案未经批准，不能成立督查组。（R-02-06）", inspection_id=inspection.id
        )
    members = [_read(work, row) for row in entries.rows(given, "members")]
    heads = [one for one in members if one.role == "LEADER"]
    if len(heads) != 1:
        raise entries.refusal(
            "members", f"组长应当恰好一人，现有{len(heads)}人。", rule="R-02-08"
        )
    if heads[0].account is None:
        raise entries.refusal("members", "组长须是本系统的在岗人员。", rule="R-02-08")
    least = inspections.policy(work.connection, inspection.kind).members_least
    if len({(one.name, one.from_unit) for one in members}) < len(members):
        raise entries.refusal("members", "同一人不能重复列入。", rule="R-02-08")
    if len(members) < least:
        raise entries.refusal("members", f"督查组不得少于{least}人。", rule="R-02-08")
    plan = inspection_plans.in_force(work.connection, inspection.id)
    require_disinterested(work, members, plan.objects)
    for one in members:
        work.connection.execute(
            tables.inspection_member.insert().values(
                inspection_id=inspection.id,
                role=one.role,
                account=one.account,
                name=one.name,
                from_unit=one.from_unit,
                invited_from=one.invited_from,
                duty=one.duty,
                person=person,
                on_behalf_of=on_behalf_of,
                at=work.now(),
            )
        )
    inspections.move(work, inspection, "ON_SITE", leader=heads[0].account)
    return members


def of_inspection(connection: sa.Connection, inspection_id: int) -> list[Member]:
    """Return the members of a group, the head first."""
    member = tables.inspection_member.c
    rows = connection.execute(
        sa.select(
            member.role,
            member.account,
            member.name,
            member.from_unit,
            member.invited_from,
            member.duty,
        )
        .where(member.inspection_id == inspection_id)
        .order_by(member.role == "MEMBER", member.id)
    )
    return [Member(**row._mapping) for row in rows]


def require_disinterested(
    work: handlers.Work, members: Sequence[Member], objects: Sequence[str]
) -> None:
    """Raise `Invalid` naming each member with an interest in one of these units."""
    connection = work.connection
    unit = engine_tables.unit.c
    called = {
        row.name: row.code
        for row in connection.execute(
            sa.select(unit.code, unit.name).where(unit.code.in_(objects))
        )
    }
    declared = {
        ((one.account or one.name), one.unit): one.reason
        for one in avoidances.registered(connection)
    }
    wrong = []
    for member in members:
        own = {called.get(member.from_unit, member.from_unit)}
        if member.account is not None:
            identity = people.identity(connection, member.account, work.now())
            own |= identity.units
        for code in objects:
            reason = declared.get((member.account or member.name, code))
            if code in own:
                reason = "系督查对象的人员"
            if reason is not None:
                wrong.append(f"{member.name}与督查对象“{code}”有利害关系（{reason}）")
    if wrong:
        raise entries.refusal(
            "members", f"{'；'.join(wrong)}，应当回避。", rule="R-04-19"
        )


def _read(work: handlers.Work, row: entries.Entries) -> Member:
    account, name = avoidances.who(work, row)
    invited_from = None
    if entries.optional_text(row, "invited_from"):
        invited_from = entries.choice(row, "invited_from", INVITED_FROM)
    from_unit = entries.optional_text(row, "from_unit", longest=200)
    if account is not None:
        from_unit = _unit_of(work, account) or from_unit
    if not from_unit:
        raise entries.refusal("members", f"请写明{name}来自哪个单位。", rule="R-02-08")
    role: Role = (
        "LEADER"
        if entries.choice(row, "role", tuple(ROLE_LABELS)) == "LEADER"
        else "MEMBER"
    )
    return Member(
        role=role,
        account=account,
        name=name,
        from_unit=from_unit,
        invited_from=invited_from,
        duty=entries.optional_text(row, "duty", longest=500),
    )


def _unit_of(work: handlers.Work, account: str) -> str | None:
    """Return the name of the first unit the person has a post in."""
    units = people.identity(work.connection, account, work.now()).units
    unit = engine_tables.unit.c
    return work.connection.scalar(
        sa.select(unit.name).where(unit.code.in_(units)).order_by(unit.code).limit(1)
    )
