"""A story is one instance of a small diagram; it is stored and loaded at every turn."""

from collections.abc import Callable
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from engine.bpmn import facts
from engine.bpmn import model
from engine.bpmn.diagrams import reading
from engine.bpmn.game import codec
from engine.bpmn.game import graph
from engine.bpmn.game import tokens

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' targetNamespace="https://ducha.example/test">'
    '<message id="m" name="receipt"/><signal id="s" name="alarm"/>'
    '<error id="e" name="bad" errorCode="E1"/>'
    '<escalation id="u" name="up" escalationCode="U1"/>'
    '<process id="p" isExecutable="true">'
)


def build(body: str) -> graph.Graph:
    """Return the graph of a process with this body; refuse what is misread."""
    found = reading.read_diagram((HEAD + body + "</process></definitions>").encode())
    assert [] == [p for p in found.problems if p.severity == "error"]
    return graph.build(found.processes[0])


class World:
    """Surroundings with a clock that stands still and handlers given by name."""

    def __init__(self, **handlers: Callable[[Mapping[str, object]], object]) -> None:
        self.moment = datetime(2026, 4, 29, 1, tzinfo=UTC)
        self.functions: dict[str, Callable[..., object]] = {}
        self.handlers = handlers

    def now(self) -> datetime:
        return self.moment

    def invoke(
        self,
        handler: str,
        element: model.Element,
        token_id: str,
        variables: Mapping[str, object],
        listener: model.Listener | None,
    ) -> Mapping[str, object] | None:
        return self.handlers[handler](variables)  # type: ignore[return-value]

    def decide(
        self, decision: str, element: model.Element, variables: Mapping[str, object]
    ) -> list[dict[str, object]]:
        return [{"level": "red"}]


class Story:
    """Drives one instance by element ids, reloading it between acts."""

    def __init__(
        self,
        body: str | graph.Graph,
        world: World | None = None,
        start_event: str | None = None,
        **variables: object,
    ) -> None:
        self.graph = build(body) if isinstance(body, str) else body
        self.world = world or World()
        self.facts: list[facts.Fact] = []
        self.due: dict[str, datetime] = {}
        self._turn(
            tokens.Game.start(
                self.graph, self.world, variables=variables, start_event=start_event
            )
        )

    def _turn(self, game: tokens.Game) -> None:
        for fact in game.take_facts():
            self.facts.append(fact)
            if isinstance(fact, facts.Opened) and fact.wait.due_at is not None:
                self.due[fact.wait.id] = fact.wait.due_at
        self.ended = game.ended
        state = codec.dump(game)
        self.size = len(state)
        self.game = codec.load(self.graph, state, self.world)
        assert state == codec.dump(self.game)

    def find(self, element_id: str, kind: str) -> str:
        """Return the id of the first open wait of this kind at an element."""
        return next(
            wait_id
            for wait_id, wait in self.game.waits.items()
            if wait == (kind, element_id)
        )

    def completes(self, element_id: str, **variables: object) -> None:
        self.game.complete(self.find(element_id, "user_task"), variables)
        self._turn(self.game)

    def receives(self, element_id: str, kind: str = "message", **v: object) -> None:
        self.game.deliver(self.find(element_id, kind), v)
        self._turn(self.game)

    def fires(self, element_id: str) -> None:
        wait_id = self.find(element_id, "timer")
        self.world.moment = max(self.world.moment, self.due[wait_id])
        self.game.fire(wait_id)
        self._turn(self.game)

    def next_due(self) -> str | None:
        """Return the element of the timer that is due first, if one is due."""
        due = [
            (self.due[wait_id], element)
            for wait_id, (kind, element) in self.game.waits.items()
            if kind == "timer" and self.due[wait_id] <= self.world.moment
        ]
        return min(due)[1] if due else None

    def resumes(self, element_id: str, kind: str = "failed") -> None:
        self.game.resume(self.find(element_id, kind))
        self._turn(self.game)

    def returns(self, element_id: str, **variables: object) -> None:
        self.game.finish_call(self.find(element_id, "call"), variables)
        self._turn(self.game)

    def fails(self, element_id: str, code: str) -> None:
        self.game.raise_error(self.find(element_id, "call"), code)
        self._turn(self.game)

    def sets(self, **variables: object) -> None:
        self.game.set_variables(variables)
        self._turn(self.game)

    def days_pass(self, days: int) -> None:
        self.world.moment += timedelta(days=days)

    @property
    def waiting(self) -> list[str]:
        """The elements that wait, sorted, timers and subscriptions included."""
        return sorted(element for _, element in self.game.waits.values())

    @property
    def tasks(self) -> list[str]:
        """The elements of the open user tasks, sorted."""
        return sorted(e for kind, e in self.game.waits.values() if kind == "user_task")

    @property
    def taken(self) -> list[str]:
        """The sequence flows taken so far, in order."""
        return [f.sequence_flow_id for f in self.facts if isinstance(f, facts.Took)]

    @property
    def cancelled(self) -> list[str]:
        """The elements whose waits were cancelled, sorted."""
        return sorted(
            f.element_id
            for f in self.facts
            if isinstance(f, facts.Closed) and f.how == "cancelled"
        )
