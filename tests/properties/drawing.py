"""Blocks drawn as BPMN 2.0 XML."""

import itertools

from tests.properties import blocks

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' targetNamespace="urn:ducha:test" id="definitions">'
    '<error id="bad" name="bad" errorCode="BAD"/>'
    '<escalation id="up" name="up" escalationCode="UP"/>'
)
TAGS = {
    "user_task": "userTask",
    "receive": "receiveTask",
    "external": "serviceTask",
    "counts": "serviceTask",
    "breaks": "serviceTask",
}
ATTRIBUTES = {
    "user_task": 'camunda:candidateGroups="officer"',
    "external": 'camunda:type="external" camunda:topic="topic"',
    "counts": 'camunda:expression="${n + 1}" camunda:resultVariable="n"',
    "breaks": 'camunda:delegateExpression="${breaks}"',
}


class Drawing:
    """One file with one process."""

    def __init__(self, key: str, body: blocks.Block) -> None:
        """Draw the body between a start and an end."""
        self._roots: list[str] = []
        self._elements: list[str] = []
        self._count = 0
        self._scope("process", body)
        self.process = (
            f'<process id="{key}" name="{key}" isExecutable="true">'
            f"{''.join(self._elements)}</process>"
        )

    def file(self) -> bytes:
        """Return the file."""
        return f"{HEAD}{''.join(self._roots)}{self.process}</definitions>".encode()

    def _scope(self, prefix: str, body: blocks.Block, start: str = "") -> None:
        begin = f"{prefix}_start"
        self._elements.append(start or f'<startEvent id="{begin}"/>')
        self._connect(begin, body, f"{prefix}_end")
        self._elements.append(f'<endEvent id="{prefix}_end"/>')

    def _flow(self, source: str, target: str, condition: str = "") -> str:
        self._count += 1
        name = f"flow{self._count}"
        inside = (
            '<conditionExpression xsi:type="tFormalExpression">'
            f"{condition}</conditionExpression>"
            if condition
            else ""
        )
        self._elements.append(
            f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">'
            f"{inside}</sequenceFlow>"
        )
        return name

    def _connect(self, source: str, block: blocks.Block, target: str) -> None:
        entry, way_out = self._draw(block)
        self._flow(source, entry)
        self._flow(way_out, target)

    def _draw(self, block: blocks.Block) -> tuple[str, str]:
        """Draw a block; return the ids of the elements in and out."""
        match block:
            case blocks.Sequence(parts):
                ends = [self._draw(part) for part in parts]
                for (_, before), (after, _) in itertools.pairwise(ends):
                    self._flow(before, after)
                return ends[0][0], ends[-1][1]
            case blocks.Split():
                return self._split(block)
            case blocks.Race():
                return self._race(block)
            case blocks.Repeat(name, body, last):
                self._elements.append(f'<exclusiveGateway id="{name}_in"/>')
                self._connect(f"{name}_in", body, last.id)
                self._leaf(last)
                on = self._flow(f"{name}_out", f"{name}_done")
                self._flow(last.id, f"{name}_out")
                self._flow(f"{name}_out", f"{name}_in", "${x % 2 == 0}")
                self._elements.append(
                    f'<exclusiveGateway id="{name}_out" default="{on}"/>'
                    f'<task id="{name}_done"/>'
                )
                return f"{name}_in", f"{name}_done"
            case blocks.Leave():
                return self._leave(block)
            case blocks.Leaf(name, "link"):
                throw = f'<linkEventDefinition name="{name}"/>'
                self._elements.append(
                    f'<intermediateThrowEvent id="{name}_from">{throw}'
                    f'</intermediateThrowEvent><intermediateCatchEvent id="{name}_to">'
                    f"{throw}</intermediateCatchEvent>"
                )
                return f"{name}_from", f"{name}_to"
            case blocks.Leaf():
                self._leaf(block)
                return self._guarded(block)
            case blocks.Sub():
                self._sub(block)
                return self._guarded(block)
            case blocks.Call(name):
                self._elements.append(
                    f'<callActivity id="{name}" calledElement="other"'
                    f"{_later(block)}><extensionElements>"
                    '<camunda:in variables="all"/><camunda:out source="x" target="x"/>'
                    f"</extensionElements>{_loop(block.loop)}</callActivity>"
                )
                return self._guarded(block)

    def _leaf(self, leaf: blocks.Leaf) -> None:
        name = leaf.id
        if leaf.kind not in TAGS:
            self._elements.append(
                f'<intermediateCatchEvent id="{name}">'
                f"{self._event(name, leaf.kind)}</intermediateCatchEvent>"
            )
            return
        tag, attributes = TAGS[leaf.kind], ATTRIBUTES.get(leaf.kind, "")
        if leaf.kind == "receive":
            self._roots.append(f'<message id="message_{name}" name="{name}"/>')
            attributes = f'messageRef="message_{name}"'
        self._elements.append(
            f'<{tag} id="{name}" name="{name}" {attributes}{_later(leaf)}>'
            f"{_loop(leaf.loop)}</{tag}>"
        )

    def _event(self, name: str, kind: str, cycle: int = 0) -> str:
        if kind == "timer":
            written = (
                f"<timeCycle>R{cycle}/PT1H</timeCycle>"
                if cycle
                else "<timeDuration>PT1H</timeDuration>"
            )
            return f"<timerEventDefinition>{written}</timerEventDefinition>"
        if kind in ("error", "escalation"):
            root = {"error": "bad", "escalation": "up"}[kind]
            return f'<{kind}EventDefinition {kind}Ref="{root}"/>'
        self._roots.append(f'<{kind} id="{kind}_{name}" name="{name}"/>')
        return f'<{kind}EventDefinition {kind}Ref="{kind}_{name}"/>'

    def _sub(self, sub: blocks.Sub) -> None:
        outside, self._elements = self._elements, []
        self._scope(sub.id, sub.body)
        for handler in sub.handlers:
            kept, self._elements = self._elements, []
            stops = "true" if handler.interrupting else "false"
            cycle = 0 if handler.interrupting or handler.kind != "timer" else 2
            start = (
                f'<startEvent id="{handler.id}_start" isInterrupting="{stops}">'
                f"{self._event(handler.id, handler.kind, cycle)}</startEvent>"
            )
            self._scope(handler.id, handler.body, start)
            kept.append(
                f'<subProcess id="{handler.id}" triggeredByEvent="true">'
                f"{''.join(self._elements)}</subProcess>"
            )
            self._elements = kept
        inside = "".join(self._elements)
        self._elements = outside
        self._elements.append(
            f'<subProcess id="{sub.id}"{_later(sub)}>{_loop(sub.loop)}{inside}'
            "</subProcess>"
        )

    def _guarded(self, activity: blocks.Activity) -> tuple[str, str]:
        """Draw the boundary events; interrupting ones meet the normal way out."""
        name, way_out = activity.id, activity.id
        if any(guard.interrupting for guard in activity.guards):
            way_out = f"{name}_met"
            self._elements.append(f'<exclusiveGateway id="{way_out}"/>')
            self._flow(name, way_out)
        for guard in activity.guards:
            stops = "true" if guard.interrupting else "false"
            cycle = 0 if guard.interrupting else guard.firings
            self._elements.append(
                f'<boundaryEvent id="{guard.id}" attachedToRef="{name}"'
                f' cancelActivity="{stops}">'
                f"{self._event(guard.id, guard.kind, cycle)}</boundaryEvent>"
            )
            target = way_out
            if not guard.interrupting:
                target = f"{guard.id}_end"
                self._elements.append(f'<endEvent id="{target}"/>')
            self._connect(guard.id, guard.way, target)
        return name, way_out

    def _split(self, split: blocks.Split) -> tuple[str, str]:
        name, tag = split.id, f"{split.kind}Gateway"
        last = len(split.parts) - 1
        default = ""
        for number, part in enumerate(split.parts):
            entry, way_out = self._draw(part)
            if split.kind == "parallel":
                self._flow(f"{name}_split", entry)
            elif number < last:
                condition = f"${{x % {number + 2} == 0}}"
                self._flow(f"{name}_split", entry, condition)
            else:
                flow = self._flow(f"{name}_split", entry)
                default = f' default="{flow}"'
            self._flow(way_out, f"{name}_join")
        self._elements.append(f'<{tag} id="{name}_split"{default}/>')
        self._elements.append(f'<{tag} id="{name}_join"/>')
        return f"{name}_split", f"{name}_join"

    def _race(self, race: blocks.Race) -> tuple[str, str]:
        name = race.id
        self._elements.append(f'<eventBasedGateway id="{name}"/>')
        self._elements.append(f'<exclusiveGateway id="{name}_met"/>')
        for first, block in race.arms:
            self._leaf(first)
            self._flow(name, first.id)
            self._connect(first.id, block, f"{name}_met")
        return name, f"{name}_met"

    def _leave(self, leave: blocks.Leave) -> tuple[str, str]:
        name = leave.id
        on = self._flow(f"{name}_gate", f"{name}_on")
        self._elements.append(
            f'<exclusiveGateway id="{name}_gate" default="{on}"/>'
            f'<exclusiveGateway id="{name}_on"/>'
        )
        condition = f"${{x == {blocks.LEAVING}}}"
        if leave.kind == "escalation":
            self._flow(f"{name}_gate", f"{name}_throw", condition)
            self._flow(f"{name}_throw", f"{name}_on")
            self._elements.append(
                f'<intermediateThrowEvent id="{name}_throw">'
                f"{self._event(name, leave.kind)}</intermediateThrowEvent>"
            )
            return f"{name}_gate", f"{name}_on"
        self._flow(f"{name}_gate", f"{name}_end", condition)
        event = (
            "<terminateEventDefinition/>"
            if leave.kind == "terminate"
            else self._event(name, leave.kind)
        )
        self._elements.append(f'<endEvent id="{name}_end">{event}</endEvent>')
        return f"{name}_gate", f"{name}_on"


def _later(activity: blocks.Activity) -> str:
    return ' camunda:asyncBefore="true"' if activity.later else ""


def _loop(loop: blocks.Loop | None) -> str:
    if loop is None:
        return ""
    if loop.kind == "standard":
        return f'<standardLoopCharacteristics loopMaximum="{loop.rounds}"/>'
    enough = (
        '<completionCondition xsi:type="tFormalExpression">'
        f"${{nrOfCompletedInstances >= {loop.enough}}}</completionCondition>"
        if loop.enough
        else ""
    )
    sequential = "true" if loop.kind == "sequential" else "false"
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{sequential}">'
        f'<loopCardinality xsi:type="tFormalExpression">{loop.rounds}'
        f"</loopCardinality>{enough}</multiInstanceLoopCharacteristics>"
    )
