"""Event sub-processes (BPMN 2.0 §10.3.5, §13.5.4)."""

import pytest

from tests.engine.bpmn import game_stories
from tests.engine.elements.diagrams import play

EVENTS = ("message", "signal", "timer", "conditional")


def happens(story: game_stories.Story, event: str) -> None:
    """Let the event happen that the sub-process begins with."""
    if event == "timer":
        story.fires("start_h")
    elif event == "conditional":
        story.sets(x=1)
    else:
        story.receives("start_h", event)


@pytest.mark.parametrize("event", EVENTS)
def test_one_that_interrupts_takes_the_place_of_the_rest(event: str) -> None:
    story = play(f"event_sub_process/{event}_interrupts", x=0)

    happens(story, event)
    assert ["handle"] == story.waiting
    story.completes("handle")
    assert "completed" == story.ended.how


@pytest.mark.parametrize("event", EVENTS)
def test_one_that_does_not_interrupt_stands_beside_the_rest(event: str) -> None:
    story = play(f"event_sub_process/{event}_beside", x=0)

    happens(story, event)
    assert ["handle", "work"] == story.tasks
    story.completes("work")
    assert story.ended is None
    story.completes("handle")
    assert "completed" == story.ended.how


@pytest.mark.parametrize("event", ["message", "signal", "conditional"])
def test_one_that_does_not_interrupt_begins_every_time(event: str) -> None:
    story = play(f"event_sub_process/{event}_beside", x=0)

    for _ in range(3):
        happens(story, event)
    assert ["handle", "handle", "handle", "work"] == story.tasks


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("how", ["interrupts", "beside"])
def test_one_that_never_begins_does_not_keep_the_instance(event: str, how: str) -> None:
    story = play(f"event_sub_process/{event}_{how}", x=0)

    story.completes("work")
    assert ("completed", []) == (story.ended.how, story.waiting)


def test_a_cycle_begins_it_as_often_as_it_says() -> None:
    story = play("event_sub_process/cycle")

    for _ in range(3):
        story.days_pass(1)
        story.fires("start_h")
    assert ["handle", "handle", "handle", "work"] == story.waiting


def test_an_error_of_its_scope_begins_it() -> None:
    story = play("event_sub_process/error")

    story.completes("work")
    assert ["handle"] == story.waiting


def test_an_escalation_begins_it() -> None:
    assert ["handle"] == play("event_sub_process/escalation_interrupts").tasks
    assert ["handle", "work"] == play("event_sub_process/escalation_beside").tasks


def test_one_inside_a_sub_process_interrupts_that_alone() -> None:
    story = play("event_sub_process/inside")

    story.receives("start_h")
    assert ["handle"] == story.tasks
    story.completes("handle")
    assert ["after"] == story.tasks


def test_a_scope_listens_for_all_its_event_sub_processes_or_for_none() -> None:
    story = play("event_sub_process/undecided")

    assert ["box"] == story.waiting
    story.sets(span="P1D")
    story.resumes("box")
    assert ["start_h", "start_t", "work"] == story.waiting


def test_one_inside_a_multi_instance_belongs_to_its_round() -> None:
    story = play("event_sub_process/inside_each", units=["a", "b"])

    story.receives("start_h")
    assert ["handle", "work", "work"] == story.tasks
    story.completes("work")
    story.completes("work")
    assert ["handle"] == story.tasks
    story.completes("handle")
    assert ["after"] == story.tasks


def test_an_error_inside_a_multi_instance_is_handled_in_its_round() -> None:
    story = play("event_sub_process/error_inside_each", units=["a", "b"])

    story.completes("work")
    assert ["handle", "work"] == story.tasks
    story.completes("handle")
    story.completes("work")
    story.completes("handle")
    assert ["after"] == story.tasks


def test_a_terminate_end_event_inside_ends_the_event_sub_process_alone() -> None:
    story = play("event_sub_process/terminated_inside")

    story.receives("start_h")
    story.completes("handle")
    assert ["work"] == story.tasks


def test_one_instance_leaves_the_next_of_the_same_graph_alone() -> None:
    first = play("event_sub_process/message_interrupts")
    first.receives("start_h")

    second = game_stories.Story(first.graph)
    assert ["work"] == second.tasks
    second.completes("work")
    assert "completed" == second.ended.how
