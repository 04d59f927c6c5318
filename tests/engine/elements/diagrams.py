"""Diagrams that lie beside their tests, played on the token game or in an office."""

from pathlib import Path

from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import reading
from engine.bpmn.game import graph
from tests.engine.bpmn import game_stories
from tests.engine.conftest import Office

FOLDER = Path(__file__).parent


def play(
    name: str,
    world: game_stories.World | None = None,
    start_event: str | None = None,
    **variables: object,
) -> game_stories.Story:
    """Begin a story on a diagram of this folder, stored and loaded at every turn."""
    found = reading.read_diagram((FOLDER / f"{name}.bpmn").read_bytes(), name=name)
    (process,) = found.processes
    problems = (*found.problems, *linter.lint(process))
    assert [] == [p.message for p in problems if p.severity == "error"]
    return game_stories.Story(graph.build(process), world, start_event, **variables)


def deploy(office: Office, *names: str, **files: bytes) -> None:
    """Deploy diagrams of this folder together, and what they refer to."""
    drawn = {
        f"{name.replace('/', '_')}.bpmn": (FOLDER / f"{name}.bpmn").read_bytes()
        for name in names
    }
    with office.engine.begin() as work:
        work.deploy({**drawn, **files})
