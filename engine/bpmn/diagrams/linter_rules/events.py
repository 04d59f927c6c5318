"""Rules about events: where each kind may stand and what it must name."""

from typing import Final

from engine.bpmn import model
from engine.bpmn.diagrams import problems

_WAITING: Final = frozenset({"message", "signal", "timer", "conditional"})
#: BPMN 2.0 table 10.93; compensation has a rule of its own
_PLACES: Final = {
    "startEvent": _WAITING | {"none", "error", "escalation"},
    "intermediateCatchEvent": _WAITING | {"link"},
    "intermediateThrowEvent": {"none", "message", "signal", "escalation", "link"},
    "boundaryEvent": _WAITING | {"none", "error", "escalation", "cancel"},
    "endEvent": {
        *("none", "message", "signal", "error", "escalation", "terminate", "cancel"),
    },
}
_LABELS: Final = {
    "none": "无触发",
    "message": "消息",
    "signal": "信号",
    "timer": "定时",
    "error": "错误",
    "escalation": "升级",
    "conditional": "条件",
    "link": "链接",
    "terminate": "终止",
    "cancel": "取消",
    "compensate": "补偿",
}
_THROWING: Final = frozenset({"endEvent", "intermediateThrowEvent"})
_ACTIVITIES: Final = frozenset({"task", "callActivity", "subProcess", "transaction"})


def judge(process: model.Process, findings: problems.Findings) -> None:
    """Judge every event of a process."""
    for element in process.elements.values():
        if element.event is None:
            continue
        if element.kind in _PLACES:
            _judge_place(process, element, element.event, findings)
            _judge_reference(element, element.event, findings)
        if element.kind == "boundaryEvent":
            _judge_boundary(process, element, element.event, findings)


def _judge_place(
    process: model.Process,
    element: model.Element,
    event: model.Event,
    findings: problems.Findings,
) -> None:
    named = problems.label(element.id, element.name)
    holder = process.elements.get(element.scope)
    if event.kind == "compensate":
        findings.error(
            "compensation",
            element.id,
            f"不支持补偿事件{named}，请用普通的分支画出撤销的办法",
            element.line,
        )
        return
    handles = holder is not None and holder.triggered_by_event
    outside = element.kind == "startEvent" and not handles
    if event.kind not in _PLACES[element.kind] or (
        outside and event.kind in ("error", "escalation")
    ):
        findings.error(
            "event-place",
            element.id,
            f"事件{named}：这里不能用“{_LABELS[event.kind]}”类型的事件",
            element.line,
        )
    # A start event in the open always begins something new: nothing to interrupt.
    handling = element.kind == "boundaryEvent" or handles
    if handling and not element.interrupting and event.kind in ("error", "cancel"):
        findings.error(
            "event-place",
            element.id,
            f"“{_LABELS[event.kind]}”事件{named}必须中断所在的活动，请改为中断式",
            element.line,
        )
    if event.kind == "cancel":
        inside = (
            holder
            if element.kind == "endEvent"
            else process.elements.get(element.attached_to or "")
        )
        if inside is None or inside.kind != "transaction":
            findings.error(
                "cancel-outside-transaction",
                element.id,
                f"取消事件{named}只能用在事务子流程上，请改用错误事件",
                element.line,
            )


def _judge_reference(
    element: model.Element, event: model.Event, findings: problems.Findings
) -> None:
    named = problems.label(element.id, element.name)
    what = _LABELS[event.kind]
    throws = element.kind in _THROWING
    if throws and event.kind in ("error", "escalation") and not event.code:
        findings.error(
            "event-reference",
            element.id,
            f"事件{named}没有指明{what}，请选定要抛出的{what}",
            element.line,
        )
    elif event.kind not in ("message", "signal", "link") or event.name:
        return
    elif throws and event.kind == "message":
        # Camunda 7 and Flowable pass such an event, and so do we.
        findings.warning(
            "event-reference",
            element.id,
            f"事件{named}没有指明消息，走到这里时什么也不发送",
            element.line,
        )
    else:
        findings.error(
            "event-reference",
            element.id,
            f"事件{named}没有指明{what}的名称，请选定{what}并填写名称",
            element.line,
        )


def _judge_boundary(
    process: model.Process,
    element: model.Element,
    event: model.Event,
    findings: problems.Findings,
) -> None:
    named = problems.label(element.id, element.name)
    host = process.elements.get(element.attached_to or "")
    if event.kind == "none":
        findings.error(
            "boundary-event",
            element.id,
            f"边界事件{named}没有写明等待什么，请选定时间、消息、错误等类型",
            element.line,
        )
    if host is None or host.scope != element.scope:
        findings.error(
            "boundary-event",
            element.id,
            f"边界事件{named}没有附着在同一层的活动上",
            element.line,
        )
    elif not host.kind.endswith("Task") and host.kind not in _ACTIVITIES:
        findings.error(
            "boundary-event",
            element.id,
            f"边界事件{named}附着的{problems.label(host.id, host.name)}不是活动",
            element.line,
        )
