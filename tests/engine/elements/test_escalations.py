"""Escalations: like errors, but whoever escalates may go on."""

from engine.bpmn import facts
from tests.engine.elements.diagrams import play


def test_an_escalation_with_a_code_is_caught_beside_the_work() -> None:
    assert ["look", "work"] == play("escalations/by_code").tasks


def test_an_escalation_can_interrupt_and_tell_its_code() -> None:
    story = play("escalations/any_code")

    assert ["look"] == story.tasks
    assert "UP" == story.game.variables["code"]


def test_an_escalation_at_the_end_lets_the_sub_process_end() -> None:
    story = play("escalations/at_end")

    story.completes("work")
    assert ["after", "look"] == story.tasks


def test_an_escalation_that_nobody_catches_is_reported_and_changes_nothing() -> None:
    story = play("escalations/uncaught")

    assert ["work"] == story.tasks
    assert [("escalation", "UP")] == [
        (fact.kind, fact.code) for fact in story.facts if isinstance(fact, facts.Sent)
    ]
