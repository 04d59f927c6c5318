"""The office's own verbs of scenarios: one file for each kind of record."""

from collections.abc import Mapping

from engine import scenarios
from processes.supervision.hotline import callers
from processes.verbs import cancellations
from processes.verbs import deputies
from processes.verbs import inspections
from processes.verbs import measuring
from processes.verbs import papers
from processes.verbs import passing
from processes.verbs import problems
from processes.verbs import records
from processes.verbs import requests
from processes.verbs import scoring


def verbs(vault: callers.Vault) -> Mapping[str, scenarios.Verb]:
    """Return the neutral verbs and the office's own; the vault opens callers' data."""
    return {
        **scenarios.VERBS,
        **records.VERBS,
        **papers.VERBS,
        **passing.VERBS,
        "look": records.looking(vault),
        **requests.VERBS,
        **cancellations.VERBS,
        **inspections.VERBS,
        **problems.VERBS,
        **deputies.VERBS,
        **scoring.VERBS,
        **measuring.VERBS,
    }
