"""Moving a token of a running instance to another element by hand (跳转)."""

from engine import assignments
from engine import errors
from engine import history
from engine import instances
from engine import transactions
from engine.bpmn.game import moves
from engine.bpmn.game import tokens


class WhichToken(errors.Refused):
    """这一环节上不是恰好有一处在办，请指明要移动哪一处。"""


def move_token(
    work: transactions.Transaction,
    instance_id: str,
    source: str,
    target: str,
    *,
    reason: str,
    person: str | None,
) -> tuple[str, ...]:
    """Move a token to an element of its scope or of one around it.

    `source`: the id of the token (as of its user task), or of the element where one
    token stands. Returns the user tasks opened; raises WhichToken or CannotMove.
    """
    assignments.require_reason(reason, "跳转")
    instance = instances.load(work, instance_id)
    token_id = _token(instance.game, source)
    move = moves.plan(instance.game, token_id, target)
    event = history.Event(
        "token_moved",
        element_id=move.leaving.element.id,
        person=person,
        details={"to": target, "reason": reason},
    )
    act = transactions.Act(person=person)
    return instances.move(
        work, instance, act, event, lambda game: moves.make(game, move)
    )


def _token(game: tokens.Game, source: str) -> str:
    if source in game.standing:
        return source
    found = [token for token, element in game.standing.items() if element == source]
    if len(found) > 1:
        # Rounds of one multi-instance move together.
        bodies = {game.tasks[token].parent.id for token in found}
        together = game.tasks[found[0]].parent.body and len(bodies) == 1
        if not together:
            raise WhichToken(element_id=source)
    if not found:
        raise WhichToken("这一环节现在不在办理中。", element_id=source)
    return found[0]
