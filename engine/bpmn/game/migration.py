"""An instance at rest goes on in another version of its process.

Its tokens are put into the new graph where they stand, or where a mapping says. What
stands nowhere in the new version, or would stand there as something else, is an
obstacle; with one obstacle nothing happens at all (engine-notes.md §6: what is not
asked here is lost silently, or hangs).
"""

from collections.abc import Iterator
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import field
from uuid import uuid4

from engine import errors
from engine.bpmn import facts
from engine.bpmn import model
from engine.bpmn.diagrams import comparison
from engine.bpmn.game import catching
from engine.bpmn.game import gateways
from engine.bpmn.game import moves
from engine.bpmn.game import obstructions
from engine.bpmn.game.graph import Graph
from engine.bpmn.game.surroundings import Surroundings
from engine.bpmn.game.tokens import Game
from engine.bpmn.game.tokens import Token


@dataclass(frozen=True, slots=True)
class Asked:
    """An open user task whose drawing differs: what it asks for now.

    `changed` names what differs: name, documentation, role, approval, assignment,
    due_at, follow_up_at, priority, form. The rest of `wait` need not be told anew.
    """

    wait: facts.Wait
    element: model.Element
    changed: frozenset[str]


@dataclass(slots=True)
class Migrated:
    """The instance in the new graph, and what became of its waits on the way."""

    game: Game
    happened: tuple[facts.Fact, ...] = ()
    tasks: list[Asked] = field(default_factory=list)


def migrate(
    game: Game,
    graph: Graph,
    surroundings: Surroundings,
    mapping: Mapping[str, str],
    *,
    restart_timers: bool,
) -> Migrated:
    """Return the instance in another graph; the one given is left as it is.

    `mapping` leads from element ids to those of the new graph, where they differ. The
    tokens rest until `settle`. Raises obstructions.Obstructed.
    """
    return _Migration(game, graph, surroundings, mapping, restart_timers).result()


def settle(game: Game) -> None:
    """Let the joins go on that wait for nothing any more, and move until all rests."""
    for token in list(game.tasks.values()):
        if (
            not token.gone
            and token.element.kind == "parallelGateway"
            and "wait" not in token.internal_data
        ):
            gateways.arrived(game, token)
    game.rest()


class _Migration:
    """One instance on its way from one graph to another."""

    def __init__(
        self,
        old: Game,
        graph: Graph,
        surroundings: Surroundings,
        mapping: Mapping[str, str],
        restart_timers: bool,
    ) -> None:
        self.old = old
        self.graph = graph
        self.mapping = mapping
        self.restart_timers = restart_timers
        self.new = Game(graph, surroundings)
        self.new.called = old.called
        self.migrated = Migrated(self.new)

    def result(self) -> Migrated:
        found = list(dict.fromkeys(self._obstacles()))
        if not found:
            found = list(dict.fromkeys(self._rebuild()))
        if found:
            raise obstructions.Obstructed(found)
        self.migrated.happened = tuple(self.new.take_facts())
        for fact in self.migrated.happened:
            self.new.report(fact)
        return self.migrated

    def _target(self, element_id: str) -> model.Element | None:
        """Return what an element of the old graph is in the new one."""
        if element_id == self.old.graph.name:
            return self.graph.root.element
        target = self.mapping.get(element_id, element_id)
        return self.graph.process.elements.get(target)

    # -- what stands in the way ------------------------------------------------

    def _obstacles(self) -> Iterator[obstructions.Obstacle]:
        known = (self.old.graph.process.elements, self.graph.process.elements)
        for ids, elements, which in zip(
            (self.mapping, self.mapping.values()), known, ("原", "新"), strict=True
        ):
            for element_id in ids:
                if element_id not in elements:
                    message = f"对应关系里的“{element_id}”在{which}版本中不存在。"
                    yield obstructions.Obstacle(element_id, message)
        for token in self.old.tokens():
            if token is not self.old.task_tree and not token.subscription:
                for reason in self._reasons(token):
                    named = comparison.label(token.element)
                    yield obstructions.Obstacle(token.element.id, f"{named}{reason}")
            yield from self._contradictions(token)

    def _reasons(self, token: Token) -> Iterator[str]:
        """Yield why the token cannot stand in the new graph."""
        before, after = token.element, self._target(token.element.id)
        if after is None:
            yield "正在办理，新版本中没有它，也没有指明改到哪个环节。"
            return
        if before.kind != after.kind:
            kind = comparison.KINDS[after.kind]
            yield f"正在办理，在新版本中是{kind}，类型不同。"
            return
        if before.triggered_by_event != after.triggered_by_event:
            yield "正在办理，是不是事件子流程在新版本中不同。"
        scope = self._target(token.parent.element.id)
        if not token.iteration and scope is not None and scope.id != after.scope:
            yield "正在办理，在新版本中移到了另一个（子）流程里。"
        yield from obstructions.waits_otherwise(token, after)
        yield from obstructions.loops_otherwise(token, after)
        if _stands_at_join(token) and self._arrow(token, after) is None:
            arrow = token.internal_data["flow"]
            yield f"正在等待汇合，到达它的顺序流“{arrow}”在新版本中没有了。"
        start = token.internal_data.get("start")
        if start is not None and self._target(start) is None:
            yield f"正在办理，它的开始事件“{start}”在新版本中没有了。"

    def _arrow(self, token: Token, after: model.Element) -> str | None:
        """Return the sequence flow by which a token came to a join in the new graph."""
        came_by = token.internal_data["flow"]
        if came_by in after.incoming:
            return str(came_by)
        source = self._target(self.old.graph.process.sequence_flows[came_by].source)
        arrows = self.graph.process.sequence_flows
        found = [f for f in after.incoming if source and arrows[f].source == source.id]
        return found[0] if len(found) == 1 else None

    def _contradictions(self, scope: Token) -> Iterator[obstructions.Obstacle]:
        """Yield where tokens would stand as the new drawing never has them stand.

        A parallel join would wait in vain, or what ran side by side would be done
        twice, one after the other.
        """
        after = self._target(scope.element.id)
        places = [
            token
            for token in self.old.children_of(scope)
            if not token.subscription and not token.element.triggered_by_event
        ]
        order = list(self.old.graph.process.elements)
        places.sort(key=lambda token: order.index(token.element.id))
        targets = [self._target(token.element.id) for token in places]
        if scope.body or after is None or not places:
            return
        if any(one is None or one.scope != after.id for one in targets):
            return
        standing = frozenset(moves.place_of(token) for token in places)
        moved = frozenset(place for token in places if (place := self._place(token)))
        if (
            len(moved) == len(standing)
            and not obstructions.can_stand(self.graph, after.id, moved)
            and obstructions.can_stand(self.old.graph, scope.element.id, standing)
        ):
            named = "、".join(comparison.label(token.element) for token in places)
            yield obstructions.Obstacle(
                places[0].element.id,
                f"{named}正在办理，而新版本的并行分支不会停成这样：改过去以后汇合会"
                "永远等不齐，或者同一环节会办理两次。",
            )

    def _place(self, token: Token) -> str | None:
        after = self._target(token.element.id)
        if after is None:
            return None
        at_join = moves.place_of(token) != token.element.id and gateways.joins(after)
        return self._arrow(token, after) if at_join else after.id

    # -- the tokens in the new graph -------------------------------------------

    def _rebuild(self) -> Iterator[obstructions.Obstacle]:
        """Put the tokens into the new graph; yield what cannot be evaluated there."""
        moved: dict[str, Token] = {}
        for token in self.old.tokens():
            after = self._target(token.element.id)
            parent = moved[token.parent.id] if token.parent is not None else None
            if token.subscription and not self._listens_on(token, after):
                self._drop(token)
                continue
            assert after is not None
            copy = self._copy(token, after, parent)
            moved[token.id] = copy
            if parent is None:
                self.new.task_tree = copy
        for token_id, copy in moved.items():
            try:
                self._wait_on(self.old.tasks[token_id], copy)
                self._listen_also(self.old.tasks[token_id], copy)
            except errors.DuchaError as error:
                named = comparison.label(copy.element)
                yield obstructions.Obstacle(
                    copy.element.id,
                    f"{named}在新版本中无法继续：{error.message.rstrip('。')}。",
                )

    def _copy(self, token: Token, after: model.Element, parent: Token | None) -> Token:
        copy = Token(
            self.new,
            self.graph.task_specs[after.id],
            parent=parent,
            state=token._state,
            # Who waits anew is known by a new id: rows go and come by it.
            id=token.id if self._waits_on(token, after) else uuid4().hex,
        )
        internal = deepcopy(token.internal_data)
        if _stands_at_join(token):
            internal["flow"] = self._arrow(token, after)
        elif token.subscription and "flow" in internal and parent is not None:
            internal["flow"] = self._arrow_to(parent.element, after)
        if "start" in internal:
            internal["start"] = self.mapping.get(internal["start"], internal["start"])
        if "back" in internal:
            element_id, holder = internal["back"]
            internal["back"] = [self.mapping.get(element_id, element_id), holder]
        copy.internal_data = internal
        copy.data = deepcopy(token.data)
        return copy

    def _arrow_to(self, gateway: model.Element, after: model.Element) -> str:
        arrows = self.graph.process.sequence_flows
        return next(f for f in gateway.outgoing if arrows[f].target == after.id)

    def _waits_on(self, token: Token, after: model.Element) -> bool:
        """Tell whether what the token waits for is the same in the new graph."""
        kind, before = token.internal_data.get("wait"), token.element
        if kind == "external":
            return before.attributes.get("topic") == after.attributes.get("topic")
        if kind not in (*obstructions.EVENTS, "receive"):
            return True
        if before.event is None or after.event is None:
            return before.event is after.event
        if kind == "timer":
            return before.event.timer == after.event.timer or not self.restart_timers
        named = before.event.name
        old, new = (g.process.correlations for g in (self.old.graph, self.graph))
        return before.event == after.event and old.get(named) == new.get(named)

    def _wait_on(self, token: Token, copy: Token) -> None:
        """Wait anew where the wait has changed; say what a user task asks for now."""
        kind = token.internal_data.get("wait")
        if kind == "user_task":
            changed = _asks_otherwise(token.element, copy.element)
            if changed or token.element.id != copy.element.id:
                name, details = self.new.activities.describe_user_task(copy)
                wait = facts.Wait(
                    copy.id, "user_task", copy.element.id, name, details=details
                )
                self.migrated.tasks.append(Asked(wait, copy.element, changed))
        elif copy.id != token.id:
            self._drop(token)
            for known in ("wait", "cycle", "signal"):
                copy.internal_data.pop(known, None)
            self._wait_anew(copy, kind)

    def _wait_anew(self, token: Token, kind: str | None) -> None:
        if kind == "external":
            topic = token.element.attributes.get("topic", "")
            self.new.wait(token, "external", name=topic)
        elif token.element.kind == "receiveTask":
            waits_as = "message" if token.subscription else "receive"
            self.new.events.await_message(token, waits_as)
        else:
            self.new.events.subscribe(token)

    def _drop(self, token: Token) -> None:
        kind = token.internal_data["wait"]
        self.new.report(facts.Closed(token.id, kind, token.element.id, "cancelled"))

    # -- what listens beside the tokens ----------------------------------------

    def _listens_on(self, token: Token, after: model.Element | None) -> bool:
        """Tell whether what listens on behalf of a token does so in the new graph."""
        host = token.parent
        before = token.element
        new_host = self._target(host.element.id)
        return (
            after is not None
            and new_host is not None
            and after in _listeners(self.graph, host, new_host)
            and _alike(before, after)
        )

    def _listen_also(self, token: Token, copy: Token) -> None:
        """Begin to listen for what the new graph has added."""
        known = {
            after.id
            for before in _listeners(self.old.graph, token, token.element)
            if (after := self._target(before.id)) is not None and _alike(before, after)
        }
        for added in _listeners(self.graph, token, copy.element):
            if added.id in known:
                continue
            if copy.element.kind == "eventBasedGateway":
                beyond = self.new.events._subscription(copy, added)
                beyond.internal_data["flow"] = self._arrow_to(copy.element, added)
                self._wait_anew(beyond, None)
            else:
                self.new.events.listen_for(copy, (added,))


def _stands_at_join(token: Token) -> bool:
    # One that is through and could not leave has no need of the flow it came by.
    phase = token.internal_data.get("phase")
    return gateways.joins(token.element) and phase != "leave"


def _alike(before: model.Element, after: model.Element) -> bool:
    return before.kind == after.kind and obstructions.event_kind(
        before
    ) == obstructions.event_kind(after)


def _listeners(
    graph: Graph, token: Token, element: model.Element
) -> tuple[model.Element, ...]:
    """Return what listens on behalf of a token that stands at an element of a graph."""
    internal = token.internal_data
    if token.subscription or internal.get("phase") == "leave":
        return ()
    if element.kind == "eventBasedGateway":
        arrows = graph.process.sequence_flows
        targets = (graph.element(arrows[f].target) for f in element.outgoing)
        return tuple(targets) if "wait" not in internal else ()
    found: tuple[model.Element, ...] = ()
    begun = token.parent is None or internal.get("begun")
    if begun and not token.iteration:
        found += graph.boundary_events(element.id)
    if (
        begun
        and not token.body
        and element.kind in ("process", "subProcess", "transaction")
        and not {"wait", "interrupted"} & internal.keys()
    ):
        found += graph.event_starts(element.id)
    return tuple(
        one for one in found if obstructions.event_kind(one) in catching.LISTENING
    )


def _asks_otherwise(before: model.Element, after: model.Element) -> frozenset[str]:
    asked = (_asks(before), _asks(after))
    return frozenset(name for name in asked[0] if asked[0][name] != asked[1][name])


def _asks(element: model.Element) -> dict[str, object]:
    attributes = element.attributes
    assignment = [
        attributes.get(name)
        for name in ("assignee", "candidateUsers", "candidateGroups")
    ]
    return {
        "name": element.name,
        "documentation": element.documentation,
        "role": element.lane,
        "approval": element.properties.get("approval"),
        # Without any of them the lane says whose task it is.
        "assignment": assignment if any(assignment) else element.lane,
        "due_at": attributes.get("dueDate"),
        "follow_up_at": attributes.get("followUpDate"),
        "priority": attributes.get("priority"),
        "form": attributes.get("formRef") or attributes.get("formKey"),
    }
