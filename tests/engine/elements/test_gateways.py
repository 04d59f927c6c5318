"""Gateways and the conditions of other sequence flows (BPMN 2.0 §13.3.1, §13.4)."""

import pytest

from tests.engine.bpmn import game_stories
from tests.engine.elements.diagrams import play


@pytest.mark.parametrize(("x", "taken"), [(1, "a"), (2, "b"), (3, "c")])
def test_an_exclusive_gateway_takes_the_first_branch_or_its_default(
    x: int, taken: str
) -> None:
    assert [taken] == play("gateways/exclusive", x=x).tasks


def test_a_parallel_join_in_a_loop_waits_for_both_branches_each_round() -> None:
    story = play("gateways/parallel", again=True)

    for again in (True, True, False):
        story.completes("work")
        story.completes("a")
        assert ["b"] == story.tasks
        story.completes("b", again=again)
    assert "completed" == story.ended.how


@pytest.mark.parametrize(("x", "branches"), [(0, ["c"]), (1, ["a"]), (2, ["a", "b"])])
def test_an_inclusive_join_waits_for_the_branches_that_were_taken(
    x: int, branches: list[str]
) -> None:
    story = play("gateways/inclusive", x=x, again=True)

    for _ in range(2):
        assert branches == story.tasks
        for branch in branches:
            assert "after" not in story.tasks
            story.completes(branch)
        story.completes("after")
    assert branches == story.tasks


def test_an_inclusive_join_waits_for_what_is_inside_a_sub_process() -> None:
    story = play("gateways/inclusive_nested", x=2)

    story.completes("b")
    assert ["a"] == story.tasks
    story.completes("a")
    assert ["after"] == story.tasks


def test_an_inclusive_join_waits_for_what_interrupted_a_sub_process() -> None:
    story = play("gateways/inclusive_nested", x=2)

    story.receives("late")
    story.completes("b")
    assert ["mend"] == story.tasks
    story.completes("mend")
    assert ["after"] == story.tasks


@pytest.mark.parametrize(("event", "task"), [("day", "b"), ("week", "c")])
def test_each_timer_of_an_event_based_gateway_has_its_own_moment(
    event: str, task: str
) -> None:
    story = play("gateways/events", again=True)
    due = {story.game.waits[wait][1]: moment for wait, moment in story.due.items()}

    assert 6 == (due["week"] - due["day"]).days
    story.fires(event)
    assert [task] == story.tasks
    story.completes(task)
    assert ["day", "heard", "week"] == story.waiting
    story.receives("heard")
    assert ["a"] == story.waiting


def test_an_event_based_gateway_listens_for_all_its_events_or_for_none() -> None:
    story = play("gateways/undecided")

    assert ["first"] == story.waiting
    story.sets(span="P1D")
    story.resumes("first")
    assert ["day", "heard"] == story.waiting


@pytest.mark.parametrize(("x", "branches"), [(0, ["c"]), (1, ["a"]), (2, ["a", "b"])])
def test_conditions_and_default_fork_out_of_a_task(x: int, branches: list[str]) -> None:
    story = play("gateways/any_flow", x=x)

    story.completes("work")
    assert branches == story.tasks


def test_several_flows_fork_out_of_a_task_and_merge_without_waiting() -> None:
    story = play("gateways/implicit")

    story.completes("work")
    story.completes("a")
    story.completes("b")
    assert ["after", "after"] == story.tasks


def test_a_token_at_a_join_goes_when_its_scope_is_interrupted() -> None:
    story = play("gateways/interrupted_join")

    story.completes("a")
    story.receives("recalled")
    assert ["stop"] == story.waiting
    story.completes("stop")
    assert "completed" == story.ended.how


def test_every_branch_of_an_endless_loop_is_parked_and_none_forgotten() -> None:
    gateways = "".join(
        f'<exclusiveGateway id="{name}"/>' for name in ("one", "two", "three", "four")
    )
    pairs = ["start one", "start three", "one two", "two one", "three four"]
    flows = "".join(
        f'<sequenceFlow id="f{number}" sourceRef="{pair.split()[0]}"'
        f' targetRef="{pair.split()[1]}"/>'
        for number, pair in enumerate([*pairs, "four three"])
    )
    story = game_stories.Story(f'<startEvent id="start"/>{gateways}{flows}')

    kinds = [kind for kind, _ in story.game.waits.values()]
    assert ["failed", "failed"] == kinds
