"""Leaders begin at a home of their own: what waits for them, theirs, what is amiss."""

from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import engine as engines
from processes.supervision import tables
from tests.web import test_access
from tests.web.conftest import Visitor

#: A matter that was issued to 县住建局.
issued = test_access.issued
SignedIn = Callable[[str], Visitor]


@pytest.mark.requirement("R-00-39")
def test_a_leader_sees_what_waits_what_is_his_and_what_is_overdue(
    signed_in: SignedIn, engine: engines.Engine, issued: int
) -> None:
    matter = tables.matter
    with engine.begin() as work:
        assigned = {
            "title": "企业用工难问题",
            "source_rank": "mayor",
            "source_leader": "王县长",
            "mode": "书面",
            "content": "请督促解决。",
            "source_on": work.calendar.local_date(work.now()).isoformat(),
            "progress_every": "NONE",
            "second_rank": "NONE",
            "urgency": "平件",
            "secrecy": "内部",
        }
        work.start("proc_other_assigned", fields=assigned, person="mayor")
        late = datetime.now(UTC) - timedelta(days=3)
        work.connection.execute(
            matter.update()
            .where(matter.c.id == issued)
            .values(light="RED", due_at=late)
        )
    page = signed_in("mayor").opens("/cockpit").get_data(as_text=True)
    own, others = page.index("我负责的事项"), page.index("全部在办事项的异常")

    assert page.index("等我办理") < own < page.index("企业用工难问题") < others
    assert others < page.index("路灯不亮")
    assert "逾期 1 件" in page[others:]
    assert "目前没有等您办理的事项" in page


@pytest.mark.requirement("R-00-39")
def test_a_matter_that_waits_for_the_leader_leads_to_its_task(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    with engine.begin() as work:
        work.start(
            "proc_mayor_hotline", fields=test_access.TICKET, person="dc_registrar"
        )
    for person, fields in (
        ("dc_officer", {"opinion": "拟办", "lead_unit": "zjj", "requirement": "修复"}),
        ("go_deputy", {"decision": "APPROVE"}),
        ("go_director", {"decision": "APPROVE"}),
    ):
        test_access.complete(engine, person, **fields)
    page = signed_in("exec_vice_mayor").opens("/cockpit").get_data(as_text=True)

    assert f'href="/tasks/{test_access.open_task(engine)}"' in page
    assert '等我办理 <small class="text-muted">1 件</small>' in page


@pytest.mark.requirement("R-00-39")
@pytest.mark.parametrize("person", ["mayor", "vice_mayor", "party_leader"])
def test_leaders_begin_at_their_home(visitor: Visitor, person: str) -> None:
    answer = visitor.signs_in(person)

    assert (303, "/cockpit") == (answer.status_code, answer.location)
    assert "/cockpit" == visitor.opens("/").location
    assert 'href="/cockpit"' in visitor.opens("/tasks").get_data(as_text=True)


@pytest.mark.requirement("R-01-39")
def test_a_leader_takes_the_briefing_along_and_others_do_not(
    signed_in: SignedIn, issued: int
) -> None:
    answer = signed_in("mayor").opens("/cockpit/briefing.pdf")

    assert (200, "application/pdf") == (answer.status_code, answer.mimetype)
    assert answer.data.startswith(b"%PDF-")
    assert 403 == signed_in("go_director").opens("/cockpit/briefing.pdf").status_code


def test_others_begin_at_their_tasks_and_have_no_such_home(visitor: Visitor) -> None:
    visitor.signs_in("dc_officer")

    assert "/tasks" == visitor.opens("/").location
    assert 403 == visitor.opens("/cockpit").status_code
    assert 'href="/cockpit"' not in visitor.opens("/tasks").get_data(as_text=True)


@pytest.mark.requirement("R-03-08")
def test_the_ledger_shows_each_change_at_once(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    ledger = signed_in("dc_chief")

    def shown() -> str:
        page = ledger.opens("/matters").get_data(as_text=True)
        return page[page.index("<tbody>") : page.index("</tbody>")]

    told = []
    with engine.begin() as work:
        work.start(
            "proc_mayor_hotline", fields=test_access.TICKET, person="dc_registrar"
        )
    told.append(shown())
    test_access.complete(
        engine, "dc_officer", opinion="拟办", lead_unit="zjj", requirement="修复"
    )
    told.append(shown())
    for leader in ("go_deputy", "go_director", "exec_vice_mayor"):
        test_access.complete(engine, leader, decision="APPROVE")
    told.append(shown())
    with engine.read() as connection:
        assert "ISSUED" == connection.scalar(sa.select(tables.matter.c.status))

    assert [True, True, True] == [
        words in page
        for words, page in zip(("已登记", "审批中", "已下发"), told, strict=True)
    ]
