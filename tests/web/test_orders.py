"""What procedures wait for from persons is sent from the page of their matter."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine import engine as engines
from engine import queries
from processes.supervision import tables
from processes.supervision.escalation import recommendations
from processes.supervision.escalation import urges
from processes.supervision.matters import matters
from tests.web import staged
from tests.web.conftest import Visitor
from web import settings as settings_module

SignedIn = Callable[[str], Visitor]
HERE = "/matters/1"
ADJUSTED = {
    "mandate": "T01",
    "target": "90",
    "q1": "5",
    "q2": "40",
    "q3": "70",
    "q4": "90",
    "reason": "汛期停工。",
}


@pytest.fixture
def engine(
    settings: settings_module.Settings, request: pytest.FixtureRequest
) -> engines.Engine:
    """The office where the scenario that the test names stands before its act."""
    scenario, before = request.param
    return staged.played(settings, scenario, before=before)


def page(visitor: Visitor) -> str:
    """Return the page of the matter as the visitor sees it."""
    answer = visitor.opens(HERE)
    assert 200 == answer.status_code
    return answer.get_data(as_text=True)


def open_tasks(engine: engines.Engine) -> list[str]:
    """Return the names of the matter's open tasks."""
    with engine.read() as connection:
        root_id = str(matters.get(connection, 1).root_id)
        return sorted(
            one.task.name for one in queries.open_tasks_of(connection, root_id)
        )


def offered(signed_in: SignedIn, title: str, *persons: str) -> dict[str, bool]:
    """Return whether each person is offered the request of this title."""
    return {one: f"<summary>{title}" in page(signed_in(one)) for one in persons}


@pytest.mark.parametrize(
    "engine",
    [("proc_leader_instruction/原批示领导撤销", "cancellation")],
    indirect=True,
)
def test_the_leader_who_instructed_cancels_his_matter(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    cancel = f"{HERE}/requests/cancellation"
    seen = offered(
        signed_in, "撤销督查事项", "mayor", "vice_mayor", "dc_chief", "unit_head.zjj"
    )
    refused = [
        signed_in("vice_mayor").sends(cancel, reason="不再需要。").status_code,
        signed_in("dc_chief").sends(cancel, reason="不再需要。").status_code,
        signed_in("unit_head.mzj").sends(cancel, reason="不再需要。").status_code,
        signed_in("mayor").sends(cancel, reason="").status_code,
        signed_in("mayor").sends("/matters/99/requests/cancellation").status_code,
    ]
    mayor = signed_in("mayor")
    answer = mayor.sends(cancel, reason="改由市政府实施。")
    again = mayor.sends(cancel, reason="再撤一次。")
    told = page(mayor)

    assert {
        "mayor": True,
        "vice_mayor": False,
        "dc_chief": False,
        "unit_head.zjj": False,
    } == seen
    assert [403, 403, 404, 422, 404] == refused
    assert [303, 409] == [answer.status_code, again.status_code]
    assert "撤销督查事项</strong>：改由市政府实施。" in told
    assert "收到消息" not in told
    assert "<summary>撤销督查事项" not in told
    assert [] == open_tasks(engine)


@pytest.mark.requirement("R-01-11")
@pytest.mark.parametrize(
    "engine", [("proc_gov_work_report/督查形式", "initiate")], indirect=True
)
def test_the_office_begins_an_inspection_in_a_manner_of_the_procedure(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    begin = f"{HERE}/requests/inspection"
    given = {"manner": "重点督办", "reason": "推进较慢。"}
    officer = signed_in("dc_officer")
    seen = offered(
        signed_in, "组织督查", "dc_officer", "mayor", "archivist", "unit_head.jtysj"
    )
    refused = [
        officer.sends(begin, **{**given, "manner": "实地查看"}).status_code,
        officer.sends(begin, manner="重点督办").status_code,
        signed_in("unit_handler.jtysj").sends(begin, **given).status_code,
        signed_in("unit_handler.mzj").sends(begin, **given).status_code,
    ]
    before = open_tasks(engine)
    answer = officer.sends(begin, **given)

    assert {
        "dc_officer": True,
        "mayor": True,
        "archivist": False,
        "unit_head.jtysj": False,
    } == seen
    assert [422, 422, 403, 404] == refused
    assert 303 == answer.status_code
    assert sorted([*before, "制定方案"]) == open_tasks(engine)
    assert "<strong>组织督查</strong>" in page(officer)


@pytest.mark.requirement("R-01-09")
@pytest.mark.parametrize(
    "engine", [("proc_gov_work_report/任务调整", "adjust")], indirect=True
)
def test_the_lead_unit_asks_for_another_target(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    ask = f"{HERE}/requests/target_adjustment"
    handler = signed_in("unit_handler.jtysj")
    seen = offered(
        signed_in, "申请调整年度目标", "unit_handler.jtysj", "unit_head.jtysj", "mayor"
    )
    refused = [
        handler.sends(ask, **{**ADJUSTED, "mandate": "T09"}).status_code,
        handler.sends(ask, **{**ADJUSTED, "q2": "很多"}).status_code,
        signed_in("mayor").sends(ask, **ADJUSTED).status_code,
        signed_in("unit_handler.mzj").sends(ask, **ADJUSTED).status_code,
    ]
    answer = handler.sends(ask, **ADJUSTED)

    assert {
        "unit_handler.jtysj": True,
        "unit_head.jtysj": False,
        "mayor": False,
    } == seen
    assert [422, 422, 403, 404] == refused
    assert 303 == answer.status_code
    assert "主要负责人签发" in open_tasks(engine)
    assert "<strong>申请调整年度目标</strong>" in page(handler)


@pytest.mark.parametrize(
    "engine",
    [("proc_leader_instruction/原批示领导撤销", "cancellation")],
    indirect=True,
)
def test_a_unit_answers_an_urge_and_leaders_decide_what_a_delay_calls_for(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    with engine.begin() as work:
        undertaking = work.connection.execute(sa.select(tables.undertaking)).one()
        urges.record(
            work,
            matter_id=undertaking.matter_id,
            undertaking_id=undertaking.id,
            mode="电话",
            content="请抓紧办理。",
            target="胡经办",
            person="dc_officer",
        )
        cause = work.connection.execute(
            tables.recommendation.insert()
            .values(
                matter_id=undertaking.matter_id,
                undertaking_id=undertaking.id,
                kind="INTERVIEW",
                reason="逾期10个工作日。",
                at=work.now(),
            )
            .returning(tables.recommendation.c.id)
        ).scalar_one()
    respond, decide = (
        f"{HERE}/requests/urge_response",
        f"{HERE}/requests/recommendation",
    )
    head, mayor = signed_in("unit_head.zjj"), signed_in("mayor")
    decision = {"about": str(cause), "decision": "ADOPT", "comment": "本周约谈。"}
    seen = page(head)
    refused = [
        signed_in("mayor").sends(respond, about="1", response="x").status_code,
        head.sends(respond, about="99", response="x").status_code,
        head.sends(respond, about="1e9", response="x").status_code,
        head.sends(respond, about=str(2**80), response="x").status_code,
        head.sends(decide, **decision).status_code,
        signed_in("dc_chief").sends(decide, **decision).status_code,
        mayor.sends(decide, **{**decision, "decision": "PARDON"}).status_code,
    ]
    answers = [
        head.sends(respond, about="1", response="三日内办结。").status_code,
        mayor.sends(decide, **decision).status_code,
        mayor.sends(decide, **decision).status_code,
    ]

    assert "<summary>回应催办（县住建局，第1次催办）" in seen
    assert "约谈建议" not in seen
    assert [403, 404, 404, 404, 403, 403, 422] == refused
    assert [303, 303, 409] == answers
    assert "<summary>回应催办" not in page(head)
    told = page(mayor)
    assert "回应：三日内办结。" in told
    assert "采纳：本周约谈。" in told
    with engine.read() as connection:
        (decided,) = recommendations.of_matter(connection, undertaking.matter_id)
    assert ("ADOPT", "mayor") == (decided.decision, decided.decided_by)
