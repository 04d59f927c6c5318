"""Every known defect of stock SpiffWorkflow is there, and is not in the engine.

When a test of stock fails, upstream has mended something: take the defect away.
"""

from collections.abc import Callable
from collections.abc import Mapping

import pytest

from engine.bpmn import facts
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import reading
from engine.bpmn.game import codec
from tests.engine import stock
from tests.engine.bpmn import game_stories
from tests.engine.defects import DEFECTS
from tests.engine.defects import Defect
from tests.engine.defects import Player

every_defect = pytest.mark.parametrize(
    "defect", DEFECTS, ids=[defect.title for defect in DEFECTS]
)


class Rejected(Exception):
    """The engine refuses the diagram at deployment, by this rule."""


class Ours:
    """One instance on the engine's token game, with the verbs of a defect's story."""

    def __init__(self, body: str, variables: Mapping[str, object]) -> None:
        self._body = body
        self._given = variables
        text = game_stories.HEAD + body + "</process></definitions>"
        found = reading.read_diagram(text.encode())
        linted = [p for process in found.processes for p in linter.lint(process)]
        for problem in (*found.problems, *linted):
            if problem.severity == "error":
                raise Rejected(problem.rule)
        self.another()

    def another(self) -> None:
        self._story = game_stories.Story(self._body, **self._given)

    def restart(self) -> None:
        # Stories are stored and loaded at every turn; here the graph is new, too.
        state = codec.dump(self._story.game)
        self._story.graph = game_stories.build(self._body)
        self._story.game = codec.load(self._story.graph, state, self._story.world)

    def store_sorted(self) -> None:
        # The state is bytes: nothing that stores it can look into it.
        self.restart()

    def complete(self, element_id: str, **variables: object) -> None:
        self._story.completes(element_id, **variables)

    def send(self, name: str) -> None:
        (element_id,) = self._waiting("message", name)
        self._story.receives(element_id)

    def signal(self, name: str) -> None:
        for element_id in self._waiting("signal", name):
            self._story.receives(element_id, "signal")

    def fail(self, element_id: str, code: str) -> None:
        game = self._story.game
        game.raise_error(self._story.find(element_id, "external"), code)

    def days(self, number: int) -> None:
        self._story.days_pass(number)
        while due := self._story.next_due():
            self._story.fires(due)

    def seen_at(self, element_id: str) -> Mapping[str, object]:
        return self._story.game.variables_at(self._story.find(element_id, "user_task"))

    def seen_in_call(self, element_id: str) -> Mapping[str, object]:
        # The called process is an instance of its own: it gets what the call maps.
        opened = [f.wait for f in self._story.facts if isinstance(f, facts.Opened)]
        (given,) = [w.details["variables"] for w in opened if w.kind == "call"]
        assert isinstance(given, Mapping)
        return given

    @property
    def tasks(self) -> list[str]:
        return self._story.tasks

    @property
    def ended(self) -> bool:
        return self._story.ended is not None

    @property
    def told(self) -> list[str]:
        return [f.name for f in self._story.facts if isinstance(f, facts.Sent)]

    def _waiting(self, kind: str, name: str) -> list[str]:
        names = {
            fact.wait.id: fact.wait.name
            for fact in self._story.facts
            if isinstance(fact, facts.Opened)
        }
        return [
            element_id
            for wait_id, (waits, element_id) in self._story.game.waits.items()
            if waits == kind and names[wait_id] == name
        ]


def outcome(defect: Defect, player: Callable[[], Player]) -> object:
    """Play the story; return what it observes, or the name of what it meets."""
    try:
        return defect.story(player())
    except Rejected as rejected:
        return f"refused: {rejected}"
    except Exception as error:
        inner = str(error).partition("(")[0]
        named = type(error).__name__
        return f"{named}: {inner}" if inner.endswith("Error") else named


@every_defect
def test_stock_does_what_the_notes_say(
    defect: Defect, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = outcome(defect, lambda: stock.Stock(defect.body, monkeypatch, defect.given))

    assert defect.wrong == found


@every_defect
def test_the_engine_does_what_bpmn_says(defect: Defect) -> None:
    assert defect.right == outcome(defect, lambda: Ours(defect.body, defect.given))
