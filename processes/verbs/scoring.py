"""Verbs of scenarios about score entries, appeals and circulars."""

from collections.abc import Mapping

from engine import scenarios

VERBS: Mapping[str, scenarios.Verb] = {}
