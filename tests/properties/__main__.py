"""A bigger number of the same: `python -m tests.properties --examples 5000`."""

import argparse
import sys

import hypothesis
from hypothesis import settings
from hypothesis import strategies as st

from tests.properties import test_paths


def main() -> int:
    """Walk so many random paths; a difference ends it with the smallest diagram."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=5000)
    given = parser.parse_args()
    number: int = given.examples
    many = settings(test_paths.SETTINGS, max_examples=number, derandomize=False)
    many(hypothesis.given(st.data())(test_paths.live))()
    print(f"{number} paths: pruned, restarted and on paper the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
