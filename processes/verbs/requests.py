"""Verbs of scenarios about extensions, reassignments, difficulties, urges, rest."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from engine import handlers
from engine import people
from engine import scenarios
from engine import testing
from processes.supervision.escalation import recommendations
from processes.supervision.escalation import urges
from processes.supervision.hotline import caller_waits
from processes.supervision.hotline import ticket_extensions
from processes.supervision.requests import clocks
from processes.supervision.requests import difficulties
from processes.supervision.requests import extensions
from processes.supervision.requests import reassignments
from processes.supervision.undertakings import responsible
from processes.supervision.undertakings import undertakings
from processes.verbs import finding

#: A command on a record that a person gives: (work, id, identity, fields).
Command = Callable[[handlers.Work, int, people.Identity, Mapping[str, object]], object]


# -- commands ----------------------------------------------------------------------


def _of_unit(command: Command) -> scenarios.Verb:
    def act(story: testing.Story, given: object) -> None:
        """Give a command about a unit's undertaking."""
        found = scenarios.arguments(given, "unit", "as", "fields")
        undertaking = finding.undertaking(story, found["unit"])
        _give(story, command, undertaking.id, found)

    return act


def _of_matter(command: Command) -> scenarios.Verb:
    def act(story: testing.Story, given: object) -> None:
        """Give a command about the matter."""
        found = scenarios.arguments(given, "as", "fields")
        _give(story, command, finding.matter(story).id, found)

    return act


def _give(
    story: testing.Story, command: Command, record: int, found: Mapping[str, Any]
) -> None:
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        command(work, record, identity, found["fields"])


def _resume(story: testing.Story, given: object) -> None:
    """Let the matter go on."""
    found = scenarios.arguments(given, "as")
    matter = finding.matter(story)
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        clocks.resume(work, matter.id, identity)


def _respond(story: testing.Story, given: object) -> None:
    """Answer the last urge of a unit."""
    found = scenarios.arguments(given, "unit", "as", "fields")
    undertaking = finding.undertaking(story, found["unit"])
    with story.engine.read() as connection:
        last = urges.of_undertaking(connection, undertaking.id)[-1]
    _give(story, urges.respond, last.id, found)


def _recommend(story: testing.Story, given: object) -> None:
    """Decide on what a unit's delay gave cause for."""
    found = scenarios.arguments(given, "kind", "as", "fields")
    with story.engine.read() as connection:
        listed = recommendations.of_matter(connection, finding.matter(story).id)
    labels = recommendations.KIND_LABELS
    wanted = [one.id for one in listed if labels[one.kind] == found["kind"]]
    if not wanted:
        raise scenarios.Unmet(f"没有“{found['kind']}”。")
    _give(story, recommendations.decide, wanted[-1], found)


# -- what must hold ----------------------------------------------------------------


def _extensions(story: testing.Story, expected: Any) -> None:
    """Say what became of each unit's requests for more time, in their order."""
    for name, labels in scenarios.mapping(expected).items():
        undertaking = finding.undertaking(story, name)
        with story.engine.read() as connection:
            asked = extensions.of_undertaking(connection, undertaking.id)
        actual = [extensions.STATUS_LABELS[one.status] for one in asked]
        scenarios.expect(labels, actual, f"{name}的延期申请")


def _original(story: testing.Story, expected: Any) -> None:
    """Say when a unit's report was due first, whatever was granted since."""
    for name, due in scenarios.mapping(expected).items():
        undertaking = finding.undertaking(story, name)
        actual = scenarios.shown(undertaking.original_due_at)
        scenarios.expect(due, actual, f"{name}的原时限")


def _recommendations(story: testing.Story, expected: Any) -> None:
    """Say what the delays gave cause for, in the order of time."""
    with story.engine.read() as connection:
        listed = recommendations.of_matter(connection, finding.matter(story).id)
    actual = [recommendations.KIND_LABELS[one.kind] for one in listed]
    scenarios.expect(expected, actual, "逾期引起的建议")


def _responses(story: testing.Story, expected: Any) -> None:
    """Say what a unit answered to its last urge."""
    for name, words in scenarios.mapping(expected).items():
        undertaking = finding.undertaking(story, name)
        with story.engine.read() as connection:
            last = urges.of_undertaking(connection, undertaking.id)[-1]
            actual = urges.responses(connection, last.id)
        scenarios.expect(words, actual, f"{name}对催办的回应")


def _answerable(story: testing.Story, expected: Any) -> None:
    """Say who answers for a unit's part: kind and name, as they are shown."""
    for name, listed in scenarios.mapping(expected).items():
        undertaking = finding.undertaking(story, name)
        with story.engine.read() as connection:
            found = responsible.of_undertaking(connection, undertaking.id)
        actual = {responsible.KIND_LABELS[one.kind]: one.name for one in found}
        scenarios.expect(listed, actual, f"{name}的责任人")


def _needs_coordination(story: testing.Story, expected: Any) -> None:
    """Say whether the matter is marked 需协调."""
    scenarios.expect(expected, finding.matter(story).needs_coordination, "需协调")


def _clock_stopped(story: testing.Story, expected: Any) -> None:
    """Say whether the matter's clock stands still."""
    with story.engine.read() as connection:
        standing = clocks.stopped(connection, finding.matter(story).id)
    scenarios.expect(expected, standing is not None, "停钟")


def _former(story: testing.Story, expected: Any) -> None:
    """Say in which state the undertakings of a unit are that were given to another."""
    matter = finding.matter(story)
    with story.engine.read() as connection:
        listed = undertakings.of_matter(connection, matter.id)
    for name, labels in scenarios.mapping(expected).items():
        actual = [
            undertakings.STATE_LABELS[one.state] for one in listed if one.unit == name
        ]
        scenarios.expect(labels, actual, f"{name}的全部承办")


VERBS: Mapping[str, scenarios.Verb] = {
    "extension": _of_unit(extensions.request),
    "reassignment": _of_unit(reassignments.order),
    "difficulty": _of_unit(difficulties.report),
    "urge": _of_unit(urges.by_hand),
    "urge_response": _respond,
    "caller_wait": _of_unit(caller_waits.request),
    "ticket_extension": _of_matter(ticket_extensions.request),
    "recommendation": _recommend,
    "suspend": _of_matter(clocks.suspend),
    "resume": _resume,
    "extensions": _extensions,
    "original_deadlines": _original,
    "recommendations": _recommendations,
    "urge_responses": _responses,
    "answerable": _answerable,
    "needs_coordination": _needs_coordination,
    "clock_stopped": _clock_stopped,
    "all_states": _former,
}
