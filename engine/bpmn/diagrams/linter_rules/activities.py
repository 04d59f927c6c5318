"""Rules about activities: who does them, by which form, handler, table or callee."""

from typing import Final

from engine.bpmn import model
from engine.bpmn.diagrams import problems
from engine.bpmn.diagrams.extensions import handler_name
from engine.bpmn.diagrams.linter_rules.surroundings import Known
from engine.bpmn.diagrams.linter_rules.surroundings import missing

_BINDINGS: Final = {
    "latest": None,
    "deployment": None,
    "version": "calledElementVersion",
    "versionTag": "calledElementVersionTag",
}
#: what a task may do instead of asking a decision table
_CALLING: Final = ("delegateExpression", "type", "expression")


def judge(process: model.Process, known: Known, findings: problems.Findings) -> None:
    """Judge every activity (and the forms of start events)."""
    for element in process.elements.values():
        _judge_kind(element, findings)
        _judge_loop(element, findings)
        _judge_form(element, known, findings)
        _judge_listeners(element, known, findings)
        if element.kind == "userTask":
            _judge_people(element, findings)
        elif element.kind in ("serviceTask", "sendTask") or _throws_message(element):
            _judge_handler(element, known, findings)
        elif element.kind == "businessRuleTask":
            _judge_decision(element, known, findings)
        elif element.kind == "callActivity":
            _judge_call(element, known, findings)


def _throws_message(element: model.Element) -> bool:
    return (
        element.kind in ("intermediateThrowEvent", "endEvent")
        and element.event is not None
        and element.event.kind == "message"
    )


def _judge_kind(element: model.Element, findings: problems.Findings) -> None:
    named = problems.label(element.id, element.name)
    if element.kind == "scriptTask":
        findings.error(
            "script-task",
            element.id,
            f"不允许脚本任务{named}，图纸里的代码一律不执行，请改用服务任务",
            element.line,
        )
    if element.kind == "adHocSubProcess":
        findings.error(
            "ad-hoc",
            element.id,
            f"不支持临时（ad-hoc）子流程{named}，请画成普通子流程",
            element.line,
        )
    if element.attributes.get("isForCompensation"):
        findings.error(
            "compensation",
            element.id,
            f"不支持补偿活动{named}，请用普通的分支画出撤销的办法",
            element.line,
        )


def _judge_loop(element: model.Element, findings: problems.Findings) -> None:
    loop = element.loop
    if loop is None:
        return
    if loop.kind == "standard":
        bounded = loop.condition or loop.maximum
        advice = "循环条件或最多次数"
    else:
        bounded = loop.collection or loop.cardinality
        advice = "集合或次数"
    if not bounded:
        findings.error(
            "multi-instance",
            element.id,
            f"{problems.label(element.id, element.name)}要重复多少次没有写明，"
            f"请填写{advice}",
            element.line,
        )
    elif loop.maximum and not loop.maximum.isdigit():
        findings.error(
            "multi-instance",
            element.id,
            f"{problems.label(element.id, element.name)}的最多次数“{loop.maximum}”"
            "不是数字",
            element.line,
        )


def _judge_people(element: model.Element, findings: problems.Findings) -> None:
    named = problems.label(element.id, element.name)
    if not element.name.strip():
        findings.warning(
            "unnamed-task", element.id, f"用户任务{named}没有名称，请填写", element.line
        )
    given = ("assignee", "candidateUsers", "candidateGroups")
    if not element.lane and not any(element.attributes.get(word) for word in given):
        findings.warning(
            "unassigned-task",
            element.id,
            f"用户任务{named}没有办理人、候选人，也不在泳道里，谁也看不到它",
            element.line,
        )


def _judge_form(
    element: model.Element, known: Known, findings: problems.Findings
) -> None:
    for word in ("formRef", "formKey"):
        form = element.attributes.get(word, "")
        if not form or "{" in form:
            continue
        named = problems.label(element.id, element.name)
        if ":" in form or "/" in form:
            findings.warning(
                "form-key",
                element.id,
                f"{named}的表单“{form}”是别的系统的地址，这里显示不了，请改用表单编号",
                element.line,
            )
        elif missing(form.removesuffix(".form"), known.forms):
            findings.error(
                "form",
                element.id,
                f"{named}的表单“{form}”不存在，请先上传表单或改正编号",
                element.line,
            )


def _judge_listeners(
    element: model.Element, known: Known, findings: problems.Findings
) -> None:
    for listener in element.listeners:
        if missing(listener.handler, known.handlers):
            findings.error(
                "handler",
                element.id,
                f"{problems.label(element.id, element.name)}的监听器"
                f"（{listener.event}）使用的处理程序“{listener.handler}”没有登记，"
                "请从清单中选择",
                element.line,
            )


def _judge_handler(
    element: model.Element, known: Known, findings: problems.Findings
) -> None:
    named = problems.label(element.id, element.name)
    attributes = element.attributes
    if attributes.get("type") == "external":
        if not attributes.get("topic"):
            findings.error(
                "handler",
                element.id,
                f"外部任务{named}没有主题（topic），外部程序取不到它",
                element.line,
            )
        return
    if "expression" in attributes:
        return
    written = attributes.get("delegateExpression")
    if written is None:
        if element.event is None or element.event.kind != "message":
            findings.error(
                "handler",
                element.id,
                f"{named}没有指明处理程序，请填写委托表达式 ${{处理程序名}}",
                element.line,
            )
        return
    handler = handler_name(written)
    if handler is None:
        findings.error(
            "handler",
            element.id,
            f"{named}的委托表达式“{written}”须写成 ${{处理程序名}}",
            element.line,
        )
    elif missing(handler, known.handlers):
        findings.error(
            "handler",
            element.id,
            f"{named}使用的处理程序“{handler}”没有登记，请从清单中选择",
            element.line,
        )


def _judge_decision(
    element: model.Element, known: Known, findings: problems.Findings
) -> None:
    decision = element.attributes.get("decisionRef")
    named = problems.label(element.id, element.name)
    if not decision:
        if any(word in element.attributes for word in _CALLING):
            _judge_handler(element, known, findings)
        else:
            findings.error(
                "decision",
                element.id,
                f"业务规则任务{named}没有指明决策表（decisionRef）",
                element.line,
            )
    elif "{" not in decision and missing(decision, known.decisions):
        findings.error(
            "decision",
            element.id,
            f"{named}使用的决策表“{decision}”不存在，请先上传或改正编号",
            element.line,
        )


def _judge_call(
    element: model.Element, known: Known, findings: problems.Findings
) -> None:
    named = problems.label(element.id, element.name)
    callee = (element.called_element or "").strip()
    if not callee:
        findings.error(
            "callee",
            element.id,
            f"调用活动{named}没有指明要调用的流程（calledElement）",
            element.line,
        )
    elif "{" not in callee and missing(callee, known.callees):
        findings.error(
            "callee",
            element.id,
            f"调用活动{named}要调用的流程“{callee}”不存在，请先部署或改正编号",
            element.line,
        )
    binding = element.attributes.get("calledElementBinding", "latest")
    needed = _BINDINGS.get(binding)
    if binding not in _BINDINGS or (needed and not element.attributes.get(needed)):
        findings.error(
            "callee",
            element.id,
            f"调用活动{named}的版本绑定“{binding}”不完整或不认识，请改用 latest、"
            "deployment，或写明版本（version）、版本标签（versionTag）",
            element.line,
        )
