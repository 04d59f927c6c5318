"""Conditional events: asked when they begin to listen and when variables change."""

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
