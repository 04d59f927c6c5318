"""A matter goes down to lower offices from its page, and is followed there."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from engine import engine as engines
from engine import tables as engine_tables
from processes.supervision import tables
from processes.supervision.matters import matters
from tests.web import test_requests
from tests.web.conftest import Visitor

SignedIn = Callable[[str], Visitor]
#: The undertaking of a hotline matter that 县住建局 handles.
handled = test_requests.handled
page = test_requests.page


def passed(engine: engines.Engine, undertaking: sa.Row[Any]) -> dict[str, str]:
    """Return what an officer fills in to pass the matter down to 质监站."""
    day = str(engine.calendar.local_date(undertaking.due_at))
    return {"unit": "zjzl", "requirement": "逐个工地排查。", "due_on": day}


def lower_of(engine: engines.Engine) -> list[matters.Matter]:
    """Return the matters that were passed down."""
    with engine.read() as connection:
        rows = connection.execute(
            sa.select(tables.matter).where(tables.matter.c.office.is_not(None))
        )
        return [matters.from_row(row) for row in rows]


@pytest.mark.requirement("R-04-16", "R-04-17")
def test_a_matter_is_passed_down_followed_and_guided_from_its_page(
    signed_in: SignedIn, engine: engines.Engine, handled: sa.Row[Any]
) -> None:
    here = f"/matters/{handled.matter_id}"
    officer = signed_in("dc_officer")
    answer = officer.sends(f"{here}/requests/pass_down", **passed(engine, handled))
    (lower,) = lower_of(engine)
    there = f"/matters/{lower.id}"
    above = officer.opens(here).get_data(as_text=True)
    below = officer.opens(there).get_data(as_text=True)

    assert (303, "zjzl") == (answer.status_code, lower.office)
    assert "下级办理情况" in above
    assert f'href="{there}">{lower.number}</a>' in above
    assert "尚未报告" in above
    assert f'上级事项：<a href="{here}">' in below

    answer = officer.sends(f"{there}/requests/guidance", text="先查深基坑。")
    own = signed_in("unit_deputy.zjzl").opens(there).get_data(as_text=True)

    assert 303 == answer.status_code
    assert "先查深基坑。" in own
    assert "上级事项" not in own
    assert 404 == signed_in("unit_deputy.zjzl").opens(here).status_code


def test_a_unit_passes_down_only_what_is_its_own(
    signed_in: SignedIn, engine: engines.Engine, handled: sa.Row[Any]
) -> None:
    """And only to units below it that have somebody to receive it."""
    here = f"/matters/{handled.matter_id}"
    given = passed(engine, handled)
    head = signed_in("unit_head.zjj")
    reader = {"reader": "unit_head.sthjj", "reason": "了解情况", "until": "2099-12-31"}
    signed_in("dc_chief").sends(f"{here}/grants", **reader)
    offered = {
        person: "<summary>转督下级" in page(signed_in(person), handled)
        for person in ("unit_head.zjj", "unit_handler.zjj", "unit_head.sthjj", "mayor")
    }
    sent = f"{here}/requests/pass_down"
    answers = [
        head.sends(sent, **{**given, "unit": "hjjc"}).status_code,
        head.sends(sent, **{**given, "unit": "zjj"}).status_code,
        head.sends(sent, **{**given, "unit": "nowhere"}).status_code,
        signed_in("dc_chief").sends(sent, **{**given, "unit": "nowhere"}).status_code,
        signed_in("dc_chief")
        .sends(sent, **{**given, "due_on": "2099-01-01"})
        .status_code,
        signed_in("unit_handler.zjj").sends(sent, **given).status_code,
        signed_in("unit_head.mzj").sends(sent, **given).status_code,
        signed_in("unit_head.sthjj")
        .sends(sent, **{**given, "unit": "hjjc"})
        .status_code,
    ]

    assert {
        "unit_head.zjj": True,
        "unit_handler.zjj": False,
        "unit_head.sthjj": False,
        "mayor": False,
    } == offered
    assert [403, 403, 403, 422, 422, 403, 404, 403] == answers
    assert [] == lower_of(engine)
    assert 303 == head.sends(sent, **given).status_code
    assert "下级办理情况" in page(head, handled)


def test_what_has_ended_is_neither_passed_down_nor_guided(
    signed_in: SignedIn, engine: engines.Engine, handled: sa.Row[Any]
) -> None:
    here = f"/matters/{handled.matter_id}"
    officer = signed_in("dc_officer")
    officer.sends(f"{here}/requests/pass_down", **passed(engine, handled))
    (lower,) = lower_of(engine)
    own = officer.sends(f"{here}/requests/guidance", text="自己指导自己。")
    with engine.begin() as work:
        for one in (handled.matter_id, lower.id):
            work.connection.execute(
                tables.matter.update()
                .where(tables.matter.c.id == one)
                .values(status="CLOSED", closed_at=work.now())
            )
    answers = [
        officer.sends(f"{here}/requests/pass_down", **passed(engine, handled)),
        officer.sends(f"/matters/{lower.id}/requests/guidance", text="晚了。"),
    ]

    assert "不需要指导意见。（R-04-17）" in own.get_data(as_text=True)
    assert [409, 409] == [one.status_code for one in answers]
    assert "现为“已办结”，不能转督" in answers[0].get_data(as_text=True)
    assert "<summary>" not in page(officer, handled).partition("<h3>经过")[2]
    assert 1 == len(lower_of(engine))


def test_a_unit_without_a_registrar_receives_nothing(
    signed_in: SignedIn, engine: engines.Engine, handled: sa.Row[Any]
) -> None:
    """Nobody there would see it (下级自动接收)."""
    with engine.begin() as work:
        post = engine_tables.post
        work.connection.execute(
            post.delete().where(post.c.role == "unit_registrar", post.c.unit == "zjzl")
        )
    officer = signed_in("dc_officer")
    answer = officer.sends(
        f"/matters/{handled.matter_id}/requests/pass_down", **passed(engine, handled)
    )

    assert 403 == answer.status_code
    assert "接收单位须设有收发岗" in answer.get_data(as_text=True)
    assert '<option value="hjjc">' in page(officer, handled)
