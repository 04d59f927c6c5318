"""Completing a task on its page: once, by the right person, with the right fields."""

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from engine import engine as engines
from engine import queries
from engine import tables as engine_tables
from processes.supervision import tables
from tests.web.conftest import Visitor
from tests.web.test_access import TICKET
from tests.web.test_access import complete
from tests.web.test_access import open_task

SignedIn = Callable[[str], Visitor]
PROPOSAL = {"opinion": "拟办", "lead_unit": "zjj", "requirement": "修复"}


@pytest.fixture
def registered(engine: engines.Engine) -> str:
    """The task 拟办 of a matter that was just registered."""
    with engine.begin() as work:
        work.start("proc_mayor_hotline", fields=TICKET, person="dc_registrar")
    return open_task(engine)


@pytest.fixture
def proposed(engine: engines.Engine, registered: str) -> str:
    """The task 副主任签阅 after it."""
    complete(engine, "dc_officer", **PROPOSAL)
    return open_task(engine)


def test_the_list_shows_what_must_be_done(signed_in: SignedIn, registered: str) -> None:
    """Task, number, title, who sent it: and how many beside the menu."""
    visitor = signed_in("dc_officer")
    page = visitor.opens("/tasks").get_data(as_text=True)

    for words in ("拟办", "411426-2026-07-0001", "路灯不亮", "个工作日"):
        assert words in page
    assert "1" == visitor.opens("/tasks/count").get_data(as_text=True)


def test_the_search_finds_by_number_title_and_task(
    signed_in: SignedIn, registered: str
) -> None:
    """What does not fit is left out, and the empty list says why."""
    visitor = signed_in("dc_officer")
    for text in ("0001", "路灯", "拟办"):
        page = visitor.opens(f"/tasks?q={text}").get_data(as_text=True)
        assert f"/tasks/{registered}" in page
    page = visitor.opens("/tasks?q=桥梁").get_data(as_text=True)
    assert "没有符合“桥梁”的待办" in page


def test_an_empty_list_says_why_and_what_next(signed_in: SignedIn) -> None:
    """Nobody has to wonder whether something is broken."""
    page = signed_in("archivist").opens("/tasks").get_data(as_text=True)

    assert "目前没有等您办理的事项" in page
    assert "督查台账" in page


def test_an_approval_needs_no_javascript(
    signed_in: SignedIn, engine: engines.Engine, proposed: str
) -> None:
    """The buttons are plain HTML and the field has a plain twin."""
    visitor = signed_in("go_deputy")
    page = visitor.opens(f"/tasks/{proposed}").get_data(as_text=True)
    assert 'name="field.comment"' in page
    assert 'value="APPROVE"' in page

    answer = visitor.sends(
        f"/tasks/{proposed}", decision="APPROVE", **{"field.comment": "同意办理"}
    )

    assert 303 == answer.status_code
    with engine.read() as connection:
        opinion = connection.execute(sa.select(tables.opinion)).one()
    assert ("APPROVE", "同意办理") == (opinion.decision, opinion.comment)


def test_a_return_without_a_reason_is_refused_at_its_field(
    signed_in: SignedIn, engine: engines.Engine, proposed: str
) -> None:
    """What was written stays on the page, and the task stays open."""
    answer = signed_in("go_deputy").sends(
        f"/tasks/{proposed}", fields="{}", decision="RETURN"
    )

    assert 422 == answer.status_code
    assert "理由" in answer.get_data(as_text=True)
    assert proposed == open_task(engine)


def test_completing_twice_tells_who_was_first_and_does_nothing(
    signed_in: SignedIn, engine: engines.Engine, registered: str
) -> None:
    """Two tabs, a double click, or two officers at once."""
    fields = json.dumps(PROPOSAL)
    first, second = signed_in("dc_officer"), signed_in("dc_officer_b")
    first.sends(f"/tasks/{registered}", fields=fields)
    for again in (first, second):
        answer = again.sends(f"/tasks/{registered}", fields=fields)

        page = answer.get_data(as_text=True)
        assert 409 == answer.status_code
        assert "已由 陈专员 于" in page
        assert "没有改动任何内容" in page
    with engine.read() as connection:
        proposals = connection.execute(sa.select(tables.proposal)).all()
    assert 1 == len(proposals)


def test_a_task_that_was_handled_says_by_whom(
    signed_in: SignedIn, engine: engines.Engine, proposed: str
) -> None:
    """An old link is no error for those concerned, and nothing for others."""
    complete(engine, "go_deputy", decision="APPROVE")
    page = signed_in("go_deputy").opens(f"/tasks/{proposed}")

    assert 200 == page.status_code
    assert "已由 张副主任 于" in page.get_data(as_text=True)
    assert 404 == signed_in("unit_head.mzj").opens(f"/tasks/{proposed}").status_code


def test_the_next_task_comes_at_once(
    signed_in: SignedIn, engine: engines.Engine, registered: str
) -> None:
    """After submitting one sees what is next, or that nothing is."""
    with engine.begin() as work:
        second = {**TICKET, "ticket_no": "RX-2", "title": "水管漏水"}
        work.start("proc_mayor_hotline", fields=second, person="dc_registrar")
    visitor = signed_in("dc_officer")
    fields = json.dumps(PROPOSAL)

    answer = visitor.sends(f"/tasks/{registered}", fields=fields)
    following = answer.location
    assert following not in ("/tasks", f"/tasks/{registered}")
    assert "下面是下一件" in visitor.opens(following).get_data(as_text=True)
    answer = visitor.sends(following, fields=fields)
    assert "/tasks" == answer.location
    assert "没有其他待办了" in visitor.opens("/tasks").get_data(as_text=True)


def test_what_is_being_written_is_kept_until_it_is_submitted(
    app: Flask, signed_in: SignedIn, engine: engines.Engine, registered: str
) -> None:
    """The draft is there on another day, holds declared fields only, and then goes."""
    visitor = signed_in("dc_officer")
    answer = visitor.client.post(
        f"/tasks/{registered}/draft",
        json={"opinion": "写到一半", "undeclared": "x"},
        headers={"X-CSRFToken": visitor.token()},
    )
    assert 204 == answer.status_code, answer.get_data(as_text=True)

    page = signed_in("dc_officer").opens(f"/tasks/{registered}")
    written = page.get_data(as_text=True).partition('id="form-values">')[2]
    values = json.loads(written.partition("</script>")[0])
    assert "写到一半" == values["opinion"]
    with engine.read() as connection:
        draft = connection.execute(sa.select(engine_tables.draft)).one()
    assert {"opinion": "写到一半"} == draft.fields
    visitor.sends(f"/tasks/{registered}", fields=json.dumps(PROPOSAL))
    with engine.read() as connection:
        assert [] == connection.execute(sa.select(engine_tables.draft)).all()


def test_a_claimed_task_is_no_longer_offered_to_others(
    signed_in: SignedIn, engine: engines.Engine, registered: str
) -> None:
    """签领 takes it off the list of the group, 退还 puts it back."""
    first, second = signed_in("dc_officer"), signed_in("go_deputy")
    first.sends(f"/tasks/{registered}/claim")
    with engine.read() as connection:
        root_id = connection.execute(sa.select(tables.matter.c.root_id)).scalar_one()
        (opened,) = queries.open_tasks_of(connection, root_id)
    assert "dc_officer" == opened.task.assignee
    assert "由我办理" in first.opens("/tasks").get_data(as_text=True)
    assert 403 == second.sends(f"/tasks/{registered}/claim").status_code

    assert 303 == first.sends(f"/tasks/{registered}/release").status_code
    assert "岗位待办" in first.opens("/tasks").get_data(as_text=True)


@pytest.mark.parametrize("name", ["typename", "__builtins__", "__class__"])
def test_a_field_the_form_does_not_declare_is_refused(
    signed_in: SignedIn, engine: engines.Engine, registered: str, name: str
) -> None:
    """Nothing gets in by a name that somebody made up."""
    fields = json.dumps({**PROPOSAL, name: "x"})
    answer = signed_in("dc_officer").sends(f"/tasks/{registered}", fields=fields)

    assert 422 == answer.status_code
    assert registered == open_task(engine)


def test_a_hostile_title_is_shown_and_not_run(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    """Markup in what people write is text on every page."""
    title = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    with engine.begin() as work:
        work.start(
            "proc_mayor_hotline",
            fields={**TICKET, "title": title, "content": title},
            person="dc_registrar",
        )
    visitor = signed_in("dc_officer")
    for path in ("/tasks", "/matters", "/matters/1", f"/tasks/{open_task(engine)}"):
        page = visitor.opens(path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page
