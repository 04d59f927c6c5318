"""上级公文 and 领导批示件: what is wrong is refused by its rule and changes nothing."""

import shutil
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import database
from engine import people
from engine import testing
from processes import rehearsal
from processes.supervision import tables
from processes.supervision.leaders import cancellations
from tests.processes.supervision.refusing import refused

#: 2026-03-02 09:00 in Shanghai, a Monday.
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
MANDATE = {
    "content": "整治安全隐患",
    "requirement": "逐项整治，按时报送。",
    "lead_unit": "zjj",
    "duty": "牵头整治",
    "responsible_person": "杨副局长",
    "due_on": "2026-03-16",
    "report_class": "GENERAL",
}


@pytest.fixture(scope="module")
def whole_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the catalog, to be copied."""
    folder = tmp_path_factory.mktemp("office")
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    pool.dispose()
    return folder / "office.db"


@pytest.fixture
def story(whole_office: Path, tmp_path: Path) -> Iterator[testing.Story]:
    """An office in which nothing has begun."""
    copy = shutil.copy(whole_office, tmp_path / "office.db")
    pool = database.create(f"sqlite:///{copy}")
    yield testing.Story(rehearsal.opener(pool, tmp_path), BEGIN, restarts=False)
    pool.dispose()


def matter(story: testing.Story) -> int:
    """Return the id of the matter that the story is about."""
    query = sa.select(tables.matter.c.id).where(
        tables.matter.c.root_id == story.root_id
    )
    with story.engine.read() as connection:
        return connection.scalars(query).one()


def upper_document(story: testing.Story, **changes: object) -> str:
    fields = {
        "source_type": "市政府公文",
        "doc_no": "商政〔2026〕8号",
        "title": "城镇燃气安全专项整治",
        "supervised": True,
        "requirement": "限期整治。",
        "source_on": "2026-02-28",
        "received_on": "2026-03-02",
        "original": "收文2026-031",
        "urgency": "平件",
        "secrecy": "内部",
        "upper_due_on": "2026-04-10",
        "decider": "vice_mayor",
        "leader": "vice_mayor",
        "instruction": "请督查室抓好落实。",
        "instructed_on": "2026-03-02",
        **changes,
    }
    return story.start(
        "proc_upper_document",
        person="dc_registrar",
        fields={key: value for key, value in fields.items() if value is not None},
    )


def instruction(story: testing.Story, rank: str, **changes: object) -> str:
    fields = {
        "title": "农村公路安全隐患排查",
        "source_rank": rank,
        "source_leader": rank,
        "instruction": "请抓紧整治。",
        "source_on": "2026-03-02",
        "original": "批示件2026-016",
        "received_on": "2026-03-02",
        "urgency": "平件",
        "secrecy": "内部",
        **changes,
    }
    return story.start("proc_leader_instruction", person="go_section", fields=fields)


def draft(story: testing.Story, person: str, **changes: object) -> None:
    story.complete(
        "起草督办通知",
        person=person,
        fields={
            "issue_mode": "NOTICE",
            "opinion": "拟由县住建局主办。",
            "mandates": [{**MANDATE, **changes}],
        },
    )


def decide(story: testing.Story, task: str, person: str, decision: str) -> None:
    story.complete(
        task, person=person, fields={"decision": decision, "comment": "理由。"}
    )


# -- 上级公文 ------------------------------------------------------------------------


@pytest.mark.requirement("R-01-02")
def test_half_an_instruction_is_none(story: testing.Story) -> None:
    refused(story, lambda: upper_document(story, instruction=None), "R-01-02")
    refused(story, lambda: upper_document(story, leader="dc_officer"), "leader")


@pytest.mark.requirement("R-01-02")
def test_nothing_is_broken_down_before_a_leader_has_written(
    story: testing.Story,
) -> None:
    upper_document(story, leader=None, instruction=None, instructed_on=None)

    assert ["报请县政府领导批示"] == [one.name for one in story.open_tasks()]
    refused(
        story,
        lambda: story.complete("报请县政府领导批示", person="go_section"),
        "R-01-02",
    )


@pytest.mark.requirement("R-01-07")
def test_what_is_due_below_is_due_before_what_is_due_above(
    story: testing.Story,
) -> None:
    refused(story, lambda: upper_document(story, due_on="2026-04-10"), "R-01-07")
    upper_document(story)

    def break_down(due_on: str) -> None:
        story.complete(
            "立项分解",
            person="dc_officer",
            fields={
                "opinion": "拟由县住建局牵头。",
                "mandates": [{**MANDATE, "due_on": due_on}],
            },
        )

    refused(story, lambda: break_down("2026-04-10"), "R-01-07")
    break_down("2026-04-09")

    assert ["副主任审核"] == [one.name for one in story.open_tasks()]


@pytest.mark.requirement("R-01-03")
def test_a_breakdown_names_unit_day_and_requirement(story: testing.Story) -> None:
    upper_document(story)
    for missing in ("lead_unit", "due_on", "requirement"):
        mandate = {key: value for key, value in MANDATE.items() if key != missing}
        refused(
            story,
            lambda mandate=mandate: story.complete(  # type: ignore[misc]
                "立项分解",
                person="dc_officer",
                fields={"opinion": "拟由县住建局牵头。", "mandates": [mandate]},
            ),
            missing,
        )


@pytest.mark.requirement("R-01-04")
def test_only_the_chosen_leader_approves_and_only_two_bodies_issue(
    story: testing.Story,
) -> None:
    refused(story, lambda: upper_document(story, decider="go_director"), "decider")
    upper_document(story)
    story.complete(
        "立项分解",
        person="dc_officer",
        fields={"opinion": "拟由县住建局牵头。", "mandates": [MANDATE]},
    )
    refused(
        story,
        lambda: decide(story, "副主任审核", "go_director", "APPROVE"),
        "不由您办理",
    )
    decide(story, "副主任审核", "go_deputy", "APPROVE")
    decide(story, "主任审核", "go_director", "APPROVE")
    refused(
        story,
        lambda: decide(story, "县政府领导审定", "mayor", "APPROVE"),
        "不由您办理",
    )
    decide(story, "县政府领导审定", "vice_mayor", "APPROVE")
    refused(
        story,
        lambda: story.complete(
            "选择印发名义", person="go_section", fields={"issuer": "县住建局"}
        ),
        "issuer",
    )


def test_only_the_leader_who_wrote_cancels(story: testing.Story) -> None:
    upper_document(story)
    matter_id = matter(story)

    def cancel(person: str, reason: str) -> None:
        with story.command() as work:
            identity = people.identity(work.connection, person, story.now)
            cancellations.cancel(work, matter_id, identity, {"reason": reason})

    refused(story, lambda: cancel("mayor", "不再需要。"), "原批示领导")
    refused(story, lambda: cancel("unit_head.zjj", "不再需要。"), "原批示领导")
    refused(story, lambda: cancel("vice_mayor", " "), "不能为空")
    cancel("vice_mayor", "不再需要。")
    refused(story, lambda: cancel("vice_mayor", "再撤。"), "已经办结")


# -- 领导批示件 ----------------------------------------------------------------------


@pytest.mark.requirement("R-01-22")
def test_who_wrote_must_hold_the_rank(story: testing.Story) -> None:
    for rank, leader in (
        ("mayor", "vice_mayor"),
        ("party_leader", "party_leader"),
        ("mayor", "dc_officer"),
    ):
        refused(
            story,
            lambda rank=rank, leader=leader: instruction(  # type: ignore[misc]
                story, rank, source_leader=leader
            ),
            "source_",
        )


def test_a_leader_writes_once_and_not_tomorrow(story: testing.Story) -> None:
    again = {"leader": "mayor", "instruction": "再抓。", "on": "2026-03-02"}

    refused(story, lambda: instruction(story, "mayor", others=[again]), "合为一条")
    refused(
        story, lambda: instruction(story, "mayor", source_on="2026-03-03"), "晚于今天"
    )


@pytest.mark.requirement("R-01-23")
def test_the_section_drafts_what_a_vice_mayor_wants(story: testing.Story) -> None:
    instruction(story, "vice_mayor")
    judged = {"weight": "MAJOR", "reason": "涉及多个乡镇。"}
    refused(
        story,
        lambda: story.complete("判定是否重大", person="dc_officer", fields=judged),
        "不由您办理",
    )
    story.complete("判定是否重大", person="go_section", fields=judged)

    refused(story, lambda: draft(story, "dc_officer"), "不由您办理")


@pytest.mark.requirement("R-01-22")
def test_a_notice_is_not_due_after_the_leaders_limit(story: testing.Story) -> None:
    instruction(story, "mayor", due_workdays=3)

    refused(story, lambda: draft(story, "dc_officer", due_on="2026-03-06"), "R-01-22")
    draft(story, "dc_officer", due_on="2026-03-05")


@pytest.mark.requirement("S04")
def test_deputy_and_director_approve_in_this_order(story: testing.Story) -> None:
    instruction(story, "mayor")
    draft(story, "dc_officer")

    refused(
        story,
        lambda: decide(story, "副主任审定", "go_director", "APPROVE"),
        "不由您办理",
    )
    refused(
        story, lambda: decide(story, "副主任审定", "go_deputy", "REJECT"), "decision"
    )
    assert ["副主任审定"] == [one.name for one in story.open_tasks()]
    decide(story, "副主任审定", "go_deputy", "APPROVE")
    # 县长批示件没有“不属重大”。
    refused(
        story,
        lambda: decide(story, "主任审定", "go_director", "NOT_MAJOR"),
        "decision",
    )


@pytest.mark.requirement("R-00-24", "R-01-26")
def test_a_matter_is_merged_only_where_its_leader_will_be_told(
    story: testing.Story,
) -> None:
    upper_document(story)
    instruction(story, "mayor")
    story.name("县长批示")
    instruction(story, "vice_mayor", title="城区积水点改造")

    def merge(number: str) -> None:
        story.complete(
            "判定是否重大",
            person="go_section",
            fields={"weight": "MERGE", "reason": "同一事项。", "into": number},
        )

    refused(story, lambda: merge("411426-2026-05-0009"), "没有督查事项")
    refused(story, lambda: merge("411426-2026-01-0001"), "只能并入同类事项")
    merge("411426-2026-05-0001")
    instruction(story, "exec_vice_mayor", title="背街小巷照明")
    story.name("常务批示")
    story.return_to("县长批示")
    matter_id = matter(story)
    with story.command() as work:
        mayor = people.identity(work.connection, "mayor", story.now)
        cancellations.cancel(work, matter_id, mayor, {"reason": "不再需要。"})
    story.return_to("常务批示")

    refused(story, lambda: merge("411426-2026-05-0001"), "已经办结")


@pytest.mark.requirement("R-01-24", "R-01-25")
def test_what_must_be_mended_has_measures_and_what_is_found_has_grounds(
    story: testing.Story,
) -> None:
    instruction(story, "mayor")
    draft(story, "dc_officer")
    decide(story, "副主任审定", "go_deputy", "APPROVE")
    decide(story, "主任审定", "go_director", "APPROVE")
    story.complete("签收", person="unit_registrar.zjj", fields={"acknowledged": True})
    story.complete(
        "分办", person="unit_deputy.zjj", fields={"handler": "unit_handler.zjj"}
    )

    def report(**changes: object) -> None:
        story.complete(
            "办理并拟报告",
            person="unit_handler.zjj",
            fields={
                "report_class": "GENERAL",
                "body": "已整治。",
                "conclusion": "按要求办理完毕。",
                "actions": "措施已落实。",
                "completion": "DONE",
                "progress": 100,
                "investigated": False,
                "problems": "无",
                "need_rectify": False,
                **changes,
            },
        )

    refused(story, lambda: report(need_rectify=True, measures=[]), "measures")
    refused(story, lambda: report(investigated=True), "fact_basis")
    refused(
        story,
        lambda: report(investigated=True, fact_basis="现场核查。"),
        "legal_basis",
    )
    report(
        need_rectify=True,
        measures=[{"measure": "加装护栏", "deadline": "2026-03-10"}],
    )

    assert ["审核"] == [one.name for one in story.open_tasks()]


@pytest.mark.requirement("R-01-26")
def test_no_end_without_an_answer_of_the_leader(story: testing.Story) -> None:
    instruction(story, "vice_mayor")
    story.complete(
        "判定是否重大",
        person="go_section",
        fields={"weight": "ORDINARY", "reason": "一个部门即可。"},
    )
    refused(
        story,
        lambda: story.complete(
            "科（室）跟踪落实", person="go_section", fields={"unit": "zjj"}
        ),
        "result",
    )
    story.complete(
        "科（室）跟踪落实",
        person="go_section",
        fields={"unit": "zjj", "result": "已排查整治。"},
    )
    refused(story, lambda: story.complete("拟回告", person="go_section"), "body")
    story.complete("拟回告", person="go_section", fields={"body": "已排查整治。"})
    refused(
        story,
        lambda: decide(story, "批示领导阅示", "mayor", "APPROVE"),
        "不由您办理",
    )
    refused(
        story,
        lambda: story.complete(
            "批示领导阅示", person="vice_mayor", fields={"decision": "CONTINUE"}
        ),
        "须写明",
    )

    assert ["批示领导阅示"] == [one.name for one in story.open_tasks()]
