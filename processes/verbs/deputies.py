"""Verbs of scenarios about deputies, replies and evaluations."""

from collections.abc import Mapping

from engine import scenarios

VERBS: Mapping[str, scenarios.Verb] = {}
