"""Every diagram of the catalog is drawn so that people read it at full size.

That texts are as large as the places meant for them shows only a browser:
tests/web/test_modeler.py.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from processes import office

NAMESPACES = {
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
}
#: What holds others: nothing but its frame is in the way.
FRAMES = {"participant", "lane", "subProcess"}
#: Signs at the middle of an activity's lower edge: half the breadth, and the height.
SIGN, SIGNS, SIGN_HEIGHT = 8, 21, 20


@dataclass(frozen=True)
class Box:
    """A rectangle of a drawing, with the id and kind of what it shows."""

    id: str
    kind: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        return (
            self.left < other.left
            and other.right < self.right
            and self.top < other.top
            and other.bottom < self.bottom
        )

    def covers(self, other: "Box") -> bool:
        """Whether its outline meets a box: gateways are diamonds, events circles."""
        if not self.kind.endswith(("Gateway", "Event")) or not self.meets(other):
            return self.meets(other)
        x, y = self.middle
        across = max(other.left - x, x - other.right, 0) / (x - self.left)
        along = max(other.top - y, y - other.bottom, 0) / (y - self.top)
        if self.kind.endswith("Gateway"):
            return across + along < 1
        return math.hypot(across, along) < 1

    def distance(self, other: "Box") -> float:
        return math.hypot(
            max(other.left - self.right, self.left - other.right, 0),
            max(other.top - self.bottom, self.top - other.bottom, 0),
        )


@dataclass(frozen=True)
class Line:
    """A sequence flow of a drawing."""

    id: str
    source: str
    target: str
    points: tuple[tuple[float, float], ...]

    def pieces(self) -> Iterator[Box]:
        """Yield its straight pieces as boxes without breadth."""
        for (x1, y1), (x2, y2) in itertools.pairwise(self.points):
            left, right = sorted((x1, x2))
            top, bottom = sorted((y1, y2))
            yield Box(self.id, "sequenceFlow", left, top, right, bottom)

    def distance(self, box: Box) -> float:
        return min(piece.distance(box) for piece in self.pieces())


class Drawing:
    """What a file draws, and the little that this must agree with."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        # The file is ours; its schema was validated by the reader.
        self.root = ElementTree.fromstring(path.read_bytes())
        self.meant = {
            element.get("id", ""): element
            for element in self.root.iterfind(".//bpmn:*", NAMESPACES)
        }
        self.boxes: dict[str, Box] = {}
        self.lines: dict[str, Line] = {}
        self.names: dict[str, Box] = {}
        for shape in self.root.iterfind(".//bpmndi:BPMNShape", NAMESPACES):
            drawn = shape.get("bpmnElement", "")
            self.boxes[drawn] = self._box(drawn, shape.find("dc:Bounds", NAMESPACES))
        for edge in self.root.iterfind(".//bpmndi:BPMNEdge", NAMESPACES):
            flow = self.meant[edge.get("bpmnElement", "")]
            self.lines[flow.get("id", "")] = Line(
                flow.get("id", ""),
                flow.get("sourceRef", ""),
                flow.get("targetRef", ""),
                tuple(
                    (float(point.get("x", "")), float(point.get("y", "")))
                    for point in edge.iterfind("di:waypoint", NAMESPACES)
                ),
            )
        for named in self.root.iterfind(".//*[bpmndi:BPMNLabel]", NAMESPACES):
            bounds = named.find("bpmndi:BPMNLabel/dc:Bounds", NAMESPACES)
            name = named.get("bpmnElement", "")
            self.names[name] = self._box(name, bounds)

    def _box(self, drawn: str, bounds: ElementTree.Element | None) -> Box:
        assert bounds is not None, drawn
        x, y, width, height = (
            float(bounds.get(key, "")) for key in ("x", "y", "width", "height")
        )
        return Box(drawn, self.kind(drawn), x, y, x + width, y + height)

    def kind(self, name: str) -> str:
        return self.meant[name].tag.partition("}")[2]

    def solid(self) -> list[Box]:
        """Return the boxes that nothing else may lie upon."""
        return [box for box in self.boxes.values() if box.kind not in FRAMES]

    def frames(self) -> Iterator[Box]:
        """Yield the edges of what holds others, as boxes without breadth."""
        for box in self.boxes.values():
            if box.kind in FRAMES:
                for x in (box.left, box.right):
                    yield Box(box.id, box.kind, x, box.top, x, box.bottom)
                for y in (box.top, box.bottom):
                    yield Box(box.id, box.kind, box.left, y, box.right, y)

    def things(self) -> list[Box]:
        """Return all that a name must not cover but other names."""
        pieces = (line.pieces() for line in self.lines.values())
        return [*self.solid(), *self.frames(), *itertools.chain(*pieces)]

    def hosts(self) -> Iterator[tuple[Box, Box]]:
        """Yield each boundary event with the activity it sits upon."""
        for event in self.root.iterfind(".//bpmn:boundaryEvent", NAMESPACES):
            host = self.boxes[event.get("attachedToRef", "")]
            yield self.boxes[event.get("id", "")], host

    def signs(self, host: Box) -> Box | None:
        """Return where an activity bears the signs of a call and of a loop."""
        called = host.kind == "callActivity"
        loop = "bpmn:multiInstanceLoopCharacteristics"
        looped = self.meant[host.id].find(loop, NAMESPACES) is not None
        if not called and not looped:
            return None
        left = host.middle[0] - (SIGNS if called and looped else SIGN)
        top, right = host.bottom - SIGN_HEIGHT, host.middle[0] + SIGN
        return Box(host.id, "sign", left, top, right, host.bottom)


#: The catalog, and the example of its README.
DRAWINGS = [
    Drawing(path)
    for folder in (office.CATALOG, Path(__file__).parent)
    for path in sorted(folder.rglob("*.bpmn"))
]


def test_everything_is_drawn() -> None:
    """Elements, sequence flows, and a place for each name beside its shape."""
    for drawing in DRAWINGS:
        kinds = {name: drawing.kind(name) for name in drawing.meant}
        elements = {
            name
            for name, kind in kinds.items()
            if kind.endswith(("Event", "Gateway", "Task"))
            or kind in {*FRAMES, "callActivity"}
        }
        flows = {name for name, kind in kinds.items() if kind == "sequenceFlow"}
        beside = {
            name
            for name in elements | flows
            if kinds[name].endswith(("Event", "Gateway", "Flow"))
            if drawing.meant[name].get("name")
        }

        assert elements == set(drawing.boxes), drawing.name
        assert flows == set(drawing.lines), drawing.name
        assert beside == set(drawing.names), drawing.name


def test_no_shape_lies_upon_another() -> None:
    overlaps = [
        (drawing.name, one.id, other.id)
        for drawing in DRAWINGS
        for one, other in itertools.combinations(drawing.solid(), 2)
        if one.meets(other)
        if not {(one, other), (other, one)} & set(drawing.hosts())
    ]

    assert [] == overlaps


def test_an_event_hides_no_sign_of_its_activity() -> None:
    hidden = [
        (drawing.name, event.id)
        for drawing in DRAWINGS
        for event, host in drawing.hosts()
        if (sign := drawing.signs(host)) is not None and event.meets(sign)
    ]

    assert [] == hidden


def test_an_element_stands_in_its_lane() -> None:
    outside = [
        (drawing.name, element)
        for drawing in DRAWINGS
        for lane in drawing.root.iterfind(".//bpmn:lane", NAMESPACES)
        for element in (
            (reference.text or "").strip()
            for reference in lane.iterfind("bpmn:flowNodeRef", NAMESPACES)
        )
        if not drawing.boxes[lane.get("id", "")].holds(drawing.boxes[element])
    ]

    assert [] == outside


def test_lines_are_orthogonal_and_pass_through_no_shape() -> None:
    pieces = [
        (drawing, piece)
        for drawing in DRAWINGS
        for line in drawing.lines.values()
        for piece in line.pieces()
    ]
    slanted = [
        (drawing.name, piece.id)
        for drawing, piece in pieces
        if piece.left != piece.right and piece.top != piece.bottom
    ]
    piercing = [
        (drawing.name, piece.id, box.id)
        for drawing, piece in pieces
        for box in drawing.solid()
        if piece.meets(box)
    ]

    assert [] == slanted
    assert [] == piercing


def test_lines_do_not_cross() -> None:
    crossings = [
        (drawing.name, one.id, other.id)
        for drawing in DRAWINGS
        for one, other in itertools.permutations(drawing.lines.values(), 2)
        for flat, steep in itertools.product(one.pieces(), other.pieces())
        if flat.left < steep.left == steep.right < flat.right
        and steep.top < flat.top == flat.bottom < steep.bottom
    ]

    assert [] == crossings


def test_lines_end_at_the_border_of_their_shapes() -> None:
    """A gateway has it at the tips only, an event at the quarters."""
    loose = [
        (drawing.name, line.id, box.id)
        for drawing in DRAWINGS
        for line in drawing.lines.values()
        for box, (x, y) in [
            (drawing.boxes[line.source], line.points[0]),
            (drawing.boxes[line.target], line.points[-1]),
        ]
        if not (
            (x in (box.left, box.right) and box.top <= y <= box.bottom)
            or (y in (box.top, box.bottom) and box.left <= x <= box.right)
        )
        or (
            box.kind.endswith(("Event", "Gateway"))
            and x != box.middle[0]
            and y != box.middle[1]
        )
    ]

    assert [] == loose


def test_a_default_leaves_its_gateway_by_a_line_of_its_own() -> None:
    """Its stroke stands at the beginning and must mark no other flow."""
    shared = [
        (drawing.name, one.id, other.id)
        for drawing in DRAWINGS
        for one, other in itertools.permutations(drawing.lines.values(), 2)
        if one.points[0] == other.points[0]
        if one.id == drawing.meant[one.source].get("default")
    ]

    assert [] == shared


def test_names_cover_nothing() -> None:
    covered = [
        (drawing.name, name.id, thing.id)
        for drawing in DRAWINGS
        for name in drawing.names.values()
        for thing in drawing.things()
        if thing.covers(name)
    ]
    overlaps = [
        (drawing.name, one.id, other.id)
        for drawing in DRAWINGS
        for one, other in itertools.combinations(drawing.names.values(), 2)
        if one.meets(other)
    ]

    assert [] == covered
    assert [] == overlaps


def test_a_name_stands_nearest_to_what_it_names() -> None:
    """No gateway's question reads like a branch, no branch like its neighbour."""
    astray = [
        (drawing.name, name.id, line.id)
        for drawing in DRAWINGS
        for name in drawing.names.values()
        for line in drawing.lines.values()
        if line.distance(name) < (drawing.boxes | drawing.lines)[name.id].distance(name)
    ]

    assert [] == astray
