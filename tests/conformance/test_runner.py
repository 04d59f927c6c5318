"""The conformance runner tells what passes, what is refused and what fails."""

import json
import subprocess
import sys
from pathlib import Path

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  targetNamespace="https://ducha.example/test">
  <process id="{key}" isExecutable="true">
    <startEvent id="start"/>
    <{kind} id="one" name="One"/>
    <endEvent id="end"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="one"/>
    <sequenceFlow id="f2" sourceRef="one" targetRef="end"/>
  </process>
</definitions>"""

STEPS = [
    {"do": "start", "process": "p"},
    {"expect": "tasks", "names": ["One"]},
    {"do": "complete", "task": {"only": True}},
    {"expect": "ended", "instance": 1},
]


def case(name: str, file: str, steps: list[dict[str, object]]) -> str:
    return json.dumps(
        {
            "id": f"own:{name}",
            "source": "own",
            "feature": "usertask",
            "files": [file],
            "steps": steps,
        }
    )


def test_the_runner_reports_each_verdict_and_the_totals(tmp_path: Path) -> None:
    diagrams = tmp_path / "diagrams" / "own"
    diagrams.mkdir(parents=True)
    for name, kind in (("task.bpmn", "userTask"), ("script.bpmn", "scriptTask")):
        (diagrams / name).write_text(DIAGRAM.format(key="p", kind=kind), "utf-8")
    wrong: list[dict[str, object]] = [STEPS[0], {"expect": "tasks", "count": 2}]
    lines = [
        case("passes", "task.bpmn", STEPS),
        case("is_refused", "script.bpmn", STEPS),
        case("fails", "task.bpmn", wrong),
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), "utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "tests.conformance", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )

    assert 1 == ran.returncode, ran.stderr
    assert "passed 1, refused 1, failed 1" == ran.stdout.splitlines()[-1]
    assert "refused  own:is_refused" in ran.stdout
    assert "（one）" in ran.stdout
    assert "expected 2, found 1" in ran.stdout
