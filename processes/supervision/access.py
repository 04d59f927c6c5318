"""Who sees which matter: one function, applied in every query."""

import sqlalchemy as sa

from engine import people
from processes import procedures
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


def visible(identity: people.Identity) -> sa.ColumnElement[bool]:
    """Return the condition on `matter` that holds for what this person may see.

    Overseers see every matter; holders of a post in a unit see those issued to
    their unit; a substitute sees what his principal sees, within the procedures he
    stands in for. The three guardians (三员) see none, whatever else they hold.
    """
    if identity.roles & GUARDIANS:
        return sa.false()
    conditions = [_of_groups(identity.groups)]
    for principal in identity.substitutes_for:
        condition = _of_groups(principal.groups)
        if principal.procedures:
            limited = tables.matter.c.category.in_(_categories(principal.procedures))
            condition = sa.and_(condition, limited)
        conditions.append(condition)
    return sa.or_(*conditions)


def holds(identity: people.Identity, *roles: str) -> bool:
    """Whether the person holds one of the office's roles, or acts for one who does.

    A substitution limited to some procedures does not count: it is for tasks.
    """
    acting = [identity.groups]
    acting += [one.groups for one in identity.substitutes_for if not one.procedures]
    return not frozenset().union(*acting).isdisjoint(roles)


def _of_groups(groups: frozenset[str]) -> sa.ColumnElement[bool]:
    if groups & OVERSEERS:
        return sa.true()
    units = {
        unit
        for role, _, unit in (group.partition(".") for group in groups)
        if role in UNIT_ROLES and unit
    }
    if not units:
        return sa.false()
    undertaking = tables.undertaking.c
    issued = sa.select(undertaking.matter_id).where(undertaking.unit.in_(sorted(units)))
    return tables.matter.c.id.in_(issued)


def _categories(keys: frozenset[str]) -> list[str]:
    return [one.category for one in procedures.shipped() if one.key in keys]
