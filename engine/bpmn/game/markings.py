"""Which tokens may stand side by side: the markings that a scope can come to.

A *marking* is the set of places where the tokens of a scope stand: the id of an
element, or the id of the sequence flow on which a token waits before a joining
gateway. Whoever moves a token by hand asks here what the diagram itself could have
led to, so that no join waits for what never comes.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from itertools import combinations

from engine import errors
from engine.bpmn import model
from engine.bpmn.game import gateways
from engine.bpmn.game.graph import Graph

Marking = frozenset[str]

#: A scope that can stand in more ways than this is not searched.
MOST_MARKINGS = 50_000

#: End events after which nothing of the scope is left.
_FINAL = ("terminate", "error", "cancel")


class TooManyMarkings(errors.Refused):
    """流程图的并行分支过多，无法判断移动之后能否继续。"""


@lru_cache(maxsize=128)
def reachable(graph: Graph, scope_id: str) -> frozenset[Marking]:
    """Return every marking that tokens can come to in a scope (BPMN 2.0 §13).

    Whatever a condition may choose or an event may do is taken to happen. Raises
    TooManyMarkings.
    """
    seen = set(_beginnings(graph, scope_id))
    ahead = list(seen)
    while ahead:
        for marking in _following(graph, ahead.pop()):
            if marking not in seen:
                seen.add(marking)
                ahead.append(marking)
        if len(seen) > MOST_MARKINGS:
            raise TooManyMarkings(scope=scope_id)
    return frozenset(seen)


def _beginnings(graph: Graph, scope_id: str) -> Iterator[Marking]:
    yield frozenset(element.id for element in graph.starts(scope_id))
    for element in graph.process.elements.values():
        if element.scope == scope_id and element.kind == "startEvent":
            yield frozenset({element.id})


def _following(graph: Graph, marking: Marking) -> Iterator[Marking]:
    elements = graph.process.elements
    flows = graph.process.sequence_flows
    for place in marking:
        if place not in elements:
            join = elements[flows[place].target]
            consumed = _let_through(graph, marking, join)
            if consumed:
                yield marking - consumed | {join.id}
            continue
        element = elements[place]
        rest = marking - {place}
        if element.event is not None and element.event.kind in _FINAL:
            yield frozenset()
            continue
        for taken in _choices(graph, element):
            yield rest | {_arrival(graph, flow) for flow in taken}
        for boundary in graph.boundary_events(place):
            yield (rest if boundary.interrupting else marking) | {boundary.id}


def _arrival(graph: Graph, flow: model.SequenceFlow) -> str:
    joining = gateways.joins(graph.element(flow.target))
    return flow.id if joining else flow.target


def _choices(
    graph: Graph, element: model.Element
) -> Iterator[tuple[model.SequenceFlow, ...]]:
    """Yield the sets of sequence flows that a token may take from an element."""
    flows = [graph.process.sequence_flows[f] for f in element.outgoing]
    if element.kind in ("exclusiveGateway", "eventBasedGateway"):
        yield from ((flow,) for flow in flows)
        return
    default = [f for f in flows if f.id == element.default]
    conditional = [f for f in flows if f.condition is not None and f not in default]
    if element.kind == "parallelGateway":
        default, conditional = [], []
    always = tuple(f for f in flows if f not in default and f not in conditional)
    for some in chain.from_iterable(
        combinations(conditional, n) for n in range(len(conditional) + 1)
    ):
        yield (always + some) or tuple(default)


def _let_through(graph: Graph, marking: Marking, join: model.Element) -> Marking:
    """Return the places that a join would consume now; nothing while it waits."""
    filled = marking.intersection(join.incoming)
    empty = [f for f in join.incoming if f not in filled]
    if join.kind == "parallelGateway":
        return filled if not empty else frozenset()
    elements, flows = graph.process.elements, graph.process.sequence_flows
    others = [
        place if place in elements else flows[place].target
        for place in marking - filled
    ]
    awaited = any(
        graph.reaches(other, join.id, f, by_events=True)
        and not any(graph.reaches(other, join.id, g, by_events=False) for g in filled)
        for other in others
        for f in empty
    )
    return frozenset() if awaited else filled


def leads_to(graph: Graph, source_id: str, target_id: str) -> bool:
    """Tell whether a token at one element can come to another of the same scope."""
    flows = graph.process.sequence_flows
    seen: set[str] = set()
    ahead = [source_id]
    while ahead:
        element_id = ahead.pop()
        onward = [flows[f].target for f in graph.element(element_id).outgoing]
        for following in (*onward, *(b.id for b in graph.boundary_events(element_id))):
            if following not in seen:
                seen.add(following)
                ahead.append(following)
    return target_id in seen
