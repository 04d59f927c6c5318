"""When the condition of a conditional event is asked (BPMN 2.0 §10.5.5)."""

from typing import TYPE_CHECKING

from engine.bpmn import expressions
from engine.bpmn import facts
from engine.bpmn import model

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token


class Conditions:
    """What happened in one game since its conditions were last asked."""

    def __init__(self, game: "Game") -> None:
        self.game = game
        #: the variables that were set: their scope, name, and whether they were new
        self._changes: list[tuple[Token, str, str]] = []
        #: the tokens that began to listen
        self._fresh: set[str] = set()

    def began(self, token: "Token") -> None:
        """Note that a token has begun to listen."""
        self._fresh.add(token.id)

    def changed(self, scope: "Token", name: str) -> None:
        """Note, before it is done, that a variable of a scope is set."""
        if self.game.graph.has_conditions:
            how = "update" if name in scope.data else "create"
            self._changes.append((scope, name, how))

    def fire(self) -> bool:
        """Fire the conditional events that hold by what has changed; tell if any did.

        A condition is asked when its event begins to listen, and when a variable is
        set that it can see: camunda:variableName says which, variableEvents whether a
        new one (create) or a known one (update).
        """
        if not (self._changes or self._fresh):
            return False
        changes, self._changes = self._changes, []
        fresh, self._fresh = self._fresh, set()
        fired = False
        for token in list(self.game.tasks.values()):
            event = token.element.event
            if token.gone or token.internal_data.get("wait") != "conditional":
                continue
            asked = token.id in fresh or any(_concerns(token, *c) for c in changes)
            if asked and event is not None and self._holds(event, token):
                self.game.events.trigger(token, {})
                fired = True
        return fired

    def _holds(self, event: model.Event, token: "Token") -> bool:
        # A condition on a variable that nobody has set yet does not hold yet. One that
        # cannot be decided must not keep a person from setting variables: it does not
        # hold, and the history says why.
        try:
            return self.game.holds(event.condition or "", self.game.seen_from(token))
        except expressions.UndefinedVariable:
            return False
        except expressions.ExpressionError as error:
            failed = facts.Failed(token.element.id, token.id, error.message)
            self.game.report(failed)
            return False


def _concerns(token: "Token", scope: "Token", name: str, how: str) -> bool:
    words = token.element.event.attributes if token.element.event is not None else {}
    if words.get("variableName", name) != name:
        return False
    if how not in words.get("variableEvents", how):
        return False
    host: Token | None = token
    while host is not None and host is not scope:
        host = host.parent
    return host is scope
