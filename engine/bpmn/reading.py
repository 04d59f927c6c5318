"""Reading a diagram: BPMN 2.0 XML becomes the values of engine.bpmn.model."""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from types import MappingProxyType
from typing import Final

from lxml import etree

from engine.bpmn import events
from engine.bpmn import extensions
from engine.bpmn import model
from engine.bpmn import normalisation
from engine.bpmn import parsing
from engine.bpmn import problems

EVENTS: Final = frozenset(
    "startEvent endEvent boundaryEvent intermediateCatchEvent"
    " intermediateThrowEvent".split()
)
GATEWAYS: Final = frozenset(
    "exclusiveGateway inclusiveGateway parallelGateway complexGateway"
    " eventBasedGateway".split()
)
SUB_PROCESSES: Final = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES: Final = SUB_PROCESSES | frozenset(
    "task userTask serviceTask sendTask receiveTask manualTask businessRuleTask"
    " scriptTask callActivity".split()
)
#: drawn for people, or read from elsewhere; nothing to run
_DRAWN: Final = frozenset(
    "documentation extensionElements incoming outgoing laneSet textAnnotation group"
    " association category auditing monitoring supportedInterfaceRef"
    " correlationSubscription rendering resourceRole performer humanPerformer"
    " potentialOwner multiInstanceLoopCharacteristics standardLoopCharacteristics"
    " conditionExpression completionCondition activationCondition script".split()
)
_DATA: Final = frozenset(
    "dataObject dataObjectReference dataStoreReference ioSpecification"
    " dataInputAssociation dataOutputAssociation dataInput dataOutput inputSet"
    " outputSet property ioBinding".split()
)
_ID: Final = re.compile(r"[A-Za-z_][\w.-]*")
#: BPMN attributes that change behaviour: attribute -> the value we can do
_ONLY: Final = {
    "instantiate": "false",
    "parallelMultiple": "false",
    "eventGatewayType": "Exclusive",
    "startQuantity": "1",
    "completionQuantity": "1",
}
_RESOURCE: Final = re.compile(r"(user|group)\(([^()]*)\)|([^,()\s][^,()]*)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says: its processes, and what was found while reading them."""

    processes: tuple[model.Process, ...]
    problems: tuple[model.Problem, ...]


def read_diagram(content: bytes, *, name: str = "") -> Reading:
    """Read every process of a BPMN 2.0 file, normalised.

    Never partial in silence: what cannot be run as drawn is an *error* among the
    problems (the values are then not fit to be built), what is ignored a *warning*.
    A file that is no BPMN at all raises parsing.UnreadableDiagram.

    Beyond the attributes that model.Element names: `attributes` also holds
    `formFields` (JSON of camunda:formData, see extensions.form_fields),
    `failedJobRetryTimeCycle`, and of BPMN itself `isForCompensation`; a process has
    `isExecutable`. Groups of `potentialOwner` join `candidateGroups`.
    """
    root = parsing.parse(content, name=name)
    findings = problems.Findings()
    parsing.validate(root, findings)
    definitions = events.Definitions(root, findings)
    extensions.attributes(root, None, findings)
    seen: set[str] = set()
    processes = []
    for node in parsing.children(root, "process"):
        process = _Reader(node, definitions, findings, seen).process()
        if process is not None:
            processes.append(normalisation.normalise(process, findings))
    if not processes:
        findings.error("no-process", None, "文件里没有可以运行的流程（process）")
    return Reading(tuple(processes), tuple(findings.found))


@dataclass
class _Reader:
    """Collects the elements of one process."""

    node: etree._Element
    definitions: events.Definitions
    findings: problems.Findings
    seen: set[str]
    elements: dict[str, model.Element] = field(default_factory=dict)
    flows: dict[str, model.SequenceFlow] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)

    def process(self) -> model.Process | None:
        if "id" not in self.node.attrib:
            self.findings.error(
                "bad-id", None, "流程缺少编号（id）", self.node.sourceline
            )
            return None
        key = self._id(self.node)
        if key is None:
            return None
        attributes = extensions.attributes(self.node, key, self.findings)
        attributes["isExecutable"] = self.node.get("isExecutable", "true")
        if attributes["isExecutable"] in ("false", "0"):
            self.findings.warning(
                "not-executable",
                key,
                f"流程{problems.label(key, self.node.get('name'))}标为不可执行"
                "（isExecutable=false），仍按可执行读取",
                self.node.sourceline,
            )
        for lane in self.node.iter(f"{{{parsing.MODEL}}}lane"):
            self._lane(lane)
        for flow in self.node.iter(f"{{{parsing.MODEL}}}sequenceFlow"):
            self._sequence_flow(flow)
        children = self._scope(self.node, key, None)
        self._check_references()
        for _ in extensions.elements(self.node, key, self.findings):
            pass
        if extensions.listeners(self.node, key, self.findings):
            self.findings.error(
                "vendor-extension",
                key,
                f"流程{problems.label(key, self.node.get('name'))}本身不能带执行监听器，"
                "请改画成服务任务",
                self.node.sourceline,
            )
        if not children:
            self.findings.error(
                "no-process",
                key,
                f"流程{problems.label(key, self.node.get('name'))}是空的",
                self.node.sourceline,
            )
            return None
        return model.Process(
            key=key,
            name=self.node.get("name", ""),
            elements=MappingProxyType(self.elements),
            sequence_flows=MappingProxyType(self.flows),
            version_tag=attributes.get("versionTag"),
            attributes=MappingProxyType(attributes),
            properties=MappingProxyType(extensions.properties(self.node)),
            documentation=parsing.text(self.node, "documentation"),
            children=children,
            correlations=self.definitions.correlations,
        )

    def _id(self, node: etree._Element) -> str | None:
        """Return the id of a node, None when it cannot be used."""
        kind = etree.QName(node).localname
        # Camunda and Flowable read elements without id; a colon is in no XML id.
        element_id = node.get("id", f"{kind}:{len(self.seen)}")
        if "id" in node.attrib and not _ID.fullmatch(element_id):
            self.findings.error(
                "bad-id",
                element_id,
                f"元素“{kind}”{problems.label(element_id, node.get('name'))}的编号不合规："
                "须以字母或下划线开头，只含文字、数字、下划线、点和连字符",
                node.sourceline,
            )
            return None
        if element_id in self.seen:
            self.findings.error(
                "duplicate-id",
                element_id,
                f"编号“{element_id}”在文件中用了不止一次，请改成唯一的编号",
                node.sourceline,
            )
            return None
        self.seen.add(element_id)
        return element_id

    def _lane(self, lane: etree._Element) -> None:
        # Document order puts inner lanes after the outer ones: the innermost wins.
        role = extensions.properties(lane).get("role") or lane.get("name")
        for reference in parsing.children(lane, "flowNodeRef"):
            if role:
                self.lanes[parsing.local(reference.text)] = role

    def _sequence_flow(self, node: etree._Element) -> None:
        source = parsing.local(node.get("sourceRef"))
        target = parsing.local(node.get("targetRef"))
        if node.get("id") is None:
            flow_id: str | None = f"flow:{source}:{target}"
            if flow_id in self.flows:
                flow_id = f"{flow_id}:{node.sourceline}"
        else:
            flow_id = self._id(node)
        if flow_id is None:
            return
        extensions.attributes(node, flow_id, self.findings)
        if extensions.listeners(node, flow_id, self.findings):
            self.findings.error(
                "vendor-extension",
                flow_id,
                f"连线{problems.label(flow_id, node.get('name'))}不能带执行监听器，"
                "请改画成服务任务",
                node.sourceline,
            )
        for _ in extensions.elements(node, flow_id, self.findings):
            pass
        condition = None
        for child in parsing.children(node, "conditionExpression"):
            extensions.attributes(child, flow_id, self.findings)
            condition = "".join(child.itertext()).strip() or None
        self.flows[flow_id] = model.SequenceFlow(
            id=flow_id,
            source=source,
            target=target,
            name=node.get("name", ""),
            condition=condition,
        )

    def _scope(
        self, node: etree._Element, scope: str, lane: str | None
    ) -> tuple[str, ...]:
        """Read what a process or sub-process holds, and return the ids."""
        found = []
        ignored = []
        for child in node:
            kind = etree.QName(child)
            if kind.namespace != parsing.MODEL:
                continue
            if kind.localname in EVENTS | GATEWAYS | ACTIVITIES:
                element_id = self._element(child, kind.localname, scope, lane)
                if element_id is not None:
                    found.append(element_id)
            elif kind.localname in _DATA:
                ignored.append(child.get("name") or child.get("id") or kind.localname)
            elif kind.localname not in _DRAWN | {"sequenceFlow"}:
                self.findings.error(
                    "unsupported-element",
                    child.get("id"),
                    f"元素“{kind.localname}”"
                    f"{problems.label(child.get('id'), child.get('name'))}不受支持",
                    child.sourceline,
                )
        if ignored:
            self.findings.warning(
                "data-ignored",
                scope,
                f"“{scope}”中的数据对象只作图示，运行时不起作用：{'、'.join(ignored)}",
                node.sourceline,
            )
        return tuple(found)

    def _element(
        self, node: etree._Element, kind: str, scope: str, lane: str | None
    ) -> str | None:
        element_id = self._id(node)
        if element_id is None:
            return None
        lane = self.lanes.get(element_id, lane)
        self._refuse_unsupported(node, element_id)
        attributes = self._attributes(node, kind, element_id)
        inputs, outputs = extensions.parameters(node, element_id, self.findings)
        call_in, call_out = self._mappings(node, kind, element_id, attributes)
        event = None
        if kind in EVENTS or kind in ("receiveTask", "sendTask"):
            event = self.definitions.event(node, element_id)
        children: tuple[str, ...] = ()
        if kind in SUB_PROCESSES:
            children = self._scope(node, element_id, lane)
        else:
            self._warn_of_data(node, element_id)
        incoming, outgoing = self._ends(element_id)
        self.elements[element_id] = model.Element(
            id=element_id,
            kind=kind,
            name=node.get("name", ""),
            scope=scope,
            incoming=incoming,
            outgoing=outgoing,
            default=node.get("default") and parsing.local(node.get("default")),
            attributes=MappingProxyType(attributes),
            properties=MappingProxyType(extensions.properties(node)),
            documentation=parsing.text(node, "documentation"),
            lane=lane,
            loop=self._loop(node, element_id),
            event=event,
            attached_to=parsing.local(node.get("attachedToRef")) or None,
            interrupting=node.get(
                "cancelActivity" if kind == "boundaryEvent" else "isInterrupting",
                "true",
            )
            in ("true", "1"),
            triggered_by_event=node.get("triggeredByEvent") in ("true", "1"),
            called_element=node.get("calledElement"),
            inputs=inputs,
            outputs=outputs,
            call_in=call_in,
            call_out=call_out,
            listeners=extensions.listeners(node, element_id, self.findings),
            children=children,
            line=node.sourceline,
        )
        return element_id

    def _ends(self, element_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        flows = self.flows.values()
        return (
            tuple(flow.id for flow in flows if flow.target == element_id),
            tuple(flow.id for flow in flows if flow.source == element_id),
        )

    def _attributes(
        self, node: etree._Element, kind: str, element_id: str
    ) -> dict[str, str]:
        attributes = extensions.attributes(node, element_id, self.findings)
        for word, child in extensions.elements(node, element_id, self.findings):
            if word == "failedJobRetryTimeCycle":
                attributes[word] = (child.text or "").strip()
        fields = extensions.form_fields(node)
        if fields is not None:
            attributes["formFields"] = fields
        if node.get("isForCompensation") in ("true", "1"):
            attributes["isForCompensation"] = "true"
        if kind == "userTask":
            attributes |= _people(node, attributes)
        return attributes

    def _mappings(
        self,
        node: etree._Element,
        kind: str,
        element_id: str,
        attributes: Mapping[str, str],
    ) -> tuple[tuple[model.Assignment, ...], tuple[model.Assignment, ...]]:
        """Read what a call gives and takes, in Camunda's and in Flowable's words."""
        call_in, call_out = extensions.mappings(node, element_id, self.findings)
        if kind != "callActivity":
            if call_in or call_out:
                self.findings.error(
                    "vendor-extension",
                    element_id,
                    f"{problems.label(element_id, node.get('name'))}不是调用活动，"
                    "不能带变量传递（in/out）",
                    node.sourceline,
                )
            return (), ()
        key = attributes.get("businessKey")
        if attributes.get("inheritBusinessKey") == "true":
            key = "${execution.processBusinessKey}"
        if key:
            call_in = (*call_in, model.Assignment(business_key=key))
        if attributes.get("inheritVariables") == "true":
            call_in = (*call_in, model.Assignment(all_variables=True))
        return call_in, call_out

    def _loop(self, node: etree._Element, element_id: str) -> model.Loop | None:
        for loop in parsing.children(node, "standardLoopCharacteristics"):
            return model.Loop(
                kind="standard",
                condition=parsing.text(loop, "loopCondition") or None,
                maximum=loop.get("loopMaximum"),
                test_before=loop.get("testBefore") in ("true", "1"),
            )
        for loop in parsing.children(node, "multiInstanceLoopCharacteristics"):
            words = extensions.attributes(loop, element_id, self.findings)
            for _ in extensions.elements(loop, element_id, self.findings):
                pass
            if loop.get("behavior", "All") != "All":
                self.findings.error(
                    "unsupported-attribute",
                    element_id,
                    f"{problems.label(element_id, node.get('name'))}的多实例行为"
                    f"（behavior={loop.get('behavior')}）不受支持",
                    loop.sourceline,
                )
            collection = words.get("collection") or parsing.text(
                loop, "loopDataInputRef"
            )
            item = next(iter(parsing.children(loop, "inputDataItem")), None)
            return model.Loop(
                kind="sequential"
                if loop.get("isSequential") in ("true", "1")
                else "parallel",
                collection=_as_expression(collection),
                element_variable=words.get("elementVariable")
                or (None if item is None else item.get("name") or item.get("id")),
                cardinality=parsing.text(loop, "loopCardinality") or None,
                completion_condition=parsing.text(loop, "completionCondition") or None,
            )
        return None

    def _refuse_unsupported(self, node: etree._Element, element_id: str) -> None:
        for attribute, supported in _ONLY.items():
            value = node.get(attribute, supported)
            if value != supported and not (value == "0" and supported == "false"):
                self.findings.error(
                    "unsupported-attribute",
                    element_id,
                    f"{problems.label(element_id, node.get('name'))}的属性"
                    f"“{attribute}={value}”不受支持",
                    node.sourceline,
                )

    def _warn_of_data(self, node: etree._Element, element_id: str) -> None:
        if any(
            etree.QName(child).localname in _DATA
            for child in node
            if etree.QName(child).namespace == parsing.MODEL
        ):
            self.findings.warning(
                "data-ignored",
                element_id,
                f"{problems.label(element_id, node.get('name'))}的数据输入输出只作图示，"
                "运行时不起作用",
                node.sourceline,
            )

    def _check_references(self) -> None:
        for flow in tuple(self.flows.values()):
            for end in (flow.source, flow.target):
                if end not in self.elements:
                    self.findings.error(
                        "unresolved-reference",
                        flow.id,
                        f"连线{problems.label(flow.id, flow.name)}的一端“{end}”不存在",
                    )
                    self.flows.pop(flow.id, None)
        for lane_member in self.lanes:
            if lane_member not in self.elements:
                self.findings.warning(
                    "unresolved-reference",
                    lane_member,
                    f"泳道引用的元素“{lane_member}”不存在",
                )


def _people(node: etree._Element, attributes: Mapping[str, str]) -> dict[str, str]:
    """Read BPMN's own assignments as Activiti does: user(a), group(b), or a group."""
    found: dict[str, list[str]] = {"user": [], "group": []}
    people: dict[str, str] = {}
    for role in parsing.children(node, "potentialOwner"):
        for kind, name, bare in _RESOURCE.findall(_formal(role)):
            found[kind or "group"].append((name or bare).strip())
    for word, names in (
        ("candidateUsers", found["user"]),
        ("candidateGroups", found["group"]),
    ):
        if names:
            before = [attributes[word]] if attributes.get(word) else []
            people[word] = ",".join((*before, *names))
    for role in parsing.children(node, "humanPerformer"):
        if "assignee" not in attributes and _formal(role):
            people["assignee"] = _formal(role)
    return people


def _formal(role: etree._Element) -> str:
    return "".join(_texts(role, "formalExpression")).strip()


def _texts(node: etree._Element, word: str) -> Iterator[str]:
    for child in node.iter(f"{{{parsing.MODEL}}}{word}"):
        yield "".join(child.itertext())


def _as_expression(collection: str) -> str | None:
    """Write a collection that is a variable's name as the expression it means."""
    if not collection or "{" in collection:
        return collection or None
    return f"${{{collection}}}"
