"""The head of the office gives tasks to its persons on a page of its own (派单)."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from engine import engine as engines
from engine import people
from tests.web import test_access
from tests.web import test_requests
from tests.web.conftest import PASSWORD
from tests.web.conftest import Visitor

SignedIn = Callable[[str], Visitor]
TITLE = "路灯<b>不亮</b>"


@pytest.fixture
def task_id(engine: engines.Engine) -> str:
    """The task 拟办 of a ticket, which both officers may do."""
    with engine.begin() as work:
        today = work.calendar.local_date(work.now())
        ticket = {**test_requests.TICKET, "title": TITLE, "assigned_on": str(today)}
        work.start("proc_mayor_hotline", fields=ticket, person="dc_registrar")
    return test_access.open_task(engine)


@pytest.mark.requirement("R-03-02")
def test_the_head_gives_a_task_to_a_person(signed_in: SignedIn, task_id: str) -> None:
    """The page shows the load before and after; the person finds it on the desk."""
    chief = signed_in("dc_chief")
    before = chief.opens("/workloads").text
    answer = chief.sends(f"/workloads/{task_id}", to="dc_officer_b")
    after = chief.opens("/workloads").text
    officer = signed_in("dc_officer_b")

    assert "路灯&lt;b&gt;不亮&lt;/b&gt;" in before
    assert "林专员（在办0）" in before
    assert 'href="/workloads"' in before
    assert (303, "/workloads") == (answer.status_code, answer.location)
    assert "已派给林专员。" in after
    assert "在林专员处" in after
    assert "林专员（在办1）" not in after, "nobody is offered what he has"
    assert "派单：" in officer.opens("/inbox").text
    assert "吴主任将“" in officer.opens("/inbox").text
    assert "由我办理" in officer.opens("/tasks").text


@pytest.mark.requirement("R-03-02")
@pytest.mark.parametrize(
    "person", ["dc_officer", "mayor", "unit_head.zjj", "sys_admin"]
)
def test_nobody_else_sees_or_gives_the_work_of_others(
    signed_in: SignedIn, task_id: str, person: str
) -> None:
    visitor = signed_in(person)
    answers = [
        visitor.opens("/workloads"),
        visitor.sends(f"/workloads/{task_id}", to="dc_officer"),
    ]

    assert [403, 403] == [one.status_code for one in answers]
    assert all("（R-03-02）" in one.text for one in answers)
    assert 'href="/workloads"' not in visitor.opens("/tasks").text


@pytest.mark.requirement("R-03-02")
def test_what_cannot_be_given_is_refused_with_the_reason(
    signed_in: SignedIn, engine: engines.Engine, task_id: str
) -> None:
    chief = signed_in("dc_chief")
    with engine.begin() as work:
        people.add_absence(
            work.connection,
            "dc_officer",
            starts_at=work.now(),
            ends_at=work.calendar.end_of_day(work.calendar.local_date(work.now())),
            reason="出差",
        )
    told = {}
    for to in ("dc_officer", "dc_registrar", "<script>", ""):
        chief.sends(f"/workloads/{task_id}", to=to)
        told[to] = chief.opens("/workloads").text
    chief.sends(f"/workloads/{task_id}", to="dc_officer_b")
    again = chief.sends(f"/workloads/{task_id}", to="dc_officer_b")

    assert "没有派单：陈专员正在请假，请派给他人。（R-03-02）" in told["dc_officer"]
    assert 'value="dc_officer" disabled' in told["dc_officer"]
    assert "没有派单：“dc_registrar”不在" in told["dc_registrar"]
    assert "“&lt;script&gt;”不在" in told["<script>"]
    assert "没有派单：不能为空。（R-03-02）" in told[""]
    assert (409, True) == (again.status_code, "已经在此人手中" in again.text)
    for hostile in ("x", "%27%20OR%201=1--", "..%2f1"):
        assert 404 == chief.sends(f"/workloads/{hostile}", to="dc_officer").status_code


@pytest.mark.requirement("R-03-02")
def test_a_task_done_meanwhile_is_given_to_nobody(
    signed_in: SignedIn, engine: engines.Engine, task_id: str
) -> None:
    chief = signed_in("go_director")
    proposal = {"opinion": "拟办", "lead_unit": "zjj", "requirement": "修复"}
    test_requests.complete(engine, "dc_officer", **proposal)
    chief.sends(f"/workloads/{task_id}", to="dc_officer_b")
    page = chief.opens("/workloads").text

    assert "没有派单：已由 陈专员 于 " in page
    assert "办理。（R-03-02）" in page


@pytest.mark.browser
@pytest.mark.requirement("R-03-02")
def test_work_is_given_on_every_screen(
    app: Flask,
    serve: Callable[[Flask], str],
    browser: Browser,
    barriers: Callable[[Page], list[str]],
    task_id: str,
) -> None:
    """WCAG 2.2 AA by axe; no page scrolls sideways."""
    address = serve(app)
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{address}/login")
    page.get_by_label("账号").fill("dc_chief")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}/workloads")
        sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")

        assert ([], 0) == (barriers(page), max(0, sideways)), width
    page.get_by_role("combobox").first.select_option("dc_officer")
    page.get_by_role("button", name="派单").first.click()
    expect(page.get_by_text("已派给陈专员。")).to_be_visible()
    context.close()
