"""Which sequence flows a token takes, and when a joining gateway lets it through."""

from collections import defaultdict
from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from engine import errors
from engine.bpmn import model

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token


class NoBranch(errors.DuchaError):
    """没有一条分支的条件成立，也没有默认分支。"""


def joins(element: model.Element) -> bool:
    """Tell whether a gateway synchronises the tokens that arrive at it."""
    return (
        element.kind in ("parallelGateway", "inclusiveGateway")
        and len(element.incoming) > 1
    )


def outgoing(game: "Game", token: "Token") -> list[model.SequenceFlow]:
    """Return the sequence flows that a completed token takes.

    BPMN 2.0 §13.4 for gateways, §13.3.1 for activities and events, whose outgoing
    conditions fork. Raises NoBranch where conditions leave no way to go.
    """
    element = token.element
    flows = game.graph.process.sequence_flows
    candidates = [flows[f] for f in element.outgoing]
    if element.kind == "parallelGateway":
        return candidates
    conditional = [f for f in candidates if f.id != element.default]
    seen = game.seen_from(token)
    taken: list[model.SequenceFlow] = []
    for sequence_flow in conditional:
        if sequence_flow.condition is None or game.holds(sequence_flow.condition, seen):
            taken.append(sequence_flow)
            if element.kind == "exclusiveGateway":
                break
    if taken or not candidates:
        return taken
    if element.default is not None:
        return [flows[element.default]]
    raise NoBranch(element_id=element.id)


def arrived(game: "Game", token: "Token") -> None:
    """Take in a token at a joining gateway; a parallel one fires when all are in.

    One token per incoming sequence flow is consumed (BPMN 2.0 §13.4.1). An inclusive
    gateway is looked at when everything else rests (`join_inclusive`).
    """
    if token.element.kind != "parallelGateway":
        return
    waiting = _waiting_at(game, token.parent, token.element.id)
    if all(waiting[f] for f in token.element.incoming):
        _let_through(game, [waiting[f][0] for f in token.element.incoming])


def join_inclusive(game: "Game") -> bool:
    """Fire one inclusive gateway that no token can reach any more; tell if any.

    BPMN 2.0 §13.4.3: a gateway waits for a token that can come to an empty incoming
    sequence flow and to none of those already filled.
    """
    for token in list(game.tasks.values()):
        element = token.element
        if element.kind != "inclusiveGateway" or token._state != TaskState.WAITING:
            continue
        if "wait" in token.internal_data:
            continue
        waiting = _waiting_at(game, token.parent, element.id)
        filled = [f for f in element.incoming if waiting[f]]
        empty = [f for f in element.incoming if not waiting[f]]
        siblings = game.children_of(token.parent)
        others = [
            t.element.id
            for t in siblings
            if not t.subscription and t.element.id != element.id
        ]
        reaches = game.graph.reaches
        awaited = any(
            reaches(other, element.id, f, by_events=True)
            and not any(reaches(other, element.id, g, by_events=False) for g in filled)
            for other in others
            for f in empty
        )
        # asyncBefore: at the gateway, but not yet in it
        awaited = awaited or any(
            t.element.id == element.id
            and t.internal_data.get("phase") == "enter"
            and t.internal_data["flow"] in empty
            for t in siblings
        )
        if not awaited:
            _let_through(game, [waiting[f][0] for f in filled])
            return True
    return False


def _waiting_at(
    game: "Game", scope: "Token", gateway_id: str
) -> dict[str, list["Token"]]:
    waiting: dict[str, list[Token]] = defaultdict(list)
    for token in game.children_of(scope):
        if (
            token.element.id == gateway_id
            and token._state == TaskState.WAITING
            # neither a token that has yet to be continued, nor one that is through
            and "wait" not in token.internal_data
        ):
            waiting[token.internal_data["flow"]].append(token)
    return waiting


def _let_through(game: "Game", arrived_tokens: list["Token"]) -> None:
    through, *consumed = arrived_tokens
    for token in consumed:
        game.remove(token)
    game.finish(through)
