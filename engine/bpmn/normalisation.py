"""Normalising: what BPMN lets a drawing leave out is made explicit."""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from engine.bpmn import model
from engine.bpmn import problems


def normalise(
    process: model.Process, findings: problems.Findings
) -> model.Process:
    """Give links their sequence flows and scopes without start event a start.

    A pair of link events becomes the sequence flow `link:<throw>:<catch>` (the two
    events stay, as events of kind link that a token just passes). A process or
    sub-process without start event gets `start:<scope>`, a none start event with a
    sequence flow to each activity and gateway that nothing flows into (BPMN 2.0
    §13.2). Ends are not added: a token that has nowhere to go ends there (§13.2).
    """
    elements = dict(process.elements)
    flows = dict(process.sequence_flows)
    for throw, catch in _links(elements, findings):
        _connect(elements, flows, f"link:{throw}:{catch}", throw, catch)
    process_children = list(process.children)
    scopes = [(process.key, process.children)] + [
        (element.id, element.children)
        for element in process.elements.values()
        if element.children and element.kind != "adHocSubProcess"
    ]
    for scope, children in scopes:
        starts = _implicit_starts(elements, children)
        if not starts:
            continue
        start = f"start:{scope}"
        elements[start] = model.Element(
            id=start,
            kind="startEvent",
            name="",
            scope=scope,
            event=model.Event("none"),
        )
        for target in starts:
            _connect(elements, flows, f"{start}:{target}", start, target)
        if scope == process.key:
            process_children.insert(0, start)
        else:
            holder = elements[scope]
            elements[scope] = replace(holder, children=(start, *holder.children))
    return replace(
        process,
        elements=MappingProxyType(elements),
        sequence_flows=MappingProxyType(flows),
        children=tuple(process_children),
    )


def _implicit_starts(
    elements: dict[str, model.Element], children: tuple[str, ...]
) -> list[str]:
    inside = [elements[child] for child in children]
    if any(element.kind == "startEvent" for element in inside):
        return []
    return [
        element.id
        for element in inside
        if not element.incoming
        and element.kind != "boundaryEvent"
        and not element.triggered_by_event
        and "isForCompensation" not in element.attributes
    ]


def _links(
    elements: dict[str, model.Element], findings: problems.Findings
) -> Iterator[tuple[str, str]]:
    """Yield the pairs of link throw and link catch within each scope."""
    links = [e for e in elements.values() if e.event and e.event.kind == "link"]
    throws = [e for e in links if e.kind == "intermediateThrowEvent"]
    catches = [e for e in links if e.kind == "intermediateCatchEvent"]
    for throw in throws:
        partners = [c for c in catches if _same_link(throw, c)]
        if len(partners) == 1:
            yield throw.id, partners[0].id
        else:
            findings.error(
                "link-events",
                throw.id,
                f"链接事件{problems.label(throw.id, throw.name)}应有且只有一个同名的"
                f"链接捕获事件，现有 {len(partners)} 个",
                throw.line,
            )
    for catch in catches:
        if not any(_same_link(throw, catch) for throw in throws):
            findings.error(
                "link-events",
                catch.id,
                f"链接捕获事件{problems.label(catch.id, catch.name)}没有同名的链接抛出事件",
                catch.line,
            )


def _same_link(throw: model.Element, catch: model.Element) -> bool:
    if throw.event is None or catch.event is None:
        return False
    return throw.event.name == catch.event.name and throw.scope == catch.scope


def _connect(
    elements: dict[str, model.Element],
    flows: dict[str, model.SequenceFlow],
    flow_id: str,
    source: str,
    target: str,
) -> None:
    flows[flow_id] = model.SequenceFlow(id=flow_id, source=source, target=target)
    before = elements[source]
    elements[source] = replace(before, outgoing=(*before.outgoing, flow_id))
    after = elements[target]
    elements[target] = replace(after, incoming=(*after.incoming, flow_id))
