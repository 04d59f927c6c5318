"""Reading a diagram: BPMN 2.0 XML becomes the values of engine.bpmn.model."""

import re
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from lxml import etree

from engine.bpmn import model
from engine.bpmn.diagrams import elements
from engine.bpmn.diagrams import events
from engine.bpmn.diagrams import extensions
from engine.bpmn.diagrams import normalisation
from engine.bpmn.diagrams import parsing
from engine.bpmn.diagrams import problems

#: drawn for people, or read elsewhere: nothing more to run
_DRAWN: Final = frozenset(
    "documentation extensionElements incoming outgoing laneSet textAnnotation group"
    " association auditing monitoring supportedInterfaceRef correlationSubscription"
    " resourceRole performer humanPerformer potentialOwner completionCondition"
    " multiInstanceLoopCharacteristics standardLoopCharacteristics"
    " sequenceFlow".split()
)
_DATA: Final = frozenset(
    "dataObject dataObjectReference dataStoreReference ioSpecification"
    " dataInputAssociation dataOutputAssociation dataInput dataOutput inputSet"
    " outputSet property ioBinding".split()
)
_ID: Final = re.compile(r"[A-Za-z_][\w.-]*")


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

    Beyond Camunda's own, `attributes` of an element hold `formFields` (JSON, see
    extensions.form_fields), `failedJobRetryTimeCycle` and `isForCompensation`;
    those of a process `isExecutable`. What `potentialOwner` says joins
    `candidateUsers` and `candidateGroups`. A collection is always an expression:
    `units` is read as `${units}`. An element without id is called `kind:n`, a
    sequence flow `flow:source:target`.
    """
    root = parsing.parse(content, name=name)
    findings = problems.Findings()
    parsing.validate(root, findings)
    extensions.judge(root, findings)
    definitions = events.Definitions(root, findings)
    seen: set[str] = set()
    processes = []
    for node in parsing.children(root, "process"):
        process = _ProcessReader(node, definitions, findings, seen).read()
        if process is not None:
            processes.append(normalisation.normalise(process, findings))
    if not processes:
        findings.error("no-process", None, "文件里没有可以运行的流程（process）")
    return Reading(tuple(processes), tuple(findings.found))


@dataclass
class _ProcessReader:
    """Collects the elements of one process."""

    node: etree._Element
    definitions: events.Definitions
    findings: problems.Findings
    #: ids used in the file
    seen: set[str]
    elements: dict[str, model.Element] = field(default_factory=dict)
    flows: dict[str, model.SequenceFlow] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)

    def read(self) -> model.Process | None:
        """Return the process, None when it has no usable id or no elements."""
        key = self._id(self.node)
        if key is None:
            return None
        for lane in self.node.iter(f"{{{parsing.MODEL}}}lane"):
            self._read_lane(lane)
        children = self._read_scope(self.node, key, None)
        for flow in self.node.iter(f"{{{parsing.MODEL}}}sequenceFlow"):
            self._read_sequence_flow(flow)
        named = problems.label(key, self.node.get("name"))
        line = self.node.sourceline
        if not children:
            self.findings.error("no-process", key, f"流程{named}是空的", line)
            return None
        attributes = extensions.attributes(self.node)
        attributes["isExecutable"] = self.node.get("isExecutable", "true")
        if attributes["isExecutable"] in ("false", "0"):
            self.findings.warning(
                "not-executable",
                key,
                f"流程{named}标为不可执行（isExecutable=false），仍按可执行读取",
                line,
            )
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
        """Return the id of a node, None (and a finding) when it cannot be used."""
        kind = etree.QName(node).localname
        element_id = node.get("id")
        if element_id is None and kind != "process":
            # Camunda and Flowable read such elements too; a colon is in no XML id.
            element_id = f"{kind}:{len(self.seen)}"
        elif element_id is None or not _ID.fullmatch(element_id):
            self.findings.error(
                "bad-id",
                element_id,
                f"“{kind}”{problems.label(element_id, node.get('name'))}的编号不合规："
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

    def _read_lane(self, lane: etree._Element) -> None:
        # Document order puts inner lanes after the outer ones: the innermost wins.
        role = extensions.properties(lane).get("role") or lane.get("name")
        for reference in parsing.children(lane, "flowNodeRef"):
            if role:
                self.lanes[parsing.local(reference.text)] = role

    def _read_sequence_flow(self, node: etree._Element) -> None:
        """Read a sequence flow and tell its two ends, which must have been read."""
        source = parsing.local(node.get("sourceRef"))
        target = parsing.local(node.get("targetRef"))
        if node.get("id") is None:
            flow_id: str | None = self._free_id(f"flow:{source}:{target}")
        else:
            flow_id = self._id(node)
        if flow_id is None:
            return
        lost = [end for end in (source, target) if end not in self.elements]
        for end in lost:
            self.findings.error(
                "unresolved-reference",
                flow_id,
                f"连线{problems.label(flow_id, node.get('name'))}的一端“{end}”"
                "不存在，请重新连线",
                node.sourceline,
            )
        if lost:
            return
        self.flows[flow_id] = model.SequenceFlow(
            id=flow_id,
            source=source,
            target=target,
            name=node.get("name", ""),
            condition=parsing.text(node, "conditionExpression") or None,
            line=node.sourceline,
        )
        before = self.elements[source]
        self.elements[source] = replace(before, outgoing=(*before.outgoing, flow_id))
        after = self.elements[target]
        self.elements[target] = replace(after, incoming=(*after.incoming, flow_id))

    def _free_id(self, wanted: str) -> str:
        number, free = 1, wanted
        while free in self.seen:
            number += 1
            free = f"{wanted}:{number}"
        self.seen.add(free)
        return free

    def _read_scope(
        self, node: etree._Element, scope: str, lane: str | None
    ) -> tuple[str, ...]:
        """Read what a process or sub-process holds, and return the ids."""
        found = []
        for child in node.iterchildren(f"{{{parsing.MODEL}}}*"):
            kind = etree.QName(child).localname
            if kind in elements.KINDS:
                element_id = self._read_element(child, scope, lane)
                if element_id is not None:
                    found.append(element_id)
            elif kind not in _DRAWN | _DATA:
                self.findings.error(
                    "unsupported-element",
                    child.get("id"),
                    f"不支持元素“{kind}”"
                    f"{problems.label(child.get('id'), child.get('name'))}，"
                    "请改用其他画法",
                    child.sourceline,
                )
        self._warn_of_data(node, scope)
        return tuple(found)

    def _read_element(
        self, node: etree._Element, scope: str, lane: str | None
    ) -> str | None:
        element_id = self._id(node)
        if element_id is None:
            return None
        lane = self.lanes.get(element_id, lane)
        element = elements.read(
            node, element_id, scope, lane, self.definitions, self.findings
        )
        self.elements[element_id] = element
        if element.kind in elements.SUB_PROCESSES:
            children = self._read_scope(node, element_id, lane)
            self.elements[element_id] = replace(element, children=children)
        else:
            self._warn_of_data(node, element_id)
        return element_id

    def _warn_of_data(self, node: etree._Element, owner: str) -> None:
        drawn = [
            " ".join((child.get("name") or child.get("id") or "").split())
            for child in node.iterchildren(f"{{{parsing.MODEL}}}*")
            if etree.QName(child).localname in _DATA
        ]
        if drawn:
            self.findings.warning(
                "data-ignored",
                owner,
                f"{problems.label(owner, node.get('name'))}的数据对象和数据关联"
                f"只作图示，运行时不起作用：{'、'.join(filter(None, drawn))}",
                node.sourceline,
            )
