"""Requests of units and of the office: what breaks a rule changes nothing."""

import shutil
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import database
from engine import handlers
from engine import people
from engine import tables
from engine import testing
from processes import rehearsal
from processes.supervision.escalation import extension_outcomes
from processes.supervision.escalation import recommendations
from processes.supervision.escalation import urges
from processes.supervision.hotline import caller_waits
from processes.supervision.hotline import ticket_extensions
from processes.supervision.matters import matters
from processes.supervision.requests import clocks
from processes.supervision.requests import difficulties
from processes.supervision.requests import extensions
from processes.supervision.requests import reassignments
from processes.supervision.undertakings import undertakings
from processes.verbs import finding
from tests.processes.supervision.refusing import refused
from tests.processes.supervision.refusing import rows

#: 2026-03-02 09:00 in Shanghai, a Monday.
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
TICKET = {
    "ticket_no": "SQ20260302001",
    "assigned_on": "2026-03-02",
    "type": "投诉",
    "urgent": False,
    "title": "东关小区供暖管网漏水",
    "content": "东关小区3号楼前供暖管网漏水两天。",
    "caller_name": "周某",
    "caller_phone": "13812345678",
}
APPROVE = {"decision": "APPROVE"}
HANDLER, OFFICER = "unit_handler.zjj", "dc_officer"
MORE_TIME = {
    "reason": "雨天停工。",
    "progress": "完成八成。",
    "wanted_on": "2026-03-20",
}

Command = Callable[[handlers.Work, int, people.Identity, Mapping[str, object]], object]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a hotline matter that 住建局 handles, to be copied."""
    folder = tmp_path_factory.mktemp("office")
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    story = testing.Story(rehearsal.opener(pool, folder), BEGIN, restarts=False)
    story.start("proc_mayor_hotline", person="dc_registrar", fields=TICKET)
    proposal = {
        "opinion": "请住建局办理。",
        "lead_unit": "zjj",
        "requirement": "抢修。",
    }
    story.complete("拟办", person=OFFICER, fields=proposal)
    story.complete("副主任签阅", person="go_deputy", fields=APPROVE)
    story.complete("主任签阅", person="go_director", fields=APPROVE)
    story.complete("常务副县长审定", person="exec_vice_mayor", fields=APPROVE)
    story.complete("签收", person="unit_registrar.zjj", fields={"acknowledged": True})
    story.complete("分办", person="unit_deputy.zjj", fields={"handler": HANDLER})
    pool.dispose()
    return folder / "office.db"


@pytest.fixture
def story(prepared: Path, tmp_path: Path) -> Iterator[testing.Story]:
    """The matter, about to be handled."""
    copy = shutil.copy(prepared, tmp_path / "office.db")
    pool = database.create(f"sqlite:///{copy}")
    story = testing.Story(rehearsal.opener(pool, tmp_path), BEGIN, restarts=False)
    with story.engine.read() as connection:
        story.follow(
            str(
                connection.scalar(
                    sa.select(tables.instance.c.id).where(
                        tables.instance.c.parent_id.is_(None)
                    )
                )
            )
        )
    yield story
    pool.dispose()


def give(
    story: testing.Story, command: Command, record: int, person: str, **fields: object
) -> None:
    with story.command() as work:
        command(
            work, record, people.identity(work.connection, person, story.now), fields
        )


def refusal(
    story: testing.Story, command: Command, record: int, person: str, **fields: object
) -> str:
    """Give the command in vain: return what is said."""
    return refused(story, lambda: give(story, command, record, person, **fields))


def lead(story: testing.Story) -> undertakings.Undertaking:
    return finding.undertaking(story, "zjj")


@pytest.mark.requirement("R-00-33")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "reason"),
        ({"progress": "  "}, "progress"),
        ({"wanted_on": None}, "wanted_on"),
        ({"wanted_on": "明天"}, "wanted_on"),
        ({"wanted_on": "2026-03-18"}, "须晚于现在的时限 2026-03-18"),
    ],
    ids=["no reason", "no progress", "no day", "no date", "no later day"],
)
def test_an_extension_tells_reasons_progress_and_a_later_day(
    story: testing.Story, changes: dict[str, object], said: str
) -> None:
    """R-00-33: 及时报告原因和进展情况，二者必填."""
    given = {**MORE_TIME, **changes}
    assert said in refusal(story, extensions.request, lead(story).id, HANDLER, **given)


@pytest.mark.requirement("R-00-33")
def test_an_extension_is_asked_before_the_due_day_is_over(story: testing.Story) -> None:
    """S12: at the last second it is taken, a second later refused."""
    undertaking = lead(story)
    story.until(undertaking.due_at.replace(microsecond=0))
    give(story, extensions.request, undertaking.id, HANDLER, **MORE_TIME)
    with story.engine.read() as connection:
        assert extensions.pending(connection, undertaking.id)


@pytest.mark.requirement("R-00-33")
def test_an_extension_asked_late_is_refused(story: testing.Story) -> None:
    story.until(datetime(2026, 3, 18, 16, tzinfo=UTC))
    said = refusal(story, extensions.request, lead(story).id, HANDLER, **MORE_TIME)
    assert "现已逾期。（R-00-33）" in said


@pytest.mark.parametrize("person", ["unit_handler.fgw", "unit_head.zjj", OFFICER])
def test_only_the_units_handler_asks_for_more_time(
    story: testing.Story, person: str
) -> None:
    said = refusal(story, extensions.request, lead(story).id, person, **MORE_TIME)
    assert "办理人员" in said


def test_a_decided_extension_is_not_decided_again(story: testing.Story) -> None:
    undertaking = lead(story)
    give(story, extensions.request, undertaking.id, HANDLER, **MORE_TIME)
    with story.engine.read() as connection:
        (asked,) = extensions.of_undertaking(connection, undertaking.id)
    with story.command() as work:
        extension_outcomes.grant(work, asked.id)
    before = rows(story)
    for settle in (
        extension_outcomes.grant,
        extension_outcomes.refuse,
        extension_outcomes.withdraw,
    ):
        with pytest.raises(extension_outcomes.Settled), story.command() as work:
            settle(work, asked.id)
    assert before == rows(story)


def test_a_missed_day_that_rested_is_scored_as_of_its_midnight(
    story: testing.Story,
) -> None:
    """S12: 事件时刻=原 due 次日0点, though it is entered a day and a half later."""
    undertaking = lead(story)
    story.until(datetime(2026, 3, 18, 8, tzinfo=UTC))
    give(story, extensions.request, undertaking.id, HANDLER, **MORE_TIME)
    with story.engine.read() as connection:
        (asked,) = extensions.of_undertaking(connection, undertaking.id)
    story.until(datetime(2026, 3, 20, 4, tzinfo=UTC))
    with story.command() as work:
        extension_outcomes.refuse(work, asked.id)
    with story.engine.read() as connection:
        entries = connection.execute(
            sa.text("SELECT at, rule FROM score_entry ORDER BY id")
        ).all()
    assert [("OVERDUE_FIRST", "2026-03-18 16:00:00")] == [
        (row.rule, str(row.at)[:19]) for row in entries
    ]
    assert "RED" == lead(story).light


@pytest.mark.requirement("R-00-16")
@pytest.mark.parametrize(
    ("person", "fields", "said"),
    [
        ("unit_deputy.zjj", {"reason": "忙", "proposed_unit": "cgj"}, "只有督查室"),
        (OFFICER, {"reason": "", "proposed_unit": "cgj"}, "reason"),
        (OFFICER, {"reason": "属城管。"}, "proposed_unit"),
    ],
    ids=["not the office", "no reason", "no unit"],
)
def test_an_order_to_reassign_needs_the_office_a_reason_and_a_unit(
    story: testing.Story, person: str, fields: dict[str, object], said: str
) -> None:
    assert said in refusal(story, reassignments.order, lead(story).id, person, **fields)


@pytest.mark.requirement("R-00-22")
@pytest.mark.parametrize(
    ("person", "fields", "said"),
    [
        ("unit_head.zjj", {"description": "难", "needed_level": "mayor"}, "办理人员"),
        (HANDLER, {"description": "", "needed_level": "mayor"}, "description"),
        (HANDLER, {"description": "难", "needed_level": "dc_chief"}, "needed_level"),
    ],
    ids=["not the handler", "no description", "no leader"],
)
def test_a_difficulty_names_what_is_hard_and_a_leader(
    story: testing.Story, person: str, fields: dict[str, object], said: str
) -> None:
    assert said in refusal(story, difficulties.report, lead(story).id, person, **fields)


@pytest.mark.requirement("R-00-19")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "系统"}, "mode"),
        ({"content": ""}, "content"),
        ({"target": ""}, "target"),
    ],
    ids=["mode of the system", "no content", "no target"],
)
def test_an_urge_says_how_what_and_whom(
    story: testing.Story, changes: dict[str, object], said: str
) -> None:
    given = {"mode": "电话", "content": "请抓紧。", "target": "经办人", **changes}
    assert said in refusal(story, urges.by_hand, lead(story).id, OFFICER, **given)


@pytest.mark.requirement("R-00-19")
def test_an_urge_is_on_record_with_its_moment_and_answer(story: testing.Story) -> None:
    """催办记录: 方式、内容、对象、时间、回应."""
    given = {"mode": "现场", "content": "到现场督办。", "target": "抢修队"}
    record = lead(story).id
    with story.command() as work:
        officer = people.identity(work.connection, OFFICER, story.now)
        urges.by_hand(work, record, officer, given)
    (kept,) = read_urges(story, record)
    give(story, urges.respond, kept.id, HANDLER, response="今晚完工。")
    with story.engine.read() as connection:
        answers = urges.responses(connection, kept.id)

    assert ("现场", "到现场督办。", "抢修队", OFFICER, story.now) == (
        kept.mode,
        kept.content,
        kept.target,
        kept.person,
        kept.at,
    )
    assert ["今晚完工。"] == answers


def read_urges(story: testing.Story, undertaking: int) -> list[urges.Urge]:
    with story.engine.read() as connection:
        return urges.of_undertaking(connection, undertaking)


def test_only_the_offices_urge(story: testing.Story) -> None:
    given = {"mode": "电话", "content": "请抓紧。", "target": "经办人"}
    for person in (HANDLER, "archivist", "sys_admin"):
        said = refusal(story, urges.by_hand, lead(story).id, person, **given)
        assert "只有督查室和政府办" in said


@pytest.mark.parametrize("person", [OFFICER, "dc_chief", "go_deputy", HANDLER])
def test_only_leaders_let_a_matter_rest(story: testing.Story, person: str) -> None:
    """任意未结→SUSPENDED须领导批 (domain §3.2)."""
    matter = finding.matter(story)
    said = refusal(story, clocks.suspend, matter.id, person, reason="等批复")
    assert "须经领导批准" in said


def test_a_clock_that_runs_is_not_started(story: testing.Story) -> None:
    matter = finding.matter(story)
    with pytest.raises(clocks.NotStopped), story.command() as work:
        clocks.go(work, matters.get(work.connection, matter.id))


@pytest.mark.parametrize(
    ("person", "question", "said"),
    [("unit_deputy.zjj", "几号楼？", "办理人员"), (HANDLER, " ", "question")],
    ids=["not the handler", "no question"],
)
def test_waiting_for_the_caller_needs_the_handler_and_a_question(
    story: testing.Story, person: str, question: str, said: str
) -> None:
    assert said in refusal(
        story, caller_waits.request, lead(story).id, person, question=question
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"wanted_on": "2026-03-19", "reason": "雨"}, "须晚于"),
        ({"wanted_on": "2026-03-25", "reason": ""}, "reason"),
        ({"reason": "雨"}, "wanted_on"),
    ],
    ids=["no later day", "no reason", "no day"],
)
def test_more_time_of_the_hotline_needs_a_reason_and_a_later_day(
    story: testing.Story, fields: dict[str, object], said: str
) -> None:
    matter = finding.matter(story)
    assert said in refusal(
        story, ticket_extensions.request, matter.id, OFFICER, **fields
    )


def test_a_recommendation_is_decided_once_by_whom_it_concerns(
    story: testing.Story,
) -> None:
    """CA-09: 不得自动移交, and nobody but the mayor decides on it."""
    with story.command() as work:
        found = recommendations.record(work, lead(story), "REFERRAL", "逾期20个工作日")
    given = {"decision": "DISMISS", "comment": "先约谈。"}
    for person in ("go_director", "vice_mayor", "discipline_recv"):
        said = refusal(story, recommendations.decide, found.id, person, **given)
        assert "不能决定" in said
    said = refusal(
        story, recommendations.decide, found.id, "mayor", **{**given, "comment": ""}
    )
    assert "comment" in said
    give(story, recommendations.decide, found.id, "mayor", **given)
    said = refusal(story, recommendations.decide, found.id, "mayor", **given)
    assert "已经有了决定" in said
