"""Large instances, counted and not timed: no act grows with what is beside it."""

from collections.abc import Iterator

import pytest

from tests.bench import completions
from tests.bench import large


@pytest.fixture
def bench(database_url: str) -> Iterator[completions.Office]:
    """An office with the processes of the bench."""
    office = completions.Office(database_url)
    large.deploy(office)
    yield office
    office.close()


def test_the_end_of_a_call_costs_the_same_beside_two_and_beside_two_hundred(
    bench: completions.Office,
) -> None:
    """The completion and the hand-over to the caller: the same statements."""
    few_id, _ = large.opening(bench, large.FEW)
    large.completing(bench, few_id, 1)
    (few,) = large.completing(bench, few_id, 1)
    many_id, _ = large.opening(bench, large.MANY)
    many = large.completing(bench, many_id, 5)

    assert [few.statements] * 5 == [cost.statements for cost in many]
    sizes = [cost.state for cost in many]
    assert sorted(sizes, reverse=True) == sizes


def test_opening_calls_takes_a_number_of_statements_for_each(
    bench: completions.Office,
) -> None:
    """Ten times the calls, at most ten times the statements."""
    large.opening(bench, 2)
    _, ten = large.opening(bench, 10)
    _, hundred = large.opening(bench, 100)

    assert hundred.statements <= 10 * ten.statements


def test_round_two_hundred_costs_what_round_two_does(
    bench: completions.Office,
) -> None:
    """The same statements; a state of the same size."""
    costs = large.rounds(bench, large.ROUNDS)

    assert 1 == len({cost.statements for cost in costs[1:]})
    # Ids differ from round to round, and compress a little better or worse.
    assert abs(costs[-1].state - costs[1].state) <= 10
