"""Verbs of scenarios about matters passed down to lower offices."""

from collections.abc import Mapping

from engine import people
from engine import scenarios
from engine import testing
from processes.supervision.matters import ledgers
from processes.supervision.matters import matters
from processes.supervision.matters import passing
from processes.verbs import finding


def _pass_down(story: testing.Story, given: object) -> None:
    """Pass the matter down to a lower unit, and follow what it does with it."""
    found = scenarios.arguments(given, "as", "fields", optional=("named",))
    above = finding.matter(story).id
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        lower = passing.pass_down(work, above, identity, found["fields"])
    story.follow(str(lower.root_id))
    if "named" in found:
        story.name(found["named"])


def _guide(story: testing.Story, given: object) -> None:
    """Give guidance on a lower office's matter."""
    found = scenarios.arguments(given, "as", "text")
    matter = finding.matter(story).id
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        passing.guide(work, matter, identity, found["text"])


def _lower(story: testing.Story, expected: object) -> None:
    """Say how far the matters passed down from this one have come; follow the last."""
    above = finding.matter(story)
    with story.engine.read() as connection:
        found = passing.lower_matters(connection, above.id)
    told = {one.office: matters.STATUS_LABELS[one.status] for one in found}
    scenarios.expect(expected, told, "下级事项的状态")


def _visible_to(story: testing.Story, expected: object) -> None:
    """Say who may see the matter, and who may not."""
    matter = finding.matter(story)
    for person, sees in scenarios.mapping(expected).items():
        with story.engine.read() as connection:
            identity = people.identity(connection, person, story.now)
            listed = ledgers.page(connection, identity, limit=500)
        scenarios.expect(sees, matter.id in {one.id for one in listed}, f"{person}可见")


VERBS: Mapping[str, scenarios.Verb] = {
    "pass_down": _pass_down,
    "guide": _guide,
    "lower": _lower,
    "visible_to": _visible_to,
}
