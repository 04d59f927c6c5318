"""A random path through a random diagram, walked by the game and by the oracle."""

from collections.abc import Mapping
from datetime import UTC
from datetime import datetime

from hypothesis import strategies as st

from engine.bpmn import facts
from engine.bpmn import model
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import reading
from engine.bpmn.game import codec
from engine.bpmn.game import graph
from engine.bpmn.game import tokens
from tests.properties import blocks
from tests.properties import drawing
from tests.properties import oracle

#: More acts than any generated diagram needs when nothing is repeated.
LONGEST_WAY_HOME = 3000


class World:
    """Surroundings in which one handler fails when `x` says so."""

    def __init__(self) -> None:
        self.functions: dict[str, object] = {}

    def now(self) -> datetime:
        return datetime(2026, 4, 29, 1, tzinfo=UTC)

    def invoke(
        self,
        handler: str,
        element: model.Element,
        token_id: str,
        variables: Mapping[str, object],
        listener: model.Listener | None,
    ) -> None:
        if handler == "breaks" and variables["x"] == blocks.BROKEN:
            raise RuntimeError("broken")


def build(body: blocks.Block) -> graph.Graph:
    """Return the graph of a body; what is generated is never refused."""
    found = reading.read_diagram(drawing.Drawing("p", body).file())
    (process,) = found.processes
    problems = [*found.problems, *linter.lint(process)]
    assert [] == [p for p in problems if p.severity == "error"]
    return graph.build(process)


class Twins:
    """The same instance three times: restarted at every act, never, and on paper."""

    def __init__(self, body: blocks.Block, x: int) -> None:
        """Start all three."""
        self.graph = build(body)
        self.world = World()
        given: dict[str, object] = {"x": x, "n": 0}
        self.never = tokens.Game.start(self.graph, self.world, variables=given)
        self.always = tokens.Game.start(self.graph, self.world, variables=given)
        self.paper = oracle.Oracle(body, x)
        self.ended: str | None = None
        self._agree()

    def waits(self) -> list[tuple[str, str, int]]:
        """Return the open waits as (kind, element, number among its equals)."""
        found = sorted(self.paper.waits)
        return [(*w, found[:place].count(w)) for place, w in enumerate(found)]

    def act(self, wait: tuple[str, str, int], x: int) -> None:
        """Let what a wait waits for happen."""
        kind, element, number = wait
        given = {"x": x}
        for game in (self.never, self.always):
            wait_id = find(game, wait)
            match kind:
                case "user_task" | "external":
                    game.complete(wait_id, given)
                case "message" | "signal" | "receive":
                    game.deliver(wait_id, given)
                case "timer":
                    game.fire(wait_id)
                case "call":
                    game.finish_call(wait_id, given)
                case _:
                    game.resume(wait_id)
        brought = kind not in ("timer", "async", "failed")
        self.paper.act(kind, element, number, x if brought else None)
        self._agree()

    def fail_call(self, wait: tuple[str, str, int]) -> None:
        """Let a called instance end by an error."""
        for game in (self.never, self.always):
            game.raise_error(find(game, wait), "BAD", "", {"x": self.paper.x})
        self.paper.fail_call(wait[1], wait[2])
        self._agree()

    def correct(self, x: int) -> None:
        """Set the variable from outside."""
        for game in (self.never, self.always):
            game.set_variables({"x": x})
        self.paper.x = x
        self._agree()

    def _agree(self) -> None:
        ends = []
        for game in (self.never, self.always):
            told = [f for f in game.take_facts() if isinstance(f, facts.Ended)]
            ends.append(told[0].how if told else self.ended)
        assert [self.paper.ended] * 2 == ends
        self.ended = self.paper.ended
        if self.ended is not None:
            return
        assert self.paper.waits == sorted(self.never.waits.values())
        assert self.paper.waits == sorted(self.always.waits.values())
        expected = {"x": self.paper.x, "n": self.paper.n}
        assert expected == {name: self.never.variables[name] for name in expected}
        assert self.never.variables == self.always.variables
        state = codec.dump(self.always)
        self.always = codec.load(self.graph, state, self.world)
        assert state == codec.dump(self.always)


def find(game: tokens.Game, wait: tuple[str, str, int]) -> str:
    """Return the id of a wait by its number among its equals, in order of the tree."""
    kind, element, number = wait
    equals = [
        token.id
        for token in game.tokens()
        if token.internal_data.get("wait") == kind and token.element.id == element
    ]
    return equals[number]


def walk(twins: Twins, data: st.DataObject, acts: int) -> None:
    """Do random acts, at most so many."""
    for _ in range(acts):
        if twins.ended is not None:
            return
        x = data.draw(st.sampled_from(blocks.VALUES), label="x")
        wait = data.draw(st.sampled_from(twins.waits()), label="wait")
        chance = data.draw(st.integers(0, 9), label="how")
        if chance == 0:
            twins.correct(x)
        elif chance == 1 and wait[0] == "call":
            twins.fail_call(wait)
        else:
            twins.act(wait, x)


def go_home(twins: Twins) -> None:
    """Drive to the end: no diagram stalls."""
    acts = 0
    while twins.ended is None:
        if acts == 0:
            twins.correct(blocks.CALM)
        own = [w for w in twins.waits() if not _extra(twins, w)]
        assert own, f"stalled: {twins.waits()}"
        if twins.ended is None:
            twins.act(own[0], blocks.CALM)
        acts += 1
        assert acts < LONGEST_WAY_HOME


def _extra(twins: Twins, wait: tuple[str, str, int]) -> bool:
    """Say whether a wait only listens: an instance must end without it."""
    token = twins.never.tasks[find(twins.never, wait)]
    return token.subscription and token.parent.element.kind != "eventBasedGateway"
