"""Who approves what in which procedure, word by word as the sources have it (Q-02).

What comes from the city is 审定 by a 县政府领导, the report and the ten projects by the
mayor; circulars are read and issued or read and approved; what leaders assigned is
approved in any case; the hotline's notice is 签阅 twice, and 审定 by the executive vice
mayor alone.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest

from processes import office

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
ROUTING = ("exclusiveGateway",)
APPROVED = "decision == 'APPROVE'"
Way = list[tuple[str, str]]


@dataclass(frozen=True)
class Diagram:
    """The elements of a diagram by id, and what leaves each."""

    elements: dict[str, ElementTree.Element]
    leaving: dict[str, list[ElementTree.Element]]


def read(name: str) -> Diagram:
    root = ElementTree.parse(office.CATALOG / name).getroot()
    flows = list(root.iter(f"{BPMN}sequenceFlow"))
    leaving: dict[str, list[ElementTree.Element]] = {}
    for one in flows:
        leaving.setdefault(one.attrib["sourceRef"], []).append(one)
    elements = {one.attrib["id"]: one for one in root.iter() if "id" in one.attrib}
    return Diagram(elements, leaving)


def condition(flow: ElementTree.Element) -> str:
    return flow.findtext(f"{BPMN}conditionExpression") or ""


def agreed(diagram: Diagram, at: str, choices: tuple[str, ...]) -> Iterator[str]:
    """Yield the elements from this one on where everybody agrees.

    Where there is more than one way to agree, a choice must name the condition.
    """
    while True:
        if diagram.elements[at].tag.removeprefix(BPMN) not in ROUTING:
            yield at
        leaving = diagram.leaving.get(at, [])
        if not leaving:
            return
        named = [one for one in leaving if any(c in condition(one) for c in choices)]
        agreeing = [one for one in leaving if APPROVED in condition(one)]
        default = diagram.elements[at].get("default")
        usual = [one for one in leaving if one.get("id") == default or default is None]
        (flow,) = named or agreeing or usual
        at = flow.attrib["targetRef"]


def way(name: str, start: str, length: int, *choices: str) -> Way:
    """Return names and roles of the first elements of the agreed way."""
    diagram = read(name)
    ids = itertools.islice(agreed(diagram, start, choices), length)
    found = [diagram.elements[one] for one in ids]
    return [
        (one.get("name", ""), one.get(f"{CAMUNDA}candidateGroups", "")) for one in found
    ]


DEPUTY_READS, DIRECTOR_READS = ("副主任审阅", "go_deputy"), ("主任审阅", "go_director")
EXAMINED = [("副主任审核", "go_deputy"), ("主任审核", "go_director")]
APPROVED_TWICE = [("副主任审定", "go_deputy"), ("主任审定", "go_director")]
UPPER, REPORT, PROJECTS, MEETING, HANDLING, CITY, HOTLINE, ASSIGNED = (
    "proc_upper_document/upper_document_handling.bpmn",
    "proc_gov_work_report/proc_gov_work_report.bpmn",
    "proc_ten_livelihood/proc_ten_livelihood.bpmn",
    "proc_meeting_decision/proc_meeting_decision.bpmn",
    "proc_leader_instruction/instruction_handling.bpmn",
    "proc_npc_city/proc_npc_city.bpmn",
    "proc_mayor_hotline/proc_mayor_hotline.bpmn",
    "proc_other_assigned/other_assigned_handling.bpmn",
)


@pytest.mark.requirement("R-01-04", "R-01-08", "R-01-12", "R-01-18", "R-01-22")
@pytest.mark.requirement("R-01-32", "R-01-35")
@pytest.mark.parametrize(
    ("name", "start", "choices", "expected"),
    [
        (
            UPPER,
            "decompose",
            (),
            [
                ("立项分解", ""),
                *EXAMINED,
                ("县政府领导审定", "${decider}"),
                ("选择印发名义", "go_section"),
                ("批准立项", ""),
                ("印发分解立项文件", ""),
            ],
        ),
        *(
            (
                one,
                "breakdown",
                (),
                [
                    ("立项分解", "dc_officer"),
                    *EXAMINED,
                    ("县长审定", "mayor"),
                    ("以县政府办公室名义印发", ""),
                ],
            )
            for one in (REPORT, PROJECTS)
        ),
        (MEETING, "decompose", (), [("立项分解", ""), *APPROVED_TWICE]),
        (
            "proc_leader_instruction/supervision_notice.bpmn",
            "draft_notice",
            (),
            [("起草督办通知", "${drafter}"), *APPROVED_TWICE],
        ),
        (
            "proc_other_assigned/assigned_order.bpmn",
            "draft_notice",
            (),
            [("起草督查通知或督查方案", "dc_officer"), *APPROVED_TWICE],
        ),
        (
            HOTLINE,
            "propose",
            ("on_duty",),
            [
                ("拟办", "dc_officer"),
                ("副主任签阅", "go_deputy"),
                ("主任签阅", "go_director"),
                ("常务副县长审定", "exec_vice_mayor"),
                ("下发督促查办事项通知单", ""),
            ],
        ),
    ],
)
def test_what_is_issued_is_approved_as_its_source_says(
    name: str, start: str, choices: tuple[str, ...], expected: Way
) -> None:
    assert expected == way(name, start, len(expected), *choices)


@pytest.mark.requirement("R-01-07", "R-01-21", "R-01-27", "R-01-28", "R-01-34")
@pytest.mark.requirement("R-01-37")
@pytest.mark.parametrize(
    ("name", "start", "choices", "expected"),
    [
        (
            UPPER,
            "summarize",
            (),
            [
                ("汇总整理", ""),
                ("县政府领导审定结果", "${decider}"),
                ("报市政府或市政府办公室", ""),
            ],
        ),
        (
            HANDLING,
            "read_deputy",
            ("reader == 'DIRECT'",),
            [DEPUTY_READS, DIRECTOR_READS, ("印发督查通报", "")],
        ),
        (
            HANDLING,
            "read_deputy",
            ("reader != 'DIRECT'",),
            [
                DEPUTY_READS,
                DIRECTOR_READS,
                ("县长、副县长审定", "${reader}"),
                ("印发督查通报", ""),
            ],
        ),
        (
            CITY,
            "summarize",
            (),
            [("汇总答复意见", ""), ("县政府领导审定", "${county_leader}")],
        ),
        (
            HOTLINE,
            "read_deputy",
            ("route == 'DIRECT'",),
            [DEPUTY_READS, DIRECTOR_READS, ("上报市长热线电话室", "")],
        ),
        (
            HOTLINE,
            "read_deputy",
            ("route == 'EXEC'", "on_duty"),
            [
                DEPUTY_READS,
                DIRECTOR_READS,
                ("常务副县长审定结果", "exec_vice_mayor"),
                ("上报市长热线电话室", ""),
            ],
        ),
        # 必经: nothing is issued that no leader approved.
        (
            ASSIGNED,
            "read_deputy",
            (),
            [
                DEPUTY_READS,
                DIRECTOR_READS,
                ("县委、县政府领导审定", "${source_rank}"),
                ("印发督查通报", ""),
            ],
        ),
    ],
)
def test_a_result_is_read_or_approved_as_its_source_says(
    name: str, start: str, choices: tuple[str, ...], expected: Way
) -> None:
    assert expected == way(name, start, len(expected), *choices)


def test_the_verb_on_record_is_the_verb_on_the_page() -> None:
    """签阅、审阅、审定 are not the same: an opinion is kept under its task's word."""
    kept = {
        (task.get("name", ""), one.get("value", ""))
        for path in office.CATALOG.glob("*/*.bpmn")
        for task in ElementTree.parse(path).getroot().iter(f"{BPMN}userTask")
        for one in task.iter()
        if one.get("name") == "verb" and "$" not in one.get("value", "")
    }

    assert 50 < len(kept)
    assert [] == sorted(pair for pair in kept if pair[1] not in pair[0])
