"""The catalog: every procedure deploys without a warning and is drawn cleanly."""

import itertools
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.bpmn import model
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import reading
from processes import procedures
from processes.supervision import deadlines
from processes.supervision import hotline
from processes.supervision import opinions
from processes.supervision import undertakings

DIAGRAMS = sorted(procedures.CATALOG.rglob("*.bpmn"))
FORMS = sorted(procedures.CATALOG.rglob("*.form"))
TEMPLATE = procedures.CATALOG / "element-templates" / "approval.json"
#: Roles of domain.md §2.0 that the shipped procedures name; a unit's end in `.${unit}`.
ROLES = {
    "dc_registrar", "dc_officer", "dc_chief", "go_deputy", "go_director",
    "exec_vice_mayor", "mayor", "archivist", "unit_registrar.${unit}",
    "unit_handler.${unit}", "unit_deputy.${unit}", "unit_head.${unit}",
}  # fmt: skip
NAMESPACES = {
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "camunda": "http://camunda.org/schema/1.0/bpmn",
}
#: What may lie upon another shape: lanes and pools hold, boundary events sit.
HOLDING = {"participant", "lane", "subProcess", "boundaryEvent"}


@dataclass(frozen=True)
class Shape:
    """A shape of a drawing, by the id of what it draws."""

    id: str
    kind: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Shape") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True)
class Edge:
    """A connection of a drawing."""

    id: str
    points: tuple[tuple[float, float], ...]

    def pieces(self) -> Iterator[Shape]:
        """Yield its straight pieces as shapes without breadth."""
        for (x1, y1), (x2, y2) in itertools.pairwise(self.points):
            yield Shape(
                self.id, "edge", min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
            )


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


def drawing(path: Path) -> tuple[dict[str, Shape], list[Edge]]:
    # The file is ours; its schema was validated by the reader.
    root = ElementTree.fromstring(path.read_bytes())
    kinds = {
        element.get("id", ""): element.tag.partition("}")[2] for element in root.iter()
    }
    shapes = {}
    for shape in root.iterfind(".//bpmndi:BPMNShape", NAMESPACES):
        bounds = shape.find("dc:Bounds", NAMESPACES)
        assert bounds is not None
        x, y, width, height = (
            float(bounds.get(key, "")) for key in ("x", "y", "width", "height")
        )
        drawn = shape.get("bpmnElement", "")
        shapes[drawn] = Shape(drawn, kinds[drawn], x, y, x + width, y + height)
    edges = [
        Edge(
            edge.get("bpmnElement", ""),
            tuple(
                (float(point.get("x", "")), float(point.get("y", "")))
                for point in edge.iterfind("di:waypoint", NAMESPACES)
            ),
        )
        for edge in root.iterfind(".//bpmndi:BPMNEdge", NAMESPACES)
    ]
    return shapes, edges


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
def test_everything_is_drawn(path: Path) -> None:
    shapes, edges = drawing(path)
    (process,) = processes(path)

    assert set(process.elements) <= set(shapes)
    assert set(process.sequence_flows) == {edge.id for edge in edges}


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_no_shape_lies_upon_another(path: Path) -> None:
    shapes, _ = drawing(path)
    solid = [shape for shape in shapes.values() if shape.kind not in HOLDING]

    overlaps = [
        (one.id, other.id)
        for one, other in itertools.combinations(solid, 2)
        if one.meets(other)
    ]

    assert [] == overlaps


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_connections_are_orthogonal_and_pass_through_no_shape(path: Path) -> None:
    shapes, edges = drawing(path)
    (process,) = processes(path)
    solid = [shape for shape in shapes.values() if shape.kind not in HOLDING]

    slanted = [
        edge.id
        for edge in edges
        for piece in edge.pieces()
        if piece.left != piece.right and piece.top != piece.bottom
    ]
    piercing = [
        (edge.id, shape.id)
        for edge in edges
        for piece in edge.pieces()
        for shape in solid
        if piece.meets(shape)
        and shape.id
        not in (
            process.sequence_flows[edge.id].source,
            process.sequence_flows[edge.id].target,
        )
    ]

    assert [] == slanted
    assert [] == piercing


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_connections_do_not_cross(path: Path) -> None:
    _, edges = drawing(path)
    crossings = [
        (one.id, other.id)
        for one, other in itertools.combinations(edges, 2)
        for piece, across in itertools.product(one.pieces(), other.pieces())
        if (
            piece.left < across.left == across.right < piece.right
            and across.top < piece.top == piece.bottom < across.bottom
        )
        or (
            across.left < piece.left == piece.right < across.right
            and piece.top < across.top == across.bottom < piece.bottom
        )
    ]

    assert [] == crossings


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_task_stands_in_the_lane_of_its_role(path: Path) -> None:
    (process,) = processes(path)

    for element in process.elements.values():
        if element.kind == "userTask":
            group = element.attributes.get("candidateGroups")
            assert element.lane == (group or element.lane)
            assert element.lane in ROLES
            assert group or "assignee" in element.attributes


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
        for part in json.loads(path.read_text("utf-8"))["components"]
        if part["type"] == "textarea" or part.get("key", "").startswith("caller_")
        if part.get("properties", {}).get("store") != "record"
    ]

    assert [] == kept


def test_the_particulars_agree_with_the_records() -> None:
    path = procedures.CATALOG / hotline.PROCEDURE / "procedure.toml"
    told = tomllib.loads(path.read_text("utf-8"))

    assert hotline.PROCEDURE == told["key"]
    assert hotline.CATEGORY == told["category"]
    assert dict(deadlines.DEFAULT_WORKDAYS) == told["deadlines"]["by_type"]
    assert deadlines.ACKNOWLEDGEMENT_WORKDAYS == told["deadlines"]["acknowledge"]
    assert deadlines.APPROVAL_WORKDAYS == told["deadlines"]["approval"]
    assert deadlines.RESUBMISSION_WORKDAYS == told["deadlines"]["resubmit"]
    assert undertakings.LARGEST_FREE_ROUND == told["deadlines"]["rounds"]
    assert (path.parent / told["diagram"]).is_file()
    for document in told["documents"]:
        assert (procedures.CATALOG / document["template"]).is_file()


def test_the_diagram_offers_only_decisions_that_opinions_know() -> None:
    for element in user_tasks():
        if element.attributes["formRef"] == "approval":
            allowed = opinions.allowed(element)
            assert "APPROVE" in allowed
            assert ("RETURN" in allowed) == (element.properties["may_return"] == "true")
