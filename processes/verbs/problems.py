"""Verbs of scenarios about problems, measures and responsibilities."""

from collections.abc import Mapping

from engine import scenarios

VERBS: Mapping[str, scenarios.Verb] = {}
