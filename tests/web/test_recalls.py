"""What comes back to be mended shows what was written before."""

from collections.abc import Callable

from engine import engine as engines
from tests.web.conftest import Visitor
from tests.web.test_access import TICKET
from tests.web.test_access import complete

PROPOSAL = {
    "opinion": "请县住建局牵头，今日内抢修。",
    "lead_unit": "zjj",
    "assisting": [{"unit": "cgj", "duty": "维护现场秩序。"}],
    "requirement": "三日内恢复供热。",
}


def first_task(visitor: Visitor) -> str:
    """Return the page of the first task on the list."""
    listed = visitor.opens("/tasks").get_data(as_text=True)
    path = listed.partition('href="/tasks/')[2].partition('"')[0]
    return visitor.opens(f"/tasks/{path}").get_data(as_text=True)


def test_a_returned_proposal_begins_with_the_words_it_had(
    engine: engines.Engine, signed_in: Callable[[str], Visitor]
) -> None:
    with engine.begin() as work:
        work.start("proc_mayor_hotline", fields=TICKET, person="dc_registrar")
    officer = signed_in("dc_officer")
    before = first_task(officer)
    complete(engine, "dc_officer", **PROPOSAL)
    complete(engine, "go_deputy", decision="RETURN", comment="请明确协办单位责任。")
    after = first_task(officer)

    for words in ("今日内抢修", "维护现场秩序", "三日内恢复供热"):
        assert words not in before
        assert words in after


def test_what_an_approver_decides_is_never_filled_in_for_the_next(
    engine: engines.Engine, signed_in: Callable[[str], Visitor]
) -> None:
    with engine.begin() as work:
        work.start("proc_mayor_hotline", fields=TICKET, person="dc_registrar")
    complete(engine, "dc_officer", **PROPOSAL)
    complete(engine, "go_deputy", decision="APPROVE", comment="同意，抓紧办。")
    page = first_task(signed_in("go_director"))
    _, _, form = page.partition("<form")

    assert "同意，抓紧办" not in form.partition("</form>")[0]
