"""Scores, conclusions, training: what is wrong is refused and changes nothing."""

import shutil
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import database
from engine import errors
from engine import testing
from processes import rehearsal
from processes.supervision import tables
from tests.processes.supervision import counted
from tests.processes.supervision.refusing import refused

#: 2026-03-02 09:00 in Shanghai, a Monday.
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
PLAN = {
    "title": "2026年培训",
    "purpose": "学条例",
    "sessions": [{"on": "2026-03-10", "topic": "条例", "lecturer": "李主任"}],
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
    """An office in which one matter was issued to 县住建局."""
    copy = shutil.copy(whole_office, tmp_path / "office.db")
    pool = database.create(f"sqlite:///{copy}")
    opened = testing.Story(rehearsal.opener(pool, tmp_path), BEGIN, restarts=False)
    with opened.command() as work:
        about = counted.matter(work.connection, number="411426-2026-07-0001")
        counted.undertaking(
            work.connection, "zjj", BEGIN.date().replace(day=20), matter_id=about
        )
    yield opened
    pool.dispose()


def event(story: testing.Story, **changes: object) -> str:
    fields = {
        "event": "FALSIFIED",
        "about_unit": "zjj",
        "number": "411426-2026-07-0001",
        "reason": "照片系摆拍。",
        **changes,
    }
    return story.start("proc_scoring", person="dc_officer", fields=fields)


@pytest.mark.requirement("R-04-13")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"event": "OVERDUE"}, "事件"),
        ({"event": ""}, "事件"),
        ({"about_unit": "nobody"}, "单位"),
        ({"about_unit": "fgw"}, "未交这一单位承办"),
        ({"number": "411426-2026-07-9999"}, "没有这一事项"),
        ({"number": "' OR 1=1 --"}, "没有这一事项"),
        ({"reason": "  "}, "不能为空"),
        ({"reason": "长" * 2001}, "2000"),
    ],
    ids=[
        "an event only the system knows",
        "no event",
        "no such unit",
        "another unit's matter",
        "no such matter",
        "no number at all",
        "no reason",
        "too long a reason",
    ],
)
def test_a_report_of_an_event_must_be_right(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    refused(story, lambda: event(story, **changes), words)


@pytest.mark.requirement("R-04-13")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "回应"),
        ({"hearing": "PERHAPS"}, "回应"),
        ({"hearing": "APPEAL"}, "申诉须写明理由"),
        ({"hearing": "APPEAL", "comment": "   "}, "申诉须写明理由"),
    ],
)
def test_an_appeal_needs_its_grounds(
    story: testing.Story, fields: dict[str, object], words: str
) -> None:
    event(story)

    refused(
        story,
        lambda: story.complete("确认或申诉", person="unit_head.zjj", fields=fields),
        words,
    )


def test_another_unit_cannot_answer_for_this_one(story: testing.Story) -> None:
    event(story)
    fields = {"hearing": "CONFIRM"}

    with pytest.raises((errors.DuchaError, testing.StoryError)):
        story.complete("确认或申诉", person="unit_head.fgw", fields=fields)
    with story.engine.read() as connection:
        status = connection.scalar(sa.select(tables.score_entry.c.status))
    assert "PENDING" == status


@pytest.mark.parametrize(
    ("hearing", "fields"),
    [
        ({"hearing": "CONFIRM"}, {"ruling": "REVOKE"}),
        ({"hearing": "APPEAL", "comment": "停机"}, {"ruling": "UPHOLD"}),
    ],
    ids=["to revoke", "to turn an appeal down"],
)
def test_a_ruling_against_somebody_needs_reasons(
    story: testing.Story, hearing: dict[str, object], fields: dict[str, object]
) -> None:
    event(story)
    story.complete("确认或申诉", person="unit_head.zjj", fields=hearing)

    refused(
        story,
        lambda: story.complete("裁定", person="dc_chief", fields=fields),
        "须写明理由",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parent": ""}, "所涉督查编号"),
        ({"parent": "411426-2026-07-9999"}, "没有督查事项"),
        ({"facts": " "}, "不能为空"),
        ({"evidence": ""}, "证据"),
        ({"text": ""}, "结论"),
        ({"about_unit": "nobody"}, "督查对象"),
    ],
)
def test_a_conclusion_needs_a_matter_facts_and_evidence(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    """《政府督查工作条例》第16条: 事实清楚、证据充分."""
    fields = {
        "title": "占道经营督查结论",
        "parent": "411426-2026-07-0001",
        "about_unit": "zjj",
        "facts": "摊位未清理",
        "evidence": "照片三张",
        "text": "落实不力",
        **changes,
    }

    refused(
        story,
        lambda: story.start(
            "proc_conclusion_review", person="dc_officer", fields=fields
        ),
        words,
    )


@pytest.mark.parametrize("reviewer", ["dc_officer", "go_director", "unit_head.zjj", ""])
def test_nobody_who_took_part_reviews_a_conclusion(
    story: testing.Story, reviewer: str
) -> None:
    """条例第17条: 参与作出督查结论的工作人员在复核中应当回避."""
    story.start(
        "proc_conclusion_review",
        person="dc_officer",
        fields={
            "title": "占道经营督查结论",
            "parent": "411426-2026-07-0001",
            "about_unit": "zjj",
            "facts": "摊位未清理",
            "evidence": "照片三张",
            "text": "落实不力",
        },
    )
    story.complete("主任审定结论", person="go_director", fields={"decision": "APPROVE"})
    story.complete(
        "签收督查结论", person="unit_registrar.zjj", fields={"received": True}
    )
    story.complete(
        "申请复核",
        person="unit_head.zjj",
        fields={"application": "APPLY", "grounds": "已清理", "request": "撤销"},
    )

    refused(
        story,
        lambda: story.complete(
            "受理并指定复核人", person="go_director", fields={"reviewer": reviewer}
        ),
        "复核人",
    )


@pytest.mark.requirement("R-04-14")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sessions": []}, "至少安排一次"),
        ({"sessions": [{"on": "2026-03-10", "topic": "", "lecturer": "李"}]}, "主题"),
        ({"sessions": [{"on": "昨天", "topic": "条例", "lecturer": "李"}]}, "日期"),
        (
            {"sessions": [{"on": "2026-03-01", "topic": "条例", "lecturer": "李"}]},
            "已经过去",
        ),
        ({"purpose": ""}, "培训目的"),
        ({"title": ""}, "标题"),
    ],
)
def test_a_plan_of_training_must_be_whole(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    refused(
        story,
        lambda: story.start(
            "proc_training", person="dc_chief", fields={**PLAN, **changes}
        ),
        words,
    )


@pytest.mark.requirement("R-04-14")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hours": None}, "学时"),
        ({"hours": 41}, "学时"),
        ({"held_on": "2026-03-11"}, "不能晚于今天"),
        ({"attended": []}, "参加人员"),
        ({"attended": ["unit_head.zjj"]}, "参加人员"),
        ({"summary": ""}, "不能为空"),
        ({"held": False}, "不能为空"),
    ],
    ids=[
        "no hours",
        "too many hours",
        "tomorrow",
        "nobody",
        "one of another office",
        "no summary",
        "not held, and no reason",
    ],
)
def test_a_session_is_recorded_whole_or_not_at_all(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    story.start("proc_training", person="dc_chief", fields=PLAN)
    story.complete("副主任审定计划", person="go_deputy", fields={"decision": "APPROVE"})
    story.until(datetime(2026, 3, 10, 1, tzinfo=UTC))
    fields = {
        "held": True,
        "held_on": "2026-03-10",
        "hours": 4,
        "attended": ["dc_officer"],
        "summary": "学条例",
        **changes,
    }

    refused(
        story,
        lambda: story.complete("登记培训", person="dc_officer", fields=fields),
        words,
    )
