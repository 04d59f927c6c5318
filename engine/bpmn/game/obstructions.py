"""What keeps an instance from going on in another version of its process."""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

from engine import errors
from engine.bpmn import model
from engine.bpmn.diagrams import comparison
from engine.bpmn.game import markings
from engine.bpmn.game.graph import Graph
from engine.bpmn.game.tokens import Token

#: Waits that a change of the element's event makes impossible.
EVENTS = ("message", "signal", "timer", "conditional")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an instance cannot go on in another version, and at which element."""

    element_id: str | None
    message: str


class Obstructed(errors.Refused):
    """这一办件不能改到这一版本。"""

    def __init__(self, obstacles: Sequence[Obstacle], **ids: object) -> None:
        """Carry every obstacle; the message tells them all."""
        self.obstacles = tuple(obstacles)
        super().__init__("".join(one.message for one in obstacles), **ids)


def waits_otherwise(token: Token, after: model.Element) -> Iterator[str]:
    """Yield why what a token waits for cannot come in the new version."""
    kind = token.internal_data.get("wait")
    if kind in EVENTS and event_kind(after) != kind:
        waited, waits = comparison.EVENTS[kind], comparison.EVENTS[event_kind(after)]
        yield f"正在等待{waited}，在新版本中等待的是{waits}。"
    if kind == "external" and after.attributes.get("type") != "external":
        yield "正在等待外部程序办理，在新版本中不再由外部程序办理。"


def loops_otherwise(token: Token, after: model.Element) -> Iterator[str]:
    """Yield why a loop that has begun, or a single run, cannot go on as drawn now."""
    before = token.element
    if not (token.body or token.iteration or token.internal_data.get("begun")):
        return
    looped = before.loop if token.body or token.iteration else None
    kinds = [one.kind if one else None for one in (looped, after.loop)]
    if kinds[0] != kinds[1]:
        was, becomes = (comparison.LOOPS[kind] for kind in kinds)
        yield f"正在按“{was}”办理，在新版本中是“{becomes}”。"
        return
    if looped is None or after.loop is None:
        return
    if looped.element_variable != after.loop.element_variable:
        yield "的多实例正在办理，多实例变量的名称在新版本中不同。"
    if (looped.collection is None) != (after.loop.collection is None):
        yield "的多实例正在办理，实例的来源（集合或个数）在新版本中不同。"
    results = [(one.result_variable, one.result_item) for one in (looped, after.loop)]
    if results[0] != results[1]:
        yield "的多实例正在办理，结果列表的变量在新版本中不同。"


def can_stand(graph: Graph, scope_id: str, places: markings.Marking) -> bool:
    """Tell whether the diagram itself can come to stand so in a scope.

    A join whose branches are all in counts as passed.
    """
    for join in graph.process.elements.values():
        if join.kind == "parallelGateway" and places.issuperset(join.incoming):
            places = places.difference(join.incoming) | {join.id}
    return places in markings.resting(graph, scope_id, places)


def event_kind(element: model.Element) -> str:
    """Return what an element waits for, as an event: `message`, `none` ..."""
    if element.kind == "receiveTask":
        return "message"
    return element.event.kind if element.event is not None else "none"
