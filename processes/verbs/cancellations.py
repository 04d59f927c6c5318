"""The verb of scenarios by which a leader cancels a matter."""

from collections.abc import Mapping

from engine import people
from engine import scenarios
from engine import testing
from processes.supervision.leaders import cancellations
from processes.verbs import finding


def _cancel(story: testing.Story, given: object) -> None:
    """Cancel the matter."""
    found = scenarios.arguments(given, "as", "fields")
    matter = finding.matter(story)
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        cancellations.cancel(work, matter.id, identity, found["fields"])


VERBS: Mapping[str, scenarios.Verb] = {"cancellation": _cancel}
