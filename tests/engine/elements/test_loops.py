"""Standard loops and multi-instances (BPMN 2.0 §10.3.8, §13.3.6-7)."""

from collections.abc import Mapping

import pytest

from tests.engine.bpmn import game_stories
from tests.engine.elements.diagrams import play

UNITS = ["住建局", "民政局", "城管局"]


def seen(story: game_stories.Story, *names: str) -> list[Mapping[str, object]]:
    """Return what each open task sees of some variables."""
    return [
        {name: story.game.variables_at(wait)[name] for name in names}
        for wait, (kind, _) in story.game.waits.items()
        if kind == "user_task"
    ]


def answers(
    story: game_stories.Story, unit: str, element: str, **given: object
) -> None:
    """Complete the task of one unit."""
    wait_id = next(
        wait
        for wait, (kind, at) in story.game.waits.items()
        if (kind, at) == ("user_task", element)
        and story.game.variables_at(wait).get("unit") == unit
    )
    story.game.complete(wait_id, given)
    story._turn(story.game)


def test_a_standard_loop_ends_by_its_condition_or_its_maximum() -> None:
    story = play("loops/standard", again=True)

    story.completes("work")
    story.completes("work", again=False)
    assert ["after"] == story.tasks

    story = play("loops/standard", again=True)
    for _ in range(3):
        story.completes("work")
    assert ["after"] == story.tasks


def test_a_parallel_multi_instance_counts_its_rounds() -> None:
    story = play("loops/parallel", units=UNITS)

    assert [
        {"unit": unit, "loopCounter": number, "nrOfInstances": 3}
        for number, unit in enumerate(UNITS)
    ] == seen(story, "unit", "loopCounter", "nrOfInstances")
    answers(story, "民政局", "work")
    assert [{"nrOfCompletedInstances": 1, "nrOfActiveInstances": 2}] * 2 == seen(
        story, "nrOfCompletedInstances", "nrOfActiveInstances"
    )
    answers(story, "住建局", "work")
    answers(story, "城管局", "work")
    assert ["after"] == story.tasks


def test_a_sequential_multi_instance_goes_round_one_by_one() -> None:
    story = play("loops/sequential", units=UNITS)

    for unit in UNITS:
        assert [{"unit": unit, "nrOfActiveInstances": 1}] == seen(
            story, "unit", "nrOfActiveInstances"
        )
        story.completes("work")
    assert ["after"] == story.tasks


@pytest.mark.parametrize(("n", "tasks"), [(0, ["after"]), (2, ["work", "work"])])
def test_a_cardinality_says_how_many(n: int, tasks: list[str]) -> None:
    assert tasks == play("loops/counted", n=n).tasks


@pytest.mark.parametrize("name", ["parallel", "sequential"])
def test_an_empty_collection_passes(name: str) -> None:
    assert ["after"] == play(f"loops/{name}", units=[]).tasks


def test_a_completion_condition_ends_the_other_rounds() -> None:
    story = play("loops/enough", units=UNITS)

    story.completes("work")
    assert ["work", "work"] == story.tasks
    story.completes("work")
    assert (["after"], ["work"]) == (story.tasks, story.cancelled)


def test_a_multi_instance_in_a_multi_instance_has_its_own_rounds() -> None:
    people = {"住建局": ["甲", "乙"], "民政局": [], "城管局": ["丙"]}
    story = play("loops/nested", units=UNITS, people=people)

    assert ["甲", "乙", "丙"] == [one["person"] for one in seen(story, "person")]
    for _ in range(3):
        assert ["after"] != story.tasks
        story.completes("work")
    assert ["after"] == story.tasks


def test_results_stand_in_the_order_of_the_collection() -> None:
    story = play("loops/results", units=UNITS)

    for unit in ("城管局", "住建局", "民政局"):
        answers(story, unit, "work", answer=f"{unit}已办")
    assert [f"{unit}已办" for unit in UNITS] == story.game.variables["answers"]
    assert "answer" not in story.game.variables


def test_a_round_without_a_result_gives_nothing_and_none_give_an_empty_list() -> None:
    story = play("loops/results", units=UNITS[:2])

    answers(story, "住建局", "work")
    answers(story, "民政局", "work", answer=7)
    assert [None, 7] == story.game.variables["answers"]
    assert [] == play("loops/results", units=[]).game.variables["answers"]


def test_results_of_sub_processes_are_gathered_one_after_the_other() -> None:
    story = play("loops/results_of_boxes", units=UNITS[:2])

    story.completes("work", answer=1)
    story.completes("work", answer=2)
    assert [1, 2] == story.game.variables["answers"]


def test_results_of_called_instances_are_what_they_give_out() -> None:
    story = play("loops/results_of_calls", units=UNITS[:2])

    story.returns("ask", answer="first")
    story.returns("ask", answer="second", other="unmapped")
    assert ["first", "second"] == story.game.variables["answers"]
    assert "other" not in story.game.variables


def test_an_input_mapping_sees_the_element_of_its_round() -> None:
    story = play("loops/input_sees_unit", units=UNITS)

    assert UNITS == [one["who"] for one in seen(story, "who")]
