"""Rules about what is written in a diagram: expressions and times."""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Final

from engine import errors
from engine.bpmn import expressions
from engine.bpmn import iso8601
from engine.bpmn import model
from engine.bpmn.diagrams import problems
from engine.bpmn.diagrams.linter_rules.surroundings import Known
from engine.bpmn.diagrams.linter_rules.surroundings import missing

#: attributes that are evaluated
_EVALUATED: Final = (
    "assignee",
    "candidateUsers",
    "candidateGroups",
    "dueDate",
    "followUpDate",
    "priority",
    "formKey",
    "formRef",
    "topic",
    "expression",
    "decisionRef",
    "calledElementVersion",
    "calledElementVersionTag",
)
_NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?")


def judge(process: model.Process, known: Known, findings: problems.Findings) -> None:
    """Judge every expression and every literal time of a process."""
    for element in process.elements.values():
        for place, text in _expressions(element):
            _judge_expression(element, place, text, known, findings)
        for place, condition in _conditions(element):
            _judge_condition(element, place, condition, known, findings)
        if element.event is not None and element.event.kind == "timer":
            _judge_timer(element, element.event.timer, findings)
        _judge_retries(element, findings)
    for flow in process.sequence_flows.values():
        if flow.condition is not None:
            _judge_condition(flow, "条件", flow.condition, known, findings)


def _expressions(element: model.Element) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of everything that may hold `${…}`."""
    yield "名称", element.name
    yield "calledElement", element.called_element or ""
    for word in _EVALUATED:
        yield word, element.attributes.get(word, "")
    if element.loop is not None:
        yield "集合", element.loop.collection or ""
        yield "次数", element.loop.cardinality or ""
    if element.event is not None:
        yield "事件名称", element.event.name
        if element.event.timer is not None:
            yield "时间", element.event.timer.expression
    for assignment in (*element.inputs, *element.outputs):
        for text in _texts(assignment.expression):
            yield f"参数 {assignment.target}", text
    for assignment in (*element.call_in, *element.call_out):
        for text in _texts(assignment.expression):
            yield f"变量 {assignment.target}", text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)


def _conditions(element: model.Element) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of what must be an expression that is true or false."""
    if element.loop is not None:
        if element.loop.completion_condition:
            yield "完成条件", element.loop.completion_condition
        if element.loop.condition:
            yield "循环条件", element.loop.condition
    if element.event is not None and element.event.kind == "conditional":
        yield "条件", element.event.condition or ""


def _judge_condition(
    owner: model.Element | model.SequenceFlow,
    place: str,
    text: str,
    known: Known,
    findings: problems.Findings,
) -> None:
    if expressions.is_expression(text):
        _judge_expression(owner, place, text, known, findings)
    else:
        findings.error(
            "expression",
            owner.id,
            f"{problems.label(owner.id, owner.name)}的{place}“{text}”不是条件表达式，"
            "须写成 ${…}",
            owner.line,
        )


def _judge_expression(
    owner: model.Element | model.SequenceFlow,
    place: str,
    text: str,
    known: Known,
    findings: problems.Findings,
) -> None:
    if not expressions.is_expression(text):
        return
    named = problems.label(owner.id, owner.name)

    def refuse(reason: str) -> None:
        findings.error("expression", owner.id, f"{named}的{place}{reason}", owner.line)

    if "__" in text:
        refuse(f"“{text}”不允许出现双下划线，请删去")
        return
    try:
        expression = expressions.compile_juel(text)
    except errors.DuchaError as error:
        refuse(f"有误：{error.message}")
        return
    for function in sorted(expression.functions):
        if missing(function, known.functions):
            refuse(f"使用的函数“{function}”没有登记，请改用已登记的函数")


def _judge_timer(
    element: model.Element, timer: model.Timer | None, findings: problems.Findings
) -> None:
    named = problems.label(element.id, element.name)
    if timer is None:
        findings.error(
            "timer", element.id, f"定时事件{named}没有写明时间", element.line
        )
        return
    text = timer.expression
    if expressions.is_expression(text):
        return
    if _NAIVE.fullmatch(text):
        findings.error(
            "naive-date",
            element.id,
            f"定时事件{named}的时间“{text}”没有写明时区，请在后面加上 +08:00",
            element.line,
        )
        return
    try:
        _parse_time(timer.kind, text)
    except errors.DuchaError as error:
        findings.error(
            "timer",
            element.id,
            f"定时事件{named}的时间有误：{error.message}",
            element.line,
        )


def _judge_retries(element: model.Element, findings: problems.Findings) -> None:
    written = element.attributes.get("failedJobRetryTimeCycle", "")
    if not written or expressions.is_expression(written):
        return
    named = problems.label(element.id, element.name)
    try:
        iso8601.parse_retries(written)
    except errors.DuchaError as error:
        findings.error(
            "timer", element.id, f"{named}的重试间隔有误：{error.message}", element.line
        )


def _parse_time(kind: str, text: str) -> None:
    if kind == "date":
        iso8601.parse_moment(text)
    elif kind == "duration":
        iso8601.parse_duration(text)
    elif text.startswith("R"):
        iso8601.parse_cycle(text)
    else:
        iso8601.parse_cron(text)
