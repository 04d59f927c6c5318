"""Small diagrams for tests, written as XML with the wrapping left out."""

from engine.bpmn import model
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import reading

NAMESPACES = """
 xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
 xmlns:operaton="http://operaton.org/schema/1.0/bpmn"
 xmlns:flowable="http://flowable.org/bpmn"
 xmlns:activiti="http://activiti.org/bpmn"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 targetNamespace="http://example.org/p"
"""


def arrows(written: str) -> str:
    """Return sequence flows: `a>b c>d` has the ids a_b and c_d; `${…}` a condition.

    A condition follows its arrow after a bar: `a>b|${x}`; it has no blanks.
    """
    found = []
    for arrow in written.split():
        ends, _, condition = arrow.partition("|")
        source, target = ends.split(">")
        inner = (
            '<conditionExpression xsi:type="tFormalExpression">'
            f"<![CDATA[ {condition} ]]></conditionExpression>"
            if condition
            else ""
        )
        found.append(
            f'<sequenceFlow id="{source}_{target}" sourceRef="{source}"'
            f' targetRef="{target}">{inner}</sequenceFlow>'
        )
    return "".join(found)


def drawing(inside: str, *, around: str = "", process: str = "") -> bytes:
    """Return a file with one process `p`; `around` stands before the process."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions {NAMESPACES}>\n{around}'
        f'<process id="p" isExecutable="true" {process}>\n{inside}\n</process>'
        "</definitions>"
    ).encode()


def in_line(element: str, element_id: str = "a") -> str:
    """Return start -> element -> end."""
    return f'<startEvent id="start"/>{element}<endEvent id="end"/>' + arrows(
        f"start>{element_id} {element_id}>end"
    )


def read(content: bytes) -> model.Process:
    """Return the one process of a file that is read without errors."""
    found = reading.read_diagram(content)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    assert [] == errors
    (process,) = found.processes
    return process


def findings(content: bytes, **known: object) -> list[model.Problem]:
    """Return all that reading and linting have to say about a file."""
    found = reading.read_diagram(content)
    problems = list(found.problems)
    for process in found.processes:
        problems += linter.lint(process, **known)  # type: ignore[arg-type]
    return problems
