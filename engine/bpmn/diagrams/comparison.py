"""Two versions of a process, compared element by element."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from typing import Literal

from engine.bpmn import model
from engine.bpmn.diagrams import problems

KINDS: Final = {
    "process": "流程",
    "userTask": "用户任务",
    "manualTask": "手工任务",
    "task": "任务",
    "serviceTask": "服务任务",
    "businessRuleTask": "业务规则任务",
    "sendTask": "发送任务",
    "receiveTask": "接收任务",
    "callActivity": "调用活动",
    "subProcess": "子流程",
    "transaction": "事务子流程",
    "exclusiveGateway": "排他网关",
    "inclusiveGateway": "包容网关",
    "parallelGateway": "并行网关",
    "eventBasedGateway": "事件网关",
    "startEvent": "开始事件",
    "endEvent": "结束事件",
    "boundaryEvent": "边界事件",
    "intermediateCatchEvent": "中间捕获事件",
    "intermediateThrowEvent": "中间抛出事件",
}
EVENTS: Final = {
    "none": "普通",
    "message": "消息",
    "signal": "信号",
    "timer": "定时",
    "error": "错误",
    "escalation": "升级",
    "conditional": "条件",
    "link": "链接",
    "terminate": "终止",
    "cancel": "取消",
}
LOOPS: Final = {
    None: "不循环",
    "parallel": "并行多实例",
    "sequential": "串行多实例",
    "standard": "循环",
}
TIMERS: Final = {"date": "时刻", "duration": "时长", "cycle": "周期"}

#: What people call the attributes; others are called by their own name.
LABELS: Final = {
    "name": "名称",
    "kind": "类型",
    "scope": "所在子流程",
    "lane": "泳道角色",
    "documentation": "说明",
    "default": "默认分支",
    "attached_to": "依附的活动",
    "interrupting": "是否中断",
    "triggered_by_event": "是否事件子流程",
    "called_element": "调用的流程",
    "event": "事件",
    "event_name": "事件名称",
    "code": "代码",
    "timer": "定时",
    "condition": "条件",
    "loop": "循环方式",
    "collection": "多实例集合",
    "element_variable": "多实例变量",
    "cardinality": "实例个数",
    "completion_condition": "完成条件",
    "result_variable": "结果列表变量",
    "result_item": "单个结果变量",
    "loop_condition": "循环条件",
    "maximum": "最多循环次数",
    "test_before": "是否先判断",
    "inputs": "输入映射",
    "outputs": "输出映射",
    "call_in": "调用传入",
    "call_out": "调用传出",
    "listeners": "监听器",
    "source": "起点",
    "target": "终点",
    "version_tag": "版本标签",
    "assignee": "办理人",
    "candidateUsers": "候选人",
    "candidateGroups": "候选组",
    "dueDate": "办理时限",
    "followUpDate": "跟进时间",
    "priority": "优先级",
    "formRef": "表单",
    "formKey": "表单",
    "delegateExpression": "处理程序",
    "expression": "表达式",
    "resultVariable": "结果变量",
    "decisionRef": "决策表",
    "type": "执行方式",
    "topic": "外部任务主题",
    "asyncBefore": "进入前异步",
    "asyncAfter": "离开后异步",
    "initiator": "发起人变量",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of both versions as texts; None where it is not set."""

    attribute: str
    before: str | None
    after: str | None

    @property
    def sentence(self) -> str:
        """Tell people what became of the attribute."""
        label = LABELS.get(self.attribute, f"属性 {self.attribute} ")
        if self.before is None:
            return f"新设{label}“{self.after}”"
        if self.after is None:
            return f"取消{label}“{self.before}”"
        return f"{label}由“{self.before}”改为“{self.after}”"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an element, of a sequence flow or of the process itself.

    `kind`: added, removed, changed; moved for a sequence flow that got another
    source or target. `differences` is empty for what was added or removed.
    """

    subject: Literal["process", "element", "sequence_flow"]
    id: str
    label: str
    kind: Literal["added", "removed", "changed", "moved"]
    differences: tuple[Difference, ...] = ()

    @property
    def sentence(self) -> str:
        """Tell people what became of it."""
        if self.kind == "added":
            return f"新增{self.label}。"
        if self.kind == "removed":
            return f"删除{self.label}。"
        told = "；".join(difference.sentence for difference in self.differences)
        return f"{self.label}：{told}。"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs between two versions, in the order of the newer one."""

    changes: tuple[Change, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Tell people every change in a sentence of its own."""
        return tuple(change.sentence for change in self.changes)


def compare(before: model.Process, after: model.Process) -> Comparison:
    """Return what differs; the order of the drawing and its lines do not matter.

    Elements are the same when their ids are, whatever else changed. A sequence flow
    that only got another id is the same.
    """
    return Comparison(
        (
            *_process(before, after),
            *_elements(before, after),
            *_sequence_flows(before, after),
        )
    )


def label(element: model.Element) -> str:
    """Show people an element by its kind, name and id."""
    named = problems.label(element.id, element.name)
    return f"{KINDS.get(element.kind, element.kind)}{named}"


def _process(before: model.Process, after: model.Process) -> Iterator[Change]:
    found = _differences(_of_process(before), _of_process(after))
    if found:
        named = f"流程{problems.label(after.key, after.name)}"
        yield Change("process", after.key, named, "changed", found)


def _elements(before: model.Process, after: model.Process) -> Iterator[Change]:
    for element in after.elements.values():
        known = before.elements.get(element.id)
        if known is None:
            yield Change("element", element.id, label(element), "added")
            continue
        found = _differences(_of_element(known), _of_element(element))
        if found:
            yield Change("element", element.id, label(element), "changed", found)
    for element in before.elements.values():
        if element.id not in after.elements:
            yield Change("element", element.id, label(element), "removed")


def _sequence_flows(before: model.Process, after: model.Process) -> Iterator[Change]:
    renumbered = {
        (gone.source, gone.target): gone
        for gone in before.sequence_flows.values()
        if gone.id not in after.sequence_flows
    }
    for arrow in after.sequence_flows.values():
        known = before.sequence_flows.get(arrow.id) or renumbered.pop(
            (arrow.source, arrow.target), None
        )
        named = _arrow(after, arrow)
        if known is None:
            yield Change("sequence_flow", arrow.id, named, "added")
            continue
        found = _differences(_of_sequence_flow(known), _of_sequence_flow(arrow))
        if found:
            moved = {"source", "target"} & {one.attribute for one in found}
            kind: Literal["moved", "changed"] = "moved" if moved else "changed"
            yield Change("sequence_flow", arrow.id, named, kind, found)
    for gone in renumbered.values():
        yield Change("sequence_flow", gone.id, _arrow(before, gone), "removed")


def _arrow(process: model.Process, arrow: model.SequenceFlow) -> str:
    ends = (process.elements[arrow.source], process.elements[arrow.target])
    source, target = (element.name or element.id for element in ends)
    return f"顺序流“{source} → {target}”（{arrow.id}）"


def _differences(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Difference, ...]:
    return tuple(
        Difference(attribute, before.get(attribute), after.get(attribute))
        for attribute in {**before, **after}
        if before.get(attribute) != after.get(attribute)
    )


def _set(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _of_process(process: model.Process) -> dict[str, str]:
    return _set(
        {
            "name": process.name,
            "version_tag": process.version_tag,
            "documentation": process.documentation,
            **process.attributes,
            **_named("property", process.properties),
            **{
                f"correlation {message}": _pairs(keys)
                for message, keys in process.correlations.items()
            },
        }
    )


def _of_sequence_flow(arrow: model.SequenceFlow) -> dict[str, str]:
    return _set(
        {
            "source": arrow.source,
            "target": arrow.target,
            "name": arrow.name,
            "condition": arrow.condition,
        }
    )


def _of_element(element: model.Element) -> dict[str, str]:
    return _set(
        {
            "name": element.name,
            "kind": KINDS.get(element.kind, element.kind),
            "scope": element.scope,
            "lane": element.lane,
            "default": element.default,
            "documentation": element.documentation,
            "attached_to": element.attached_to,
            "interrupting": "是" if element.interrupting else "否",
            "triggered_by_event": "是" if element.triggered_by_event else "否",
            "called_element": element.called_element,
            "inputs": _assignments(element.inputs),
            "outputs": _assignments(element.outputs),
            "call_in": _assignments(element.call_in),
            "call_out": _assignments(element.call_out),
            "listeners": "，".join(
                f"{one.event}: {one.handler}" + (f" {_pairs(one.fields)}").rstrip()
                for one in element.listeners
            ),
            **element.attributes,
            **_named("property", element.properties),
            **(_of_event(element.event) if element.event else {}),
            **(_of_loop(element.loop) if element.loop else {}),
        }
    )


def _of_event(event: model.Event) -> dict[str, str | None]:
    timer = event.timer
    return {
        "event": EVENTS.get(event.kind, event.kind),
        "event_name": event.name,
        "code": event.code,
        "timer": f"{TIMERS[timer.kind]} {timer.expression}" if timer else None,
        "condition": event.condition,
        **_named("event", event.attributes),
    }


def _of_loop(loop: model.Loop) -> dict[str, str | None]:
    return {
        "loop": LOOPS[loop.kind],
        "collection": loop.collection,
        "element_variable": loop.element_variable,
        "cardinality": loop.cardinality,
        "completion_condition": loop.completion_condition,
        "result_variable": loop.result_variable,
        "result_item": loop.result_item,
        "loop_condition": loop.condition,
        "maximum": loop.maximum,
        "test_before": "是" if loop.test_before else None,
    }


def _named(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix} {name}": value for name, value in values.items()}


def _pairs(values: Mapping[str, str]) -> str:
    return "，".join(f"{name}={value}" for name, value in values.items())


def _assignments(assignments: Iterable[model.Assignment]) -> str:
    return "，".join(
        "全部变量"
        if one.all_variables
        else f"业务编号 ← {one.business_key}"
        if one.business_key is not None
        else f"{one.target} ← {one.expression if one.source is None else one.source}"
        for one in assignments
    )
