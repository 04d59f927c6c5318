"""Who sees which matter: one function, applied in every query."""

from collections.abc import Iterable

import sqlalchemy as sa

from engine import people
from engine import tables as engine_tables
from processes.supervision import tables

#: 三员 keep the system, its rules and its log; they see no business text.
GUARDIANS = frozenset({"sys_admin", "sec_admin", "audit_admin"})
#: The supervision office, the government office and the leaders see all matters.
OVERSEERS = frozenset(
    {
        "dc_registrar",
        "dc_officer",
        "dc_chief",
        "go_section",
        "go_deputy",
        "go_director",
        "vice_mayor",
        "exec_vice_mayor",
        "mayor",
        "party_leader",
        "archivist",
    }
)
LEADERS = frozenset({"mayor", "exec_vice_mayor", "vice_mayor"})
UNIT_ROLES = frozenset({"unit_registrar", "unit_handler", "unit_deputy", "unit_head"})
#: The appraisal office keeps the ledger of the three lists; members of a group see
#: what they inspect.
APPRAISERS = frozenset({"perf_office"})
GROUP = frozenset({"group_leader", "group_member"})
#: Who receives what was referred (移交), and the letters by which it is.
RECEIVERS = frozenset({"discipline_recv"})
REFERRALS = ("TRANSFER", "ACCOUNTABILITY")


def visible(identity: people.Identity) -> sa.ColumnElement[bool]:
    """Return the condition on `matter` that holds for what this person may see.

    Overseers see every matter; holders of a post in a unit see those issued to
    their unit, in which a problem of the unit was found, or whose circular of a quarter
    or conclusion was sent to it; the appraisal office sees all that was inspected, a
    member of a group what the group inspects; whoever receives referrals what was
    referred. A substitute sees what his principal sees, within the procedures he stands
    in for. The three guardians (三员) see none, whatever else they hold.
    """
    if identity.roles & GUARDIANS:
        return sa.false()
    conditions = [_of_groups(identity.person, identity.groups), granted(identity)]
    for principal in identity.substitutes_for:
        condition = _of_groups(principal.person, principal.groups)
        if principal.procedures:
            limited = tables.matter.c.procedure.in_(principal.procedures)
            condition = sa.and_(condition, limited)
        conditions.append(condition)
    return sa.or_(*conditions)


def granted(identity: people.Identity) -> sa.ColumnElement[bool]:
    """Return the condition on `matter` that somebody lets this person read it."""
    grant = tables.reading_grant.c
    return tables.matter.c.id.in_(
        sa.select(grant.matter_id).where(
            grant.reader == identity.person, grant.ended_at.is_(None)
        )
    )


def holds(identity: people.Identity, *roles: str) -> bool:
    """Whether the person holds one of the office's roles, or acts for one who does.

    A substitution limited to some procedures does not count: it is for tasks.
    """
    acting = [identity.groups]
    acting += [one.groups for one in identity.substitutes_for if not one.procedures]
    return not frozenset().union(*acting).isdisjoint(roles)


def units_of(identity: people.Identity) -> frozenset[str]:
    """Return the units in which the person holds a post, or acts for one who does.

    A substitution limited to some procedures does not count: it is for tasks.
    """
    acting = [identity.groups]
    acting += [one.groups for one in identity.substitutes_for if not one.procedures]
    return frozenset().union(*map(_units, acting))


def _units(groups: frozenset[str]) -> frozenset[str]:
    return frozenset(
        unit
        for role, _, unit in (group.partition(".") for group in groups)
        if role in UNIT_ROLES and unit
    )


def runs(
    connection: sa.Connection, identity: people.Identity, office: str | None
) -> bool:
    """Whether a matter of this office is run by the person's unit, or below it."""
    if office is None:
        return False
    return office in {str(one) for one in connection.scalars(subtree(identity.units))}


def _of_groups(person: str, groups: frozenset[str]) -> sa.ColumnElement[bool]:
    if groups & OVERSEERS:
        return sa.true()
    matter = tables.matter.c
    inspection, member = tables.inspection.c, tables.inspection_member.c
    conditions = [
        matter.id.in_(
            sa.select(inspection.matter_id)
            .join(tables.inspection_member, member.inspection_id == inspection.id)
            .where(member.account == person)
        )
    ]
    if groups & APPRAISERS:
        problem = sa.select(tables.problem.c.matter_id)
        conditions.append(matter.id.in_(sa.select(inspection.matter_id)))
        conditions.append(matter.id.in_(problem))
    if groups & RECEIVERS:
        document = tables.document.c
        referred = sa.select(document.matter_id).where(document.type.in_(REFERRALS))
        conditions.append(matter.id.in_(referred))
    units = sorted(_units(groups))
    if units:
        # A unit sees what the offices of the units below it run (R-04-04).
        conditions.append(matter.office.in_(subtree(units)))
        for table in (tables.undertaking, tables.problem):
            of_unit = sa.select(table.c.matter_id).where(table.c.unit.in_(units))
            conditions.append(matter.id.in_(of_unit))
        conditions += [matter.id.in_(one) for one in _told(units)]
    return sa.or_(*conditions)


def subtree(units: Iterable[str]) -> sa.Select[tuple[str]]:
    """Return the codes of these units and of all units below them, as a query."""
    unit = engine_tables.unit
    tree = (
        sa.select(unit.c.code).where(unit.c.code.in_(sorted(units))).cte(recursive=True)
    )
    tree = tree.union(sa.select(unit.c.code).join(tree, unit.c.parent == tree.c.code))
    return sa.select(tree.c.code)


def _told(units: list[str]) -> tuple[sa.Select[tuple[int]], ...]:
    """Return the matters that are nothing but what was sent to a unit.

    Before a circular of a quarter or a conclusion is issued its unit knows nothing of
    it (S18). A circular of another matter opens that matter to nobody.
    """
    circular, recipient = tables.circular.c, tables.circular_recipient.c
    conclusion, document = tables.conclusion.c, tables.document.c
    issued = sa.exists().where(
        document.matter_id == conclusion.matter_id, document.type == "CONCLUSION"
    )
    return (
        sa.select(circular.matter_id)
        .join(tables.circular_recipient, recipient.circular_id == circular.id)
        .join(tables.matter, tables.matter.c.id == circular.matter_id)
        .where(
            recipient.unit.in_(units),
            tables.matter.c.procedure == "proc_quarterly_bulletin",
        ),
        sa.select(conclusion.matter_id).where(conclusion.unit.in_(units), issued),
    )
