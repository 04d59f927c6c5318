"""What a unit asked for is on the page of the matter."""

from collections.abc import Callable

import sqlalchemy as sa

from engine import engine as engines
from engine import people
from engine import queries
from processes.supervision import extension_outcomes
from processes.supervision import extensions
from processes.supervision import tables
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


def test_a_request_for_more_time_shows_that_it_waits_and_what_came_of_it(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    """S12: 灯色显示“延期待批” until it is decided."""
    with engine.begin() as work:
        today = work.calendar.local_date(work.now())
        ticket = {**TICKET, "assigned_on": str(today)}
        work.start("proc_mayor_hotline", fields=ticket, person="dc_registrar")
    complete(engine, "dc_officer", opinion="拟办", lead_unit="zjj", requirement="修复")
    for leader in ("go_deputy", "go_director", "exec_vice_mayor"):
        complete(engine, leader, decision="APPROVE")
    complete(engine, "unit_registrar.zjj", acknowledged=True)
    complete(engine, "unit_deputy.zjj", handler="unit_handler.zjj")
    with engine.begin() as work:
        undertaking = work.connection.execute(sa.select(tables.undertaking)).one()
        day = work.calendar.add_workdays(
            work.calendar.local_date(undertaking.due_at), 2
        )
        asked = extensions.request(
            work,
            undertaking.id,
            people.identity(work.connection, "unit_handler.zjj", work.now()),
            {"reason": "等待灯具到货", "progress": "已查明", "wanted_on": str(day)},
        )
    officer = signed_in("dc_officer")

    waiting = officer.opens(f"/matters/{undertaking.matter_id}").get_data(as_text=True)
    with engine.begin() as work:
        extension_outcomes.grant(work, asked.id)
    granted = officer.opens(f"/matters/{undertaking.matter_id}").get_data(as_text=True)

    assert '<span class="light yellow">延期待批</span>' in waiting
    assert f"申请延期至 {day}：延期待批" in waiting
    assert "等待灯具到货" in waiting
    assert '<span class="light yellow">延期待批</span>' not in granted
    assert f"申请延期至 {day}：已批准，时限改为 {day}" in granted
