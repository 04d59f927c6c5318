"""Verbs of scenarios about inspections and their groups."""

from collections.abc import Mapping

from engine import scenarios

VERBS: Mapping[str, scenarios.Verb] = {}
