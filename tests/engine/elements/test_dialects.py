"""Diagrams drawn for Flowable or Activiti say the same in other words."""

import pytest

from tests.engine.elements.diagrams import play


@pytest.mark.parametrize("dialect", ["flowable", "activiti"])
def test_attributes_of_the_family_are_read_as_their_twins(dialect: str) -> None:
    story = play(f"dialects/{dialect}")

    story.completes("work")
    assert {"add": "async"} == {
        element: kind for kind, element in story.game.waits.values()
    }
    story.resumes("add", "async")
    assert 2 == story.game.variables["n"]
