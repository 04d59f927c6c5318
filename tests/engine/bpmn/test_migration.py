"""An instance goes on in another version of its diagram, or is left as it was."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from engine.bpmn import facts
from engine.bpmn.game import codec
from engine.bpmn.game import migration
from engine.bpmn.game import obstructions
from tests.engine.bpmn.drawings import arrows
from tests.engine.bpmn.game_stories import Story
from tests.engine.bpmn.game_stories import build
from tests.engine.bpmn.versions import VERSIONS


def task(element_id: str, more: str = "", inside: str = "") -> str:
    """Return a user task of the officer."""
    return (
        f'<userTask id="{element_id}" name="{element_id}" {more}'
        f' camunda:candidateGroups="officer">{inside}</userTask>'
    )


def boundary(inside: str, more: str = "", element_id: str = "bell") -> str:
    """Return a boundary event of the task `a`."""
    return (
        f'<boundaryEvent id="{element_id}" attachedToRef="a" {more}>{inside}'
        "</boundaryEvent>"
    )


def after(duration: str) -> str:
    """Return the definition of a timer."""
    return (
        f"<timerEventDefinition><timeDuration>{duration}</timeDuration>"
        "</timerEventDefinition>"
    )


def many(more: str = "", unit: str = "unit", collection: str = "units") -> str:
    """Return the characteristics of a multi-instance."""
    return (
        f'<multiInstanceLoopCharacteristics {more} camunda:collection="{collection}"'
        f' camunda:elementVariable="{unit}"/>'
    )


START, END = '<startEvent id="i"/>', '<endEvent id="o"/>'
LINE = START + END + arrows("i>a a>o")
MESSAGE = '<messageEventDefinition messageRef="m"/>'
SIGNAL = '<signalEventDefinition signalRef="s"/>'
FORK = '<parallelGateway id="fork"/><parallelGateway id="join"/>'
BRANCHES = START + END + FORK + task("a") + task("b")
BESIDE = BRANCHES + arrows("i>fork fork>a fork>b a>join b>join join>o")
IN_TURN = START + END + task("a") + task("b") + arrows("i>a a>b b>o")


def migrates(
    story: Story,
    body: str,
    mapping: Mapping[str, str] | None = None,
    *,
    restart_timers: bool = False,
) -> list[migration.Asked]:
    """Migrate the instance of a story; the one before is as it was."""
    graph, before = build(body), codec.dump(story.game)
    try:
        migrated = migration.migrate(
            story.game,
            graph,
            story.world,
            mapping or {},
            restart_timers=restart_timers,
        )
    finally:
        assert before == codec.dump(story.game)
        assert [] == story.game.take_facts()
    migration.settle(migrated.game)
    story.graph = graph
    story.facts.clear()
    story._turn(migrated.game)
    return migrated.tasks


def refusal(story: Story, body: str, mapping: Mapping[str, str] | None = None) -> str:
    """Return the message of the one obstacle to a migration."""
    with pytest.raises(obstructions.Obstructed) as caught:
        migrates(story, body, mapping)
    (obstacle,) = caught.value.obstacles
    assert obstacle.message == caught.value.message
    return obstacle.message


def test_what_comes_after_may_change_freely() -> None:
    """The task that is open keeps its id; what follows it is of the new version."""
    story = Story(task("a") + LINE)
    waiting = story.find("a", "user_task")
    body = task("a") + task("more") + START + END + arrows("i>a a>more more>o")

    assert [] == migrates(story, body)
    assert waiting == story.find("a", "user_task")
    story.completes("a")
    assert ["more"] == story.tasks


def test_variables_are_untouched() -> None:
    story = Story(task("a") + LINE, amount=7, units=["zjj"])
    migrates(story, task("a") + task("b") + START + END + arrows("i>a a>b b>o"))

    assert {"amount": 7, "units": ["zjj"]} == story.game.variables


def test_a_user_task_that_is_drawn_otherwise_is_asked_anew() -> None:
    """Only what differs is named; the details are those of the new drawing."""
    story = Story(task("a") + LINE, who="deputy")
    drawn = task("a", 'camunda:priority="70"').replace('"officer"', '"${who}"')

    (asked,) = migrates(story, drawn + LINE)
    assert {"assignment", "priority"} == asked.changed
    assert ["deputy"] == asked.wait.details["candidate_groups"]
    assert "70" == asked.wait.details["priority"]


def test_a_task_under_another_id_goes_on_where_the_mapping_says() -> None:
    story = Story(task("a") + LINE)
    waiting = story.find("a", "user_task")
    migrates(
        story,
        task("b").replace('name="b"', 'name="a"') + START + END + arrows("i>b b>o"),
        {"a": "b"},
    )

    assert waiting == story.find("b", "user_task")


@pytest.mark.parametrize(
    ("before", "after_", "message"),
    [
        (
            task("a") + LINE,
            task("b") + START + END + arrows("i>b b>o"),
            "用户任务“a”正在办理，新版本中没有它，也没有指明改到哪个环节。",
        ),
        (
            task("a") + LINE,
            '<receiveTask id="a" messageRef="m"/>' + LINE,
            "用户任务“a”正在办理，在新版本中是接收任务，类型不同。",
        ),
        (
            task("a") + LINE,
            START
            + END
            + f'<subProcess id="sub"><startEvent id="s2"/>{task("a")}'
            + arrows("s2>a")
            + "</subProcess>"
            + arrows("i>sub sub>o"),
            "用户任务“a”正在办理，在新版本中移到了另一个（子）流程里。",
        ),
        (
            task("a") + LINE,
            task("a", inside=many()) + LINE,
            "用户任务“a”正在按“不循环”办理，在新版本中是“并行多实例”。",
        ),
        (
            task("a", inside=many()) + LINE,
            task("a") + LINE,
            "用户任务“a”正在按“并行多实例”办理，在新版本中是“不循环”。",
        ),
        (
            task("a", inside=many()) + LINE,
            task("a", inside=many('isSequential="true"')) + LINE,
            "用户任务“a”正在按“并行多实例”办理，在新版本中是“串行多实例”。",
        ),
        (
            task("a", inside=many()) + LINE,
            task("a", inside=many(unit="office")) + LINE,
            "用户任务“a”的多实例正在办理，多实例变量的名称在新版本中不同。",
        ),
        (
            task("a", inside=many()) + LINE,
            task(
                "a",
                inside="<multiInstanceLoopCharacteristics><loopCardinality>2"
                "</loopCardinality></multiInstanceLoopCharacteristics>",
            )
            + LINE,
            "用户任务“a”的多实例正在办理，多实例变量的名称在新版本中不同。"
            "|用户任务“a”的多实例正在办理，实例的来源（集合或个数）在新版本中不同。",
        ),
        (
            f'<intermediateCatchEvent id="a">{MESSAGE}</intermediateCatchEvent>' + LINE,
            f'<intermediateCatchEvent id="a">{SIGNAL}</intermediateCatchEvent>' + LINE,
            "中间捕获事件“a”正在等待消息，在新版本中等待的是信号。",
        ),
        (
            '<serviceTask id="a" camunda:type="external" camunda:topic="print"/>'
            + LINE,
            '<serviceTask id="a" camunda:delegateExpression="${print}"/>' + LINE,
            "服务任务“a”正在等待外部程序办理，在新版本中不再由外部程序办理。",
        ),
        (
            BESIDE,
            IN_TURN,
            "用户任务“a”、用户任务“b”正在办理，而新版本的并行分支不会停成这样：改过去"
            "以后汇合会永远等不齐，或者同一环节会办理两次。",
        ),
        (
            task("a") + LINE,
            BESIDE,
            "用户任务“a”正在办理，而新版本的并行分支不会停成这样：改过去以后汇合会"
            "永远等不齐，或者同一环节会办理两次。",
        ),
        (
            task("a") + LINE,
            task("a", 'camunda:dueDate="${unset}"') + LINE,
            "用户任务“a”在新版本中无法继续：表达式“${unset}”第 3 列："
            "变量“unset”没有定义。",
        ),
        (
            task("a") + LINE,
            task("a") + boundary(after("${gone}")) + LINE + arrows("bell>o"),
            "用户任务“a”在新版本中无法继续：表达式“${gone}”第 3 列："
            "变量“gone”没有定义。",
        ),
    ],
)
def test_what_cannot_go_on_is_refused_with_the_reason(
    before: str, after_: str, message: str
) -> None:
    story = Story(before, units=["zjj", "jtj"])
    with pytest.raises(obstructions.Obstructed) as caught:
        migrates(story, after_)

    assert message.split("|") == [one.message for one in caught.value.obstacles]


def test_a_mapping_that_names_nothing_is_refused() -> None:
    story = Story(task("a") + LINE)

    assert "对应关系里的“x”在原版本中不存在。" == refusal(
        story, task("a") + LINE, {"x": "a"}
    )
    assert "对应关系里的“y”在新版本中不存在。" in refusal(
        Story(BESIDE), BESIDE, {"fork": "y"}
    )


def test_a_new_boundary_event_listens_at_once() -> None:
    """The timer is counted from the migration."""
    story = Story(task("a") + LINE)
    story.days_pass(3)
    late = task("late") + arrows("bell>late")
    migrates(story, task("a") + boundary(after("P1D")) + LINE + late)

    assert (
        story.world.moment + timedelta(days=1) == story.due[story.find("bell", "timer")]
    )
    story.fires("bell")
    assert ["late"] == story.tasks


def test_a_removed_boundary_event_listens_no_longer() -> None:
    story = Story(task("a") + boundary(after("P1D")) + LINE + arrows("bell>o"))
    migrates(story, task("a") + LINE)

    assert ["a"] == story.waiting
    assert ["bell"] == story.cancelled
    story.completes("a")
    assert "completed" == (story.ended and story.ended.how)


def test_a_timer_that_has_fired_is_not_set_again() -> None:
    """A reminder that is past stays past, also in the new version."""
    bell = boundary(after("P1D"), 'cancelActivity="false"') + arrows("bell>o")
    story = Story(task("a") + bell + LINE)
    story.fires("bell")
    migrates(story, task("a") + bell + task("c") + START + END + arrows("i>a a>c c>o"))

    assert ["a"] == story.waiting


@pytest.mark.parametrize(("restart", "days"), [(False, 5), (True, 3 + 9)])
def test_a_timer_drawn_otherwise_keeps_its_due_time_unless_restarted(
    restart: bool, days: int
) -> None:
    story = Story(task("a") + boundary(after("P5D")) + LINE + arrows("bell>o"))
    begun = story.world.moment
    story.days_pass(3)
    migrates(
        story,
        task("a") + boundary(after("P9D")) + LINE + arrows("bell>o"),
        restart_timers=restart,
    )

    assert begun + timedelta(days=days) == story.due[story.find("bell", "timer")]
    assert (["bell"] if restart else []) == story.cancelled


def test_a_timer_drawn_as_before_is_not_restarted() -> None:
    body = task("a") + boundary(after("P5D")) + LINE + arrows("bell>o")
    story = Story(body)
    waiting = story.find("bell", "timer")
    story.days_pass(3)
    migrates(story, body, restart_timers=True)

    assert waiting == story.find("bell", "timer")


def test_a_boundary_event_of_another_kind_listens_in_its_place() -> None:
    story = Story(task("a") + boundary(after("P5D")) + LINE + arrows("bell>o"))
    migrates(story, task("a") + boundary(MESSAGE) + LINE + arrows("bell>o"))

    assert ["bell"] == story.cancelled
    story.receives("bell")
    assert "completed" == (story.ended and story.ended.how)


def test_an_intermediate_timer_restarts_under_a_new_id() -> None:
    """No row may speak of the wait that is over."""
    event = '<intermediateCatchEvent id="a">{}</intermediateCatchEvent>'
    story = Story(event.format(after("P5D")) + LINE)
    waited = story.find("a", "timer")
    migrates(story, event.format(after("P6D")) + LINE, restart_timers=True)

    assert waited != story.find("a", "timer")
    assert [waited] == [f.wait_id for f in story.facts if isinstance(f, facts.Closed)]
    story.fires("a")
    assert "completed" == (story.ended and story.ended.how)


def test_an_external_task_is_offered_under_its_new_topic() -> None:
    external = '<serviceTask id="a" camunda:type="external" camunda:topic="{}"/>'
    story = Story(external.format("print") + LINE)
    migrates(story, external.format("scan") + LINE)

    assert ["scan"] == [f.wait.name for f in story.facts if isinstance(f, facts.Opened)]


def test_event_sub_processes_listen_as_the_new_version_draws_them() -> None:
    """One is added and one is removed while the process runs."""
    sub = (
        '<subProcess id="{0}" triggeredByEvent="true"><startEvent id="{0}_s"'
        ' isInterrupting="false">{1}</startEvent>{2}</subProcess>'
    )
    first = sub.format("one", MESSAGE, task("x") + arrows("one_s>x"))
    second = sub.format("two", SIGNAL, task("y") + arrows("two_s>y"))
    story = Story(task("a") + first + LINE)
    migrates(story, task("a") + second + LINE)

    assert ["a", "two_s"] == story.waiting
    story.receives("two_s", "signal")
    assert ["a", "y"] == story.tasks


def test_an_event_gateway_waits_for_the_events_of_the_new_version() -> None:
    gateway = '<eventBasedGateway id="g"/>'
    catch = '<intermediateCatchEvent id="{}">{}</intermediateCatchEvent>'
    receipt = catch.format("receipt", MESSAGE)
    story = Story(
        START + END + gateway + receipt + catch.format("late", after("P5D"))
        + arrows("i>g g>receipt g>late receipt>o late>o")
    )  # fmt: skip
    kept = story.find("receipt", "message")
    migrates(
        story,
        START + END + gateway + receipt + catch.format("alarm", SIGNAL) + task("b")
        + arrows("i>g g>receipt g>alarm receipt>o alarm>b b>o"),
    )  # fmt: skip

    assert kept == story.find("receipt", "message")
    assert ["alarm", "receipt"] == story.waiting
    story.receives("alarm", "signal")
    assert ["b"] == story.tasks


def test_a_join_that_waits_goes_on_when_its_missing_branch_is_gone() -> None:
    """The other branch ended on its own in the new version; the join waits no more."""
    story = Story(BESIDE)
    story.completes("a")
    body = BRANCHES + arrows("i>fork fork>a fork>b a>join b>o join>o")

    migrates(story, body)
    assert ["b"] == story.tasks
    story.completes("b")
    assert "completed" == (story.ended and story.ended.how)


def test_a_token_at_a_join_is_found_by_where_it_came_from() -> None:
    """The sequence flow has another id; the element it came from is the same."""
    story = Story(BESIDE)
    story.completes("a")
    migrates(story, BESIDE.replace('id="a_join"', 'id="other"'))
    story.completes("b")

    assert "completed" == (story.ended and story.ended.how)


def test_a_token_at_a_join_whose_branch_is_gone_is_refused() -> None:
    story = Story(BESIDE)
    story.completes("a")
    message = refusal(
        story,
        BRANCHES + task("c") + arrows("i>fork fork>c fork>b c>join b>join join>a a>o"),
    )

    assert (
        "并行网关“join”正在等待汇合，到达它的顺序流“a_join”在新版本中没有了。"
        == message
    )


def test_a_rework_loop_may_be_drawn_around_what_runs() -> None:
    """Both branches run on; the new way back is taken like any other."""
    story = Story(BESIDE)
    body = (
        BRANCHES
        + '<exclusiveGateway id="x" default="x_o"/><exclusiveGateway id="m2"/>'
        + arrows("i>m2 m2>fork fork>a fork>b a>join b>join join>x x>o x>m2|${again}")
    )
    migrates(story, body)
    story.completes("a")
    story.completes("b", again=True)

    assert ["a", "b"] == story.tasks


def test_rounds_of_a_multi_instance_go_on() -> None:
    """One of three is done; the two others end the activity of the new version."""
    story = Story(task("a", inside=many()) + LINE, units=["zjj", "jtj", "sjj"])
    story.completes("a")
    body = task("a", inside=many()) + boundary(MESSAGE) + task("b")
    migrates(story, body + START + END + arrows("i>a a>b b>o bell>o"))
    assert ["a", "a", "bell"] == story.waiting
    story.completes("a")
    story.completes("a")

    assert ["b"] == story.tasks


def test_what_runs_in_a_sub_process_goes_on_in_it() -> None:
    inner = '<subProcess id="sub"><startEvent id="s2"/>{}</subProcess>' + START + END
    story = Story(
        inner.format(task("a") + arrows("s2>a")) + arrows("i>sub sub>o"), level=1
    )
    migrates(
        story,
        inner.format(task("a") + task("b") + arrows("s2>a a>b"))
        + arrows("i>sub sub>o"),
    )
    story.completes("a")
    assert ["b"] == story.tasks
    story.completes("b")

    assert "completed" == (story.ended and story.ended.how)


def test_a_call_keeps_the_instance_it_opened() -> None:
    call = '<callActivity id="a" calledElement="review"/>'
    story = Story(call + LINE)
    waiting = story.find("a", "call")
    migrates(story, call + boundary(after("P1D")) + LINE + arrows("bell>o"))

    assert waiting == story.find("a", "call")
    assert [] == [f for f in story.facts if isinstance(f, facts.Closed)]
    story.returns("a")
    assert "completed" == (story.ended and story.ended.how)


def test_what_failed_is_tried_again_as_the_new_version_draws_it() -> None:
    """A forgotten variable parked the token; the new version has no need of it."""
    body = '<serviceTask id="a" camunda:expression="${%s}"/>' + LINE
    story = Story(body % "forgotten")
    assert ["a"] == story.waiting
    migrates(story, body % "1")
    story.resumes("a")

    assert "completed" == (story.ended and story.ended.how)


def ways(story: Story) -> list[tuple[str, str]]:
    """Return what can happen in a story now: the kinds and elements of its waits."""
    return sorted(set(story.game.waits.values()))


def happens(story: Story, kind: str, element_id: str) -> None:
    """Complete a user task, or let a timer fire."""
    if kind == "user_task":
        story.completes(element_id)
    else:
        story.fires(element_id)


def told(version: str, path: tuple[tuple[str, str], ...]) -> Story:
    """Return the story of an instance of a version that has come along a path."""
    story = Story(VERSIONS[version])
    for kind, element_id in path:
        happens(story, kind, element_id)
    return story


def resting_places(version: str) -> list[tuple[tuple[str, str], ...]]:
    """Return a path to every state in which an instance of a version can wait."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    ahead: list[tuple[tuple[str, str], ...]] = [()]
    while ahead:
        path = ahead.pop()
        story = told(version, path)
        state = sorted(
            (token.element.id, str(token.internal_data), str(token.data))
            for token in story.game.tokens()
        )
        if story.ended is None and found.setdefault(str(state), path) is path:
            ahead += [(*path, way) for way in ways(story)]
    return list(found.values())


@pytest.mark.parametrize("before", VERSIONS)
def test_from_every_state_to_every_version_it_is_refused_or_comes_to_its_end(
    before: str,
) -> None:
    """Nothing hangs, nothing fails, and no task of the new version is done twice."""
    verdicts = []
    for path in resting_places(before):
        for after_, body in VERSIONS.items():
            story = told(before, path)
            waiting = story.tasks
            try:
                migrates(story, body)
            except obstructions.Obstructed as refused:
                verdicts.append(False)
                assert after_ != before
                assert all(one.message.endswith("。") for one in refused.obstacles)
                continue
            verdicts.append(True)
            assert set(waiting) <= set(story.tasks)
            done: list[str] = []
            while story.ended is None:
                kind, element_id = ways(story)[0]
                assert kind in ("user_task", "timer")
                happens(story, kind, element_id)
                done += [element_id] * (kind == "user_task" and element_id != "each")
            assert "completed" == story.ended.how
            assert sorted(set(done)) == sorted(done)

    assert {True, False} == set(verdicts)
