"""Damaged copies of the shipped diagrams are refused by name or run."""

from tests.properties import fuzz

COUNT = 300


def test_damaged_diagrams_are_refused_by_name_or_run() -> None:
    """No crash, no hang; and some of both, or the damage would prove nothing."""
    told = dict(fuzz.fuzz(fuzz.SHIPPED, COUNT))
    assert {} == {
        name: what for name, what in told.items() if what not in ("ran", "refused")
    }
    assert {"ran", "refused"} == set(told.values())
