"""Events: what an event definition waits for or throws, references resolved."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from typing import Literal

from lxml import etree

from engine.bpmn import model
from engine.bpmn.diagrams import extensions
from engine.bpmn.diagrams import parsing
from engine.bpmn.diagrams import problems

#: tag -> kind
_KINDS: Final = {
    "messageEventDefinition": "message",
    "signalEventDefinition": "signal",
    "timerEventDefinition": "timer",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "conditionalEventDefinition": "conditional",
    "linkEventDefinition": "link",
    "terminateEventDefinition": "terminate",
    "cancelEventDefinition": "cancel",
    "compensateEventDefinition": "compensate",
}
_LABELS: Final = {
    "message": "消息",
    "signal": "信号",
    "error": "错误",
    "escalation": "升级",
}


class Definitions:
    """The messages, signals, errors and escalations that a file declares."""

    def __init__(self, root: etree._Element, findings: problems.Findings) -> None:
        """Collect them from the `definitions` element."""
        self._findings = findings
        self._declared = {
            (kind, node.get("id", "")): node
            for kind in _LABELS
            for node in parsing.children(root, kind)
        }
        self._shared = {
            node.get("id"): node
            for node in root
            if etree.QName(node).localname in _KINDS
        }
        self.correlations = self._correlations(root)

    def event(self, node: etree._Element, owner: str) -> model.Event:
        """Read the one event definition of an event, or the message of a task."""
        kind = etree.QName(node).localname
        if kind in ("receiveTask", "sendTask"):
            if node.get("messageRef") is None:
                return model.Event("none")
            return model.Event(
                "message",
                name=self._name("message", node.get("messageRef"), node, owner),
            )
        found = [
            child
            for child in node
            if etree.QName(child).namespace == parsing.MODEL
            and etree.QName(child).localname in _KINDS
        ]
        for reference in parsing.children(node, "eventDefinitionRef"):
            shared = self._shared.get(parsing.local(reference.text))
            if shared is None:
                self._unresolved("事件定义", reference.text or "", node, owner)
            else:
                found.append(shared)
        if not found:
            return model.Event("none")
        if len(found) > 1:
            self._findings.error(
                "multiple-event-definitions",
                owner,
                f"事件{problems.label(owner, node.get('name'))}带有 {len(found)} 个"
                "事件定义，只能有一个，请拆成几个事件",
                node.sourceline,
            )
        return self._definition(found[0], node, owner)

    def _definition(
        self, definition: etree._Element, node: etree._Element, owner: str
    ) -> model.Event:
        kind = _KINDS[etree.QName(definition).localname]
        attributes = extensions.attributes(definition)
        name, code, timer, condition = "", None, None, None
        if kind in ("message", "signal"):
            name = attributes.pop(f"{kind}Expression", "")
            if not name:
                name = self._name(kind, definition.get(f"{kind}Ref"), node, owner)
        elif kind in ("error", "escalation"):
            name, code = self._coded(kind, definition, node, owner)
            message = self._error_message(definition)
            if message:
                attributes["errorMessage"] = message
        elif kind == "timer":
            timer = _timer(definition)
        elif kind == "conditional":
            condition = parsing.text(definition, "condition") or None
        elif kind == "link":
            name = definition.get("name", "")
        return model.Event(
            kind=kind,
            name=name,
            code=code,
            timer=timer,
            condition=condition,
            attributes=MappingProxyType(attributes),
        )

    def _name(
        self, kind: str, reference: str | None, node: etree._Element, owner: str
    ) -> str:
        """Resolve a message or signal to its name; '' (for the linter) without one."""
        if not reference:
            return ""
        declared = self._declared.get((kind, parsing.local(reference)))
        if declared is None:
            self._unresolved(_LABELS[kind], reference, node, owner)
            return ""
        return (declared.get("name") or "").strip()

    def _coded(
        self,
        kind: str,
        definition: etree._Element,
        node: etree._Element,
        owner: str,
    ) -> tuple[str, str | None]:
        """Resolve an error or escalation to its name and code; without: any code."""
        reference = definition.get(f"{kind}Ref")
        if not reference:
            return "", None
        declared = self._declared.get((kind, parsing.local(reference)))
        if declared is None:
            # Flowable (and Camunda 7 for errors) reads what is not declared as the
            # code itself, and so do the diagrams drawn for them.
            self._findings.warning(
                "unresolved-reference",
                owner,
                f"事件{problems.label(owner, node.get('name'))}引用的{_LABELS[kind]}"
                f"“{reference}”没有声明，把它当作代码",
                node.sourceline,
            )
            return "", reference
        code = (declared.get(f"{kind}Code") or "").strip()
        if kind == "error" and not code:
            # The reference names one error: without a code of its own its id tells
            # it from others, as in Flowable. An escalation without one is any.
            code = declared.get("id", "")
        return declared.get("name", ""), code or None

    def _error_message(self, definition: etree._Element) -> str | None:
        reference = parsing.local(definition.get("errorRef"))
        declared = self._declared.get(("error", reference))
        if declared is None:
            return None
        return extensions.attributes(declared).get("errorMessage")

    def _unresolved(
        self, what: str, reference: str, node: etree._Element, owner: str
    ) -> None:
        self._findings.error(
            "unresolved-reference",
            owner,
            f"{problems.label(owner, node.get('name'))}引用的{what}“{reference}”"
            "在文件中不存在",
            node.sourceline,
        )

    def _correlations(self, root: etree._Element) -> Mapping[str, Mapping[str, str]]:
        """Read correlationProperty: message name -> property -> expression."""
        found: dict[str, dict[str, str]] = {}
        for declared in parsing.children(root, "correlationProperty"):
            name = declared.get("name") or declared.get("id", "")
            for retrieval in parsing.children(
                declared, "correlationPropertyRetrievalExpression"
            ):
                reference = parsing.local(retrieval.get("messageRef"))
                message = self._declared.get(("message", reference))
                if message is not None:
                    path = parsing.text(retrieval, "messagePath")
                    found.setdefault(message.get("name", ""), {})[name] = path
        return MappingProxyType(
            {name: MappingProxyType(keys) for name, keys in found.items()}
        )


def _timer(definition: etree._Element) -> model.Timer | None:
    kinds: tuple[tuple[str, Literal["date", "duration", "cycle"]], ...] = (
        ("timeDate", "date"),
        ("timeDuration", "duration"),
        ("timeCycle", "cycle"),
    )
    for tag, kind in kinds:
        expression = parsing.text(definition, tag)
        if expression:
            return model.Timer(kind, expression)
    return None
