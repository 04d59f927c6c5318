"""Errors: the nearest that catches the code, else the one that catches any."""

from collections.abc import Mapping

from engine.bpmn import facts
from engine.bpmn.game.surroundings import BpmnError
from tests.engine.bpmn import game_stories
from tests.engine.elements.diagrams import play


def bad(variables: Mapping[str, object]) -> None:
    """Refuse what is named unsound."""
    if variables.get("unit", "unsound") == "unsound":
        raise BpmnError("BAD", "不合格")


def test_an_error_goes_to_the_boundary_event_with_its_code() -> None:
    story = play("errors/by_code")

    story.completes("work")
    assert ["weep"] == story.waiting


def test_a_boundary_event_without_a_code_catches_any_and_can_name_it() -> None:
    story = play("errors/any_code")

    story.completes("work")
    assert ["mend"] == story.waiting
    assert "WORSE" == story.game.variables["code"]


def test_an_error_climbs_to_the_scope_that_catches_it() -> None:
    story = play("errors/outer_scope")

    story.completes("work")
    assert ["mend"] == story.waiting


def test_an_error_that_nobody_catches_is_reported_and_ends_its_branch() -> None:
    story = play("errors/uncaught")

    story.completes("work")
    assert ["other"] == story.waiting
    assert [("error", "BAD")] == [
        (fact.kind, fact.code) for fact in story.facts if isinstance(fact, facts.Sent)
    ]


def test_an_error_of_a_handler_is_caught_on_its_task() -> None:
    world = game_stories.World(check=bad)

    assert ["mend"] == play("errors/thrown_by_handler", world).waiting


def test_an_error_of_one_round_that_nobody_catches_leaves_the_others() -> None:
    world = game_stories.World(check=bad)
    story = play("errors/uncaught_in_each", world, units=["sound", "unsound", "sound"])

    assert ["after"] == story.waiting
    assert 1 == sum(isinstance(fact, facts.Sent) for fact in story.facts)


def test_an_error_of_one_round_interrupts_the_multi_instance_that_catches_it() -> None:
    story = play("errors/in_each", units=["a", "b"])

    story.completes("work")
    assert (["mend"], ["work"]) == (story.waiting, story.cancelled)
