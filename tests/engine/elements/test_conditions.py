"""Conditional events: asked when they begin to listen and when variables change."""

from engine.bpmn import facts
from tests.engine.bpmn import game_stories
from tests.engine.elements.diagrams import play


def test_a_conditional_event_sees_what_another_branch_sets() -> None:
    story = play("conditions/caught")

    story.completes("set", x=1)
    assert ["work"] == story.waiting


def test_a_condition_that_holds_already_does_not_wait() -> None:
    assert ["set", "work"] == play("conditions/caught", x=1).waiting


def test_a_condition_interrupts_the_task_it_is_attached_to() -> None:
    story = play("conditions/bounded", x=0)

    story.sets(x=2)
    assert ["work"] == story.tasks
    story.sets(x=1)
    assert ["look"] == story.waiting


def test_a_condition_that_does_not_interrupt_fires_once_for_each_change() -> None:
    story = play("conditions/beside", x=0)

    story.completes("work")
    story.sets(x=1)
    assert ["look", "more", "set"] == story.tasks
    story.completes("look")
    assert ["more", "set"] == story.tasks
    story.sets(x=1)
    assert ["look", "more", "set"] == story.tasks


def test_a_condition_may_be_asked_only_when_a_named_variable_is_updated() -> None:
    story = play("conditions/named", x=1)

    assert ["look", "work"] == story.tasks
    story.completes("look")
    story.sets(x=1)
    story.sets(y=1)
    assert ["work"] == story.tasks
    story.sets(y=2)
    assert ["look", "work"] == story.tasks


def test_a_condition_that_is_no_yes_or_no_does_not_hold_and_the_history_says_so() -> (
    None
):
    story = game_stories.Story(
        '<startEvent id="start"/><userTask id="work"/><endEvent id="end"/>'
        '<sequenceFlow id="a" sourceRef="start" targetRef="work"/>'
        '<sequenceFlow id="b" sourceRef="work" targetRef="end"/>'
        '<boundaryEvent id="held" attachedToRef="work"><conditionalEventDefinition>'
        '<condition xsi:type="tFormalExpression">${x}</condition>'
        "</conditionalEventDefinition></boundaryEvent>"
        '<endEvent id="over"/><sequenceFlow id="c" sourceRef="held" targetRef="over"/>',
        x=False,
    )

    story.sets(x="one")
    assert ["work"] == story.tasks
    assert ["条件"] == [f.error[:2] for f in story.facts if isinstance(f, facts.Failed)]
