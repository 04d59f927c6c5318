"""Moving a token by hand: back, onward, out of a sub-process.

A move is planned before anything happens: the marking after it must be one that the
diagram could have come to by itself (`markings`). So a token that goes back before a
fork takes the branches of the fork with it, one that goes back into a branch finds
the others at their join, and no join waits for what never comes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from engine import errors
from engine.bpmn import model
from engine.bpmn.diagrams import problems
from engine.bpmn.game import gateways
from engine.bpmn.game import markings

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token

#: Where a token may be put down.
TARGETS = frozenset(
    {
        "userTask",
        "manualTask",
        "task",
        "serviceTask",
        "businessRuleTask",
        "sendTask",
        "receiveTask",
        "callActivity",
        "subProcess",
        "transaction",
        "exclusiveGateway",
        "intermediateThrowEvent",
        "intermediateCatchEvent",
        "endEvent",
    }
)


class CannotMove(errors.Refused):
    """办件不能移到这一环节。"""


@dataclass(frozen=True, slots=True)
class Move:
    """A move that leaves the instance able to go on, not yet made.

    `leaving` is the token that goes, with all that is in it; `ending` are those
    beside it that cannot stand with the target; `done` are the sequence flows on
    which a token is put before its join, as if its branch had been finished.
    """

    scope: "Token"
    leaving: "Token"
    ending: tuple["Token", ...]
    done: tuple[str, ...]
    target: model.Element

    @property
    def ends_open_work(self) -> bool:
        """Whether more ends than the moved token and tokens that wait at joins."""
        game = self.scope.workflow
        nested = any(not c.subscription for c in game.children_of(self.leaving))
        return nested or any(not _at_join(token) for token in self.ending)


def plan(game: "Game", token_id: str, target_id: str) -> Move:
    """Return how a token can move to an element of its scope or of one around it.

    A round of a multi-instance takes its whole activity along; a token that leaves a
    sub-process takes the sub-process along. Raises CannotMove with the reason.
    """
    target = _target(game, target_id)
    token = game.tasks.get(token_id)
    if token is None or token.subscription or token is game.task_tree:
        raise CannotMove("要移动的环节已经不在办理中。", token_id=token_id)
    leaving, scope = _climb(token, target)
    beside = [
        child
        for child in game.children_of(scope)
        if child is not leaving
        and not child.subscription
        and not child.element.triggered_by_event
    ]
    left = place_of(leaving)
    standing = {place_of(child) for child in beside}
    held = frozenset({target.id})

    def resting(places: markings.Marking) -> frozenset[markings.Marking]:
        return markings.resting(game.graph, target.scope, places)

    if left != target.id and resting(held | {left}):
        raise CannotMove(
            f"{_named(target)} 在另一条并行分支上，不能移到那里。",
            element_id=target.id,
        )
    if not resting(held):
        raise CannotMove(
            f"移到 {_named(target)} 之后，并行分支将无法汇合。", element_id=target.id
        )
    # As many as can stay do; tokens in elements go before those that wait at joins.
    elements = game.graph.process.elements
    for place in sorted(standing, key=lambda p: (p not in elements, p)):
        if resting(held | {place}):
            held |= {place}
    done = min((sorted(m - held) for m in resting(held)), key=lambda d: (len(d), d))
    return Move(
        scope=scope,
        leaving=leaving,
        ending=tuple(child for child in beside if place_of(child) not in held),
        done=tuple(done),
        target=target,
    )


def make(
    game: "Game",
    move: Move,
    *,
    holder: str | None = None,
    back: tuple[str, str] | None = None,
) -> None:
    """Make a planned move and let the tokens come to rest.

    `holder` gets the user task that opens at the target. `back`: the element to
    which, and the person to whom, the target's completion leads straight.
    """
    _make(game, move, holder, back)
    game.rest()


def come_back(game: "Game", token: "Token") -> bool:
    """Lead a completed token straight to whoever returned it; False if that is gone.

    The sequence flows between are not taken.
    """
    element_id, holder = token.internal_data["back"]
    try:
        move = plan(game, token.id, element_id)
    except CannotMove:
        return False
    game.report_left(token)
    _make(game, move, holder, None)
    return True


def _make(
    game: "Game", move: Move, holder: str | None, back: tuple[str, str] | None
) -> None:
    for token in (move.leaving, *move.ending):
        game.remove(token)
    flows = game.graph.process.sequence_flows
    for flow_id in move.done:
        game.arrive(move.scope, game.graph.element(flows[flow_id].target), flow_id)
    internal: dict[str, object] = {}
    if holder is not None:
        internal["holder"] = holder
    if back is not None:
        internal["back"] = list(back)
    game.arrive(move.scope, move.target, None, **internal)


def place_of(token: "Token") -> str:
    """Return where a token stands in the markings of its scope."""
    if _at_join(token):
        return str(token.internal_data["flow"])
    return token.element.id


def _at_join(token: "Token") -> bool:
    return (
        gateways.joins(token.element)
        and token._state == TaskState.WAITING
        and "wait" not in token.internal_data
    )


def _target(game: "Game", target_id: str) -> model.Element:
    target = game.graph.process.elements.get(target_id)
    if target is None:
        raise CannotMove(f"图中没有“{target_id}”这一环节。", element_id=target_id)
    if target.kind not in TARGETS or target.triggered_by_event:
        raise CannotMove(
            f"不能移到 {_named(target)}：请选择任务、子流程、中间事件、结束事件或"
            "排他网关。",
            element_id=target_id,
        )
    return target


def _climb(token: "Token", target: model.Element) -> tuple["Token", "Token"]:
    """Return the token to take away, and the scope around it that holds the target."""
    leaving = token
    while leaving.parent is not None:
        scope = leaving.parent
        if leaving.element.triggered_by_event:
            raise CannotMove(
                f"{_named(leaving.element)} 是事件子流程，不能从中移到外面。",
                element_id=target.id,
            )
        if scope.element.id == target.scope and not scope.body:
            return leaving, scope
        leaving = scope
    raise CannotMove(
        f"{_named(target)} 既不在同一层，也不在外层，不能移到那里。",
        element_id=target.id,
    )


def _named(element: model.Element) -> str:
    return problems.label(element.id, element.name)
