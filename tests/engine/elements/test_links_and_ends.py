"""Link events and terminate end events (BPMN 2.0 §10.5.3, §10.5.6)."""

from tests.engine.elements.diagrams import play


def test_a_link_goes_on_where_its_catch_stands() -> None:
    story = play("links_and_ends/linked")

    story.completes("work")
    assert ["after"] == story.tasks


def test_terminating_a_sub_process_ends_it_and_the_rest_goes_on() -> None:
    story = play("links_and_ends/terminated")

    story.completes("a")
    assert (["after", "other"], ["b"]) == (story.tasks, story.cancelled)


def test_terminating_a_process_ends_everything_and_its_calls() -> None:
    story = play("links_and_ends/terminated_whole")

    story.completes("a")
    assert ("terminated", ["ask"]) == (story.ended.how, story.cancelled)


def test_terminating_one_round_leaves_the_others() -> None:
    story = play("links_and_ends/terminated_each", units=["a", "b"])

    story.completes("a")
    assert ["a", "b"] == story.tasks
    story.completes("a")
    assert ["after"] == story.tasks


def test_terminating_the_multi_instance_ends_every_round() -> None:
    story = play("links_and_ends/terminated_rounds", units=["a", "b"])

    story.completes("a")
    assert (["after"], ["a", "b", "b"]) == (story.tasks, story.cancelled)
