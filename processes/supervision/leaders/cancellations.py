"""Cancelling a matter (撤销, E2): only the leader it comes from may do so.

A procedure that lets its matters be cancelled waits for the message in an event
sub-process of its own, which ends whatever is under way.
"""

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings

MESSAGE = "matter_cancelled"


def cancel(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> None:
    """Cancel a matter, and tell the units in charge and the supervision office.

    Reads `reason`. Raise `Forbidden` for all but the leader who wrote the instruction
    (须原批领导, domain §3.2), `Refused` where the procedure has no such end.
    """
    matter = matters.get(work.connection, matter_id)
    if not may_cancel(identity, matter):
        raise errors.Forbidden("撤销督查事项须由原批示领导决定。", matter_id=matter_id)
    if matter.root_id is None or matter.status in matters.ENDED:
        raise matters.WrongStatus(
            f"事项 {matter.number} 已经办结，不能撤销。", matter=matter.number
        )
    reason = entries.optional_text(given, "reason", longest=1000)
    if not reason:
        raise entries.refusal("reason", "撤销须写明理由，不能为空。")
    registrars = {
        people.group("unit_registrar", one.unit)
        for one in undertakings.of_matter(work.connection, matter.id)
        if one.state not in undertakings.ENDED
    }
    work.note(
        matter.root_id, "matter_cancelled", {"reason": reason}, person=identity.person
    )
    work.correlate(MESSAGE, instance_id=matter.root_id, person=identity.person)
    inbox.tell(
        work,
        [inbox.group(one) for one in ("dc_officer", *sorted(registrars))],
        f"已撤销：{matter.title}",
        f"督查事项 {matter.number} 已由批示领导撤销：{reason}",
        matter_id=matter.id,
    )


def may_cancel(identity: people.Identity, matter: matters.Matter) -> bool:
    """Whether the matter comes from this leader, or from none in particular."""
    allowed = access.LEADERS
    if matter.source_rank in access.LEADERS:
        allowed = frozenset({matter.source_rank})
    return access.holds(identity, *allowed)
