"""The token game: one instance of a graph, moved from rest to rest.

SpiffWorkflow gives the tree of tasks and their states. Here a task is a *token*, and
its parent is the *scope* it lives in: the process, a sub-process, the body of a
multi-instance. A token that has moved on leaves the tree, so an instance is as big as
what is open in it, however long its history (engine-notes.md §0.1, §4.4).

A token's `data` holds the variables of the scope it is; reading climbs to the
process, writing goes where the variable is, else to the process (as in Camunda 7).
"""

from collections import ChainMap
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from typing import Protocol
from uuid import uuid4

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from engine import errors
from engine.bpmn import catching
from engine.bpmn import expressions
from engine.bpmn import facts
from engine.bpmn import gateways
from engine.bpmn import loops
from engine.bpmn import model
from engine.bpmn.graph import Graph

READY = TaskState.READY
WAITING = TaskState.WAITING
STARTED = TaskState.STARTED

#: Automatic steps between two rests; more is an endless loop of automatic elements.
STEP_BUDGET = 10_000


class Surroundings(Protocol):
    """What the token game asks of the world."""

    #: registered functions that expressions may call
    functions: Mapping[str, Callable[..., object]]

    def now(self) -> datetime:
        """Return the time of the command."""

    def invoke(
        self,
        handler: str,
        element: model.Element,
        token_id: str,
        variables: Mapping[str, object],
        listener: model.Listener | None,
    ) -> Mapping[str, object] | None:
        """Run a registered handler; what it returns becomes variables."""

    def decide(
        self,
        decision: str,
        element: model.Element,
        variables: Mapping[str, object],
    ) -> list[dict[str, object]]:
        """Return the rows that a decision gives, in order."""


class NotWaiting(errors.Conflict):
    """这一步已经办理过，或者已被撤销。"""


class BpmnError(Exception):
    """A business error that a handler throws for a boundary event to catch."""

    def __init__(
        self,
        code: str,
        message: str = "",
        variables: Mapping[str, object] | None = None,
    ) -> None:
        """Carry the error code of the diagram."""
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.variables = variables or {}


class Token(Task):
    """A SpiffWorkflow task whose parent is its scope."""

    workflow: "Game"

    @property
    def element(self) -> model.Element:
        """The element the token is at."""
        return self.task_spec.element  # type: ignore[no-any-return]

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
        self.loops = loops.Loops(self)
        #: whether another instance called this one (an uncaught error goes there)
        self.called = False
        self.ended: facts.Ended | None = None
        self._stack: list[Token] = []
        self._facts: list[facts.Fact] = []
        self._touched = False

    # -- acts from outside ---------------------------------------------------

    @classmethod
    def start(
        cls,
        graph: Graph,
        surroundings: Surroundings,
        *,
        variables: Mapping[str, object],
        start_event: str | None = None,
        called: bool = False,
    ) -> "Game":
        """Start an instance at its none start events, or at the one named."""
        game = cls(graph, surroundings)
        game.called = called
        root = Token(game, graph.root, state=STARTED, id=uuid4().hex)
        game.task_tree = root
        root.data = dict(variables)
        game.open_scope(root, start_event)
        game.rest()
        return game

    def complete(self, wait_id: str, variables: Mapping[str, object]) -> None:
        """Complete a user task, receive task or external task."""
        token = self._waiting(wait_id, ("user_task", "receive", "external"))
        self.assign(token, variables)
        self.listen(token, "complete")
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
        else:
            self._push(token)
        self.rest()

    def finish_call(self, wait_id: str, variables: Mapping[str, object]) -> None:
        """Let a call activity go on; `variables` are those of the called instance."""
        token = self._waiting(wait_id, ("call",))
        results: dict[str, object] = {}
        for assignment in token.element.call_out:
            results.update(self._mapped(assignment, variables))
        self.assign(token, results)
        self.close_wait(token)
        self.finish(token)
        self.rest()

    def raise_error(
        self,
        wait_id: str,
        code: str | None,
        message: str = "",
        variables: Mapping[str, object] = facts.NOTHING,
    ) -> None:
        """Throw a BPMN error at a waiting call activity or external task."""
        token = self._waiting(wait_id, ("call", "external"))
        self.close_wait(token)
        self.events.raise_error(token, code, message, variables)
        self.rest()

    def escalate(self, wait_id: str, code: str | None) -> None:
        """Throw an escalation at a waiting call activity, which goes on waiting."""
        self.events.escalate(self._waiting(wait_id, ("call",)), code)
        self.rest()

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
        return self.task_tree.data  # type: ignore[no-any-return]

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
        return tuple(
            t.element.id
            for t in self.tasks.values()
            if t is not self.task_tree and not t.subscription and not t.body
        )

    # -- the scopes and their variables --------------------------------------

    def open_scope(self, scope: Token, start_event: str | None) -> None:
        """Subscribe a scope's event sub-processes and put its first tokens in."""
        for start in self.graph.event_starts(scope.element.id):
            if start.scope != scope.element.id:
                self.events.listen_for(scope, start)
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
            scope.data[name] = value
            self._touched = True

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
        if gateways.joins(element):
            gateways.arrived(self, token)
        elif element.attributes.get("asyncBefore") == "true":
            self._continue_later(token, "enter")
        else:
            self._push(token)

    def finish(self, token: Token) -> None:
        """Let a token complete at its next step."""
        token.internal_data["done"] = 1
        self._push(token)

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
                    self._stack.clear()
                    self._park(token, EndlessLoop(), "enter")
                    return
                self._step(token)
            if self._touched and self.graph.has_conditions:
                self._touched = False
                if self.events.fire_conditions():
                    continue
            if not gateways.join_inclusive(self):
                break

    def _push(self, token: Token) -> None:
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
        if element.outputs and not token.body:
            seen = self.seen_from(token)
            for assignment in element.outputs:
                self.assign(token.parent, self._mapped(assignment, seen))
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

    # -- activities ----------------------------------------------------------

    def begin_activity(self, token: Token) -> None:
        """Report the entry, map inputs and subscribe the boundary events."""
        if not token.body:
            self.report_entered(token)
            seen = self.seen_from(token.parent)
            for assignment in token.element.inputs:
                token.data.update(self._mapped(assignment, seen))
        if token.iteration:
            return
        try:
            for boundary in self.graph.boundary_events(token.element.id):
                self.events.listen_for(token, boundary)
        except Exception:
            for child in self.children_of(token):
                self.remove(child)
            del token.internal_data["begun"]
            raise

    def open_user_task(self, token: Token) -> None:
        """Open a user task with its evaluated attributes."""
        element = token.element
        seen = self.seen_from(token)

        def value(attribute: str) -> object:
            text = element.attributes.get(attribute)
            return self.evaluate_in(text, seen) if text else None

        assignee = value("assignee")
        users = _names(value("candidateUsers"))
        groups = _names(value("candidateGroups"))
        if not (assignee or users or groups) and element.lane:
            groups = _names(self.evaluate_in(element.lane, seen))
        details = {
            "assignee": assignee or None,
            "candidate_users": users,
            "candidate_groups": groups,
            "due_at": _moment(value("dueDate")),
            "follow_up_at": _moment(value("followUpDate")),
            "priority": value("priority"),
            "form": element.attributes.get("formRef")
            or element.attributes.get("formKey"),
            "documentation": element.documentation,
        }
        name = self.evaluate_in(element.name, seen)
        self.wait(token, "user_task", name=str(name), details=details)
        self.listen(token, "create")

    def open_call(self, token: Token) -> None:
        """Wait for an instance that the engine opens once this one rests."""
        element = token.element
        seen = self.seen_from(token)
        variables: dict[str, object] = {}
        business_key: object = None
        for assignment in element.call_in:
            if assignment.business_key is not None:
                business_key = self.evaluate_in(assignment.business_key, seen)
            else:
                variables.update(self._mapped(assignment, seen))
        attributes = element.attributes
        version = attributes.get("calledElementVersion")
        details = {
            "binding": attributes.get("calledElementBinding", "latest"),
            "version": self.evaluate_in(version, seen) if version else None,
            "version_tag": attributes.get("calledElementVersionTag"),
            "business_key": business_key,
            "variables": variables,
        }
        called = self.evaluate_in(element.called_element or "", seen)
        self.wait(token, "call", name=str(called), details=details)

    def perform(self, token: Token) -> None:
        """Run the handler, expression or decision that an element names."""
        element = token.element
        attributes = element.attributes
        seen = self.seen_from(token)
        if "delegateExpression" in attributes:
            handler = attributes["delegateExpression"].strip().strip("${} ")
            given = self.surroundings.invoke(handler, element, token.id, seen, None)
            self.assign(token, given or {})
        elif "expression" in attributes:
            result = self.evaluate_in(attributes["expression"], seen)
            if "resultVariable" in attributes:
                self.assign(token, {attributes["resultVariable"]: result})
        elif "decisionRef" in attributes:
            decision = str(self.evaluate_in(attributes["decisionRef"], seen))
            rows = self.surroundings.decide(decision, element, seen)
            name = attributes.get("resultVariable", "decisionResult")
            shape = attributes.get("mapDecisionResult", "resultList")
            self.assign(token, {name: _shaped(rows, shape)})

    def listen(self, token: Token, event: str) -> None:
        """Run the listeners that an element has for an event of its task."""
        for listener in token.element.listeners:
            if listener.event == event:
                given = self.surroundings.invoke(
                    listener.handler,
                    token.element,
                    token.id,
                    self.seen_from(token),
                    listener,
                )
                self.assign(token, given or {})

    def _mapped(
        self, assignment: model.Assignment, seen: Mapping[str, object]
    ) -> dict[str, object]:
        if assignment.all_variables:
            return dict(seen)
        if assignment.source is not None:
            return {assignment.target: seen.get(assignment.source)}
        return {assignment.target: self._value(assignment.expression, seen)}

    def _value(self, written: object, seen: Mapping[str, object]) -> object:
        if isinstance(written, str):
            return self.evaluate_in(written, seen)
        if isinstance(written, Mapping):
            return {k: self._value(v, seen) for k, v in written.items()}
        if isinstance(written, list | tuple):
            return [self._value(v, seen) for v in written]
        return written

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
            text, retry = error.message, False
        else:
            text, retry = f"{type(error).__name__}: {error}", True
        token._state = WAITING
        token.internal_data["phase"] = phase
        self.report(facts.Failed(token.element.id, token.id, text))
        self.wait(token, "failed", details={"error": text, "retry": retry})

    def _waiting(self, wait_id: str, kinds: tuple[str, ...]) -> Token:
        token = self.tasks.get(wait_id)
        if token is None or token.internal_data.get("wait") not in kinds:
            raise NotWaiting(wait_id=wait_id)
        return token  # type: ignore[no-any-return]

    def tokens(self) -> Iterator[Token]:
        """Yield every token in the order of the tree, scopes before contents."""
        stack: list[Any] = [self.task_tree]
        while stack:
            token = stack.pop()
            yield token
            stack.extend(reversed(self.children_of(token)))


class EndlessLoop(errors.DuchaError):
    """自动步骤连续超过一万步仍未停下，图中可能有不经过任何等待的循环。"""


def _names(value: object) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    raise errors.Invalid(f"候选人或候选组应是名称或名称的列表，现为“{value}”。")


def _moment(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if value else None


def _shaped(rows: list[dict[str, object]], shape: str) -> object:
    if shape == "singleEntry":
        return next(iter(rows[0].values()), None) if rows else None
    if shape == "singleResult":
        return rows[0] if rows else None
    if shape == "collectEntries":
        return [next(iter(row.values()), None) for row in rows]
    return rows
