"""The token game: one instance of a graph, moved from rest to rest.

SpiffWorkflow gives the tree of tasks and their states. Here a task is a *token*, and
its parent is the *scope* it lives in: the process, a sub-process, the body of a
multi-instance. A token that has moved on leaves the tree, so an instance is as big as
what is open in it, however long its history (engine-notes.md §0.1, §4.4).

A token's `data` holds the variables of the scope it is; reading climbs to the
process, writing goes where the variable is, else to the process (as in Camunda 7).
"""

from collections import ChainMap
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from engine import errors
from engine.bpmn import expressions
from engine.bpmn import facts
from engine.bpmn import model
from engine.bpmn.diagrams import problems
from engine.bpmn.game import activities
from engine.bpmn.game import catching
from engine.bpmn.game import conditions
from engine.bpmn.game import gateways
from engine.bpmn.game import loops
from engine.bpmn.game import moves
from engine.bpmn.game.graph import Graph
from engine.bpmn.game.surroundings import BpmnError
from engine.bpmn.game.surroundings import EndlessLoop
from engine.bpmn.game.surroundings import NotWaiting
from engine.bpmn.game.surroundings import Surroundings

READY = TaskState.READY
WAITING = TaskState.WAITING
STARTED = TaskState.STARTED

#: Automatic steps between two rests; more is an endless loop of automatic elements.
STEP_BUDGET = 10_000


class Token(Task):
    """A SpiffWorkflow task whose parent is its scope."""

    workflow: "Game"

    @property
    def element(self) -> model.Element:
        """The element the token is at."""
        return self.task_spec.element

    @property
    def gone(self) -> bool:
        """Whether the token has left the tree."""
        return self.id not in self.workflow.tasks

    @property
    def iteration(self) -> bool:
        """Whether the token is one round of a loop (its parent is the loop's body)."""
        return "i" in self.internal_data

    @property
    def body(self) -> bool:
        """Whether the token is the body of a loop."""
        return "body" in self.internal_data

    @property
    def subscription(self) -> bool:
        """Whether the token only listens on behalf of its parent."""
        return "sub" in self.internal_data

    def _set_state(self, value: int) -> None:
        # SpiffWorkflow builds a log record for every change of state: measured, a
        # fifth of a step. History is kept by the engine.
        self._state = value


class Game(Workflow):
    """One instance: its tokens, and the acts that move them."""

    def __init__(self, graph: Graph, surroundings: Surroundings) -> None:
        """Make an instance without tokens; `start` or the codec puts them in."""
        super().__init__(graph, deserializing=True)
        self.graph = graph
        self.surroundings = surroundings
        self.events = catching.Events(self)
        self.conditions = conditions.Conditions(self)
        self.loops = loops.Loops(self)
        self.activities = activities.Activities(self)
        #: whether another instance called this one (an uncaught error goes there)
        self.called = False
        self.ended: facts.Ended | None = None
        self._stack: list[Token] = []
        self._facts: list[facts.Fact] = []

    # -- acts from outside ---------------------------------------------------

    @classmethod
    def start(
        cls,
        graph: Graph,
        surroundings: Surroundings,
        *,
        variables: Mapping[str, object],
        start_event: str | None = None,
        initiator: str | None = None,
        called: bool = False,
    ) -> "Game":
        """Start an instance at its none start events, or at the one named.

        `initiator` goes into the variable that a start event names for it.
        """
        game = cls(graph, surroundings)
        game.called = called
        root = Token(game, graph.root, state=STARTED, id=uuid4().hex)
        game.task_tree = root
        root.data = dict(variables)
        for start in (
            [graph.element(start_event)] if start_event else graph.starts(graph.name)
        ):
            if "initiator" in start.attributes:
                root.data[start.attributes["initiator"]] = initiator
        game.open_scope(root, start_event)
        game.rest()
        return game

    def complete(self, wait_id: str, variables: Mapping[str, object]) -> None:
        """Complete a user task, receive task or external task."""
        token = self._waiting(wait_id, ("user_task", "receive", "external"))
        self.assign(token, variables)
        try:
            self.activities.listen(token, "complete")
        except BpmnError as error:
            self.events.raise_error(token, error.code, error.message, error.variables)
        else:
            self.close_wait(token)
            self.finish(token)
        self.rest()

    def deliver(self, wait_id: str, variables: Mapping[str, object]) -> None:
        """Deliver a message or signal to the token that waits for it."""
        token = self._waiting(wait_id, ("message", "signal", "receive"))
        self.events.trigger(token, variables)
        self.rest()

    def fire(self, wait_id: str) -> None:
        """Fire a timer that is due."""
        self.events.trigger(self._waiting(wait_id, ("timer",)), {})
        self.rest()

    def resume(self, wait_id: str) -> None:
        """Go on with an asynchronous continuation, or try a failed element again."""
        token = self._waiting(wait_id, ("async", "failed"))
        self.close_wait(token)
        if token.internal_data.pop("phase") == "leave":
            self.finish(token)
        elif gateways.joins(token.element):
            gateways.arrived(self, token)
        else:
            self.push(token)
        self.rest()

    def finish_call(self, wait_id: str, variables: Mapping[str, object]) -> None:
        """Let a call activity go on; `variables` are those of the called instance."""
        token = self._waiting(wait_id, ("call",))
        self._take_results(token, variables)
        self.close_wait(token)
        self.finish(token)
        self.rest()

    def reach_up(
        self, wait_id: str, reach: str, variables: Mapping[str, object]
    ) -> None:
        """End what a called instance ended beside itself (facts.Ended.reach)."""
        token = self._waiting(wait_id, ("call",))
        if reach == "all":
            self.terminate_all()
        elif (around := self._round_around(token)) is not None:
            self.loops.end(around.parent)
            self.rest()
        else:
            self.finish_call(wait_id, variables)

    def _round_around(self, token: Token | None) -> Token | None:
        while token is not None and not token.iteration:
            token = token.parent
        return token

    def raise_error(
        self,
        wait_id: str,
        code: str | None,
        message: str = "",
        variables: Mapping[str, object] = facts.NOTHING,
    ) -> None:
        """Throw a BPMN error at a waiting call activity or external task.

        What a call maps out of the called instance comes up as far as it is there.
        """
        token = self._waiting(wait_id, ("call", "external"))
        if token.internal_data["wait"] == "call":
            self._take_results(token, variables, early=True)
            variables = facts.NOTHING
        self.close_wait(token)
        self.events.raise_error(token, code, message, variables)
        self.rest()

    def escalate(
        self,
        wait_id: str,
        code: str | None,
        variables: Mapping[str, object] = facts.NOTHING,
    ) -> None:
        """Throw an escalation at a waiting call activity, which goes on waiting.

        What it maps out of the called instance comes up as far as it is there.
        """
        token = self._waiting(wait_id, ("call",))
        self._take_results(token, variables, early=True)
        self.events.escalate(token, code)
        self.rest()

    def _take_results(
        self, token: Token, variables: Mapping[str, object], *, early: bool = False
    ) -> None:
        results: dict[str, object] = {}
        for assignment in token.element.call_out:
            # Before its end a called instance may not have come to set everything.
            if early and assignment.source and assignment.source not in variables:
                continue
            try:
                results.update(activities.mapped(self, assignment, variables))
            except expressions.UndefinedVariable:
                if not early:
                    raise
        self.assign(token, results)

    def set_variables(
        self, variables: Mapping[str, object], wait_id: str | None = None
    ) -> None:
        """Set variables of the process, or as seen from a waiting token."""
        self.assign(self.tasks[wait_id] if wait_id else self.task_tree, variables)
        self.rest()

    def cancel(self, reason: str = "") -> None:
        """End the instance at once."""
        self._end(facts.Ended("cancelled", message=reason))

    def take_facts(self) -> list[facts.Fact]:
        """Return what happened since the last call, in order."""
        taken, self._facts = self._facts, []
        return taken

    # -- what is seen from outside -------------------------------------------

    @property
    def variables(self) -> dict[str, object]:
        """The variables of the process scope."""
        return self.task_tree.data

    def variables_at(self, token_id: str) -> Mapping[str, object]:
        """Return the variables that a token sees."""
        return self.seen_from(self.tasks[token_id])

    @property
    def waits(self) -> dict[str, tuple[str, str]]:
        """The open waits: id to (kind, element id)."""
        return {
            token.id: (token.internal_data["wait"], token.element.id)
            for token in self.tasks.values()
            if "wait" in token.internal_data
        }

    @property
    def active_elements(self) -> tuple[str, ...]:
        """The ids of elements in which a token stands, with repetitions."""
        return tuple(self.standing.values())

    @property
    def standing(self) -> dict[str, str]:
        """The tokens that stand in an element: id to element id."""
        return {
            t.id: t.element.id
            for t in self.tasks.values()
            if t is not self.task_tree and not t.subscription and not t.body
        }

    # -- the scopes and their variables --------------------------------------

    def open_scope(self, scope: Token, start_event: str | None) -> None:
        """Subscribe a scope's event sub-processes and put its first tokens in."""
        self.events.listen_for(scope, self.graph.event_starts(scope.element.id))
        if start_event is not None:
            starts: tuple[model.Element, ...] = (self.graph.element(start_event),)
        else:
            starts = self.graph.starts(scope.element.id)
        for element in reversed(starts):
            self.arrive(scope, element, None)
        self.settle(scope)

    def seen_from(self, token: Token | None) -> Mapping[str, object]:
        """Return the variables visible to a token, nearest scope first."""
        maps = []
        while token is not None:
            if token.data:
                maps.append(token.data)
            token = token.parent
        return ChainMap(*maps)

    def assign(self, token: Token, variables: Mapping[str, object]) -> None:
        """Set variables where they are visible from a token, else on the process."""
        for name, value in variables.items():
            scope = token
            while name not in scope.data and scope.parent is not None:
                scope = scope.parent
            self.conditions.changed(scope, name)
            scope.data[name] = value

    def evaluate(self, text: str, token: Token) -> object:
        """Evaluate an attribute: an expression, or the text itself."""
        return self.evaluate_in(text, self.seen_from(token))

    def evaluate_in(self, text: str, variables: Mapping[str, object]) -> object:
        """Evaluate an attribute against variables."""
        if not expressions.is_expression(text):
            return text
        return expressions.compile_juel(text).evaluate(
            variables, self.surroundings.functions
        )

    def holds(self, condition: str, variables: Mapping[str, object]) -> bool:
        """Evaluate a condition; anything but a boolean is an error."""
        return expressions.truth(self.evaluate_in(condition, variables))

    # -- moving --------------------------------------------------------------

    def arrive(
        self,
        scope: Token,
        element: model.Element,
        sequence_flow_id: str | None,
        **internal: object,
    ) -> None:
        """Put a token at an element of a scope."""
        token = Token(
            self,
            self.graph.task_specs[element.id],
            parent=scope,
            state=WAITING,
            id=uuid4().hex,
        )
        token.internal_data = internal
        if sequence_flow_id is not None:
            token.internal_data["flow"] = sequence_flow_id
        if element.attributes.get("asyncBefore") == "true":
            self._continue_later(token, "enter")
        elif gateways.joins(element):
            gateways.arrived(self, token)
        else:
            self.push(token)

    def finish(self, token: Token) -> None:
        """Let a token complete at its next step."""
        token.internal_data["done"] = 1
        self.push(token)

    def rest(self) -> None:
        """Move tokens until every one of them waits."""
        steps = 0
        while self.ended is None:
            while self._stack:
                token = self._stack.pop()
                if token.gone or token._state != READY:
                    continue
                steps += 1
                if steps > STEP_BUDGET:
                    self.push(token)
                    self._park_all(EndlessLoop())
                    return
                self._step(token)
            if self.conditions.fire():
                continue
            if not gateways.join_inclusive(self):
                break

    def push(self, token: Token) -> None:
        """Make a token ready to move at the next step."""
        token._state = READY
        self._stack.append(token)

    def _step(self, token: Token) -> None:
        leaving = token.internal_data.pop("done", None)
        try:
            if leaving:
                token.complete()
            else:
                token.run()
        except errors.Refused:
            raise
        except BpmnError as error:
            self.events.raise_error(token, error.code, error.message, error.variables)
        except Exception as error:
            completed = leaving or token._state == TaskState.COMPLETED
            self._park(token, error, "leave" if completed else "enter")

    def completed_token(self, token: Token) -> None:
        """Move on from a completed token (SpiffWorkflow's `_on_complete`)."""
        element = token.element
        for child in self.children_of(token):
            self.remove(child)
        if element.outputs and not token.body and "mapped" not in token.internal_data:
            seen = self.seen_from(token)
            for assignment in element.outputs:
                self.assign(token.parent, activities.mapped(self, assignment, seen))
            token.internal_data["mapped"] = 1
        if token.iteration:
            self.loops.completed(token)
        elif (
            element.attributes.get("asyncAfter") == "true"
            and "after" not in token.internal_data
        ):
            token.internal_data["after"] = 1
            self._continue_later(token, "leave")
        else:
            self.leave(token)

    def leave(self, token: Token) -> None:
        """Take the outgoing sequence flows, or end here."""
        if "back" in token.internal_data and moves.come_back(self, token):
            return
        taken = gateways.outgoing(self, token)
        scope = token.parent
        self.report_left(token)
        self.remove(token)
        for sequence_flow in taken:
            self.report(facts.Took(sequence_flow.id))
        # The stack is last in, first out: the first branch moves first.
        for sequence_flow in reversed(taken):
            target = self.graph.element(sequence_flow.target)
            self.arrive(scope, target, sequence_flow.id)
        if not taken:
            self.settle(scope)

    def settle(self, scope: Token) -> None:
        """Finish a scope in which no token is left."""
        if scope.gone or any(not c.subscription for c in self.children_of(scope)):
            return
        if scope is self.task_tree:
            self._end(facts.Ended("completed"))
        else:
            self.finish(scope)

    def children_of(self, token: Token) -> list[Token]:
        """Return the tokens inside a token, subscriptions included."""
        return [self.tasks[child] for child in token._children]

    def remove(self, token: Token) -> None:
        """Take a token and everything in it out of the tree, cancelling waits."""
        for child in self.children_of(token):
            self.remove(child)
        self.close_wait(token, "cancelled")
        del self.tasks[token.id]
        parent = token.parent
        if parent is not None:
            parent._children.remove(token.id)

    def terminate(self, scope: Token) -> None:
        """End a scope at once, as a terminate end event does (BPMN 2.0 §10.5.3)."""
        if scope is self.task_tree:
            self._end(facts.Ended("terminated"))
            return
        for child in self.children_of(scope):
            if not child.subscription or child.element.kind != "boundaryEvent":
                self.remove(child)
        self.finish(scope)

    def terminate_all(self) -> None:
        """End the instance and whatever called it (Flowable's `terminateAll`)."""
        self._end(facts.Ended("terminated", reach="all"))

    def terminate_rounds(self, scope: Token) -> None:
        """End the multi-instance around a scope (Flowable's `terminateMultiInstance`).

        Where there is none, the scope ends, and the rounds of the caller if it is the
        process.
        """
        around = self._round_around(scope)
        if around is not None:
            self.loops.end(around.parent)
        elif scope is self.task_tree:
            self._end(facts.Ended("terminated", reach="rounds"))
        else:
            self.terminate(scope)

    def end_with_error(self, code: str | None, message: str) -> None:
        """End a called instance whose error nobody in it catches."""
        self._end(facts.Ended("error", code, message))

    def _end(self, ended: facts.Ended) -> None:
        for child in self.children_of(self.task_tree):
            self.remove(child)
        self._stack.clear()
        self.ended = ended
        self.completed = True
        self.report(ended)

    # -- waits and facts -----------------------------------------------------

    def wait(
        self,
        token: Token,
        kind: str,
        *,
        name: str = "",
        due_at: datetime | None = None,
        details: Mapping[str, object] = facts.NOTHING,
    ) -> None:
        """Record that a token waits."""
        token.internal_data["wait"] = kind
        self.report(
            facts.Opened(
                facts.Wait(token.id, kind, token.element.id, name, due_at, details)
            )
        )

    def close_wait(self, token: Token, how: str = "completed") -> None:
        """Record that a token waits no longer."""
        kind = token.internal_data.pop("wait", None)
        if kind is not None:
            self.report(facts.Closed(token.id, kind, token.element.id, how))

    def report(self, fact: facts.Fact) -> None:
        """Add a fact."""
        self._facts.append(fact)

    def report_entered(self, token: Token) -> None:
        """Add the fact that a token entered an element."""
        self.report(facts.Entered(token.element.id, token.id))

    def report_left(self, token: Token) -> None:
        """Add the fact that a token left an activity or event."""
        if not (token.element.kind.endswith("Gateway") or token.body):
            self.report(facts.Left(token.element.id, token.id))

    def _continue_later(self, token: Token, phase: str) -> None:
        token._state = WAITING
        token.internal_data["phase"] = phase
        self.wait(token, "async")

    def _park(self, token: Token, error: Exception, phase: str) -> None:
        # A half-done element must neither block the person whose act led here nor
        # vanish: the token stays, an incident shows it (design.md §3, §4).
        if token.gone:
            raise error
        if isinstance(error, errors.DuchaError):
            named = problems.label(token.element.id, token.element.name)
            text, retry = f"{named}：{error.message}", False
        else:
            text, retry = f"{type(error).__name__}: {error}", True
        token._state = WAITING
        token.internal_data["phase"] = phase
        self.report(facts.Failed(token.element.id, token.id, text))
        self.wait(token, "failed", details={"error": text, "retry": retry})

    def _park_all(self, error: Exception) -> None:
        # Every branch that was still moving: one that is forgotten never moves again.
        moving, self._stack = self._stack, []
        for token in moving:
            if not token.gone and token._state == READY:
                leaving = token.internal_data.pop("done", None)
                self._park(token, error, "leave" if leaving else "enter")

    def _waiting(self, wait_id: str, kinds: tuple[str, ...]) -> Token:
        token = self.tasks.get(wait_id)
        if token is None or token.internal_data.get("wait") not in kinds:
            raise NotWaiting(wait_id=wait_id)
        return token

    def tokens(self) -> Iterator[Token]:
        """Yield every token in the order of the tree, scopes before contents."""
        stack: list[Any] = [self.task_tree]
        while stack:
            token = stack.pop()
            yield token
            stack.extend(reversed(self.children_of(token)))
