"""Events: what listens, what is thrown, who catches it (BPMN 2.0 §10.5, §13.5)."""

from collections.abc import Iterable
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import expressions
from engine.bpmn import facts
from engine.bpmn import model
from engine.bpmn.game import timers

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token

#: events for which a token must listen; errors, escalations and cancels are found
#: in the graph when they are thrown
LISTENING = ("message", "signal", "timer", "conditional")


class Events:
    """The events of one game."""

    def __init__(self, game: "Game") -> None:
        self.game = game

    # -- listening -----------------------------------------------------------

    def listen_for(self, host: "Token", elements: Iterable[model.Element]) -> None:
        """Listen for boundary events or event sub-processes: for all, or for none."""
        opened: list[Token] = []
        try:
            for element in elements:
                if element.event is not None and element.event.kind in LISTENING:
                    opened.append(self._subscription(host, element))
                    self.subscribe(opened[-1])
        except Exception:
            for token in opened:
                self.game.remove(token)
            raise

    def open_gateway(self, gateway: "Token") -> None:
        """Listen for each event that follows an event-based gateway, or for none."""
        graph = self.game.graph
        try:
            for flow_id in gateway.element.outgoing:
                target = graph.element(graph.process.sequence_flows[flow_id].target)
                token = self._subscription(gateway, target)
                token.internal_data["flow"] = flow_id
                if target.kind == "receiveTask":
                    self.await_message(token, "message")
                else:
                    self.subscribe(token)
        except Exception:
            for token in self.game.children_of(gateway):
                self.game.remove(token)
            raise

    def subscribe(self, token: "Token") -> bool:
        """Open the wait of a catching event; False for an event that never waits."""
        event = token.element.event
        if event is None or event.kind not in LISTENING:
            return False
        if event.kind == "message":
            self.await_message(token, "message")
        elif event.kind == "signal":
            name = str(self.game.evaluate(event.name, token))
            if name != event.name:
                token.internal_data["signal"] = name
            self.game.wait(token, "signal", name=name)
        elif event.kind == "timer" and event.timer is not None:
            value = self.game.evaluate(event.timer.expression, token)
            now = self.game.surroundings.now()
            schedule = timers.schedule(event.timer.kind, value, now)
            if schedule is None:
                raise timers.TimerError(f"定时器“{value}”没有到期的时刻。")
            self._set(token, schedule)
        else:
            self.game.wait(token, "conditional")
            self.game.conditions.began(token)
        return True

    def await_message(self, token: "Token", kind: str) -> None:
        """Wait for the message that an element names."""
        event = token.element.event
        written = event.name if event is not None else ""
        name = str(self.game.evaluate(written, token)) if written else ""
        keys = self.game.graph.process.correlations.get(written, {})
        # By what the message has to say it with: an expression, or a variable.
        correlation = {
            said if expressions.is_expression(said) else key: self.game.evaluate(
                "${" + key + "}", token
            )
            for key, said in keys.items()
            if key in self.game.seen_from(token)
        }
        details = {"correlation": correlation} if correlation else facts.NOTHING
        self.game.wait(token, kind, name=name, details=details)

    def _subscription(self, host: "Token", element: model.Element) -> "Token":
        token: Token = type(host)(
            self.game,
            self.game.graph.task_specs[element.id],
            parent=host,
            state=TaskState.WAITING,
            id=uuid4().hex,
        )
        token.internal_data = {"sub": 1}
        return token

    def _set(self, token: "Token", schedule: timers.Schedule) -> None:
        if schedule.cycle is not None and schedule.armed_at is not None:
            token.internal_data["cycle"] = [
                schedule.cycle,
                schedule.number,
                schedule.armed_at.isoformat(),
                schedule.due_at.isoformat(),
            ]
        self.game.wait(token, "timer", due_at=schedule.due_at)

    # -- catching ------------------------------------------------------------

    def trigger(self, token: "Token", variables: Mapping[str, object]) -> None:
        """Let what a token waits for happen."""
        host = token.parent
        element = token.element
        if not token.subscription:
            self.game.assign(token, variables)
            self.game.close_wait(token)
            self.game.finish(token)
        elif element.kind == "boundaryEvent":
            self._fire_boundary(host, element, token, variables)
        elif host.element.kind == "eventBasedGateway":
            self._fire_gateway(host, token, variables)
        else:
            self._fire_event_start(host, element, token, variables)

    def _fire_boundary(
        self,
        host: "Token",
        element: model.Element,
        token: "Token | None",
        variables: Mapping[str, object],
    ) -> None:
        game = self.game
        scope = host.parent
        if element.interrupting:
            if token is not None:
                game.close_wait(token)
            game.remove(host)
        elif token is not None:
            self._listen_again(token)
        game.assign(scope, variables)
        game.arrive(scope, element, None)

    def _fire_event_start(
        self,
        scope: "Token",
        element: model.Element,
        token: "Token | None",
        variables: Mapping[str, object],
    ) -> None:
        game = self.game
        if element.interrupting:
            if token is not None:
                game.close_wait(token)
            for child in game.children_of(scope):
                if not (child.subscription and child.element.kind == "boundaryEvent"):
                    game.remove(child)
            scope.internal_data["interrupted"] = 1
        elif token is not None:
            self._listen_again(token)
        game.assign(scope, variables)
        handler = game.graph.element(element.scope)
        game.arrive(scope, handler, None, start=element.id)

    def _fire_gateway(
        self, gateway: "Token", token: "Token", variables: Mapping[str, object]
    ) -> None:
        game = self.game
        scope = gateway.parent
        target = token.element
        flow_id = token.internal_data["flow"]
        game.close_wait(token)
        game.remove(gateway)
        game.assign(scope, variables)
        game.report(facts.Took(flow_id))
        caught = self._subscription(scope, target)
        caught.internal_data = {"flow": flow_id, "begun": 1}
        game.report_entered(caught)
        game.finish(caught)

    def _listen_again(self, token: "Token") -> None:
        event = token.element.event
        if event is None or event.kind != "timer":
            return  # messages, signals and conditions go on listening
        self.game.close_wait(token)
        following, _ = self._upcoming(token)
        if following is None:
            self.game.remove(token)
        else:
            self._set(token, following)

    def missed(self, wait_id: str) -> int:
        """Return how many firings a due timer stands for beside its own.

        A cycle that interrupts nothing and was due several times during an outage
        fires once for all of them.
        """
        token = self.game.tasks[wait_id]
        if not token.subscription or token.element.interrupting:
            return 0
        return self._upcoming(token)[1]

    def _upcoming(self, token: "Token") -> tuple[timers.Schedule | None, int]:
        cycle = token.internal_data.get("cycle")
        if cycle is None:
            return None, 0
        text, number, armed_at, due_at = cycle
        fired = timers.Schedule(
            datetime.fromisoformat(due_at),
            text,
            number,
            datetime.fromisoformat(armed_at),
        )
        return timers.upcoming(fired, self.game.surroundings.now())

    # -- throwing ------------------------------------------------------------

    def throw(self, token: "Token") -> None:
        """Throw the event that a throw or end event, or a send task, defines."""
        event = token.element.event
        if event is None:
            return
        if event.kind == "error":
            written = event.attributes.get("errorMessage", event.name)
            message = str(self.game.evaluate(written, token))
            self.raise_error(token, event.code, message, {})
        elif event.kind == "escalation":
            self.escalate(token, event.code)
        elif event.kind == "terminate":
            if event.attributes.get("terminateAll") == "true":
                self.game.terminate_all()
            elif event.attributes.get("terminateMultiInstance") == "true":
                self.game.terminate_rounds(token.parent)
            else:
                self.game.terminate(token.parent)
        elif event.kind == "cancel":
            self._cancel_transaction(token)
        elif event.kind == "signal":
            self._broadcast(token, str(self.game.evaluate(event.name, token)))
        elif event.kind == "message" and event.name:
            name = str(self.game.evaluate(event.name, token))
            self.game.report(facts.Sent("message", name, token.element.id))

    def _broadcast(self, token: "Token", name: str) -> None:
        # Catchers in this instance hear it now; the engine tells the others.
        self.game.report(facts.Sent("signal", name, token.element.id))
        for listener in list(self.game.tasks.values()):
            if listener.gone or listener.internal_data.get("wait") != "signal":
                continue
            event = listener.element.event
            written = event.name if event is not None else ""
            if name == listener.internal_data.get("signal", written):
                self.trigger(listener, {})

    def raise_error(
        self,
        token: "Token",
        code: str | None,
        message: str,
        variables: Mapping[str, object],
    ) -> None:
        """Interrupt the nearest scope that catches an error (BPMN 2.0 §10.5.7)."""
        game = self.game
        caught = self._catcher(token, "error", code)
        if caught is not None:
            host, element = caught
            known = element.event.attributes if element.event is not None else {}
            payload = dict(variables)
            if "errorCodeVariable" in known:
                payload[known["errorCodeVariable"]] = code
            if "errorMessageVariable" in known:
                payload[known["errorMessageVariable"]] = message
            self._catch(host, element, payload)
        elif game.called:
            game.end_with_error(code, message)
        else:
            game.report(facts.Sent("error", message, token.element.id, code))
            if token.iteration:
                # The round is over; the others go on, and the loop counts it.
                game.finish(token)
            elif token.element.kind != "endEvent":
                scope = token.parent
                game.remove(token)
                game.settle(scope)

    def escalate(self, token: "Token", code: str | None) -> None:
        """Tell the nearest scope that catches an escalation; else it leaves."""
        caught = self._catcher(token, "escalation", code)
        if caught is None:
            # A caller may map the variables that stand now.
            variables = dict(self.game.variables) if self.game.called else {}
            self.game.report(
                facts.Sent("escalation", "", token.element.id, code, variables)
            )
            return
        host, element = caught
        known = element.event.attributes if element.event is not None else {}
        payload: dict[str, object] = {}
        if "escalationCodeVariable" in known:
            payload[known["escalationCodeVariable"]] = code
        self._catch(host, element, payload)

    def _catch(
        self,
        host: "Token",
        element: model.Element,
        variables: Mapping[str, object],
    ) -> None:
        if element.kind == "boundaryEvent":
            self._fire_boundary(host, element, None, variables)
        else:
            self._fire_event_start(host, element, None, variables)

    def _catcher(
        self, token: "Token", kind: str, code: str | None
    ) -> "tuple[Token, model.Element] | None":
        graph = self.game.graph
        came_from: Token | None = None
        host: Token | None = token
        while host is not None:
            if (
                came_from is not None
                and not host.body
                and "interrupted" not in host.internal_data
            ):
                inside = came_from.element.id
                starts = (
                    s for s in graph.event_starts(host.element.id) if s.scope != inside
                )
                found = _matching(starts, kind, code)
                if found is not None:
                    return host, found
            if not host.iteration:
                found = _matching(graph.boundary_events(host.element.id), kind, code)
                if found is not None:
                    return host, found
            came_from, host = host, host.parent
        return None

    def _cancel_transaction(self, token: "Token") -> None:
        scope = token.parent
        while scope is not None and scope.element.kind != "transaction":
            scope = scope.parent
        if scope is None:
            return
        host = scope.parent if scope.iteration else scope
        boundaries = self.game.graph.boundary_events(scope.element.id)
        found = _matching(boundaries, "cancel", None)
        if found is not None:
            self._fire_boundary(host, found, None, {})
        else:
            self.game.terminate(scope)


def _matching(
    elements: Iterable[model.Element], kind: str, code: str | None
) -> model.Element | None:
    """Return the catcher of this code, else the one that catches every code."""
    anything = None
    for element in elements:
        event = element.event
        if event is None or event.kind != kind:
            continue
        if event.code and event.code == code:
            return element
        if not event.code and anything is None:
            anything = element
    return anything
