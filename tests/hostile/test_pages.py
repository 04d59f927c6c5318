"""What people and designers wrote comes out as text; what visitors ask does no harm."""

import json

import pytest
from markupsafe import escape

from engine import people
from processes import demo
from tests.hostile import diagrams
from tests.hostile.conftest import MONDAY
from tests.hostile.conftest import County
from tests.hostile.conftest import is_told_in_chinese
from tests.hostile.conftest import ticket

IMAGE = '"><img src=x onerror=alert(1)>'
SCRIPT = "</script><script>alert(1)</script>"
ESCAPED = str(escape(IMAGE))


def is_harmless(page: str) -> bool:
    """Say whether nothing written by others stands in a page as markup."""
    return not any(
        words in page for words in ("<img src=x", "<script>alert", 'onerror=alert(1)>"')
    )


@pytest.fixture(scope="module")
def hostile_matter(county: County) -> str:
    """A matter whose title, content, opinions and comments are markup."""
    with county.engine.begin() as work:
        people.add_unit(
            work.connection,
            "evil",
            f"恶意{IMAGE}",
            short_name=f"恶{IMAGE}",
            parent="xyx",
        )
    started = county.starts(
        ticket_no=f"SQ-{IMAGE.replace(' ', '/')}",
        title=f"标题{IMAGE}",
        content=f"内容{IMAGE}{SCRIPT}",
        caller_name=IMAGE,
    )
    county.completes(
        "拟办",
        "dc_officer",
        opinion=f"拟办{IMAGE}{SCRIPT}",
        lead_unit="zjj",
        requirement=f"要求{IMAGE}",
    )
    county.completes(
        "副主任签阅", "go_deputy", decision="APPROVE", comment=f"意见{IMAGE}{SCRIPT}"
    )
    return started


@pytest.mark.parametrize("person", ["dc_officer", "go_director", "dc_registrar"])
def test_what_people_wrote_is_shown_as_text(
    county: County, hostile_matter: str, person: str
) -> None:
    visitor = county.visits(person)
    paths = ["/tasks", "/matters", "/matters/1", "/inbox", f"/matters?text={IMAGE}"]
    paths += [f"/tasks/{task.id}" for task in county.tasks(person)]
    for path in paths:
        answer = visitor.opens(path)
        page = answer.get_data(as_text=True)
        assert 200 == answer.status_code, path
        assert is_harmless(page), path
        if path in ("/matters", "/matters/1"):
            assert f"标题{ESCAPED}" in page, path


@pytest.mark.parametrize("named", [IMAGE, SCRIPT])
def test_what_designers_wrote_is_shown_as_text(county: County, named: str) -> None:
    """Names of the process, the lane and the task, and the label of a field."""
    name = str(escape(named))
    key = f"named{len(named)}"
    form_id = f"form{len(named)}"
    body = (
        f'<laneSet id="ls"><lane id="l" name="{name}"><flowNodeRef>a</flowNodeRef>'
        '</lane></laneSet><startEvent id="s"/>'
        '<sequenceFlow id="f0" sourceRef="s" targetRef="a"/>'
        f'<userTask id="a" name="任务{name}" camunda:candidateGroups="dc_chief"'
        f' camunda:formRef="{form_id}"><documentation>{name}</documentation></userTask>'
        f'<sequenceFlow id="f1" name="{name}" sourceRef="a" targetRef="e"/>'
        '<endEvent id="e"/>'
    )
    diagram = diagrams.drawing(body, key).replace(
        'name="试验"'.encode(), f'name="{name}"'.encode()
    )
    component = {"type": "textfield", "key": "a", "label": f"标签{named}"}
    form = {"id": form_id, "type": "default", "components": [component]}
    with county.engine.begin() as work:
        work.deploy({f"{key}.bpmn": diagram, f"{key}.form": json.dumps(form).encode()})
        work.start(key, person="dc_officer")
    visitor = county.visits("dc_chief")
    found = [task for task in county.tasks("dc_chief") if named in task.name]
    pages = [
        visitor.opens(path).get_data(as_text=True)
        for path in ("/tasks", f"/tasks/{found[0].id}")
    ]

    for page in pages:
        assert is_harmless(page)
        assert f"任务{name}" in page


#: Addresses with what no page expects -> the status of the answer.
ADDRESSES = {
    "/matters?before=1' OR 1=1 --": 200,
    "/matters?before=" + "9" * 30: 200,
    "/matters?before=-1": 200,
    "/matters?before=" + "9" * 5000: 200,
    "/matters?text=%00": 400,
    "/matters?text=%25%5f'%22": 200,
    "/matters?text=%ff%fe": 200,
    "/matters?status=' OR 1=1 --&light=x&unit=../..": 200,
    "/matters?" + "a=1&" * 5000: 200,
    "/inbox?before=" + "9" * 30: 200,
    "/inbox?after=forged": 200,
    "/matters/" + "9" * 30: 404,
    "/matters/0": 404,
    "/matters/-1": 404,
    "/matters/number/%00": 404,
    "/matters/number/' OR 1=1 --": 404,
    "/matters/number/" + "9" * 10_240: 404,
    "/matters/999999/diagram.bpmn": 404,
    "/documents/" + "9" * 30 + ".pdf": 404,
    "/documents/../../etc/passwd": 404,
    "/procedures/../../etc/passwd/start": 404,
    "/procedures/%00/start": 404,
    "/static/../../../etc/passwd": 404,
    "/static/%2e%2e/%2e%2e/etc/passwd": 404,
    "/tasks?q=%00": 400,
    "/tasks?q=%25": 200,
    "/login?next=//evil.example": 302,
}


@pytest.mark.parametrize(("address", "status"), ADDRESSES.items(), ids=str)
def test_a_strange_address_is_answered_calmly(
    county: County, address: str, status: int
) -> None:
    visitor = county.visits("dc_officer")
    before = county.dump
    answer = visitor.opens(address)

    assert status == answer.status_code
    assert "evil.example" not in answer.headers.get("Location", "")
    if status >= 400:
        assert is_told_in_chinese(answer.get_data(as_text=True))
    assert before == county.dump


POSTS = {
    "/matters/1/caller": {"reason": ""},
    "/matters/1/requests/supplement": {"content": ""},
    "/matters/1/requests/withdrawal": {},
    "/matters/999999/requests/supplement": {"content": "x"},
    "/matters/1/requests/supplement ": {"content": "x"},
    "/inbox/999999": {},
    f"/inbox/{'9' * 30}": {},
    "/password": {"present": "\0", "new": "\0", "again": "\0"},
    "/tasks/no-such/claim": {},
    "/tasks/no-such/release": {},
    "/procedures/no-such/start": {},
    "/procedures/proc_mayor_hotline/start": {"fields": '{"ticket_no":1}'},
    "/nowhere": {"file": "x"},
}


@pytest.mark.parametrize(("path", "fields"), POSTS.items(), ids=str)
def test_a_form_that_makes_no_sense_changes_nothing(
    county: County, hostile_matter: str, path: str, fields: dict[str, str]
) -> None:
    visitor = county.visits("dc_registrar")
    before = county.dump
    answer = visitor.sends(path, **fields)

    assert 400 <= answer.status_code < 500
    assert is_told_in_chinese(answer.get_data(as_text=True))
    assert before == county.dump


@pytest.mark.parametrize(
    "person", ["' OR 1=1 --", "\0", "a" * 10_240, "../../etc", "", IMAGE]
)
def test_nobody_signs_in_with_a_trick(county: County, person: str) -> None:
    visitor = county.stranger()
    before = county.dump
    answer = visitor.sends(
        "/login", person=person, password="\0" if not person else "x"
    )
    page = answer.get_data(as_text=True)

    assert answer.status_code in (400, 401)
    assert is_told_in_chinese(page)
    assert is_harmless(page)
    assert before == county.dump


def test_a_stranger_is_only_ever_sent_to_sign_in(county: County) -> None:
    stranger = county.stranger()
    for path in ("/tasks", "/matters", "/matters/1", "/inbox", "/documents/1.pdf"):
        answer = stranger.opens(path)
        assert 302 == answer.status_code
        assert answer.headers["Location"].startswith("/login?next=")


def test_the_demo_posts_began_before_this_day() -> None:
    """The clock of these tests lies within the posts of the demo county."""
    assert demo.SINCE < MONDAY < demo.UNTIL
    assert "SQ20260302001" == ticket()["ticket_no"]
