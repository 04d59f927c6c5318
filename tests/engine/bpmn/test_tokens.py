"""The token game, element by element, as BPMN 2.0 says."""

import itertools
from collections.abc import Mapping

import pytest

from engine import errors
from engine.bpmn import facts
from engine.bpmn.game import surroundings
from tests.engine.bpmn.game_stories import Story
from tests.engine.bpmn.game_stories import World


def flow(flow_id: str, source: str, target: str, condition: str = "") -> str:
    inner = f"<conditionExpression>{condition}</conditionExpression>"
    return (
        f'<sequenceFlow id="{flow_id}" sourceRef="{source}" targetRef="{target}">'
        f"{inner if condition else ''}</sequenceFlow>"
    )


def chain(*ids: str) -> str:
    return "".join(flow(f"{a}-{b}", a, b) for a, b in itertools.pairwise(ids))


def tasks(*ids: str) -> str:
    return "".join(f'<userTask id="{i}" name="{i}"/>' for i in ids)


START_END = '<startEvent id="start"/><endEvent id="end"/>'
PARALLEL = (
    START_END
    + '<parallelGateway id="fork"/><parallelGateway id="join"/>'
    + tasks("a", "b", "after")
    + chain("start", "fork", "a", "join", "after", "end")
    + chain("fork", "b", "join")
)


def test_a_straight_process_waits_at_its_task_and_ends_after_it() -> None:
    story = Story(START_END + tasks("a") + chain("start", "a", "end"))

    assert ["a"] == story.tasks
    story.completes("a")

    assert facts.Ended("completed") == story.ended
    assert ["start-a", "a-end"] == story.taken


def test_a_task_completed_twice_is_refused() -> None:
    story = Story(START_END + tasks("a", "b") + chain("start", "a", "b", "end"))
    first = story.find("a", "user_task")
    story.completes("a")

    with pytest.raises(surroundings.NotWaiting):
        story.game.complete(first, {})


def test_a_parallel_join_waits_for_one_token_of_every_branch() -> None:
    story = Story(PARALLEL)

    assert ["a", "b"] == story.tasks
    story.completes("b")
    assert ["a"] == story.tasks
    story.completes("a")
    assert ["after"] == story.tasks


def test_a_parallel_join_in_a_loop_waits_anew_each_round() -> None:
    story = Story(
        START_END
        + '<parallelGateway id="fork"/><parallelGateway id="join"/>'
        + '<exclusiveGateway id="again" default="again-end"/>'
        + '<exclusiveGateway id="in"/>'
        + tasks("a", "b")
        + chain("start", "in", "fork", "a", "join", "again", "end")
        + chain("fork", "b", "join")
        + flow("back", "again", "in", "${more}"),
        more=True,
    )
    for _ in range(3):
        story.completes("a")
        assert ["b"] == story.tasks
        story.completes("b")
        assert ["a", "b"] == story.tasks
    story.completes("a")
    story.completes("b", more=False)
    assert story.ended is not None


EXCLUSIVE = (
    START_END
    + '<exclusiveGateway id="which" default="which-c"/>'
    + tasks("a", "b", "c")
    + chain("start", "which", "c", "end")
    + flow("to-a", "which", "a", "${level == 'high'}")
    + flow("to-b", "which", "b", "${level == 'high' || level == 'middle'}")
    + chain("a", "end")
    + chain("b", "end")
)


@pytest.mark.parametrize(
    ("level", "task"), [("high", "a"), ("middle", "b"), ("low", "c")]
)
def test_an_exclusive_gateway_takes_the_first_branch_that_holds(
    level: str, task: str
) -> None:
    assert [task] == Story(EXCLUSIVE, level=level).tasks


def test_an_undefined_variable_parks_the_token_with_its_name() -> None:
    story = Story(EXCLUSIVE)

    (failed,) = [f for f in story.facts if isinstance(f, facts.Failed)]
    assert "level" in failed.error
    assert ["which"] == story.waiting
    story.game.set_variables({"level": "middle"})
    story.resumes("which")
    assert ["b"] == story.tasks


def test_a_gateway_without_a_way_out_parks_the_token_and_goes_on_when_retried() -> None:
    story = Story(
        START_END
        + '<exclusiveGateway id="which"/>'
        + tasks("a")
        + chain("start", "which")
        + flow("to-a", "which", "a", "${ok}")
        + chain("a", "end"),
        ok=False,
    )

    assert ["which"] == story.waiting
    story.sets(ok=True)
    story.resumes("which")
    assert ["a"] == story.tasks


INCLUSIVE = (
    START_END
    + '<inclusiveGateway id="split" default="split-c"/><inclusiveGateway id="join"/>'
    + tasks("a", "b", "c", "after")
    + chain("start", "split", "c", "join", "after", "end")
    + flow("to-a", "split", "a", "${a}")
    + flow("to-b", "split", "b", "${b}")
    + chain("a", "join")
    + chain("b", "join")
)


@pytest.mark.parametrize(
    ("choices", "opened"),
    [((True, True), ["a", "b"]), ((True, False), ["a"]), ((False, False), ["c"])],
)
def test_an_inclusive_join_waits_for_the_branches_taken_and_no_other(
    choices: tuple[bool, bool], opened: list[str]
) -> None:
    story = Story(INCLUSIVE, a=choices[0], b=choices[1])

    assert opened == story.tasks
    for task in opened:
        assert "after" not in story.tasks
        story.completes(task)
    assert ["after"] == story.tasks


def test_several_flows_out_of_a_task_fork_and_its_conditions_choose() -> None:
    body = (
        START_END
        + tasks("a", "b", "c")
        + chain("start", "a", "b", "end")
        + flow("to-c", "a", "c", "${also}")
        + chain("c", "end")
    )
    story = Story(body)
    story.completes("a", also=True)
    assert ["b", "c"] == story.tasks

    story = Story(body)
    story.completes("a", also=False)
    assert ["b"] == story.tasks


def test_several_flows_into_a_task_give_it_one_token_each() -> None:
    story = Story(
        START_END
        + '<parallelGateway id="fork"/>'
        + tasks("a", "b", "after")
        + chain("start", "fork", "a", "after", "end")
        + chain("fork", "b", "after")
    )
    story.completes("a")
    story.completes("b")
    assert ["after", "after"] == story.tasks


def boundary(definition: str, *, interrupting: bool, on: str = "work") -> str:
    return (
        f'<boundaryEvent id="event" attachedToRef="{on}"'
        f' cancelActivity="{str(interrupting).lower()}">{definition}</boundaryEvent>'
        + tasks("side")
        + chain("event", "side", "end")
    )


TIMER = "<timerEventDefinition><{0}>{1}</{0}></timerEventDefinition>"
MESSAGE = '<messageEventDefinition messageRef="m"/>'
WORK = START_END + tasks("work") + chain("start", "work", "end")


def test_an_interrupting_timer_takes_the_task_away() -> None:
    timer = TIMER.format("timeDuration", "P2D")
    story = Story(WORK + boundary(timer, interrupting=True))

    story.fires("event")

    assert ["side"] == story.waiting
    assert ["work"] == story.cancelled


def test_a_task_completed_in_time_cancels_its_timer() -> None:
    timer = TIMER.format("timeDuration", "P2D")
    story = Story(WORK + boundary(timer, interrupting=True))

    story.completes("work")

    assert facts.Ended("completed") == story.ended
    assert ["event"] == story.cancelled


def test_a_cycle_timer_fires_each_time_and_its_followers_outlive_the_task() -> None:
    timer = TIMER.format("timeCycle", "R3/P1D")
    story = Story(WORK + boundary(timer, interrupting=False))
    began = story.world.moment
    for day in (1, 2, 3):
        story.fires("event")
        assert day == (story.world.moment - began).days

    assert ["side", "side", "side", "work"] == story.waiting
    story.completes("work")
    assert ["side", "side", "side"] == story.tasks


def test_a_timer_takes_the_moment_that_a_function_gives() -> None:
    world = World()
    world.functions["workdays"] = lambda n: f"2026-05-0{n}T15:59:59+00:00"
    timer = TIMER.format("timeDate", "${workdays(6)}")
    story = Story(WORK + boundary(timer, interrupting=True), world)

    (due,) = story.due.values()
    assert "2026-05-06T15:59:59+00:00" == due.isoformat()


def test_a_message_boundary_that_does_not_interrupt_hears_every_message() -> None:
    story = Story(WORK + boundary(MESSAGE, interrupting=False))

    story.receives("event", note="one")
    story.receives("event", note="two")

    assert ["event", "side", "side", "work"] == story.waiting
    assert "two" == story.game.variables["note"]


def test_an_event_based_gateway_goes_with_the_first_event_alone() -> None:
    body = (
        START_END
        + '<eventBasedGateway id="g"/>'
        + f'<intermediateCatchEvent id="msg">{MESSAGE}</intermediateCatchEvent>'
        + '<intermediateCatchEvent id="soon">'
        + TIMER.format("timeDuration", "P1D")
        + '</intermediateCatchEvent><intermediateCatchEvent id="late">'
        + TIMER.format("timeDuration", "P5D")
        + "</intermediateCatchEvent>"
        + tasks("answered", "expired")
        + chain("start", "g", "msg", "answered", "end")
        + chain("g", "soon", "expired", "end")
        + chain("g", "late", "expired")
    )
    story = Story(body)
    assert 2 == len(set(story.due.values()))
    story.receives("msg")
    assert ["answered"] == story.waiting

    story = Story(body)
    story.fires("soon")
    assert ["expired"] == story.waiting


MULTI = (
    '<multiInstanceLoopCharacteristics isSequential="{seq}"'
    ' camunda:collection="${{units}}" camunda:elementVariable="unit">{more}'
    "</multiInstanceLoopCharacteristics>"
)


def multi(kind: str, *, sequential: bool = False, more: str = "") -> str:
    loop = MULTI.format(seq=str(sequential).lower(), more=more)
    extra = ' calledElement="child"' if kind == "callActivity" else ""
    return (
        START_END
        + f'<{kind} id="each" name="each"{extra}>{loop}</{kind}>'
        + tasks("after")
        + chain("start", "each", "after", "end")
    )


def test_a_parallel_multi_instance_gives_each_unit_its_task_and_waits_for_all() -> None:
    story = Story(multi("userTask"), units=["fgw", "zjj", "mzj"])

    units = [story.game.variables_at(wait_id)["unit"] for wait_id in story.game.waits]
    assert ["fgw", "zjj", "mzj"] == units
    for left in (["each", "each"], ["each"], ["after"]):
        story.completes("each")
        assert left == story.tasks


def test_a_multi_instance_over_nothing_passes() -> None:
    assert ["after"] == Story(multi("userTask"), units=[]).tasks


def test_a_collection_that_is_no_list_parks_the_token() -> None:
    story = Story(multi("userTask"), units="fgw")
    (failed,) = [f for f in story.facts if isinstance(f, facts.Failed)]
    assert "应是列表" in failed.error


def test_a_sequential_multi_instance_asks_one_after_the_other() -> None:
    story = Story(multi("userTask", sequential=True), units=["a", "b"])
    assert ["each"] == story.tasks
    story.completes("each")
    assert ["each"] == story.tasks
    (wait_id,) = story.game.waits
    assert "b" == story.game.variables_at(wait_id)["unit"]
    story.completes("each")
    assert ["after"] == story.tasks


def test_a_completion_condition_ends_the_rest_of_a_multi_instance() -> None:
    enough = (
        "<completionCondition>${nrOfCompletedInstances / nrOfInstances >= 0.5}"
        "</completionCondition>"
    )
    story = Story(multi("userTask", more=enough), units=["a", "b", "c", "d"])
    story.completes("each")
    assert ["each", "each", "each"] == story.tasks
    story.completes("each")
    assert ["after"] == story.tasks
    assert ["each", "each"] == story.cancelled


def test_an_interrupting_timer_on_a_multi_instance_call_cancels_every_call() -> None:
    timer = TIMER.format("timeDuration", "P2D")
    story = Story(
        multi("callActivity") + boundary(timer, interrupting=True, on="each"),
        units=["fgw", "zjj"],
    )
    assert ["each", "each", "event"] == story.waiting
    story.fires("event")
    assert ["side"] == story.waiting
    assert ["each", "each"] == story.cancelled


def test_a_call_takes_and_gives_only_what_is_mapped() -> None:
    story = Story(
        START_END + '<callActivity id="call" calledElement="child"><extensionElements>'
        '<camunda:in source="matter" target="number"/>'
        '<camunda:out source="result" target="outcome"/>'
        "</extensionElements></callActivity>"
        + tasks("after")
        + chain("start", "call", "after", "end"),
        matter="M1",
        secret="s",
    )
    (opened,) = [f.wait for f in story.facts if isinstance(f, facts.Opened)]
    assert {"number": "M1"} == opened.details["variables"]

    story.returns("call", result="done", private="p")

    assert {"matter": "M1", "secret": "s", "outcome": "done"} == story.game.variables


def test_an_error_of_a_called_instance_is_caught_by_its_own_call_alone() -> None:
    caught = '<errorEventDefinition errorRef="e"/>'
    story = Story(
        PARALLEL.replace('<userTask id="a" name="a"/>', '<callActivity id="a"/>')
        .replace('<userTask id="b" name="b"/>', '<callActivity id="b"/>')
        .replace('<callActivity id="a"/>', '<callActivity id="a" calledElement="c"/>')
        .replace('<callActivity id="b"/>', '<callActivity id="b" calledElement="c"/>')
        + boundary(caught, interrupting=True, on="a")
    )
    story.fails("a", "E1")
    assert ["b", "side"] == story.waiting


SUB = (
    START_END
    + '<subProcess id="sub"><startEvent id="s2"/>{inner}</subProcess>'
    + tasks("after")
    + chain("start", "sub", "after", "end")
)


def test_a_sub_process_is_over_when_its_last_token_is() -> None:
    inner = (
        '<parallelGateway id="f2"/>'
        + tasks("x", "y")
        + chain("s2", "f2", "x")
        + chain("f2", "y")
    )
    story = Story(SUB.format(inner=inner))
    story.completes("x")
    assert ["y"] == story.tasks
    story.completes("y")
    assert ["after"] == story.tasks


def test_a_terminate_end_event_ends_its_own_sub_process_only() -> None:
    inner = (
        '<parallelGateway id="f2"/><endEvent id="stop"><terminateEventDefinition/>'
        "</endEvent>"
        + tasks("x", "y")
        + chain("s2", "f2", "x", "stop")
        + chain("f2", "y")
    )
    story = Story(SUB.format(inner=inner))
    story.completes("x")
    assert ["after"] == story.tasks
    assert ["y"] == story.cancelled


def test_a_terminate_end_event_of_the_process_ends_everything() -> None:
    story = Story(
        PARALLEL.replace("<endEvent id=", '<endEvent id="none"/><endEvent id=', 0)
        + '<endEvent id="stop"><terminateEventDefinition/></endEvent>'
        + '<subProcess id="deep"><userTask id="z"/></subProcess>'
        + chain("fork", "deep")
        + flow("b-stop", "b", "stop")
    )
    assert ["a", "b", "z"] == story.tasks
    story.completes("b")
    assert facts.Ended("terminated") == story.ended
    assert [] == story.waiting


def test_an_error_end_event_interrupts_the_sub_process_that_catches_its_code() -> None:
    inner = (
        '<parallelGateway id="f2"/><endEvent id="bad">'
        '<errorEventDefinition errorRef="e"/></endEvent>'
        + tasks("x", "y")
        + chain("s2", "f2", "x", "bad")
        + chain("f2", "y")
    )
    caught = '<errorEventDefinition errorRef="e"/>'
    story = Story(
        SUB.format(inner=inner) + boundary(caught, interrupting=True, on="sub")
    )
    story.completes("x")
    assert ["side"] == story.waiting


EVENT_SUB = (
    '<subProcess id="handler" triggeredByEvent="true">'
    '<startEvent id="hs" isInterrupting="{interrupting}">{definition}</startEvent>'
    + tasks("h")
    + chain("hs", "h")
    + "</subProcess>"
)


def test_an_event_sub_process_that_interrupts_cancels_the_main_path() -> None:
    handler = EVENT_SUB.format(interrupting="true", definition=MESSAGE)
    story = Story(WORK + handler)
    story.receives("hs")
    assert ["h"] == story.waiting
    story.completes("h")
    assert facts.Ended("completed") == story.ended


def test_an_event_sub_process_that_does_not_interrupt_runs_every_time() -> None:
    handler = EVENT_SUB.format(interrupting="false", definition=MESSAGE)
    story = Story(WORK + handler)
    story.receives("hs")
    story.receives("hs")
    assert ["h", "h", "work"] == story.tasks
    story.completes("work")
    assert ["h", "h"] == story.tasks
    story.completes("h")
    story.completes("h")
    assert facts.Ended("completed") == story.ended


def test_an_event_sub_process_that_never_fires_does_not_keep_the_instance() -> None:
    timer = TIMER.format("timeDuration", "P9D")
    story = Story(WORK + EVENT_SUB.format(interrupting="true", definition=timer))
    story.completes("work")
    assert facts.Ended("completed") == story.ended


def test_one_instance_that_fires_leaves_the_next_of_the_same_graph_alone() -> None:
    handler = EVENT_SUB.format(interrupting="true", definition=MESSAGE)
    first = Story(WORK + handler)
    first.receives("hs")
    second = type(first.game).start(first.graph, first.world, variables={})
    assert {"user_task", "message"} == {kind for kind, _ in second.waits.values()}


def test_a_signal_is_heard_by_every_catcher_of_the_instance_and_leaves_it() -> None:
    throw = (
        '<intermediateThrowEvent id="shout"><signalEventDefinition signalRef="s"/>'
        "</intermediateThrowEvent>"
    )
    catch = (
        '<intermediateCatchEvent id="hear"><signalEventDefinition signalRef="s"/>'
        "</intermediateCatchEvent>"
    )
    story = Story(
        START_END
        + '<parallelGateway id="fork"/>'
        + throw
        + catch
        + tasks("first", "heard")
        + chain("start", "fork", "first", "shout", "end")
        + chain("fork", "hear", "heard", "end")
    )
    assert ["first", "hear"] == story.waiting
    story.completes("first")
    assert ["heard"] == story.waiting
    assert ["alarm"] == [f.name for f in story.facts if isinstance(f, facts.Sent)]


def test_a_conditional_event_sees_what_a_sibling_branch_sets() -> None:
    story = Story(
        PARALLEL
        + boundary(
            "<conditionalEventDefinition><condition>${late}</condition>"
            "</conditionalEventDefinition>",
            interrupting=True,
            on="a",
        )
    )
    story.completes("b", late=True)
    assert ["side"] == story.tasks


def test_a_link_goes_on_where_its_twin_stands() -> None:
    story = Story(
        START_END + '<intermediateThrowEvent id="go"><linkEventDefinition name="L"/>'
        '</intermediateThrowEvent><intermediateCatchEvent id="come">'
        '<linkEventDefinition name="L"/></intermediateCatchEvent>'
        + tasks("a")
        + chain("start", "go")
        + chain("come", "a", "end")
    )
    assert ["a"] == story.tasks


def test_a_standard_loop_repeats_while_its_condition_holds() -> None:
    story = Story(
        START_END + '<userTask id="again"><standardLoopCharacteristics>'
        "<loopCondition>${more}</loopCondition></standardLoopCharacteristics></userTask>"
        + tasks("after")
        + chain("start", "again", "after", "end")
    )
    story.completes("again", more=True)
    story.completes("again", more=True)
    story.completes("again", more=False)
    assert ["after"] == story.tasks


SERVICE = (
    START_END
    + '<serviceTask id="do" camunda:delegateExpression="${act}"/>'
    + tasks("first", "after")
    + chain("start", "first", "do", "after", "end")
)


def test_a_handler_gets_the_variables_and_what_it_returns_becomes_variables() -> None:
    story = Story(SERVICE, World(act=lambda v: {"double": v["n"] * 2}), n=4)  # type: ignore[operator]
    story.completes("first")
    assert 8 == story.game.variables["double"]


def test_a_handler_that_fails_parks_the_token_and_the_person_is_not_blocked() -> None:
    def act(variables: Mapping[str, object]) -> object:
        if "repaired" not in variables:
            raise RuntimeError("printer on fire")
        return {}

    story = Story(SERVICE, World(act=act))
    story.completes("first")
    assert ["do"] == story.waiting
    story.sets(repaired=True)
    story.resumes("do")
    assert ["after"] == story.tasks


def test_a_refusal_by_a_handler_goes_up_to_the_person() -> None:
    def act(variables: Mapping[str, object]) -> object:
        raise errors.Refused("缺少办理期限")

    story = Story(SERVICE, World(act=act))
    with pytest.raises(errors.Refused, match="缺少办理期限"):
        story.completes("first")


def test_a_bpmn_error_of_a_handler_is_caught_on_its_task() -> None:
    def act(variables: Mapping[str, object]) -> object:
        raise surroundings.BpmnError("E1", "坏了")

    story = Story(
        SERVICE
        + boundary('<errorEventDefinition errorRef="e"/>', interrupting=True, on="do"),
        World(act=act),
    )
    story.completes("first")
    assert ["side"] == story.tasks


def test_an_endless_loop_of_automatic_elements_parks_instead_of_hanging() -> None:
    story = Story(
        START_END + '<exclusiveGateway id="in"/><serviceTask id="do"'
        ' camunda:expression="${1 + 1}"/>'
        + '<exclusiveGateway id="out" default="out-in"/>'
        + chain("start", "in", "do", "out", "in")
        + flow("never", "out", "end", "${false}")
    )
    (failed,) = [f for f in story.facts if isinstance(f, facts.Failed)]
    assert "一万步" in failed.error


def test_asynchronous_continuations_rest_before_and_after_an_element() -> None:
    story = Story(
        START_END + '<serviceTask id="do" camunda:expression="${n + 1}"'
        ' camunda:resultVariable="n" camunda:asyncBefore="true"'
        ' camunda:asyncAfter="true"/>'
        + tasks("after")
        + chain("start", "do", "after", "end"),
        n=1,
    )
    assert 1 == story.game.variables["n"]
    story.resumes("do", "async")
    assert 2 == story.game.variables["n"]
    assert ["do"] == story.waiting
    story.resumes("do", "async")
    assert ["after"] == story.tasks
    assert 2 == story.game.variables["n"]


def test_two_thousand_rounds_of_rework_leave_the_state_as_small_as_the_first() -> None:
    story = Story(
        START_END
        + tasks("draft", "review")
        + '<exclusiveGateway id="ok" default="ok-draft"/>'
        + chain("start", "draft", "review", "ok", "draft")
        + flow("done", "ok", "end", "${approved}"),
        approved=False,
    )
    sizes = []
    for number in range(2000):
        story.completes("draft", round=number)
        story.completes("review")
        sizes.append(story.size)
    assert max(sizes) < min(sizes) + 64
    story.completes("draft")
    story.completes("review", approved=True)
    assert facts.Ended("completed") == story.ended
