"""Who sees which page: every page, every role, own and other matters."""

import io
from collections.abc import Callable
from collections.abc import Iterator

import docx
import pytest
import sqlalchemy as sa
from flask import Flask

from engine import engine as engines
from engine import people
from engine import queries
from processes.supervision import tables
from tests.web.conftest import Visitor

SignedIn = Callable[[str], Visitor]

TICKET = {
    "ticket_no": "RX-1",
    "type": "投诉",
    "title": "路灯不亮",
    "content": "人民路路灯不亮。",
    "assigned_on": "2026-03-02",
    "caller_name": "张三",
    "caller_phone": "13812345678",
}
#: Who sees every matter; who of the lead unit sees this one; who sees none.
OVERSEERS = [
    "dc_registrar",
    "dc_officer",
    "dc_chief",
    "go_section",
    "go_deputy",
    "go_director",
    "vice_mayor",
    "exec_vice_mayor",
    "mayor",
    "party_leader",
    "archivist",
]
LEAD = [
    "unit_registrar.zjj",
    "unit_handler.zjj",
    "unit_deputy.zjj",
    "unit_head.zjj",
]
STRANGERS = [
    "unit_registrar.mzj",
    "unit_head.mzj",
    "sys_admin",
    "sec_admin",
    "audit_admin",
    "process_designer",
    "biz_admin",
    "perf_office",
    "discipline_recv",
    "group_leader",
]
OPEN_TO_ALL = ["/tasks", "/matters", "/procedures", "/inbox", "/password"]


def complete(engine: engines.Engine, person: str, **fields: object) -> str:
    """Complete the first task of a person and return its id."""
    with engine.begin() as work:
        identity = people.identity(work.connection, person, work.now())
        task = queries.tasks_for(work.connection, identity)[0]
        work.complete_task(task.id, person, fields)
    return task.id


@pytest.fixture
def issued(engine: engines.Engine) -> int:
    """A matter that was issued to 县住建局; its id."""
    with engine.begin() as work:
        work.start("proc_mayor_hotline", fields=TICKET, person="dc_registrar")
    complete(engine, "dc_officer", opinion="拟办", lead_unit="zjj", requirement="修复")
    for leader in ("go_deputy", "go_director", "exec_vice_mayor"):
        complete(engine, leader, decision="APPROVE")
    with engine.read() as connection:
        return int(connection.execute(sa.select(tables.matter.c.id)).scalar_one())


def pages_of(matter_id: int, task_id: str) -> Iterator[str]:
    """Yield every address that shows something of a matter."""
    yield f"/matters/{matter_id}"
    yield f"/matters/{matter_id}/diagram.bpmn"
    yield "/matters/number/411426-2026-07-0001"
    yield f"/tasks/{task_id}"
    yield f"/tasks/{task_id}/diagram.bpmn"
    yield "/documents/1.pdf"


def open_task(engine: engines.Engine) -> str:
    """Return the id of the task that is open in the only matter."""
    with engine.read() as connection:
        root_id = connection.execute(sa.select(tables.matter.c.root_id)).scalar_one()
        return queries.open_tasks_of(connection, root_id)[0].task.id


def test_every_page_asks_who_is_there(app: Flask, visitor: Visitor) -> None:
    """But for the sign-in, health and files, no address answers a stranger."""
    public = {"auth.sign_in", "auth.home", "health.alive", "health.ready"}
    public |= {"static", "built_asset"}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in public:
            continue
        address = rule.rule
        for name in rule.arguments:
            kind = "1" if f"<int:{name}>" in address else "x"
            address = address.replace(f"<int:{name}>", kind).replace(f"<{name}>", kind)

        assert 302 == visitor.opens(address).status_code, address


def test_every_form_asks_who_is_there(app: Flask, visitor: Visitor) -> None:
    """A stranger can send a password and nothing else."""
    public = {"auth.open_session"}
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint in public:
            continue
        if rule.endpoint.startswith("hotline."):
            continue
        address = rule.rule
        for name in rule.arguments:
            kind = "1" if f"<int:{name}>" in address else "x"
            address = address.replace(f"<int:{name}>", kind).replace(f"<{name}>", kind)

        answer = visitor.sends(address)

        assert 302 == answer.status_code, address
        assert answer.location.startswith("/login"), address


def test_everybody_has_a_desk_of_their_own(signed_in: SignedIn) -> None:
    """The lists show what is one's own; nobody is refused them."""
    for person in [*OVERSEERS, *LEAD, *STRANGERS]:
        visitor = signed_in(person)
        for path in OPEN_TO_ALL:
            assert 200 == visitor.opens(path).status_code, (person, path)


def test_what_one_may_not_see_is_not_there(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    """404 and not 403: the answer does not tell that the matter exists."""
    for person in STRANGERS:
        visitor = signed_in(person)
        for path in pages_of(issued, open_task(engine)):
            assert 404 == visitor.opens(path).status_code, (person, path)
        ledger = visitor.opens("/matters").get_data(as_text=True)
        assert "路灯不亮" not in ledger, person


def test_what_one_may_not_see_one_cannot_touch(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    """Every command on it is answered as if it did not exist."""
    task_id = open_task(engine)
    paths = (
        f"/tasks/{task_id}",
        f"/tasks/{task_id}/claim",
        f"/tasks/{task_id}/release",
        f"/matters/{issued}/caller",
        f"/matters/{issued}/requests/supplement",
        f"/matters/{issued}/requests/withdrawal",
    )
    for person in STRANGERS:
        visitor = signed_in(person)
        for path in paths:
            answer = visitor.sends(path, fields="{}", reason="x", content="x")

            assert 404 == answer.status_code, (person, path)


def test_those_concerned_see_the_matter(signed_in: SignedIn, issued: int) -> None:
    """The supervision office, the leaders, and the unit it was issued to."""
    for person in [*OVERSEERS, *LEAD]:
        visitor = signed_in(person)
        for path in (f"/matters/{issued}", f"/matters/{issued}/diagram.bpmn"):
            assert 200 == visitor.opens(path).status_code, (person, path)
        assert "路灯不亮" in visitor.opens("/matters").get_data(as_text=True), person


def test_seeing_a_matter_is_not_being_allowed_to_do_its_tasks(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    """The mayor sees it; the unit's registrar acknowledges it."""
    answer = signed_in("mayor").sends(f"/tasks/{open_task(engine)}", fields="{}")

    assert 403 == answer.status_code
    assert "不由您办理" in answer.get_data(as_text=True)


def test_the_caller_is_shown_to_few_and_every_look_is_recorded(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    """Masked for all; the name only to an officer who gives a reason."""
    path = f"/matters/{issued}"
    officer, leader = signed_in("dc_officer"), signed_in("go_director")
    for visitor in (officer, leader):
        page = visitor.opens(path).get_data(as_text=True)
        assert "13812345678" not in page
        assert "138****5678" in page
    assert 403 == leader.sends(f"{path}/caller", reason="想看").status_code
    assert 422 == officer.sends(f"{path}/caller", reason=" ").status_code

    page = officer.sends(f"{path}/caller", reason="回访").get_data(as_text=True)

    assert "13812345678" in page
    with engine.read() as connection:
        look = connection.execute(sa.select(tables.caller_look)).one()
    assert ("dc_officer", "回访") == (look.person, look.reason)


def test_only_clerks_write_down_what_a_caller_said(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    """A leader who sees the matter is refused, an officer's words are kept."""
    path = f"/matters/{issued}/requests/supplement"

    assert 403 == signed_in("mayor").sends(path, content="x").status_code
    assert 303 == signed_in("dc_officer").sends(path, content="又灭了").status_code
    with engine.read() as connection:
        kept = connection.execute(sa.select(tables.supplement.c.content)).scalars()
        assert ["又灭了"] == list(kept)


@pytest.mark.parametrize("person", ["dc_officer", "mayor", "unit_head.zjj"])
def test_only_the_registrar_starts_a_matter(signed_in: SignedIn, person: str) -> None:
    """For everybody else the procedure is not there."""
    path = "/procedures/proc_mayor_hotline/start"

    assert 404 == signed_in(person).opens(path).status_code
    assert 404 == signed_in(person).sends(path, fields="{}").status_code


def test_a_document_is_a_pdf_for_those_who_see_its_matter(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    """Shown in the browser, never guessed to be something else; 404 for others."""
    lead = signed_in("unit_head.zjj")
    assert 409 == lead.opens("/documents/1.pdf").status_code
    while engine.run_due():
        pass

    answer = lead.opens("/documents/1.pdf")

    assert 200 == answer.status_code
    assert "application/pdf" == answer.mimetype
    assert answer.data.startswith(b"%PDF-")
    assert "nosniff" == answer.headers["X-Content-Type-Options"]
    assert answer.headers["Content-Disposition"].startswith("inline")
    for person in ("unit_head.mzj", "sys_admin"):
        assert 404 == signed_in(person).opens("/documents/1.pdf").status_code


@pytest.mark.requirement("R-02-02")
def test_a_document_is_a_docx_for_those_who_may_read_its_pdf(
    signed_in: SignedIn, issued: int
) -> None:
    """To be had at once and taken along; 404 for others."""
    answer = signed_in("unit_head.zjj").opens("/documents/1.docx")
    made = docx.Document(io.BytesIO(answer.data))

    assert 200 == answer.status_code
    assert "wordprocessingml" in answer.mimetype
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "督促查办事项通知单" in [one.text for one in made.paragraphs]
    for person in ("unit_head.mzj", "sys_admin"):
        assert 404 == signed_in(person).opens("/documents/1.docx").status_code
    assert 404 == signed_in("dc_chief").opens("/documents/99.docx").status_code


def test_the_page_of_a_matter_leads_the_chief_to_publication(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    """The officer sees the document, not the way to make it public."""
    while engine.run_due():
        pass
    pages = {
        person: signed_in(person).opens(f"/matters/{issued}").text
        for person in ("dc_chief", "dc_officer")
    }

    assert all("/documents/1.docx" in page for page in pages.values())
    leads = {person: "/1/publication" in page for person, page in pages.items()}
    assert {"dc_chief": True, "dc_officer": False} == leads
