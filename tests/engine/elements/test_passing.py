"""What passes by itself: none events, tasks without work, implicit starts and ends."""

from engine.bpmn import facts
from tests.engine.elements.diagrams import play


def test_tasks_that_nobody_does_and_none_events_pass() -> None:
    story = play("passing/passing")

    assert "completed" == story.ended.how
    assert ["start", "task", "manual", "said", "end"] == [
        fact.element_id for fact in story.facts if isinstance(fact, facts.Entered)
    ]


def test_without_start_and_end_events_all_that_nothing_leads_to_begins() -> None:
    story = play("passing/implicit")

    story.completes("look")
    assert ["decide", "tell"] == story.tasks
    story.completes("decide")
    story.completes("tell")
    assert "completed" == story.ended.how
