"""Sub-processes: scopes in scopes, one for each unit, interrupted at any moment."""

import pytest

from tests.engine.elements.diagrams import play


def test_nested_sub_processes_end_from_the_inside() -> None:
    story = play("sub_process/nested")

    story.completes("deep")
    assert ["after"] == story.tasks


def test_a_sub_process_without_start_event_begins_everywhere() -> None:
    story = play("sub_process/unmarked")

    assert ["left", "right"] == story.tasks
    story.completes("left")
    story.completes("right")
    assert ["after"] == story.tasks


#: What is done before the recall: nothing, one branch, a join reached, a call open.
MOMENTS = [
    [],
    ["step_a"],
    ["step_a", "step_a"],
    ["step_a", "step_b"],
    ["step_a", "step_b", "step_a", "step_b"],
    ["step_a", "step_b", "reminded"],
]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_sub_processes_of_all_units_are_interrupted_at_any_moment(
    moment: list[str],
) -> None:
    story = play("sub_process/interrupted", units=["住建局", "民政局"])
    for element in moment:
        if element == "reminded":
            story.days_pass(1)
            story.fires(element)
        else:
            story.completes(element)

    story.receives("recalled")
    assert ["stop"] == story.waiting
    story.completes("stop")
    assert "completed" == story.ended.how


def test_sub_processes_of_all_units_are_waited_for() -> None:
    story = play("sub_process/interrupted", units=["住建局", "民政局"])

    for _ in range(2):
        story.completes("step_a")
        story.completes("step_b")
        story.returns("ask")
    assert ["after"] == story.tasks
    assert ["recalled", "reminded", "reminded"] == story.cancelled
