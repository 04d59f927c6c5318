"""Normalising: link events become the sequence flows that they stand for."""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from engine.bpmn import model
from engine.bpmn.diagrams import problems


def normalise(process: model.Process, findings: problems.Findings) -> model.Process:
    """Return the process with a sequence flow from each link throw to its catch.

    It is called `link:<throw>:<catch>`; the two events stay, for a token to pass.
    Nothing else needs adding, because the values hold what BPMN leaves implicit: an
    element that nothing flows into starts with a scope that has no start event, a
    token with nowhere to go ends, several outgoing sequence flows of an activity
    fork (BPMN 2.0 §13.2, §13.3).
    """
    elements = dict(process.elements)
    flows = dict(process.sequence_flows)
    for throw, catch in _links(process, findings):
        flow = model.SequenceFlow(f"link:{throw}:{catch}", throw, catch)
        flows[flow.id] = flow
        elements[throw] = replace(
            elements[throw], outgoing=(*elements[throw].outgoing, flow.id)
        )
        elements[catch] = replace(
            elements[catch], incoming=(*elements[catch].incoming, flow.id)
        )
    return replace(
        process,
        elements=MappingProxyType(elements),
        sequence_flows=MappingProxyType(flows),
    )


def _links(
    process: model.Process, findings: problems.Findings
) -> Iterator[tuple[str, str]]:
    """Yield the ids of link throw and link catch that belong together."""
    throws: dict[tuple[str, str], list[model.Element]] = {}
    catches: dict[tuple[str, str], list[model.Element]] = {}
    for element in process.elements.values():
        if element.event is not None and element.event.kind == "link":
            ends = throws if element.kind == "intermediateThrowEvent" else catches
            ends.setdefault((element.scope, element.event.name), []).append(element)
    for link in {**throws, **catches}:
        found = catches.get(link, [])
        if len(found) == 1 and link in throws:
            yield from ((throw.id, found[0].id) for throw in throws[link])
            continue
        for element in [*throws.get(link, []), *found]:
            findings.error(
                "link-events",
                element.id,
                f"链接事件{problems.label(element.id, element.name)}（链接名"
                f"“{link[1]}”）应当有抛出、并只有一个捕获，现有抛出 "
                f"{len(throws.get(link, []))} 个、捕获 {len(found)} 个，请在同一层画齐",
                element.line,
            )
