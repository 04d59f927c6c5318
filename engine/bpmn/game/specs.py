"""One SpiffWorkflow task spec per BPMN element: what a token does when it is there.

`TaskSpec._run` is SpiffWorkflow's hook for the work of a task: True completes the
token, None lets it wait. SpiffWorkflow's prediction of future tasks is switched
off: a token knows only where it is (engine-notes.md §0: trees that remember every
step die silently at depth 1000).
"""

from typing import TYPE_CHECKING

from SpiffWorkflow.specs.base import TaskSpec

from engine.bpmn import model

if TYPE_CHECKING:
    from engine.bpmn.game.graph import Graph
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token


class Spec(TaskSpec):
    """A spec that neither predicts nor inherits: tokens move when they complete."""

    def _predict(self, my_task: "Token", *args: object, **kwargs: object) -> None:
        pass

    def _on_ready(self, my_task: "Token") -> None:
        pass

    def _on_cancel(self, my_task: "Token") -> None:
        pass

    def _run(self, my_task: "Token") -> bool | None:
        return self.act(my_task.workflow, my_task)

    def _on_complete(self, my_task: "Token") -> None:
        my_task.workflow.completed_token(my_task)

    def serialize(self, serializer: object, **kwargs: object) -> object:
        """Refuse: definitions are kept as their XML, never as SpiffWorkflow's specs."""
        raise TypeError(f"spec {self.name} is built from XML, not serialised")

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Do the work of the element; True when done, None to wait."""
        return True


class ProcessSpec(Spec):
    """The root scope of an instance."""

    def __init__(self, graph: "Graph", process: model.Process) -> None:
        """Bear the process's own id: no element may have it."""
        super().__init__(graph, process.key)
        self.element = model.Element(
            id=process.key, kind="process", name=process.name, scope=""
        )

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Wait for the tokens inside."""
        return None


class ElementSpec(Spec):
    """The spec of one element; passes tokens on unless a subclass says otherwise."""

    def __init__(self, graph: "Graph", element: model.Element) -> None:
        """Register the element's spec under the element's id."""
        super().__init__(graph, element.id)
        self.element = element


class Activity(ElementSpec):
    """An activity: loops, boundary events and mappings around its own work."""

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Open the loop where there is one, else begin the work."""
        if self.element.loop is not None and not token.iteration:
            return game.loops.open(token)
        game.activities.begin(token)
        return self.work(game, token)

    def work(self, game: "Game", token: "Token") -> bool | None:
        """Do the activity's own work once."""
        return True


class UserTask(Activity):
    """A task for a person."""

    def work(self, game: "Game", token: "Token") -> bool | None:
        """Open a user task."""
        game.activities.open_user_task(token)
        return None


class ServiceTask(Activity):
    """A service, send or business-rule task: a handler, an expression, a decision."""

    def work(self, game: "Game", token: "Token") -> bool | None:
        """Run what the task names; an external one waits for another program."""
        if self.element.attributes.get("type") == "external":
            game.wait(token, "external", name=self.element.attributes.get("topic", ""))
            return None
        game.activities.perform(token)
        return None if token.gone else True


class SendTask(ServiceTask):
    """A send task: a handler, or a message that leaves."""

    def work(self, game: "Game", token: "Token") -> bool | None:
        """Run the implementation, or throw the message."""
        if self.element.event is not None and not _implemented(self.element):
            game.events.throw(token)
            return None if token.gone else True
        return super().work(game, token)


class ReceiveTask(Activity):
    """A task that waits for a message."""

    def work(self, game: "Game", token: "Token") -> bool | None:
        """Wait for the message (without one: for a trigger)."""
        game.events.await_message(token, "receive")
        return None


class CallActivity(Activity):
    """A call: an instance of its own, opened by the engine once this one rests."""

    def work(self, game: "Game", token: "Token") -> bool | None:
        """Wait for the called instance."""
        game.activities.open_call(token)
        return None


class SubProcess(Activity):
    """An embedded sub-process, transaction or event sub-process: a scope."""

    def work(self, game: "Game", token: "Token") -> bool | None:
        """Open the scope; it completes when no token is left in it."""
        game.open_scope(token, token.internal_data.get("start"))
        return None


class ExclusiveGateway(ElementSpec):
    """One branch: the first whose condition holds, else the default."""


class InclusiveGateway(ElementSpec):
    """Every branch whose condition holds; joins what may still come."""


class ParallelGateway(ElementSpec):
    """Every branch; joins one token of every incoming sequence flow."""


class EventBasedGateway(ElementSpec):
    """Waits for the first of the events that follow it."""

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Subscribe to every event that follows."""
        game.events.open_gateway(token)
        return None


class ThrowEvent(ElementSpec):
    """An intermediate throw event or an end event."""

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Throw, then go on (or end)."""
        game.activities.begin(token)
        if _implemented(self.element):
            game.activities.perform(token)
        elif self.element.event is not None:
            game.events.throw(token)
        return None if token.gone else True


class CatchEvent(ElementSpec):
    """An intermediate catch event: waits until its event happens."""

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Subscribe; a none event passes."""
        game.activities.begin(token)
        return None if game.events.subscribe(token) else True


class StartEvent(ElementSpec):
    """A start event that has been triggered."""

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Go on: what triggers it happened before the token came to be."""
        game.report_entered(token)
        return True


class BoundaryEvent(ElementSpec):
    """A boundary event that has fired: the token goes on from here."""

    def act(self, game: "Game", token: "Token") -> bool | None:
        """Go on: the activity has been dealt with by whoever fired it."""
        game.report_entered(token)
        return True


SPECS: dict[str, type[ElementSpec]] = {
    "userTask": UserTask,
    "manualTask": Activity,
    "task": Activity,
    "serviceTask": ServiceTask,
    "businessRuleTask": ServiceTask,
    "sendTask": SendTask,
    "receiveTask": ReceiveTask,
    "callActivity": CallActivity,
    "subProcess": SubProcess,
    "transaction": SubProcess,
    "exclusiveGateway": ExclusiveGateway,
    "inclusiveGateway": InclusiveGateway,
    "parallelGateway": ParallelGateway,
    "eventBasedGateway": EventBasedGateway,
    "intermediateThrowEvent": ThrowEvent,
    "endEvent": ThrowEvent,
    "intermediateCatchEvent": CatchEvent,
    "startEvent": StartEvent,
    "boundaryEvent": BoundaryEvent,
}


def spec_for(graph: "Graph", element: model.Element) -> ElementSpec:
    """Register the spec of an element; the linter has refused unknown kinds."""
    return SPECS[element.kind](graph, element)


def _implemented(element: model.Element) -> bool:
    attributes = element.attributes
    return "delegateExpression" in attributes or "expression" in attributes
