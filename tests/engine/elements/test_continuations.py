"""Asynchronous continuations: a job before an element, a job after it."""

from tests.engine.bpmn import game_stories
from tests.engine.elements.diagrams import play


def test_a_task_waits_before_and_after_and_maps_its_outputs_once() -> None:
    asked = []
    world = game_stories.World(greet=lambda variables: asked.append(1))
    story = play("continuations/around", world, n=1)

    assert (["work"], []) == (story.waiting, asked)
    story.resumes("work", "async")
    assert (["work"], [1]) == (story.waiting, asked)
    story.resumes("work", "async")
    assert (["after"], [1]) == (story.waiting, asked)
    assert 2 == story.game.variables["n"]


def test_a_parallel_join_takes_in_a_token_when_it_has_been_continued() -> None:
    story = play("continuations/at_join")

    story.completes("a")
    story.completes("b")
    story.resumes("and_j", "async")
    assert ["and_j"] == story.waiting
    story.resumes("and_j", "async")
    assert ["and_j"] == story.waiting
    story.resumes("and_j", "async")
    assert ["after"] == story.waiting


def test_an_inclusive_join_waits_for_a_token_that_has_yet_to_be_continued() -> None:
    story = play("continuations/at_inclusive_join", x=2)

    story.completes("a")
    story.completes("b")
    story.resumes("or_j", "async")
    assert ["or_j"] == story.waiting
    story.resumes("or_j", "async")
    assert ["after"] == story.waiting


def test_a_multi_instance_waits_before_its_first_and_after_its_last_round() -> None:
    story = play("continuations/around_each", units=["a", "b"])

    assert [] == story.tasks
    story.resumes("work", "async")
    assert ["work", "work"] == story.tasks
    story.completes("work")
    story.completes("work")
    assert (["work"], []) == (story.waiting, story.tasks)
    story.resumes("work", "async")
    assert ["after"] == story.tasks
