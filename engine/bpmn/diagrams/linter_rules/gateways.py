"""Rules about decisions: gateways, branches and their conditions."""

import re
from typing import Final

from engine.bpmn import model
from engine.bpmn.diagrams import problems

_OPPOSITES: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_WORDS: Final = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "ge": ">=",
    "gt": ">",
    "le": "<=",
    "not": "!",
}
_COMPARISON: Final = re.compile(r"([^=!<>&|?]+?)(==|!=|<=|>=|<|>)([^=!<>&|?]+)")
#: longer conditions are not compared with each other
_LONGEST: Final = 500
#: gateways that take every branch, whatever is written on it
_UNCONDITIONAL: Final = frozenset({"parallelGateway", "eventBasedGateway"})


def judge(process: model.Process, findings: problems.Findings) -> None:
    """Judge every gateway and every branching element."""
    for element in process.elements.values():
        flows = [process.sequence_flows[flow] for flow in element.outgoing]
        if element.kind == "complexGateway":
            findings.error(
                "complex-gateway",
                element.id,
                f"不支持复杂网关{problems.label(element.id, element.name)}，"
                "请改用包容网关或并行网关",
                element.line,
            )
        if element.kind == "exclusiveGateway":
            _judge_branches(process, element, flows, findings)
        if element.kind in ("exclusiveGateway", "inclusiveGateway"):
            _judge_completeness(element, flows, findings)
        if element.kind == "eventBasedGateway":
            _judge_targets(process, element, flows, findings)
        if element.kind in _UNCONDITIONAL:
            _judge_lost_conditions(element, flows, findings)
        _judge_default(process, element, findings)


def _judge_branches(
    process: model.Process,
    gateway: model.Element,
    flows: list[model.SequenceFlow],
    findings: problems.Findings,
) -> None:
    if len(flows) < 2:
        return
    for flow in flows:
        if flow.condition is None and flow.id != gateway.default:
            target = process.elements[flow.target]
            findings.error(
                "branch-without-condition",
                flow.id,
                f"分支{problems.label(flow.id, flow.name)}（从"
                f"{problems.label(gateway.id, gateway.name)}到"
                f"{problems.label(target.id, target.name)}）没有条件，"
                "请写明条件或设为默认分支",
                flow.line,
            )


def _judge_completeness(
    gateway: model.Element,
    flows: list[model.SequenceFlow],
    findings: problems.Findings,
) -> None:
    conditions = [_plain(flow.condition) for flow in flows if flow.condition]
    if len(flows) < 2 or gateway.default or len(conditions) < len(flows):
        return
    if {_opposite(condition) for condition in conditions} & set(conditions):
        return
    findings.warning(
        "no-default",
        gateway.id,
        f"网关{problems.label(gateway.id, gateway.name)}没有默认分支，各条件都不成立时"
        "流程会停住，请设一条默认分支",
        gateway.line,
    )


def _plain(condition: str) -> str:
    """Reduce a condition to one spelling: no braces, no blanks, no words."""
    text = " ".join(condition.split())
    if len(text) > _LONGEST or text[:2] not in ("${", "#{") or text[-1] != "}":
        return text
    text = text[2:-1].strip()
    for word, sign in _WORDS.items():
        text = re.sub(rf"\b{word}\b", sign, text)
    text = re.sub(r" ?([=!<>&|?:()]+) ?", r"\1", text)
    truth = re.fullmatch(r"([\w.]+)==(true|false)", text)
    if truth:
        return truth[1] if truth[2] == "true" else f"!{truth[1]}"
    return text


def _opposite(condition: str) -> str | None:
    """Return the condition that holds exactly when this one does not, if evident."""
    if re.fullmatch(r"[\w.]+", condition):
        return f"!{condition}"
    comparison = _COMPARISON.fullmatch(condition)
    if comparison and not re.search(r"\b(and|or)\b", condition):
        return f"{comparison[1]}{_OPPOSITES[comparison[2]]}{comparison[3]}"
    return f"!({condition})"


def _judge_targets(
    process: model.Process,
    gateway: model.Element,
    flows: list[model.SequenceFlow],
    findings: problems.Findings,
) -> None:
    for flow in flows:
        target = process.elements[flow.target]
        kind = target.event.kind if target.event else ""
        if target.kind == "receiveTask" or (
            target.kind == "intermediateCatchEvent"
            and kind in ("message", "signal", "timer", "conditional")
        ):
            continue
        findings.error(
            "event-gateway-target",
            target.id,
            f"事件网关{problems.label(gateway.id, gateway.name)}后面只能是等待消息、"
            f"信号、时间或条件的事件，{problems.label(target.id, target.name)}不是",
            target.line,
        )


def _judge_lost_conditions(
    element: model.Element,
    flows: list[model.SequenceFlow],
    findings: problems.Findings,
) -> None:
    for flow in flows:
        if flow.condition is not None:
            findings.warning(
                "condition-ignored",
                flow.id,
                f"连线{problems.label(flow.id, flow.name)}的条件不起作用："
                f"网关{problems.label(element.id, element.name)}不看条件，"
                "请删去条件或改用排他网关",
                flow.line,
            )


def _judge_default(
    process: model.Process, element: model.Element, findings: problems.Findings
) -> None:
    if not element.default:
        return
    named = problems.label(element.id, element.name)
    if element.default not in element.outgoing:
        findings.error(
            "default-flow",
            element.id,
            f"{named}的默认分支“{element.default}”不是从它连出的线，请重新指定",
            element.line,
        )
    elif process.sequence_flows[element.default].condition is not None:
        findings.warning(
            "default-flow",
            element.default,
            f"{named}的默认分支“{element.default}”带有条件，条件不起作用，请删去",
            process.sequence_flows[element.default].line,
        )
