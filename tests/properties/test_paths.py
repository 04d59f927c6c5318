"""Random diagrams, random paths: the pruned game, restarted or not, and the oracle."""

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from tests.properties import blocks
from tests.properties import paths

EXAMPLES = 150
ACTS = 25


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
@given(st.data())
def test_any_path_is_the_same_pruned_restarted_and_on_paper(
    data: st.DataObject,
) -> None:
    """Equal waits, variables and end after every act, and always a way home."""
    body = data.draw(blocks.blocks())
    twins = paths.Twins(body, data.draw(st.integers(0, 9)))
    paths.walk(twins, data, ACTS)
    paths.go_home(twins)
