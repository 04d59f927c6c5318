"""Input and output mappings: variables of an element's own."""

from engine.bpmn import facts
from tests.engine.elements.diagrams import play


def test_inputs_are_the_elements_own_and_outputs_go_out() -> None:
    story = play("mappings/local", unit="住建局")
    seen = story.game.variables_at(story.find("work", "user_task"))

    assert ("住建局", ["住建局", "督查室"], {"unit": "住建局", "kind": "急件"}) == (
        seen["plain"],
        seen["several"],
        seen["named"],
    )
    story.completes("work", said="同意")
    assert {"unit": "住建局", "said": "同意", "answer": "同意"} == story.game.variables


def test_inputs_that_failed_are_mapped_when_the_element_is_tried_again() -> None:
    story = play("mappings/retried")

    assert [] == story.tasks
    story.sets(missing="王专员")
    story.resumes("work")
    seen = story.game.variables_at(story.find("work", "user_task"))
    assert "王专员" == seen["who"]


def test_a_throw_event_maps_its_inputs_before_it_throws() -> None:
    story = play("mappings/at_event", unit="民政局")

    assert ["民政局"] == [
        fact.name for fact in story.facts if isinstance(fact, facts.Sent)
    ]
    assert {"unit": "民政局"} == story.game.variables
