"""What a unit asked for is on the page of the matter."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from engine import engine as engines
from engine import queries
from processes.supervision import tables
from processes.supervision.escalation import extension_outcomes
from processes.supervision.requests import extensions
from tests.web.conftest import Visitor

SignedIn = Callable[[str], Visitor]

TICKET = {
    "ticket_no": "RX-1",
    "type": "投诉",
    "title": "路灯不亮",
    "content": "人民路路灯不亮。",
    "caller_name": "张三",
    "caller_phone": "13812345678",
}


def complete(engine: engines.Engine, person: str, **fields: object) -> None:
    with engine.begin() as work:
        root_id = work.connection.execute(
            sa.select(tables.matter.c.root_id)
        ).scalar_one()
        task = queries.open_tasks_of(work.connection, root_id)[0].task
        work.complete_task(task.id, person, fields=fields)


@pytest.fixture
def handled(engine: engines.Engine) -> sa.Row[Any]:
    """The undertaking of a hotline matter that 县住建局 handles."""
    with engine.begin() as work:
        today = work.calendar.local_date(work.now())
        ticket = {**TICKET, "assigned_on": str(today)}
        work.start("proc_mayor_hotline", fields=ticket, person="dc_registrar")
    complete(engine, "dc_officer", opinion="拟办", lead_unit="zjj", requirement="修复")
    for leader in ("go_deputy", "go_director", "exec_vice_mayor"):
        complete(engine, leader, decision="APPROVE")
    complete(engine, "unit_registrar.zjj", acknowledged=True)
    complete(engine, "unit_deputy.zjj", handler="unit_handler.zjj")
    with engine.read() as connection:
        return connection.execute(sa.select(tables.undertaking)).one()


def page(visitor: Visitor, undertaking: sa.Row[Any]) -> str:
    """Return the page of the matter as the visitor sees it."""
    answer = visitor.opens(f"/matters/{undertaking.matter_id}")
    assert 200 == answer.status_code
    return answer.get_data(as_text=True)


def later(engine: engines.Engine, undertaking: sa.Row[Any]) -> str:
    """Return the second working day after the unit's report is due."""
    due_on = engine.calendar.local_date(undertaking.due_at)
    return str(engine.calendar.add_workdays(due_on, 2))


def test_a_request_for_more_time_shows_that_it_waits_and_what_came_of_it(
    signed_in: SignedIn, engine: engines.Engine, handled: sa.Row[Any]
) -> None:
    """S12: 灯色显示“延期待批” until it is decided."""
    day = later(engine, handled)
    answer = signed_in("unit_handler.zjj").sends(
        f"/matters/{handled.matter_id}/requests/extension",
        about=str(handled.id),
        wanted_on=day,
        reason="等待灯具到货",
        progress="已查明",
    )
    officer = signed_in("dc_officer")
    waiting = page(officer, handled)
    with engine.begin() as work:
        (asked,) = extensions.of_undertaking(work.connection, handled.id)
        extension_outcomes.grant(work, asked.id)
    granted = page(officer, handled)

    assert 303 == answer.status_code
    assert '<span class="light yellow">延期待批</span>' in waiting
    assert f"申请延期至 {day}：延期待批" in waiting
    assert "等待灯具到货" in waiting
    assert '<span class="light yellow">延期待批</span>' not in granted
    assert f"申请延期至 {day}：已批准，时限改为 {day}" in granted


def test_each_is_offered_what_he_may_ask_for(
    signed_in: SignedIn, handled: sa.Row[Any]
) -> None:
    """The handler asks, the office urges and reassigns, leaders let a matter rest."""
    titles = {
        "申请延期",
        "上报难题",
        "申请停钟等待诉求人答复",
        "提出改派或增加协办",
        "催办",
        "提请热线室延期",
        "暂停督查",
        "恢复督查",
    }
    offered = {}
    for person in ("unit_handler.zjj", "unit_head.zjj", "dc_officer", "mayor"):
        seen = page(signed_in(person), handled)
        offered[person] = {one for one in titles if f"<summary>{one}" in seen}

    assert {
        "unit_handler.zjj": {"申请延期", "上报难题", "申请停钟等待诉求人答复"},
        "unit_head.zjj": set(),
        "dc_officer": {"上报难题", "提出改派或增加协办", "催办", "提请热线室延期"},
        "mayor": {"暂停督查"},
    } == offered


def test_what_is_not_offered_is_refused(
    signed_in: SignedIn, engine: engines.Engine, handled: sa.Row[Any]
) -> None:
    """Who may not, what is not known, and what is of another matter."""
    given = {
        "about": str(handled.id),
        "wanted_on": later(engine, handled),
        "reason": "等灯",
        "progress": "查明",
    }
    here = f"/matters/{handled.matter_id}/requests"
    handler = signed_in("unit_handler.zjj")
    answers = [
        signed_in("mayor").sends(f"{here}/extension", **given).status_code,
        handler.sends(f"{here}/holiday", **given).status_code,
        handler.sends(f"{here}/extension", **{**given, "about": "99"}).status_code,
        signed_in("unit_handler.mzj").sends(f"{here}/extension", **given).status_code,
        handler.sends(f"{here}/suspend", reason="累").status_code,
    ]
    with engine.read() as connection:
        asked = extensions.of_undertaking(connection, handled.id)

    assert [403, 404, 404, 404, 403] == answers
    assert [] == asked


def test_a_matter_rests_and_goes_on_from_its_page(
    signed_in: SignedIn, handled: sa.Row[Any]
) -> None:
    """While it rests nothing else is offered."""
    director = signed_in("go_director")
    here = f"/matters/{handled.matter_id}/requests"
    assert 303 == director.sends(f"{here}/suspend", reason="等上级批复").status_code
    resting = page(director, handled)
    assert 303 == director.sends(f"{here}/resume").status_code
    going_on = page(director, handled)

    assert "<summary>恢复督查" in resting
    assert "<summary>催办" not in resting
    assert "已暂停" in resting
    assert "<summary>恢复督查" not in going_on
    assert "<summary>催办" in going_on
