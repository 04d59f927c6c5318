"""Interests are declared on a page of their own, and keep people from reviewing."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from engine import engine as engines
from engine import queries
from processes.supervision import avoidances
from processes.supervision.matters import matters
from tests.web import test_requests
from tests.web.conftest import Visitor

SignedIn = Callable[[str], Visitor]
#: The undertaking of a hotline matter that 县住建局 handles.
handled = test_requests.handled
REPORT = {
    "report_class": "GENERAL",
    "body": "路灯已修复。",
    "conclusion": "按要求办理完毕。",
    "actions": "更换灯具。",
    "completion": "DONE",
    "progress": 100,
    "investigated": False,
    "problems": "无",
    "need_rectify": False,
    "contact_mode": "电话",
    "contact_content": "已告知。",
}
OWN = {"unit": "zjj", "reason": "配偶任职"}


def registered(engine: engines.Engine) -> list[tuple[str, str]]:
    """Return whom the register names, and who entered them."""
    with engine.read() as connection:
        return [(one.name, one.person) for one in avoidances.registered(connection)]


@pytest.mark.requirement("R-04-19")
def test_everybody_declares_his_own_and_the_office_keeps_the_register(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    member, chief = signed_in("group_member"), signed_in("dc_chief")
    member.sends("/avoidances", **OWN)
    chief.sends("/avoidances", **{**OWN, "name": "孙专家", "reason": "曾任顾问"})
    chief.sends("/avoidances", **{**OWN, "account": "dc_officer_b"})
    own = member.opens("/avoidances").get_data(as_text=True)
    whole = chief.opens("/avoidances").get_data(as_text=True)

    assert [
        ("唐组员", "group_member"),
        ("孙专家", "dc_chief"),
        ("林专员", "dc_chief"),
    ] == registered(engine)
    assert ["唐组员" in own, "孙专家" in own, "账号" in own] == [True, False, False]
    assert all(one in whole for one in ("唐组员", "孙专家", "曾任顾问", "回避登记册"))


def test_nobody_declares_the_interests_of_others_or_of_no_unit(
    signed_in: SignedIn, engine: engines.Engine, visitor: Visitor
) -> None:
    member = signed_in("group_member")
    refused = [
        member.sends("/avoidances", **{**OWN, "account": "dc_chief"}),
        member.sends("/avoidances", **{**OWN, "name": "孙专家"}),
    ]
    member.sends("/avoidances", **{**OWN, "unit": "nowhere"})
    told = member.opens("/avoidances").get_data(as_text=True)
    member.sends("/avoidances", **{**OWN, "reason": " "})
    signed_in("dc_chief").sends("/avoidances", **{**OWN, "account": "nobody"})

    assert [403, 403] == [one.status_code for one in refused]
    assert "只能登记本人的回避" in refused[0].get_data(as_text=True)
    assert "没有登记：没有单位“nowhere”" in told
    assert 302 == visitor.opens("/avoidances").status_code
    assert [] == registered(engine)


@pytest.mark.requirement("R-04-19")
def test_who_has_an_interest_in_a_unit_does_not_review_its_report(
    signed_in: SignedIn, engine: engines.Engine, handled: sa.Row[Any]
) -> None:
    today = engine.calendar.local_date(engine.clock.now()).isoformat()
    test_requests.complete(engine, "unit_handler.zjj", **REPORT, contacted_on=today)
    for person in ("unit_deputy.zjj", "unit_head.zjj"):
        test_requests.complete(engine, person, decision="APPROVE")
    signed_in("dc_officer").sends("/avoidances", **OWN)
    with engine.read() as connection:
        matter = matters.get(connection, handled.matter_id)
        (opened,) = queries.open_tasks_of(connection, str(matter.root_id))
    address = f"/tasks/{opened.task.id}"
    review = {
        "field.accurate": "true",
        "field.objective": "true",
        "field.truthful": "true",
        "field.verdict": "ACCEPT",
    }
    refused = signed_in("dc_officer").sends(address, **review)
    accepted = signed_in("dc_officer_b").sends(address, **review)

    assert 403 == refused.status_code
    assert "应当回避，请转由他人办理。（R-04-19）" in refused.get_data(as_text=True)
    assert 303 == accepted.status_code
