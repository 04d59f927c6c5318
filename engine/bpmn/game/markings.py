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

#: A scope in which more must be tried is not searched.
MOST_MARKINGS = 20_000

#: End events after which nothing of the scope is left.
_FINAL = ("terminate", "error", "cancel")


class TooManyMarkings(errors.Refused):
    """流程图的并行分支过多，无法判断移动之后能否继续。"""


@lru_cache(maxsize=4096)
def resting(graph: Graph, scope_id: str, held: Marking) -> frozenset[Marking]:
    """Return the markings in which tokens stand on all the held places.

    Besides them tokens only wait on sequence flows at joins (BPMN 2.0 §13.4);
    whatever a condition may choose or an event may do is taken to happen. None means
    that the held places exclude each other. Raises TooManyMarkings.
    """
    seen = set(_beginnings(graph, scope_id))
    ahead = list(seen)
    found: set[Marking] = set()
    while ahead:
        marking = ahead.pop()
        following = _following(graph, marking, held)
        if following is None:
            if held <= marking and not _complete(graph, marking):
                found.add(marking)
            following = []
        for new in chain(following, _spawned(graph, marking, held)):
            if new not in seen:
                seen.add(new)
                ahead.append(new)
        if len(seen) > MOST_MARKINGS:
            raise TooManyMarkings(scope=scope_id)
    return frozenset(found)


def _beginnings(graph: Graph, scope_id: str) -> Iterator[Marking]:
    yield frozenset(element.id for element in graph.starts(scope_id))
    for element in graph.process.elements.values():
        if element.scope == scope_id and element.kind == "startEvent":
            yield frozenset({element.id})


def _following(graph: Graph, marking: Marking, held: Marking) -> list[Marking] | None:
    """Return what comes next; None where all tokens rest.

    Tokens do not stand in each other's way, so it is enough to move one at a time,
    and to let joins through when nothing else moves.
    """
    elements = graph.process.elements
    moving = [place for place in marking - held if place in elements]
    if moving:
        return list(_onward(graph, marking, min(moving)))
    joins = {
        elements[graph.process.sequence_flows[p].target].id
        for p in _flows(graph, marking)
    }
    for join_id in sorted(joins):
        join = elements[join_id]
        consumed = _let_through(graph, marking, join)
        if consumed and not consumed & held:
            return [marking - consumed | {join.id}]
    return None


def _onward(graph: Graph, marking: Marking, place: str) -> Iterator[Marking]:
    """Yield where a marking can go by the token at one element."""
    element = graph.element(place)
    if element.event is not None and element.event.kind in _FINAL:
        yield frozenset()
        return
    rest = marking - {place}
    for taken in _choices(graph, element):
        yield rest | {_arrival(graph, flow) for flow in taken}
    for boundary in graph.boundary_events(place):
        yield (rest if boundary.interrupting else marking) | {boundary.id}


def _spawned(graph: Graph, marking: Marking, held: Marking) -> Iterator[Marking]:
    """Yield what the non-interrupting events of held activities add."""
    for place in marking & held:
        for boundary in graph.boundary_events(place):
            if not boundary.interrupting:
                yield marking | {boundary.id}


def _complete(graph: Graph, marking: Marking) -> bool:
    """Tell whether a parallel join has all it waits for, and would not rest."""
    elements, flows = graph.process.elements, graph.process.sequence_flows
    joins = (elements[flows[place].target] for place in _flows(graph, marking))
    return any(
        join.kind == "parallelGateway" and marking.issuperset(join.incoming)
        for join in joins
    )


def _flows(graph: Graph, marking: Marking) -> list[str]:
    return [place for place in marking if place not in graph.process.elements]


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
