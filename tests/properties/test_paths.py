"""Random diagrams, random paths: the pruned game, restarted or not, and the oracle."""

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from tests.properties import blocks
from tests.properties import paths

ACTS = 25
SETTINGS = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@SETTINGS
@given(st.data())
def test_any_path_is_the_same_pruned_restarted_and_on_paper(
    data: st.DataObject,
) -> None:
    """Equal waits, variables and end after every act, and always a way home."""
    live(data)


def live(data: st.DataObject) -> None:
    """Walk one path through one diagram, and home."""
    body = data.draw(blocks.blocks())
    twins = paths.Twins(body, data.draw(st.integers(0, 9)))
    paths.walk(twins, data, ACTS)
    paths.go_home(twins)
