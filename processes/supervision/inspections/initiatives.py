"""Initiatives (主动督查): inspections that the office begins while a matter is handled.

The procedure says in which manners: 季度督查、重点督办、联合督导 (001二(二)3), or
实地查看、专项督办、联合督查 (001二(三)3).
"""

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import entries
from processes.supervision.matters import matters
from processes.supervision.matters import sources

#: What tells the procedure that an inspection begins.
MESSAGE = "begin_inspection"
#: Who may begin one.
ROLES = frozenset({"dc_officer", "dc_chief", "go_deputy", "go_director", "mayor"})


@entries.under("R-01-11")
def begin(
    work: handlers.Work,
    matter: matters.Matter,
    identity: people.Identity,
    given: entries.Entries,
) -> str:
    """Begin an inspection of a matter under way; return its manner.

    Reads `manner` and `reason`.
    """
    if identity.groups.isdisjoint(ROLES):
        raise errors.Forbidden("只有督查室和政府办领导可以发起督查。（R-01-11）")
    known = manners(work.connection, matter)
    if not known:
        raise errors.Refused(
            "这一程序没有另行开展的督查。（R-01-11）", matter=matter.number
        )
    manner = entries.choice(given, "manner", known)
    reason = entries.text(given, "reason", longest=2000)
    work.correlate(
        MESSAGE,
        instance_id=matter.root_id,
        variables={"manner": manner, "reason": reason},
        person=identity.person,
    )
    return manner


def manners(connection: sa.Connection, matter: matters.Matter) -> list[str]:
    """Return in which manners the procedure of a matter lets it be inspected."""
    procedure = sources.procedure_of(connection, matter)
    return [str(one) for one in procedure.parameters.get("manners", ())]
