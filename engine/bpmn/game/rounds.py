"""Rounds of a running multi-instance, added and removed by hand (加签, 减签).

The counters of the body stay those of BPMN 2.0 §13.3.7: `nrOfInstances` counts the
rounds there are to be, a removed one is as if it had never been asked for.
"""

from typing import TYPE_CHECKING

from engine import errors
from engine.bpmn import expressions
from engine.bpmn import model
from engine.bpmn.diagrams import problems
from engine.bpmn.game import loops

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token


class CannotCosign(errors.Refused):
    """这一环节现在不能加签或减签。"""


def body(game: "Game", element_id: str, beside: str | None = None) -> "Token":
    """Return the open multi-instance of an element.

    Where several are open, `beside` names a wait within the one that is meant.
    """
    element = game.graph.process.elements.get(element_id)
    loop = element.loop if element is not None else None
    if (
        element is None
        or loop is None
        or not (loop.collection and loop.element_variable)
    ):
        shown = problems.label(element_id, element.name if element else "")
        raise CannotCosign(
            f"{shown} 不是按名单会签的环节，不能加签或减签。", element_id=element_id
        )
    open_bodies = [
        token
        for token in game.tasks.values()
        if token.body and token.element.id == element_id
    ]
    if beside is not None:
        around = game.tasks.get(beside)
        open_bodies = [b for b in open_bodies if around and around.parent is b]
    if not open_bodies:
        raise CannotCosign(
            f"{problems.label(element_id, element.name)} 现在没有在会签。",
            element_id=element_id,
        )
    if len(open_bodies) > 1:
        raise CannotCosign(
            f"{problems.label(element_id, element.name)} 同时有几处在会签，"
            "请指明是哪一处。",
            element_id=element_id,
        )
    return open_bodies[0]


def add(game: "Game", token: "Token", value: object) -> None:
    """Add a round whose element variable is `value`; a sequential one comes last.

    Raises CannotCosign for a value that has a round already.
    """
    loop = _loop(token)
    if value in _ahead(game, token, loop):
        raise CannotCosign(f"“{value}”已经在会签之列。", element_id=token.element.id)
    count = token.data["nrOfInstances"]
    if count >= loops.MAXIMUM_ROUNDS:
        raise CannotCosign(
            f"会签最多 {loops.MAXIMUM_ROUNDS} 份。", element_id=token.element.id
        )
    token.data["nrOfInstances"] = count + 1
    if loop.kind == "sequential":
        token.internal_data["items"].append(value)
    else:
        token.data["nrOfActiveInstances"] += 1
        number = count + token.internal_data.get("removed", 0)
        game.push(game.loops.round(token, number, value))
    game.rest()


def remove(game: "Game", token: "Token", value: object) -> None:
    """Remove the open or coming round of `value`; the completion is judged again.

    Raises CannotCosign where there is none, and for the last of all.
    """
    loop = _loop(token)
    if value not in _ahead(game, token, loop):
        raise CannotCosign(
            f"“{value}”不在会签之列，或者已经办理。", element_id=token.element.id
        )
    if token.data["nrOfInstances"] == 1:
        raise CannotCosign(
            "会签至少要有一人，不能减去最后一人。", element_id=token.element.id
        )
    token.data["nrOfInstances"] -= 1
    token.internal_data["removed"] = token.internal_data.get("removed", 0) + 1
    gone = [r for r in _rounds(game, token) if _value(r, loop) == value]
    for found in gone:
        game.remove(found)
    if loop.kind == "sequential":
        _close_ranks(game, token, value, was_open=bool(gone))
    else:
        token.data["nrOfActiveInstances"] -= 1
    completed = token.data["nrOfCompletedInstances"]
    if completed >= token.data["nrOfInstances"] or _enough(game, token, loop):
        game.loops.end(token)
    game.rest()


def _close_ranks(
    game: "Game", token: "Token", value: object, *, was_open: bool
) -> None:
    items = token.internal_data["items"]
    place = token.data["nrOfCompletedInstances"]
    del items[items.index(value, place)]
    if was_open and place < len(items):
        game.push(game.loops.round(token, place, items[place]))


def _enough(game: "Game", token: "Token", loop: model.Loop) -> bool:
    """Ask the completion condition; one that speaks of a round's own variables waits.

    Such a condition is asked when a round completes.
    """
    if loop.completion_condition is None or not token.data["nrOfCompletedInstances"]:
        return False
    try:
        return game.holds(loop.completion_condition, game.seen_from(token))
    except expressions.UndefinedVariable:
        return False


def _ahead(game: "Game", token: "Token", loop: model.Loop) -> list[object]:
    """Return the values of the rounds that are open or still to come."""
    if loop.kind == "sequential":
        completed = token.data["nrOfCompletedInstances"]
        ahead: list[object] = token.internal_data["items"][completed:]
        return ahead
    return [_value(found, loop) for found in _rounds(game, token)]


def _rounds(game: "Game", token: "Token") -> "list[Token]":
    return [child for child in game.children_of(token) if child.iteration]


def _value(token: "Token", loop: model.Loop) -> object:
    return token.data.get(loop.element_variable or "")


def _loop(token: "Token") -> model.Loop:
    loop = token.element.loop
    if loop is None or loop.kind == "standard":
        raise CannotCosign(element_id=token.element.id)
    return loop
