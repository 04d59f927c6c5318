"""What vendors add to BPMN: the attributes and elements of the Camunda 7 family.

Camunda, Operaton, Flowable and Activiti share one set of words under four
namespaces; they are read as one. A word is *read* (it works here), *harmless* (it
changes nothing that this engine does) or *refused* (it asks for behaviour we do not
have: an error naming it, never silence). Any other word is a warning.
"""

import json
import re
from collections.abc import Iterator
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from engine.bpmn import model
from engine.bpmn import parsing
from engine.bpmn import problems

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

_ACTIVITIES: Final = frozenset(
    "task userTask serviceTask sendTask receiveTask manualTask businessRuleTask"
    " scriptTask callActivity subProcess transaction adHocSubProcess".split()
)
_CALLING: Final = frozenset(
    "serviceTask sendTask businessRuleTask messageEventDefinition".split()
)
_FORMS: Final = frozenset({"userTask", "startEvent"})
_PEOPLE: Final = frozenset({"userTask"})
_CALL: Final = frozenset({"callActivity"})
_RULE: Final = frozenset({"businessRuleTask"})
_ERROR: Final = frozenset({"errorEventDefinition"})
_LOOP: Final = frozenset({"multiInstanceLoopCharacteristics"})
#: read attribute -> the elements where it has an effect (None: any)
_READ: Final[Mapping[str, frozenset[str] | None]] = {
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
    "asyncBefore": None,
    "asyncAfter": None,
    "delegateExpression": _CALLING,
    "type": _CALLING,
    "topic": _CALLING,
    "expression": _CALLING,
    "resultVariable": _CALLING,
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
    " useLocalScopeForOutParameters terminateAll terminateMultiInstance triggerable"
    " parallelInSameTransaction storeResultVariableAsTransient"
    " useLocalScopeForResultVariable elementIndexVariable businessCalendarName"
    " endDate scope extensionId completeAsync taskIdVariableName"
    " processInstanceIdVariableName eventSubProcessInterrupting"
    " includeInHistory noWaitStatesAsyncLeave".split()
)
#: extension elements read by this module or by reading.py
_READ_ELEMENTS: Final = frozenset(
    "properties property inputOutput inputParameter outputParameter list map entry"
    " value script formData formField formProperty validation constraint in out"
    " taskListener executionListener field failedJobRetryTimeCycle".split()
)
_HARMLESS_ELEMENTS: Final = frozenset(
    "potentialStarter modelerTemplate jobCategory task-candidates-type"
    " work-form-field-validation".split()
)
_LISTENER_EVENTS: Final = {
    "taskListener": frozenset({"create", "assignment", "complete", "delete", "update"}),
    "executionListener": frozenset({"start", "end", "take"}),
}
_HANDLER: Final = re.compile(r"\A\s*[$#]\{\s*(\w+)\s*\}\s*\Z")


def attributes(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> dict[str, str]:
    """Read the family's attributes of a node by local name; report the others.

    `owner` is the id of the element that findings are about.
    """
    found: dict[str, str] = {}
    kind = etree.QName(node).localname
    for key, value in node.attrib.items():
        name = etree.QName(key)
        if name.namespace == ZEEBE and name.localname not in _ZEEBE_HARMLESS:
            _refuse_zeebe(name.localname, owner, node, findings)
        if name.namespace not in FAMILY:
            continue
        word = _SYNONYMS.get(name.localname, name.localname)
        value = value.strip()
        if word in _READ:
            places = _READ[word]
            if places is None or kind in places:
                found[word] = value
            elif word in ("type", "delegateExpression"):
                _refuse_attribute(name.localname, value, owner, node, findings)
            else:
                findings.warning(
                    "misplaced-extension",
                    owner,
                    f"{problems.label(owner, node.get('name'))}的扩展属性"
                    f"“{name.localname}”在“{kind}”上不起作用，请删去",
                    node.sourceline,
                )
        elif word in _REFUSED:
            if value != "false":
                _refuse_attribute(name.localname, value, owner, node, findings)
        elif word not in _HARMLESS:
            findings.warning(
                "unknown-extension",
                owner,
                f"{problems.label(owner, node.get('name'))}的扩展属性"
                f"“{name.localname}”不认识，将不起作用",
                node.sourceline,
            )
    if found.get("type") not in (None, "external") and kind in _CALLING:
        _refuse_attribute("type", found.pop("type"), owner, node, findings)
    return found


def elements(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> Iterator[tuple[str, etree._Element]]:
    """Yield the family's extension elements of a node; report what is refused."""
    for holder in parsing.children(node, "extensionElements"):
        for child in holder:
            name = etree.QName(child)
            if name.namespace == ZEEBE and name.localname not in _ZEEBE_HARMLESS:
                _refuse_zeebe(name.localname, owner, child, findings)
            if name.namespace not in FAMILY or name.localname in _HARMLESS_ELEMENTS:
                continue
            if name.localname in _READ_ELEMENTS - {"field"}:
                yield name.localname, child
            else:
                _refuse_element(name.localname, owner, child, findings)


def properties(node: etree._Element) -> dict[str, str]:
    """Read the camunda:property pairs of a node."""
    return {
        pair.get("name") or pair.get("id", ""): pair.get("value", "")
        for pair in _descendants(node, "properties", "property")
    }


def mappings(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> tuple[tuple[model.Assignment, ...], tuple[model.Assignment, ...]]:
    """Read a call activity's camunda:in and camunda:out."""
    found: dict[str, list[model.Assignment]] = {"in": [], "out": []}
    for word, child in elements(node, None, problems.Findings()):
        if word not in found:
            continue
        if child.get("local", "false") != "false":
            _refuse_attribute("local", "true", owner, child, findings)
        expression = child.get("sourceExpression")
        everything = child.get("variables")
        key = child.get("businessKey")
        if everything not in (None, "all"):
            _refuse_attribute("variables", everything, owner, child, findings)
        if key is None and everything is None and not child.get("target"):
            findings.error(
                "unsupported-attribute",
                owner,
                f"{problems.label(owner, node.get('name'))}的变量传递没有写明目标变量"
                "（target）",
                child.sourceline,
            )
            continue
        found[word].append(
            model.Assignment(
                target=child.get("target", ""),
                source=child.get("source"),
                expression=expression,
                all_variables=everything == "all",
                business_key=key,
            )
        )
    return tuple(found["in"]), tuple(found["out"])


def parameters(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> tuple[tuple[model.Assignment, ...], tuple[model.Assignment, ...]]:
    """Read camunda:inputOutput: text is str, a list is tuple, a map is Mapping."""
    found: dict[str, list[model.Assignment]] = {}
    for word in ("inputParameter", "outputParameter"):
        found[word] = [
            model.Assignment(
                target=child.get("name", ""),
                expression=_parameter(child, owner, findings),
            )
            for child in _descendants(node, "inputOutput", word)
        ]
    return tuple(found["inputParameter"]), tuple(found["outputParameter"])


def listeners(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> tuple[model.Listener, ...]:
    """Read the listeners that name a handler; refuse those that name code.

    The event of a task listener is `create`, `complete` …; that of an execution
    listener `start`, `end` or `take`.
    """
    found = []
    for word, child in elements(node, None, problems.Findings()):
        if word not in _LISTENER_EVENTS:
            continue
        for banned in ("class", "expression"):
            if child.get(banned) is not None:
                _refuse_attribute(banned, child.get(banned, ""), owner, child, findings)
        written = child.get("delegateExpression")
        event = child.get("event", "")
        if event not in _LISTENER_EVENTS[word]:
            _refuse_attribute("event", event, owner, child, findings)
        elif (handler := handler_name(written)) is not None:
            found.append(
                model.Listener(event, handler, _fields(child, owner, findings))
            )
        elif child.get("class") is None and child.get("expression") is None:
            findings.error(
                "handler",
                owner,
                f"{problems.label(owner, node.get('name'))}的监听器（{event}）须用"
                "委托表达式 ${处理程序名} 指明处理程序",
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
    fields = [
        _form_field(child)
        for child in (
            *_descendants(node, "formData", "formField"),
            *(
                c
                for w, c in elements(node, None, problems.Findings())
                if w == "formProperty"
            ),
        )
    ]
    return json.dumps(fields, ensure_ascii=False) if fields else None


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


def _parameter(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> object:
    for child in node:
        word = etree.QName(child).localname
        if word == "list":
            return tuple(_value(item, owner, findings) for item in child)
        if word == "map":
            return MappingProxyType(
                {
                    entry.get("key", ""): _parameter(entry, owner, findings)
                    for entry in child
                }
            )
        _refuse_element(word, owner, child, findings)
    return (node.text or "").strip()


def _value(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> object:
    if etree.QName(node).localname != "value":
        _refuse_element(etree.QName(node).localname, owner, node, findings)
    return (node.text or "").strip()


def _fields(
    node: etree._Element, owner: str | None, findings: problems.Findings
) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for child in node:
        word = etree.QName(child).localname
        if word != "field":
            _refuse_element(word, owner, child, findings)
            continue
        text = child.get("stringValue") or child.get("expression")
        found[child.get("name", "")] = text or "".join(child.itertext()).strip()
    return MappingProxyType(found)


def _descendants(node: etree._Element, *words: str) -> list[etree._Element]:
    """Find family elements by their path below extensionElements."""
    places = [
        child
        for word, child in elements(node, None, problems.Findings())
        if word == words[0]
    ]
    for word in words[1:]:
        places = [
            child
            for place in places
            for child in place
            if etree.QName(child).namespace in FAMILY
            and etree.QName(child).localname == word
        ]
    return places


def _refuse_attribute(
    word: str,
    value: str,
    owner: str | None,
    node: etree._Element,
    findings: problems.Findings,
) -> None:
    findings.error(
        "vendor-extension",
        owner,
        f"{problems.label(owner)}：元素“{etree.QName(node).localname}”的扩展属性"
        f"“{word}”（值“{value}”）要求的行为本系统不支持，请删去或改用其他画法",
        node.sourceline,
    )


def _refuse_element(
    word: str, owner: str | None, node: etree._Element, findings: problems.Findings
) -> None:
    findings.error(
        "vendor-extension",
        owner,
        f"{problems.label(owner)}：扩展元素“{word}”要求的行为本系统不支持，"
        "请删去或改用其他画法",
        node.sourceline,
    )


def _refuse_zeebe(
    word: str, owner: str | None, node: etree._Element, findings: problems.Findings
) -> None:
    findings.error(
        "vendor-extension",
        owner,
        f"{problems.label(owner)}：“zeebe:{word}”是 Camunda 8 的扩展，本系统不执行，"
        "请改用 Camunda 7 的写法",
        node.sourceline,
    )
