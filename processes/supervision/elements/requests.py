"""What a unit asks for while it handles a matter, and what the office decides on it."""

from collections.abc import Mapping

from engine import handlers
from processes.supervision import entries
from processes.supervision.elements.registration import matter_of
from processes.supervision.escalation import extension_outcomes
from processes.supervision.matters import opinions
from processes.supervision.requests import difficulties
from processes.supervision.requests import extensions
from processes.supervision.requests import reassignments
from processes.supervision.targets import assessments
from processes.supervision.targets import targets
from processes.supervision.undertakings import undertakings


def install(registry: handlers.Registry) -> None:
    """Register the handlers and functions of this part."""
    registry.handler("record_extension_opinion")(record_extension_opinion)
    registry.handler("grant_extension")(grant_extension)
    registry.handler("refuse_extension")(refuse_extension)
    registry.handler("withdraw_extension")(withdraw_extension)
    registry.handler("record_reassignment_opinion")(record_reassignment_opinion)
    registry.handler("decide_reassignment")(decide_reassignment)
    registry.handler("record_difficulty_opinion")(record_difficulty_opinion)
    registry.handler("advise_difficulty")(advise_difficulty)
    registry.handler("resolve_difficulty")(resolve_difficulty)
    registry.function("decide_by", needs_work=True)(decide_by)


def decide_by(work: handlers.Work, extension: object) -> str:
    """Return until when an extension must be decided on, as ISO 8601."""
    number = entries.number({"extension": extension}, "extension")
    asked = extensions.get(work.connection, number)
    return asked.decide_by.isoformat(timespec="seconds")


def record_extension_opinion(call: handlers.Call) -> None:
    """Append what an approver says of an extension; OTHER_DATE sets `granted_on`."""
    asked = _extension(call)
    subject = opinions.Subject("extension", asked.id, asked.person)
    opinion = opinions.record(call, matter_of(call).id, subject, verb=_verb(call))
    if opinion.decision == "OTHER_DATE":
        day = entries.day(call.fields, "granted_on")
        undertaking = undertakings.get(call.work.connection, asked.undertaking_id)
        extensions.require_day(call.work, undertaking, day, "granted_on")
        extensions.change(call.work, asked, granted_on=day)


def grant_extension(call: handlers.Call) -> None:
    """Move the due day to the one that was granted."""
    extension_outcomes.grant(call.work, _extension(call).id)


def refuse_extension(call: handlers.Call) -> None:
    """Leave the due day as it is."""
    extension_outcomes.refuse(call.work, _extension(call).id)


def withdraw_extension(call: handlers.Call) -> None:
    """Take back a request that was not sent on."""
    extension_outcomes.withdraw(call.work, _extension(call).id)


def record_reassignment_opinion(call: handlers.Call) -> None:
    """Append what the chief of the office says of a reassignment."""
    asked = _reassignment(call)
    subject = opinions.Subject("reassignment", asked.id, asked.person)
    opinions.record(call, matter_of(call).id, subject, verb=_verb(call))


def decide_reassignment(call: handlers.Call) -> Mapping[str, object]:
    """Keep the unit, have another take over, or add one: `unit`, `duty`.

    Where a matter is measured period by period, the new unit's part as a whole is not
    urged either.
    """
    asked, matter = _reassignment(call), matter_of(call)
    subject = opinions.Subject("reassignment", asked.id, asked.person)
    opinion = opinions.record(call, matter.id, subject, verb=_verb(call))
    settled = reassignments.settle(call.work, asked.id, opinion.decision, call.fields)
    if targets.measured_by(call.work.connection, matter):
        assessments.rest_wholes(call.work, matter.id)
    return {"successor": settled.successor_id}


def record_difficulty_opinion(call: handlers.Call) -> None:
    """Append what the chief of the office says of a difficulty."""
    found = _difficulty(call)
    subject = opinions.Subject("difficulty", found.id, found.person)
    opinions.record(call, matter_of(call).id, subject, verb=_verb(call))


def advise_difficulty(call: handlers.Call) -> None:
    """Keep the leader's opinion, which goes back to the unit."""
    text = entries.text(call.fields, "opinion", longest=2000)
    person = opinions.require_person(call)
    difficulties.advise(call.work, _difficulty(call).id, text, person=person)


def resolve_difficulty(call: handlers.Call) -> None:
    """Keep how the difficulty was solved."""
    text = entries.text(call.fields, "resolution", longest=2000)
    difficulties.resolve(call.work, _difficulty(call).id, text)


def _verb(call: handlers.Call) -> str:
    return call.element.properties.get("verb", "决定")


def _extension(call: handlers.Call) -> extensions.Extension:
    number = entries.number(call.variables, "extension")
    return extensions.get(call.work.connection, number)


def _reassignment(call: handlers.Call) -> reassignments.Reassignment:
    number = entries.number(call.variables, "reassignment")
    return reassignments.get(call.work.connection, number)


def _difficulty(call: handlers.Call) -> difficulties.Difficulty:
    number = entries.number(call.variables, "difficulty")
    return difficulties.get(call.work.connection, number)
