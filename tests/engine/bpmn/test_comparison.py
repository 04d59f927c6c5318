"""Two versions of a process differ in what was changed, and in nothing else."""

import pytest

from engine.bpmn.diagrams import comparison
from tests.engine.bpmn.drawings import arrows
from tests.engine.bpmn.drawings import drawing
from tests.engine.bpmn.drawings import in_line
from tests.engine.bpmn.drawings import read


def compared(before: str, after: str) -> comparison.Comparison:
    """Return the comparison of two bodies of the process `p`."""
    return comparison.compare(read(drawing(before)), read(drawing(after)))


TASK = '<userTask id="a" name="审核" camunda:candidateGroups="officer"/>'


def test_a_version_does_not_differ_from_itself() -> None:
    assert () == compared(in_line(TASK), in_line(TASK)).changes


def test_blank_lines_and_the_order_of_the_file_are_no_difference() -> None:
    before = '<startEvent id="s"/><task id="a"/><endEvent id="e"/>'
    after = '<endEvent id="e"/>\n\n<task id="a"/><startEvent id="s"/>'

    assert () == compared(before + arrows("s>a a>e"), after + arrows("a>e s>a")).changes


def test_a_sequence_flow_with_a_new_id_only_is_no_difference() -> None:
    body = '<startEvent id="s"/><endEvent id="e"/><sequenceFlow id="{}" {}/>'
    ends = 'sourceRef="s" targetRef="e"'

    assert () == compared(body.format("x", ends), body.format("y", ends)).changes


def test_what_was_added_removed_and_moved_is_told() -> None:
    """A task comes between two others: one arrow moves, one is new."""
    before = '<startEvent id="s"/><task id="a" name="甲"/><task id="old"/>'
    after = '<startEvent id="s"/><task id="a" name="甲"/><task id="b" name="乙"/>'
    found = compared(
        before + '<sequenceFlow id="f" sourceRef="s" targetRef="a"/>'
        '<sequenceFlow id="g" sourceRef="a" targetRef="old"/>',
        after + '<sequenceFlow id="f" sourceRef="s" targetRef="b"/>'
        '<sequenceFlow id="h" sourceRef="b" targetRef="a"/>',
    )

    assert [
        ("element", "b", "added"),
        ("element", "old", "removed"),
        ("sequence_flow", "f", "moved"),
        ("sequence_flow", "h", "added"),
        ("sequence_flow", "g", "removed"),
    ] == [(one.subject, one.id, one.kind) for one in found.changes]
    assert (
        "新增任务“乙”（b）。",
        "删除任务“old”。",
        "顺序流“s → 乙”（f）：终点由“a”改为“b”。",
        "新增顺序流“乙 → 甲”（h）。",
        "删除顺序流“甲 → old”（g）。",
    ) == found.sentences


def event(inside: str) -> str:
    return f'<intermediateCatchEvent id="a">{inside}</intermediateCatchEvent>'


def timer(duration: str) -> str:
    return event(
        f"<timerEventDefinition><timeDuration>{duration}</timeDuration>"
        "</timerEventDefinition>"
    )


def looped(inside: str) -> str:
    return f'<userTask id="a" name="审核" camunda:assignee="x">{inside}</userTask>'


def many(more: str) -> str:
    return looped(f"<multiInstanceLoopCharacteristics {more}/>")


@pytest.mark.parametrize(
    ("before", "after", "attributes", "sentence"),
    [
        (
            TASK,
            TASK.replace("审核", "复核"),
            ["name"],
            "用户任务“复核”（a）：名称由“审核”改为“复核”。",
        ),
        (
            '<task id="a"/>',
            '<manualTask id="a"/>',
            ["kind"],
            "手工任务“a”：类型由“任务”改为“手工任务”。",
        ),
        (
            TASK,
            TASK.replace("officer", "deputy"),
            ["candidateGroups"],
            "用户任务“审核”（a）：候选组由“officer”改为“deputy”。",
        ),
        (
            TASK,
            TASK.replace("/>", ' camunda:dueDate="${workdays(5)}"/>'),
            ["dueDate"],
            "用户任务“审核”（a）：新设办理时限“${workdays(5)}”。",
        ),
        (
            TASK.replace("/>", ' camunda:formRef="report"/>'),
            TASK,
            ["formRef"],
            "用户任务“审核”（a）：取消表单“report”。",
        ),
        (
            timer("PT1H"),
            timer("PT2H"),
            ["timer"],
            "中间捕获事件“a”：定时由“时长 PT1H”改为“时长 PT2H”。",
        ),
        (
            timer("PT1H"),
            event(
                "<conditionalEventDefinition><condition>${x}</condition>"
                "</conditionalEventDefinition>"
            ),
            ["event", "timer", "condition"],
            "中间捕获事件“a”：事件由“定时”改为“条件”；取消定时“时长 PT1H”；"
            "新设条件“${x}”。",
        ),
        (
            many('camunda:collection="units" camunda:elementVariable="unit"'),
            many(
                'isSequential="true" camunda:collection="units"'
                ' camunda:elementVariable="unit"'
            ),
            ["loop"],
            "用户任务“审核”（a）：循环方式由“并行多实例”改为“串行多实例”。",
        ),
        (
            looped(
                "<extensionElements><camunda:inputOutput>"
                '<camunda:inputParameter name="x">1</camunda:inputParameter>'
                "</camunda:inputOutput></extensionElements>"
            ),
            looped(
                "<extensionElements><camunda:inputOutput>"
                '<camunda:inputParameter name="x">2</camunda:inputParameter>'
                "</camunda:inputOutput></extensionElements>"
            ),
            ["inputs"],
            "用户任务“审核”（a）：输入映射由“x ← 1”改为“x ← 2”。",
        ),
    ],
)
def test_an_attribute_that_changed_is_named(
    before: str, after: str, attributes: list[str], sentence: str
) -> None:
    found = compared(in_line(before), in_line(after))

    assert [attributes] == [
        [one.attribute for one in change.differences] for change in found.changes
    ]
    assert (sentence,) == found.sentences


def test_an_element_that_moves_into_a_sub_process_changes_its_scope() -> None:
    inner = '<subProcess id="sub"><task id="b"/></subProcess>'
    found = compared(
        '<startEvent id="s"/><task id="b"/>' + arrows("s>b"),
        '<startEvent id="s"/>' + inner + arrows("s>sub"),
    )

    (change,) = [one for one in found.changes if one.id == "b"]
    assert (comparison.Difference("scope", "p", "sub"),) == change.differences


def test_a_condition_that_changed_is_told_on_its_sequence_flow() -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="x"/><task id="a"/><task id="b"/>'
    found = compared(
        body + arrows("s>x x>a|${m>1} x>b|${m<2}"),
        body + arrows("s>x x>a|${m>5} x>b|${m<2}"),
    )

    assert ("顺序流“x → a”（x_a）：条件由“${m>1}”改为“${m>5}”。",) == found.sentences
