"""Each kind of record meets what breaks its rule: the rule is named, nothing written.

What each procedure refuses besides is held to the same under
tests/processes/supervision/*/test_refusals_*.py; here one act in vain for each kind
of record is given to the office on both databases, and every row of every table is
compared.
"""

from collections.abc import Callable
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import queries
from processes.supervision import leaves
from processes.supervision import tables
from processes.supervision.documents import circulars
from processes.supervision.dossiers import grants
from processes.supervision.escalation import urges
from processes.supervision.matters import matters
from processes.supervision.matters import passing
from processes.supervision.requests import difficulties
from processes.supervision.requests import extensions
from processes.supervision.requests import reassignments
from processes.supervision.undertakings import undertakings
from tests.hostile.conftest import MONDAY
from tests.hostile.conftest import County
from tests.hostile.conftest import is_told_in_chinese
from tests.hostile.conftest import ticket

APPROVE = {"decision": "APPROVE"}
PROPOSAL = {
    "opinion": "拟由县住建局主办。",
    "lead_unit": "zjj",
    "requirement": "立即抢修。",
}
REPORT: dict[str, object] = {
    "report_class": "GENERAL",
    "body": "已抢修。",
    "conclusion": "按要求办理完毕。",
    "actions": "措施已落实。",
    "completion": "DONE",
    "progress": 100,
    "problems": "无",
    "contacted_on": "2026-03-02",
    "contact_mode": "电话",
    "contact_content": "已告知诉求人。",
}
EXAMINED = {"accurate": True, "objective": True, "truthful": True}
PATROL = {
    "title": "农贸市场巡查",
    "scope_kind": "重点工作、重大项目建设推进",
    "content_kind": "重大决策部署贯彻落实情况",
}
PLAN: dict[str, object] = {
    "plan_no": "夏巡〔2026〕3号",
    "authority": "政府决定",
    "type": "专项督查",
    "content": "农贸市场整治",
    "scope": "城区农贸市场",
    "objects": [{"unit": "cgj"}],
    "methods": ["现场查看"],
    "starts_on": "2026-03-02",
    "ends_on": "2026-03-13",
}
MEMBER = {"role": "MEMBER", "account": "group_member", "from_unit": "县审计局"}
INSTRUCTION: dict[str, object] = {
    "title": "防汛物资储备",
    "source_rank": "mayor",
    "source_leader": "mayor",
    "instruction": "请抓紧落实。",
    "source_on": "2026-03-02",
    "original": "批示件2026-012",
    "received_on": "2026-03-02",
    "urgency": "平件",
    "secrecy": "内部",
}
LATE = {"reason": "雨天停工。", "progress": "完成八成。", "wanted_on": "2026-03-09"}

Ids = Mapping[str, int]
Command = Callable[[handlers.Work, int, people.Identity, Mapping[str, object]], object]
Act = Callable[[handlers.Work, Ids], object]


@pytest.fixture(scope="module")
def ids(county: County) -> Ids:
    """Undertakings that are filed, reported and handled, their matters, a patrol."""
    found: dict[str, int] = {}
    for stage in ("filed", "reported", "handled"):
        county.starts(ticket_no=f"SQ-{stage}", title=f"供水问题{stage}", content=stage)
        county.completes("拟办", "dc_officer", **PROPOSAL)
        county.completes("副主任签阅", "go_deputy", **APPROVE)
        county.completes("主任签阅", "go_director", **APPROVE)
        county.completes("常务副县长审定", "exec_vice_mayor", **APPROVE)
        county.completes("签收", "unit_registrar.zjj", acknowledged=True)
        county.completes("分办", "unit_deputy.zjj", handler="unit_handler.zjj")
        found[stage] = last(county, tables.undertaking)
        found[f"{stage} matter"] = last(county, tables.matter)
        if stage != "handled":
            county.completes("办理并拟报告", "unit_handler.zjj", **REPORT)
            county.completes("审核", "unit_deputy.zjj", **APPROVE)
            county.completes("签发", "unit_head.zjj", **APPROVE)
        if stage == "filed":
            accepted = {**EXAMINED, "verdict": "ACCEPT"}
            county.completes("审核报告", "dc_officer", **accepted)
            county.completes("审签", "dc_chief", **APPROVE)
            with county.engine.begin() as work:
                matter = tables.matter.c
                work.connection.execute(
                    tables.matter.update()
                    .where(matter.id == found["filed matter"])
                    .values(status="ARCHIVED", closed_at=MONDAY, archived_at=MONDAY)
                )
    with county.engine.begin() as work:
        work.start("proc_patrol", fields=PATROL, person="dc_officer")
    county.completes("制定巡查工作方案", "dc_officer", **PLAN)
    county.completes("县政府同意方案", "mayor", **APPROVE)
    with county.engine.begin() as work:
        drafted = circulars.draft(
            work,
            matter_id=found["handled matter"],
            series="督查通报",
            given={"title": "通报", "body": "全文。"},
            person="dc_officer",
        )
        found["circular"] = circulars.issue(work, drafted.id).id
    return found


def last(county: County, table: sa.Table) -> int:
    with county.engine.read() as connection:
        return int(connection.scalar(sa.select(sa.func.max(table.c.id))) or 0)


def begin(key: str, person: str, given: Mapping[str, object], **changes: object) -> Act:
    """Start a procedure."""
    return lambda work, ids: work.start(key, fields={**given, **changes}, person=person)


def give(command: Command, about: str, person: str, **fields: object) -> Act:
    """Give a command about a record."""
    return lambda work, ids: command(
        work,
        ids[about],
        people.identity(work.connection, person, work.now()),
        fields,
    )


def complete(task: str, person: str, **fields: object) -> Act:
    """Complete the person's open task of this name."""

    def act(work: handlers.Work, ids: Ids) -> object:
        me = people.identity(work.connection, person, work.now())
        open_tasks = queries.tasks_for(work.connection, me, limit=50)
        (task_id,) = [one.id for one in open_tasks if one.name == task]
        return work.complete_task(task_id, person, fields)

    return act


def leave(work: handlers.Work, ids: Ids) -> object:
    """The director stands in for his own absence."""
    return leaves.take(
        work,
        "go_director",
        starts_at=MONDAY,
        ends_at=MONDAY + timedelta(days=3),
        reason="出差",
        substitute="go_director",
        roles=["go_director"],
    )


IN_VAIN: Mapping[str, tuple[Act, str]] = {
    "a matter that is secret": (
        begin("proc_leader_instruction", "dc_registrar", INSTRUCTION, secrecy="秘密"),
        "R-05-06",
    ),
    "an instruction without its words": (
        begin("proc_leader_instruction", "dc_registrar", INSTRUCTION, instruction=""),
        "R-00-07",
    ),
    "a ticket without its number": (
        begin("proc_mayor_hotline", "dc_registrar", ticket(ticket_no=None)),
        "R-01-32",
    ),
    "a patrol of something else": (
        begin("proc_patrol", "dc_officer", PATROL, content_kind="随便看看"),
        "R-02-05",
    ),
    "an appraisal without results": (
        begin(
            "proc_appraisal",
            "dc_officer",
            {"title": "考察", "since": "2026-01-01", "until": "2026-02-28"},
            topic="NO",
        ),
        "R-02-23",
    ),
    "training without a session": (
        begin("proc_training", "dc_chief", {"title": "培训", "purpose": "提高。"}),
        "R-04-14",
    ),
    "a group without a head": (
        complete("组建巡查组", "go_section", members=[MEMBER]),
        "R-02-08",
    ),
    "a report without its problems": (
        complete("办理并拟报告", "unit_handler.zjj", **{**REPORT, "problems": ""}),
        "R-04-05",
    ),
    "a report of another task": (
        complete("办理并拟报告", "unit_handler.zjj", **REPORT, task_number="T02-U01"),
        "R-00-36",
    ),
    "a review that returns for no reason": (
        complete(
            "审核报告",
            "dc_officer",
            **EXAMINED,
            verdict="RETURN_REDO",
            comment="重办。",
            resubmit_on="2026-03-06",
        ),
        "R-00-27",
    ),
    "a review that accepts unseen": (
        complete("审核报告", "dc_officer", verdict="ACCEPT"),
        "R-01-40",
    ),
    "an extension without progress": (
        give(
            extensions.request,
            "handled",
            "unit_handler.zjj",
            **{**LATE, "progress": ""},
        ),
        "R-00-33",
    ),
    "a reassignment to nobody": (
        give(reassignments.order, "handled", "dc_officer", reason="职责不符。"),
        "R-00-16",
    ),
    "an urge that says nothing": (
        give(urges.by_hand, "handled", "dc_officer", mode="电话", target="经办人"),
        "R-00-19",
    ),
    "a difficulty for no leader": (
        give(difficulties.report, "handled", "dc_officer", description="缺经费。"),
        "R-00-22",
    ),
    "a reader of nothing": (
        give(grants.give, "handled matter", "dc_chief", reason="调研。"),
        "R-04-18",
    ),
    "a circular issued twice": (
        lambda work, ids: circulars.issue(work, ids["circular"]),
        "R-03-04",
    ),
    "a series that is none": (
        lambda work, ids: circulars.draft(
            work,
            matter_id=ids["handled matter"],
            series="内部参考",
            given={"title": "通报", "body": "全文。"},
            person="dc_officer",
        ),
        "R-03-04",
    ),
    "somebody who stands in for himself": (leave, "R-03-03"),
    "an urge after filing": (
        give(
            urges.by_hand,
            "filed",
            "dc_officer",
            mode="电话",
            target="经办人",
            content="请抓紧。",
        ),
        "R-00-19",
    ),
    "a difficulty after filing": (
        give(
            difficulties.report,
            "filed",
            "dc_officer",
            description="缺经费。",
            needed_level="mayor",
        ),
        "R-00-22",
    ),
    "an extension after filing": (
        give(extensions.request, "filed", "unit_handler.zjj", **LATE),
        "R-00-33",
    ),
    "a reassignment after filing": (
        give(
            reassignments.order,
            "filed",
            "dc_officer",
            reason="职责不符。",
            proposed_unit="fgw",
        ),
        "R-00-16",
    ),
    "passed down after filing": (
        give(
            passing.pass_down,
            "filed matter",
            "dc_officer",
            unit="hjjc",
            requirement="监测。",
            due_on="2026-03-31",
        ),
        "R-04-16",
    ),
    "issued without approval": (
        lambda work, ids: matters.move(
            work, matters.get(work.connection, ids["handled matter"]), "ISSUED"
        ),
        "R-00-14",
    ),
    "filed before it is concluded": (
        lambda work, ids: matters.move(
            work, matters.get(work.connection, ids["handled matter"]), "ARCHIVED"
        ),
        "R-00-28",
    ),
    "another status after filing": (
        lambda work, ids: matters.move(
            work, matters.get(work.connection, ids["filed matter"]), "REOPENED"
        ),
        "R-00-28",
    ),
}


@pytest.mark.parametrize(("act", "words"), IN_VAIN.values(), ids=IN_VAIN)
def test_what_breaks_a_rule_is_refused_by_it_and_writes_nothing(
    county: County, ids: Ids, act: Act, words: str
) -> None:
    before = county.dump
    with pytest.raises(errors.Refused) as refusal, county.engine.begin() as work:
        act(work, ids)
    said = f"{refusal.value.message} {getattr(refusal.value, 'fields', {})}"

    assert words in said
    assert is_told_in_chinese(said)
    assert before == county.dump


def test_more_time_is_asked_for_before_the_day_is_over(
    county: County, ids: Ids
) -> None:
    """S12: 逾期后提交拒收; the refusal names 000四(二)."""
    with county.engine.read() as connection:
        due_at = undertakings.get(connection, ids["handled"]).due_at
    before = county.dump
    county.clock.set(due_at + timedelta(seconds=1))
    try:
        with pytest.raises(errors.Refused) as refusal, county.engine.begin() as work:
            give(extensions.request, "handled", "unit_handler.zjj", **LATE)(work, ids)
    finally:
        county.clock.turn_back(MONDAY)

    assert "现已逾期。（R-00-33）" in refusal.value.message
    assert before == county.dump
