"""What vendors add to BPMN: the attributes and elements of the Camunda 7 family.

Camunda, Operaton, Flowable and Activiti share one set of words under four
namespaces; they are read as one. A word is *read* (it works here), *harmless* (it
changes nothing that this engine does) or *refused* (it asks for behaviour we do not
have: an error naming it, never silence). Any other word is a warning.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from engine.bpmn import model
from engine.bpmn.diagrams import parsing
from engine.bpmn.diagrams import problems

CAMUNDA: Final = "http://camunda.org/schema/1.0/bpmn"
#: namespaces whose words mean the same
FAMILY: Final = frozenset(
    {
        CAMUNDA,
        "http://operaton.org/schema/1.0/bpmn",
        "http://flowable.org/bpmn",
        "http://activiti.org/bpmn",
    }
)
#: Camunda 8 is another engine: what its words ask for does not happen here
ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
_ZEEBE_HARMLESS: Final = frozenset(
    "properties property taskHeaders header versionTag userTask modelerTemplate"
    " modelerTemplateVersion modelerTemplateIcon".split()
)

#: words of older releases -> today's
_SYNONYMS: Final = {
    "async": "asyncBefore",
    "asyncLeave": "asyncAfter",
    "resultVariableName": "resultVariable",
}

_CONTAINERS: Final = frozenset(
    {"definitions", "process", "subProcess", "transaction", "adHocSubProcess"}
)
_ACTIVITIES: Final = frozenset(
    "task userTask serviceTask sendTask receiveTask manualTask businessRuleTask"
    " scriptTask callActivity subProcess transaction adHocSubProcess".split()
)
_GATEWAYS: Final = frozenset(
    "exclusiveGateway inclusiveGateway parallelGateway eventBasedGateway"
    " complexGateway".split()
)
_EVENTS: Final = frozenset(
    "startEvent endEvent boundaryEvent intermediateCatchEvent"
    " intermediateThrowEvent".split()
)
_ELEMENTS: Final = _ACTIVITIES | _GATEWAYS | _EVENTS
_OWNERS: Final = (
    _ELEMENTS
    | _CONTAINERS
    | frozenset({"sequenceFlow", "lane", "message", "signal", "error", "escalation"})
)
_CALLING: Final = frozenset({"serviceTask", "sendTask", "businessRuleTask"})
#: what sends a message may have it sent by a handler
_SENDING: Final = _CALLING | {"messageEventDefinition"}
_FORMS: Final = frozenset({"userTask", "startEvent"})
_PEOPLE: Final = frozenset({"userTask"})
_CALL: Final = frozenset({"callActivity"})
_RULE: Final = frozenset({"businessRuleTask"})
_ERROR: Final = frozenset({"errorEventDefinition"})
_LOOP: Final = frozenset({"multiInstanceLoopCharacteristics"})
#: read attribute -> the elements where it has an effect
_READ: Final[Mapping[str, frozenset[str]]] = {
    "assignee": _PEOPLE,
    "candidateUsers": _PEOPLE,
    "candidateGroups": _PEOPLE,
    "dueDate": _PEOPLE,
    "followUpDate": _PEOPLE,
    "priority": _PEOPLE,
    "formKey": _FORMS,
    "formRef": _FORMS,
    "formRefBinding": _FORMS,
    "formRefVersion": _FORMS,
    "initiator": frozenset({"startEvent"}),
    "asyncBefore": _ELEMENTS,
    "asyncAfter": _ELEMENTS,
    "delegateExpression": _SENDING,
    "type": _CALLING,
    "topic": _CALLING,
    "expression": _SENDING,
    "resultVariable": _SENDING,
    "decisionRef": _RULE,
    "decisionRefBinding": _RULE,
    "decisionRefVersion": _RULE,
    "decisionRefVersionTag": _RULE,
    "mapDecisionResult": _RULE,
    "calledElementBinding": _CALL,
    "calledElementVersion": _CALL,
    "calledElementVersionTag": _CALL,
    "businessKey": _CALL,
    "inheritBusinessKey": _CALL,
    "inheritVariables": _CALL,
    "collection": _LOOP,
    "elementVariable": _LOOP,
    "variableName": frozenset({"conditionalEventDefinition"}),
    "variableEvents": frozenset({"conditionalEventDefinition"}),
    "errorCodeVariable": _ERROR,
    "errorMessageVariable": _ERROR,
    "errorMessage": frozenset({"error"}),
    "escalationCodeVariable": frozenset({"escalationEventDefinition"}),
    "messageExpression": frozenset({"messageEventDefinition"}),
    "signalExpression": frozenset({"signalEventDefinition"}),
    "terminateAll": frozenset({"terminateEventDefinition"}),
    "terminateMultiInstance": frozenset({"terminateEventDefinition"}),
    "versionTag": frozenset({"process"}),
    "candidateStarterUsers": frozenset({"process"}),
    "candidateStarterGroups": frozenset({"process"}),
    "isStartableInTasklist": frozenset({"process"}),
}
_HARMLESS: Final = frozenset(
    "exclusive jobPriority taskPriority historyTimeToLive modelerTemplate"
    " modelerTemplateVersion diagramRelationId owner category formFieldValidation"
    " fallbackToDefaultTenant sameDeployment calledElementType processInstanceName"
    " icon palette iconType label localizedName exporterVersion".split()
)
_REFUSED: Final = frozenset(
    "class resource formHandlerClass skipExpression calledElementTenantId"
    " decisionRefTenantId caseRef caseBinding caseVersion caseTenantId"
    " variableMappingClass variableMappingDelegateExpression idVariableName"
    " useLocalScopeForOutParameters triggerable"
    " parallelInSameTransaction storeResultVariableAsTransient"
    " useLocalScopeForResultVariable elementIndexVariable businessCalendarName"
    " endDate scope extensionId completeAsync taskIdVariableName"
    " processInstanceIdVariableName eventSubProcessInterrupting"
    " includeInHistory noWaitStatesAsyncLeave".split()
)
#: read extension element -> the elements where it has an effect
_READ_ELEMENTS: Final[Mapping[str, frozenset[str]]] = {
    "properties": _ELEMENTS
    | _CONTAINERS
    | {"lane", "participant", "sequenceFlow", "collaboration"},
    "inputOutput": _ACTIVITIES | _EVENTS,
    "formData": _FORMS,
    "formProperty": _FORMS,
    "in": _CALL,
    "out": _CALL,
    "taskListener": _PEOPLE,
    "failedJobRetryTimeCycle": _ELEMENTS | _LOOP,
}
_HARMLESS_ELEMENTS: Final = frozenset(
    "potentialStarter modelerTemplate value jobCategory task-candidates-type"
    " work-form-field-validation".split()
)
_LISTENER_EVENTS: Final = frozenset({"create", "complete"})
_HANDLER: Final = re.compile(r"\A\s*[$#]\{\s*(\w+)\s*\}\s*\Z")


def judge(root: etree._Element, findings: problems.Findings) -> None:
    """Add what is refused or not understood among the extensions of a file."""
    for node in root.iter(f"{{{parsing.MODEL}}}*"):
        owner = _owner(node)
        for key, value in node.attrib.items():
            name = etree.QName(key)
            if name.namespace == ZEEBE:
                _judge_zeebe(name.localname, owner, node, findings)
            elif name.namespace in FAMILY:
                _judge_attribute(name.localname, value.strip(), owner, node, findings)
        for holder in parsing.children(node, "extensionElements"):
            for child in holder.iterchildren(etree.Element):
                _judge_element(child, owner, node, findings)


def attributes(node: etree._Element) -> dict[str, str]:
    """Read the family's attributes that work on this node, by today's names."""
    kind = etree.QName(node).localname
    found: dict[str, str] = {}
    for key, value in node.attrib.items():
        name = etree.QName(key)
        word = _SYNONYMS.get(name.localname, name.localname)
        if name.namespace in FAMILY and kind in _READ.get(word, ()):
            found[word] = value.strip()
    return found


def family(node: etree._Element, *path: str) -> list[etree._Element]:
    """Find the family's elements at a path below the extensionElements of a node."""
    places = parsing.children(node, "extensionElements")
    for word in path:
        places = [
            child
            for place in places
            for child in place
            if etree.QName(child).namespace in FAMILY
            and etree.QName(child).localname == word
        ]
    return places


def properties(node: etree._Element) -> dict[str, str]:
    """Read the camunda:property pairs of a node."""
    return {
        pair.get("name") or pair.get("id", ""): pair.get("value", "")
        for pair in family(node, "properties", "property")
    }


def listeners(
    node: etree._Element, findings: problems.Findings
) -> tuple[model.Listener, ...]:
    """Read the task listeners that name a handler; refuse those that name code.

    Their event is `create` or `complete`; the game runs no others.
    """
    found = []
    for child in family(node, "taskListener"):
        event = child.get("event", "")
        handler = handler_name(child.get("delegateExpression"))
        fields = _fields(child, findings)
        code = [word for word in ("class", "expression") if word in child.attrib]
        for word in code:
            refuse_attribute(word, child, findings)
        if event not in _LISTENER_EVENTS:
            refuse_attribute("event", child, findings)
        elif handler is not None:
            found.append(model.Listener(event, handler, fields))
        elif not code:
            findings.error(
                "handler",
                _owner(child),
                f"{problems.label(_owner(child))}的监听器（{event}）须用委托表达式 "
                "${处理程序名} 指明处理程序",
                child.sourceline,
            )
    return tuple(found)


def handler_name(written: str | None) -> str | None:
    """Return `name` of `${name}`, None when it is anything else."""
    match = _HANDLER.match(written or "")
    return match.group(1) if match else None


def form_fields(node: etree._Element) -> str | None:
    """Return camunda:formData (or Activiti's formProperty) as a JSON list, or None.

    Each field: id, label, type, defaultValue, values ({id: name}), constraints
    ({name: config}), properties; absent ones are left out.
    """
    nodes = (*family(node, "formData", "formField"), *family(node, "formProperty"))
    fields = [_form_field(child) for child in nodes]
    return json.dumps(fields, ensure_ascii=False) if fields else None


def refuse_attribute(
    word: str, node: etree._Element, findings: problems.Findings
) -> None:
    """Refuse an attribute of a vendor's element by name and value."""
    _refuse(
        f"元素“{etree.QName(node).localname}”的扩展属性“{word}”"
        f"（值“{_vendor_value(node, word)}”）",
        node,
        findings,
    )


def refuse_element(node: etree._Element, findings: problems.Findings) -> None:
    """Refuse a vendor's element by name."""
    _refuse(f"扩展元素“{etree.QName(node).localname}”", node, findings)


def _refuse(what: str, node: etree._Element, findings: problems.Findings) -> None:
    owner = _owner(node)
    findings.error(
        "vendor-extension",
        owner,
        f"{problems.label(owner)}：{what}要求的行为本系统不支持，请删去或改用其他画法",
        node.sourceline,
    )


def _vendor_value(node: etree._Element, word: str) -> str:
    return next(
        (v for k, v in node.attrib.items() if etree.QName(k).localname == word), ""
    )


def _owner(node: etree._Element) -> str | None:
    """Return the id of the drawn element that a node belongs to."""
    for place in (node, *node.iterancestors()):
        name = etree.QName(place)
        if name.namespace == parsing.MODEL and name.localname in _OWNERS:
            return place.get("id")
    return None


def _judge_attribute(
    written: str,
    value: str,
    owner: str | None,
    node: etree._Element,
    findings: problems.Findings,
) -> None:
    word = _SYNONYMS.get(written, written)
    kind = etree.QName(node).localname
    places = _READ.get(word, frozenset())
    foreign_type = word == "type" and value != "external"
    if word in _REFUSED | {"type", "delegateExpression", "expression"}:
        if (kind not in places or foreign_type) and value != "false":
            refuse_attribute(written, node, findings)
    elif places and kind not in places:
        findings.warning(
            "misplaced-extension",
            owner,
            f"{problems.label(owner, node.get('name'))}的扩展属性“{written}”在“{kind}”"
            "上不起作用，请删去",
            node.sourceline,
        )
    elif not places and word not in _HARMLESS:
        findings.warning(
            "unknown-extension",
            owner,
            f"{problems.label(owner, node.get('name'))}的扩展属性“{written}”不认识，"
            "将不起作用",
            node.sourceline,
        )


def _judge_element(
    child: etree._Element,
    owner: str | None,
    node: etree._Element,
    findings: problems.Findings,
) -> None:
    name = etree.QName(child)
    if name.namespace == ZEEBE:
        _judge_zeebe(name.localname, owner, child, findings)
    elif name.namespace in FAMILY and name.localname not in _HARMLESS_ELEMENTS:
        places = _READ_ELEMENTS.get(name.localname, frozenset())
        if etree.QName(node).localname not in places:
            refuse_element(child, findings)


def _judge_zeebe(
    word: str, owner: str | None, node: etree._Element, findings: problems.Findings
) -> None:
    if word not in _ZEEBE_HARMLESS:
        findings.error(
            "vendor-extension",
            owner,
            f"{problems.label(owner)}：“zeebe:{word}”是 Camunda 8 的扩展，"
            "本系统不执行，请改用 Camunda 7 的写法",
            node.sourceline,
        )


def _form_field(node: etree._Element) -> dict[str, object]:
    field: dict[str, object] = {
        "id": node.get("id"),
        "label": node.get("label") or node.get("name"),
        "type": node.get("type", "string"),
        "defaultValue": node.get("defaultValue") or node.get("default"),
        "values": {
            value.get("id"): value.get("name", value.get("id"))
            for value in node
            if etree.QName(value).localname == "value"
        },
        "constraints": {
            rule.get("name"): rule.get("config", "")
            for rule in node.iter()
            if etree.QName(rule).localname == "constraint"
        }
        | {
            word: "true"
            for word, attribute, value in (
                ("required", "required", "true"),
                ("readonly", "writable", "false"),
            )
            if node.get(attribute) == value
        },
        "properties": {
            pair.get("id"): pair.get("value", "")
            for pair in node.iter()
            if etree.QName(pair).localname == "property"
        },
    }
    return {key: value for key, value in field.items() if value}


def _fields(node: etree._Element, findings: problems.Findings) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for child in node.iterchildren(etree.Element):
        if etree.QName(child).localname != "field":
            refuse_element(child, findings)
            continue
        text = child.get("stringValue") or child.get("expression")
        found[child.get("name", "")] = text or "".join(child.itertext()).strip()
    return MappingProxyType(found)
