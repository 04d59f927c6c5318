"""Random commands on random instances through the engine and the database."""

import pytest
from hypothesis import HealthCheck
from hypothesis import Phase
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from tests.engine.conftest import Office
from tests.properties import blocks
from tests.properties import houses

EXAMPLES = {"sqlite": 30, "postgresql": 6}
ACTS = 15


def test_any_command_leaves_the_database_in_one_piece(
    office: Office, request: pytest.FixtureRequest
) -> None:
    """Rows are what the states wait for, refusals leave nothing, nothing stalls."""

    @settings(
        max_examples=EXAMPLES[office.pool.dialect.name],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        # Shrinking would replay on databases for minutes.
        phases=[Phase.generate],
    )
    @given(st.data())
    def lives(data: st.DataObject) -> None:
        live(office, data, ACTS)

    lives()


def live(office: Office, data: st.DataObject, acts: int) -> None:
    """Lead one instance through random commands to its end."""
    body = data.draw(blocks.blocks(depth=3, by_commands=True))
    called = data.draw(blocks.blocks(depth=1, by_commands=True, calls=False))
    x = data.draw(st.sampled_from(blocks.VALUES))
    pairs = st.tuples(st.sampled_from(blocks.VALUES), st.integers(0, 10**6))
    chosen = data.draw(st.lists(pairs, min_size=acts, max_size=acts))
    house = houses.House(office, body, called, x)
    assert [] == house.unsound()
    # Drawn beforehand: ids differ from run to run, what is drawn must not.
    for number, choice in chosen:
        if not house.active:
            break
        house.act(number, choice)
        assert [] == house.unsound()
    house.go_home()
    assert [] == house.unsound()
