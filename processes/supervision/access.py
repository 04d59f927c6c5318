"""Who sees which matter: one function, applied in every query."""

import sqlalchemy as sa

from engine import people
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
    their unit; the three guardians (三员) see none, whatever else they hold.
    """
    roles = {group.partition(".")[0] for group in identity.groups}
    if roles & GUARDIANS:
        return sa.false()
    if holds(identity, *OVERSEERS):
        return sa.true()
    units = {
        unit
        for role, _, unit in (group.partition(".") for group in identity.groups)
        if role in UNIT_ROLES and unit
    }
    undertaking = tables.undertaking.c
    issued = sa.select(undertaking.matter_id).where(undertaking.unit.in_(sorted(units)))
    return tables.matter.c.id.in_(issued)


def holds(identity: people.Identity, *roles: str) -> bool:
    """Whether the person holds one of the roles of the office (not of a unit)."""
    return not identity.groups.isdisjoint(roles)
