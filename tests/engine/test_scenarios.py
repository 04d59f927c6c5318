"""Scenarios: read with their place, played to the end, and never passed in silence."""

from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest

from engine import clock as clocks
from engine import database
from engine import handlers
from engine import people
from engine import scenarios
from engine import testing
from engine import workdays
from engine.engine import Engine

DIAGRAM = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
    id="d" targetNamespace="urn:test">
  <bpmn:message id="m" name="recall"/>
  <bpmn:process id="leave" name="leave" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="agree"/>
    <bpmn:userTask id="agree" name="\xe5\xae\xa1\xe5\xae\x9a"
        camunda:candidateGroups="chief" camunda:dueDate="2026-03-03T10:00:00+08:00">
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:boundaryEvent id="late" attachedToRef="agree">
      <bpmn:outgoing>f3</bpmn:outgoing>
      <bpmn:timerEventDefinition id="t">
        <bpmn:timeDate xsi:type="bpmn:tFormalExpression"
            >2026-03-04T00:00:00+08:00</bpmn:timeDate>
      </bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:boundaryEvent id="recalled" attachedToRef="agree">
      <bpmn:outgoing>f4</bpmn:outgoing>
      <bpmn:messageEventDefinition id="md" messageRef="m"/>
    </bpmn:boundaryEvent>
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="too_late"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="gone"><bpmn:incoming>f4</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="agree" targetRef="end"/>
    <bpmn:sequenceFlow id="f3" sourceRef="late" targetRef="too_late"/>
    <bpmn:sequenceFlow id="f4" sourceRef="recalled" targetRef="gone"/>
  </bpmn:process>
  <bpmn:process id="stuck" name="stuck" isExecutable="true">
    <bpmn:startEvent id="s"><bpmn:outgoing>g1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="g1" sourceRef="s" targetRef="which"/>
    <bpmn:exclusiveGateway id="which">
      <bpmn:incoming>g1</bpmn:incoming><bpmn:outgoing>g2</bpmn:outgoing>
      <bpmn:outgoing>g3</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:sequenceFlow id="g2" sourceRef="which" targetRef="e2">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression"
          >${unknown == 1}</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="g3" sourceRef="which" targetRef="e3">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression"
          >${unknown == 2}</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:endEvent id="e2"><bpmn:incoming>g2</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="e3"><bpmn:incoming>g3</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""
HEAD = "name: 请假\nbasis: 测试\nbegins: 2026-03-02 09:00\nacts:\n"
START = "  - start: {process: leave}\n"


@pytest.fixture
def open_engine(database_url: str) -> Iterator[testing.EngineFactory]:
    """Open engines on a database with the procedure `leave` and two persons."""
    pool = database.create(database_url)
    began = datetime(2026, 1, 1, tzinfo=UTC)

    def open_one(clock: clocks.Clock) -> Engine:
        return Engine(
            pool,
            clock=clock,
            calendar=workdays.Calendar({}),
            registry=handlers.Registry(),
        )

    with open_one(clocks.FixedClock(began)).begin() as work:
        work.deploy({"leave.bpmn": DIAGRAM})
        for person, role in (("chief", "chief"), ("clerk", "clerk")):
            people.add_person(work.connection, person, person, at=began)
            people.add_post(work.connection, person, role, starts_at=began)
    yield open_one
    pool.dispose()


def written(folder: Path, acts: str, *, head: str = HEAD) -> scenarios.Scenario:
    path = folder / "请假.yaml"
    path.write_text(head + acts, encoding="utf-8")
    return scenarios.read(path)


def test_a_scenario_is_played_and_tells_what_it_did(
    tmp_path: Path, open_engine: testing.EngineFactory
) -> None:
    scenario = written(
        tmp_path,
        START
        + """\
  - waits: {审定: chief}
  - due: {task: 审定, at: "2026-03-03 10:00:00"}
  - ended: false
  - complete: {task: 审定, as: clerk}
    refused: 不由您办理
  - transfer: {task: 审定, as: chief, to: clerk, reason: ""}
    refused: 理由
  - transfer: {task: 审定, as: chief, to: clerk, reason: 外出}
  - waits: {审定: clerk}
  - complete: {task: agree, as: clerk, due: 2026-03-03 10:00:00}
  - waits: {}
  - ended: completed
  - took: {leave: [f1, f2]}
  - history: {type: task_transferred, person: chief, count: 1}
  - history: {type: task_completed, person: clerk, count: 1}
  - incidents: 0
""",
    )

    trace = scenarios.run(scenario, open_engine)

    assert {("leave", "f1"), ("leave", "f2")} == trace.sequence_flows
    assert [act.verb for act in scenario.acts] == [one.verb for one in trace.journal]


def test_time_passes_through_every_job(
    tmp_path: Path, open_engine: testing.EngineFactory
) -> None:
    scenario = written(
        tmp_path,
        START
        + """\
  - at: 2026-03-03 23:59:59
  - waits: {审定: chief}
  - advance: {minutes: 1}
  - waits: {}
  - took: {leave: [f3]}
""",
    )

    assert ("leave", "f3") in scenarios.run(scenario, open_engine).sequence_flows


def test_a_message_reaches_the_matter_it_is_told_of(
    tmp_path: Path, open_engine: testing.EngineFactory
) -> None:
    scenario = written(
        tmp_path,
        """\
  - start: {process: leave, named: 甲}
  - start: {process: leave, named: 乙}
  - matter: 甲
  - message: {name: recall}
  - ended: completed
  - matter: 乙
  - waits: {审定: chief}
""",
    )

    assert ("leave", "f4") in scenarios.run(scenario, open_engine).sequence_flows


@pytest.mark.parametrize(
    ("acts", "message"),
    [
        ("  - waits: {审定: clerk}\n", "第2条.*待办应为 审定→clerk，实为 审定→chief"),
        ("  - ended: completed\n", "第2条.*办件的结束应为 completed，实为 False"),
        ("  - complete: {task: 审定, as: clerk}\n", "第2条.*被拒绝：.*不由您办理"),
        (
            "  - complete: {task: 审定, as: clerk}\n    refused: 别的话\n",
            "第2条.*应以“别的话”拒绝",
        ),
        (
            "  - complete: {task: 审定, as: chief}\n    refused: 不由您办理\n",
            "第2条.*却办成了",
        ),
        (
            "  - complete: {task: 审定, as: chief, due: 2026-03-05 10:00}\n",
            "第2条.*恰好一件，实有0件.*审定",
        ),
        ("  - complete: {task: 签发, as: chief}\n", "第2条.*恰好一件，实有0件.*审定"),
        ("  - took: {leave: [f2]}\n", "第2条.*连线 f2 没有走过"),
        ("  - history: {type: task_completed}\n", "第2条.*没有“task_completed”"),
        ("  - incidents: 1\n", "第2条.*异常应为 1 件，实为 0 件"),
        (
            '  - due: {task: 审定, at: "2026-03-03 11:00"}\n',
            "第2条.*期限应为 2026-03-03 11:00:00，实为 2026-03-03 10:00:00",
        ),
        ("  - matter: 丙\n", "第2条.*没有名为“丙”的事项"),
    ],
)
def test_what_does_not_go_as_written_is_named_with_file_and_act(
    tmp_path: Path, open_engine: testing.EngineFactory, acts: str, message: str
) -> None:
    scenario = written(tmp_path, START + acts)

    with pytest.raises(scenarios.ScenarioFailed, match=f"请假.yaml {message}"):
        scenarios.run(scenario, open_engine)


def test_an_incident_that_no_act_spoke_of_fails_the_scenario(
    tmp_path: Path, open_engine: testing.EngineFactory
) -> None:
    stuck = "  - start: {process: stuck}\n"

    with pytest.raises(scenarios.ScenarioFailed, match=r"结束时有异常：.*unknown"):
        scenarios.run(written(tmp_path, stuck), open_engine)
    scenarios.run(written(tmp_path, stuck + "  - incidents: 2\n"), open_engine)


def test_an_unknown_verb_is_refused_before_anything_runs(
    tmp_path: Path, open_engine: testing.EngineFactory
) -> None:
    scenario = written(tmp_path, START + "  - dance: {}\n")

    with pytest.raises(scenarios.BadScenario, match="第2条：不认识的动作“dance”"):
        scenarios.run(scenario, open_engine)

    with open_engine(clocks.SystemClock()).read() as connection:
        assert 0 == connection.exec_driver_sql("SELECT count(*) FROM instance").scalar()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "  - {start: {}, at: x}\n", "恰好写一个动作"),
        (HEAD + "  - start\n", "第1条：应写成"),
        (HEAD + "  - start: {a: 1, a: 2}\n", "“a”写了两次"),
        (HEAD + "  - passage: 没有\n", "没有.yaml：文件读不出来"),
        (HEAD + "  - passage: ../x\n", "段落名“../x”不对"),
        (HEAD + "  - passage: 自己\n", "没有尽头"),
        (HEAD.replace("basis", "base"), "不认识的内容“base”"),
        (HEAD.replace("basis: 测试\n", ""), "缺少“basis”"),
        (HEAD.replace(" 09:00", ""), "不是时间"),
        ("name: [", "不是正确的 YAML"),
        ("!!python/object/apply:os.getcwd []", "不是正确的 YAML"),
        ("- 1", "应写成"),
    ],
)
def test_a_badly_written_scenario_is_refused_by_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    passages = tmp_path / "passages"
    passages.mkdir()
    (passages / "自己.yaml").write_text("acts:\n  - passage: 自己\n", encoding="utf-8")

    with pytest.raises(scenarios.BadScenario, match=message):
        written(tmp_path, text, head="")


def test_a_passage_puts_in_its_acts_and_keeps_their_place(tmp_path: Path) -> None:
    passages = tmp_path / "passages"
    passages.mkdir()
    (passages / "发起.yaml").write_text("acts:\n" + START, encoding="utf-8")

    scenario = written(tmp_path, "  - passage: 发起\n  - incidents: 0\n")

    assert ["发起.yaml 第1条", "请假.yaml 第2条"] == [
        act.place for act in scenario.acts
    ]


def test_dates_and_yes_stay_text_and_only_true_is_true(tmp_path: Path) -> None:
    scenario = written(tmp_path, "  - start: {a: 2026-03-02, b: yes, c: true, d: 1}\n")

    assert {"a": "2026-03-02", "b": "yes", "c": True, "d": 1} == (
        scenario.acts[0].arguments
    )


def test_a_story_restarts_its_engine_between_commands(
    open_engine: testing.EngineFactory,
) -> None:
    opened: list[Engine] = []

    def counted(clock: clocks.Clock) -> Engine:
        opened.append(open_engine(clock))
        return opened[-1]

    begins = datetime(2026, 3, 2, 1, tzinfo=UTC)
    story = testing.Story(counted, begins)
    story.start("leave")
    started = len(opened)
    story.complete("审定", person="chief")

    assert started < len(opened)
    assert len(opened) == len({id(engine) for engine in opened})

    opened.clear()
    story = testing.Story(counted, begins, restarts=False)
    story.start("leave")
    story.complete("审定", person="chief")

    assert 1 == len(opened)
