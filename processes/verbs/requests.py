"""Verbs of scenarios about extensions, reassignments, difficulties, urges, rest."""

from collections.abc import Mapping

from engine import scenarios

VERBS: Mapping[str, scenarios.Verb] = {}
