"""Reading one element of a diagram: its attributes, people, loop and event."""

import re
from types import MappingProxyType
from typing import Final

from lxml import etree

from engine.bpmn import model
from engine.bpmn.diagrams import events
from engine.bpmn.diagrams import extensions
from engine.bpmn.diagrams import mappings
from engine.bpmn.diagrams import parsing
from engine.bpmn.diagrams import problems

EVENTS: Final = frozenset(
    "startEvent endEvent boundaryEvent intermediateCatchEvent"
    " intermediateThrowEvent".split()
)
_THROWING: Final = ("intermediateThrowEvent", "endEvent")
SUB_PROCESSES: Final = frozenset({"subProcess", "transaction", "adHocSubProcess"})
#: the tags that become elements
KINDS: Final = (
    EVENTS
    | SUB_PROCESSES
    | frozenset(
        "task userTask serviceTask sendTask receiveTask manualTask businessRuleTask"
        " scriptTask callActivity exclusiveGateway inclusiveGateway parallelGateway"
        " complexGateway eventBasedGateway".split()
    )
)
#: BPMN attributes that change behaviour: attribute -> the values we can do
_ONLY: Final = {
    "instantiate": ("false", "0"),
    "parallelMultiple": ("false", "0"),
    "eventGatewayType": ("Exclusive",),
    "startQuantity": ("1",),
    "completionQuantity": ("1",),
    "behavior": ("All",),
}
_TRUE: Final = ("true", "1")
_RESOURCE: Final = re.compile(r"(user|group)\(([^()]*)\)|([^,()\s][^,()]*)")


def read(
    node: etree._Element,
    element_id: str,
    scope: str,
    lane: str | None,
    definitions: events.Definitions,
    findings: problems.Findings,
) -> model.Element:
    """Return the element of a node, without children and sequence flows."""
    kind = etree.QName(node).localname
    _refuse_unsupported(node, element_id, findings)
    inputs, outputs = mappings.parameters(node, findings)
    call_in, call_out = mappings.of_call(node, findings)
    event = None
    if kind in EVENTS | {"receiveTask", "sendTask"}:
        event = definitions.event(node, element_id)
    interrupts = "cancelActivity" if kind == "boundaryEvent" else "isInterrupting"
    default = node.get("default")
    return model.Element(
        id=element_id,
        kind=kind,
        name=node.get("name", ""),
        scope=scope,
        default=parsing.local(default) if default else None,
        attributes=MappingProxyType(
            _attributes(node) | _implementation(node, event, findings)
        ),
        properties=MappingProxyType(extensions.properties(node)),
        documentation=parsing.text(node, "documentation"),
        lane=lane,
        loop=_loop(node, element_id, findings),
        event=event,
        attached_to=parsing.local(node.get("attachedToRef")) or None,
        interrupting=node.get(interrupts, "true") in _TRUE,
        triggered_by_event=node.get("triggeredByEvent") in _TRUE,
        called_element=node.get("calledElement"),
        inputs=inputs,
        outputs=outputs,
        call_in=call_in,
        call_out=call_out,
        listeners=extensions.listeners(node, findings),
        line=node.sourceline,
    )


def _attributes(node: etree._Element) -> dict[str, str]:
    attributes = extensions.attributes(node)
    for child in extensions.family(node, "failedJobRetryTimeCycle"):
        attributes["failedJobRetryTimeCycle"] = (child.text or "").strip()
    fields = extensions.form_fields(node)
    if fields is not None:
        attributes["formFields"] = fields
    if node.get("isForCompensation") in _TRUE:
        attributes["isForCompensation"] = "true"
    if etree.QName(node).localname == "userTask":
        _add_people(node, attributes)
    return attributes


def _implementation(
    node: etree._Element, event: model.Event | None, findings: problems.Findings
) -> dict[str, str]:
    """Read what sends the message of a throw event; refuse it where one is caught."""
    found = {
        word: event.attributes[word]
        for word in ("delegateExpression", "expression", "resultVariable")
        if event is not None and word in event.attributes
    }
    if found and etree.QName(node).localname not in _THROWING:
        for definition in parsing.children(node, "messageEventDefinition"):
            for word in found:
                extensions.refuse_attribute(word, definition, findings)
        return {}
    return found


def _add_people(node: etree._Element, attributes: dict[str, str]) -> None:
    """Add BPMN's own assignments as Activiti reads them: user(a), group(b), or b."""
    candidates: dict[str, list[str]] = {"candidateUsers": [], "candidateGroups": []}
    for owner in parsing.children(node, "potentialOwner"):
        for kind, name, bare in _RESOURCE.findall(_formal(owner)):
            word = "candidateUsers" if kind == "user" else "candidateGroups"
            candidates[word].append((name or bare).strip())
    for word, names in candidates.items():
        if names:
            before = [attributes[word]] if attributes.get(word) else []
            attributes[word] = ",".join((*before, *names))
    for performer in parsing.children(node, "humanPerformer"):
        if _formal(performer):
            attributes.setdefault("assignee", _formal(performer))


def _formal(role: etree._Element) -> str:
    return "".join(
        "".join(expression.itertext())
        for expression in role.iter(f"{{{parsing.MODEL}}}formalExpression")
    ).strip()


def _loop(
    node: etree._Element, element_id: str, findings: problems.Findings
) -> model.Loop | None:
    for loop in parsing.children(node, "standardLoopCharacteristics"):
        return model.Loop(
            kind="standard",
            condition=parsing.text(loop, "loopCondition") or None,
            maximum=loop.get("loopMaximum"),
            test_before=loop.get("testBefore") in _TRUE,
        )
    for loop in parsing.children(node, "multiInstanceLoopCharacteristics"):
        _refuse_unsupported(loop, element_id, findings)
        words = extensions.attributes(loop)
        collection = words.get("collection") or parsing.text(loop, "loopDataInputRef")
        variable = words.get("elementVariable")
        for item in parsing.children(loop, "inputDataItem"):
            variable = variable or item.get("name") or item.get("id")
        results = parsing.text(loop, "loopDataOutputRef")
        result = None
        for item in parsing.children(loop, "outputDataItem"):
            result = item.get("name") or item.get("id")
        if results and not result:
            findings.warning(
                "data-ignored",
                element_id,
                f"{problems.label(element_id, node.get('name'))}的多实例结果列表"
                f"“{results}”没有指明每次的结果变量（outputDataItem），运行时不起作用",
                loop.sourceline,
            )
        return model.Loop(
            kind="sequential" if loop.get("isSequential") in _TRUE else "parallel",
            collection=_as_expression(collection),
            element_variable=variable,
            cardinality=parsing.text(loop, "loopCardinality") or None,
            completion_condition=parsing.text(loop, "completionCondition") or None,
            result_variable=parsing.local(results) if results and result else None,
            result_item=result if results else None,
        )
    return None


def _as_expression(collection: str) -> str | None:
    """Write a collection that is a variable's name as the expression it means."""
    if not collection or "{" in collection:
        return collection or None
    return f"${{{collection}}}"


def _refuse_unsupported(
    node: etree._Element, element_id: str, findings: problems.Findings
) -> None:
    for attribute, possible in _ONLY.items():
        value = node.get(attribute, possible[0])
        if value not in possible:
            findings.error(
                "unsupported-attribute",
                element_id,
                f"{problems.label(element_id, node.get('name'))}的属性"
                f"“{attribute}={value}”不受支持，请改为“{possible[0]}”",
                node.sourceline,
            )
