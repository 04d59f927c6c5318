"""Data objects and stores are drawings: a warning names them, nothing more."""

from engine.bpmn.diagrams import reading
from tests.engine.elements import diagrams


def test_data_objects_and_stores_are_warned_of_and_the_rest_runs() -> None:
    content = (diagrams.FOLDER / "data/drawn.bpmn").read_bytes()
    found = reading.read_diagram(content)

    assert {"data-ignored"} == {problem.rule for problem in found.problems}
    assert {"warning"} == {problem.severity for problem in found.problems}
    story = diagrams.play("data/drawn")
    story.completes("work")
    assert "completed" == story.ended.how
