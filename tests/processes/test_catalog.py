"""The catalog: every procedure deploys without a warning."""

import functools
import json
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.bpmn import model
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import reading
from processes import demo
from processes import office
from processes import procedures
from processes.supervision.deadlines import deadlines
from processes.supervision.hotline import hotline
from processes.supervision.matters import opinions

DIAGRAMS = sorted(office.CATALOG.rglob("*.bpmn"))
FORMS = sorted(office.CATALOG.rglob("*.form"))
DESCRIPTIONS = sorted(office.CATALOG.rglob(procedures.FILE))
TEMPLATE = office.CATALOG / "element-templates" / "approval.json"
#: The groups that tasks may name: the roles of the office and those of every unit.
ROLES = {role for _, role, _ in demo.PERSONS} | {
    f"{role}.${{unit}}" for role, _ in demo.UNIT_ROLES
}
#: Forms for texts that the system drafts as variables; a return shows them as edited.
DRAFTED = {"annual_reports"}
NAMESPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "camunda": "http://camunda.org/schema/1.0/bpmn",
}


@functools.cache
def processes(path: Path) -> tuple[model.Process, ...]:
    found = reading.read_diagram(path.read_bytes(), name=path.name)
    assert () == found.problems
    return found.processes


def all_processes() -> list[model.Process]:
    return [process for path in DIAGRAMS for process in processes(path)]


def user_tasks() -> list[model.Element]:
    return [
        element
        for process in all_processes()
        for element in process.elements.values()
        if element.kind == "userTask"
    ]


def form_ids() -> list[str]:
    return [json.loads(path.read_text("utf-8"))["id"] for path in FORMS]


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_has_no_problem(path: Path) -> None:
    keys = {process.key for process in all_processes()}
    problems = [
        problem
        for process in processes(path)
        for problem in linter.lint(process, forms=form_ids(), callees=keys)
    ]

    assert [] == problems


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_task_stands_in_the_lane_of_its_role(path: Path) -> None:
    (process,) = processes(path)

    for element in process.elements.values():
        if element.kind == "userTask":
            group = element.attributes.get("candidateGroups")
            assert group or "assignee" in element.attributes
            assert group is None or is_role(group)
            # A lane without a role holds what several roles do.
            if is_role(element.lane):
                assert element.lane == (group or element.lane)


def is_role(name: str | None) -> bool:
    """Whether this is a group of the office, or an expression that gives one."""
    return name in ROLES or bool(name and name.startswith("${"))


def test_approvals_come_from_the_one_template() -> None:
    template = json.loads(TEMPLATE.read_text("utf-8"))
    verbs = next(
        {choice["value"] for choice in part["choices"]}
        for part in template["properties"]
        if part["binding"]["name"] == "verb"
    )
    approvals = {
        element.id: element.properties["verb"]
        for element in user_tasks()
        if "verb" in element.properties
    }
    marked = {
        element.id
        for element in user_tasks()
        if element.properties.get("approval") == "true"
    }
    root = [ElementTree.fromstring(path.read_bytes()) for path in DIAGRAMS]
    prefix = f"{{{NAMESPACES['camunda']}}}"
    templated = {
        task.get("id"): (
            task.get(f"{prefix}modelerTemplate"),
            task.get(f"{prefix}modelerTemplateVersion"),
        )
        for diagram in root
        for task in diagram.iterfind(".//bpmn:userTask", NAMESPACES)
        if task.get(f"{prefix}modelerTemplate")
    }

    assert set(approvals) == set(templated)
    # The engine holds against whoever acted in the matter already (S13).
    assert {*approvals, "decide_redo"} == marked
    assert {(template["id"], str(template["version"]))} == set(templated.values())
    assert set(approvals.values()) <= verbs
    assert {"签阅", "审阅", "审定"} <= set(approvals.values())


def test_every_form_is_used_and_every_name_is_a_form() -> None:
    used = {
        element.attributes["formRef"]
        for process in all_processes()
        for element in process.elements.values()
        if "formRef" in element.attributes
    }

    assert used == set(form_ids())
    assert all("formRef" in element.attributes for element in user_tasks())
    assert form_ids() == [path.stem for path in FORMS]


def test_no_form_lets_the_caller_or_long_texts_become_variables() -> None:
    kept = [
        (path.stem, part["key"])
        for path in FORMS
        if path.stem not in DRAFTED
        for part in json.loads(path.read_text("utf-8"))["components"]
        if part["type"] == "textarea" or part.get("key", "").startswith("caller_")
        if part.get("properties", {}).get("store") != "record"
        if not part.get("readonly")
    ]

    assert [] == kept


@pytest.mark.parametrize("path", DESCRIPTIONS, ids=lambda path: path.parent.name)
def test_a_description_names_what_is_there(path: Path) -> None:
    told = procedures.read(path.read_bytes(), name=path.name)
    keys = {process.key for process in all_processes()}

    assert path.parent.name == told.key
    assert told.key in keys
    assert re.fullmatch(r"\d\d", told.category)
    assert told.starters <= {role.partition(".")[0] for role in ROLES}
    assert told.start_form in ["", *form_ids()]
    for document in told.documents:
        if document.template is not None:
            assert (office.CATALOG / document.template).is_file()


def test_the_particulars_of_the_hotline_agree_with_the_records() -> None:
    path = office.CATALOG / hotline.PROCEDURE / "procedure.toml"
    told = tomllib.loads(path.read_text("utf-8"))["deadlines"]

    assert dict(deadlines.DEFAULT_WORKDAYS) == told["by_type"]
    assert deadlines.ACKNOWLEDGEMENT_WORKDAYS == told["acknowledge"]
    assert deadlines.APPROVAL_WORKDAYS == told["approval"]
    assert deadlines.RESUBMISSION_WORKDAYS == told["resubmit"]
    diagram = (path.parent / f"{hotline.PROCEDURE}.bpmn").read_text("utf-8")
    assert f"${{round &lt; {told['rounds']}}}" in diagram


def test_the_diagram_offers_only_decisions_that_opinions_know() -> None:
    for element in user_tasks():
        if element.attributes["formRef"] == "approval":
            allowed = opinions.allowed(element)
            assert "APPROVE" in allowed
            assert ("RETURN" in allowed) == (element.properties["may_return"] == "true")
