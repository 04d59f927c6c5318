"""P-09, the three lists: what is wrong is refused by its rule and changes nothing."""

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
from processes.supervision.matters import matters
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import rectifications
from tests.processes.supervision.refusing import refused

#: 2026-09-15 09:00 in Shanghai, a Tuesday.
BEGIN = datetime(2026, 9, 15, 1, tzinfo=UTC)
#: 2026-09-16 10:00 in Shanghai.
ON_SITE = datetime(2026, 9, 16, 2, tzinfo=UTC)
PLAN = {
    "plan_no": "夏巡〔2026〕3号",
    "authority": "政府决定",
    "type": "专项督查",
    "content": "农贸市场整治",
    "scope": "城区农贸市场",
    "objects": [{"unit": "cgj"}],
    "methods": ["现场查看"],
    "starts_on": "2026-09-16",
    "ends_on": "2026-09-28",
}
LEADER = {"role": "LEADER", "account": "group_leader", "duty": "总负责"}
LEADER["from_unit"] = "夏邑县人民政府办公室"
MEMBER = {**LEADER, "role": "MEMBER", "account": "group_member", "duty": "查看"}
PROBLEM = {
    "content": "南门占道经营",
    "place": "东关农贸市场南门",
    "object": "流动摊贩",
    "fact": "占道经营12处。",
    "evidence": "照片3张",
    "suggestion": "限期清理。",
    "unit": "cgj",
}
MEASURE = {
    "content": "清理摊点",
    "milestones": [{"on": "2026-09-25", "what": "清理完毕"}],
}
MEASURES = {"deadline": "2026-09-29", "roadmap": "先疏后堵。", "measures": [MEASURE]}
CAUSE = {"cause": "巡查不到位。", "disposal": "LIMITED"}
CHARGE = {"responsible": "unit_handler.cgj", "duty": "清理。"}
REPORT = {"completed": True, "body": "已清理。", "evidence": "照片8张"}
APPROVE = {"decision": "APPROVE"}


@pytest.fixture(scope="module")
def patrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office in which a patrol has reported and lists what it found."""
    folder = tmp_path_factory.mktemp("office")
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    story = testing.Story(rehearsal.opener(pool, folder), BEGIN, restarts=False)
    start(story)
    story.complete("制定巡查工作方案", person="dc_officer", fields=PLAN)
    story.complete("县政府同意方案", person="mayor", fields=APPROVE)
    members = {"members": [LEADER, MEMBER]}
    story.complete("组建巡查组", person="go_section", fields=members)
    story.until(ON_SITE)
    visit = {"held_on": "2026-09-16", "place": "东关", "method": "现场查看"}
    visit |= {"content": "察看了东关农贸市场。", "next": "END"}
    story.complete("登记现场督查", person="group_leader", fields=visit)
    ended = {"ended_on": "2026-09-16"}
    story.complete("登记结束日", person="group_leader", fields=ended)
    report = {"body": "巡查了一处。", "conclusion": "存在占道经营。"}
    story.complete("撰写督查报告", person="group_leader", fields=report)
    opinion = {"opinion": "限期整改。", "follow_up": "NO"}
    story.complete("县政府领导意见", person="vice_mayor", fields=opinion)
    pool.dispose()
    return folder / "office.db"


@pytest.fixture
def story(patrolled: Path, tmp_path: Path) -> Iterator[testing.Story]:
    """The office with the patrol, in a copy of its own."""
    copy = shutil.copy(patrolled, tmp_path / "office.db")
    pool = database.create(f"sqlite:///{copy}")
    found = testing.Story(rehearsal.opener(pool, tmp_path), ON_SITE, restarts=False)
    found.follow(patrol_of(found))
    yield found
    pool.dispose()


def start(story: testing.Story, **changes: object) -> str:
    fields = {
        "title": "农贸市场巡查",
        "scope_kind": "重点工作、重大项目建设推进",
        "content_kind": "重大决策部署贯彻落实情况",
    }
    return story.start("proc_patrol", person="dc_officer", fields=fields | changes)


def patrol_of(story: testing.Story) -> str:
    with story.engine.read() as connection:
        return str(matters.by_number(connection, "411426-2026-09-0001").root_id)


def list_problems(story: testing.Story, *listed: object, **fields: object) -> None:
    given = {"problems": list(listed), **fields}
    story.complete("梳理整改问题清单", person="group_leader", fields=given)


def analyse(story: testing.Story, **changes: object) -> None:
    story.complete("根源分析", person="unit_handler.cgj", fields=CAUSE | changes)


def plan(story: testing.Story, **changes: object) -> None:
    fields = MEASURES | changes
    story.complete("制定整改措施", person="unit_handler.cgj", fields=fields)


def charge(story: testing.Story, **changes: object) -> None:
    story.complete("制定整改责任清单", person="perf_office", fields=CHARGE | changes)


def report(story: testing.Story, **changes: object) -> None:
    fields = REPORT | changes
    story.complete("报送整改落实情况", person="unit_handler.cgj", fields=fields)


def sign(story: testing.Story) -> None:
    story.complete("主要负责人签发整改报告", person="unit_head.cgj", fields=APPROVE)


def verify(story: testing.Story, **fields: object) -> None:
    given = {"comment": "核实。", **fields}
    story.complete("核验", person="perf_office", fields=given)


def to_measures(story: testing.Story) -> None:
    list_problems(story, PROBLEM)
    analyse(story)


def to_responsibility(story: testing.Story) -> None:
    to_measures(story)
    plan(story)
    story.complete("分管负责人审核措施", person="unit_deputy.cgj", fields=APPROVE)
    story.complete("主要负责人审定措施", person="unit_head.cgj", fields=APPROVE)


def to_rectifying(story: testing.Story) -> None:
    to_responsibility(story)
    charge(story)


def to_closed(story: testing.Story) -> None:
    to_rectifying(story)
    report(story)
    sign(story)
    verify(story, verdict="CLOSE")


def only_problem(story: testing.Story) -> problems.Problem:
    with story.engine.read() as connection:
        return problems.get(connection, 1)


def signed(story: testing.Story) -> problems.Signature:
    return problems.Signature("perf_office", None, story.now)


# -- 巡查 ------------------------------------------------------------


@pytest.mark.requirement("R-02-05")
def test_a_patrol_is_of_one_of_three_contents(story: testing.Story) -> None:
    refused(story, lambda: start(story, content_kind="随便看看"), "content_kind")


@pytest.mark.requirement("R-02-06", "S15")
def test_no_group_before_the_government_agrees(story: testing.Story) -> None:
    start(story)
    again = PLAN | {"overlap_reason": "复查。"}
    story.complete("制定巡查工作方案", person="dc_officer", fields=again)

    assert ["县政府同意方案"] == [one.name for one in story.open_tasks()]
    refused(
        story,
        lambda: story.complete("县政府同意方案", person="go_director", fields=APPROVE),
        "",
    )


@pytest.mark.requirement("R-02-08", "S15")
def test_a_patrol_has_exactly_one_head(story: testing.Story) -> None:
    start(story)
    plan = PLAN | {"overlap_reason": "复查。"}
    story.complete("制定巡查工作方案", person="dc_officer", fields=plan)
    story.complete("县政府同意方案", person="mayor", fields=APPROVE)
    for members in ([MEMBER], [LEADER, {**MEMBER, "role": "LEADER"}]):
        refused(
            story,
            lambda members=members: story.complete(  # type: ignore[misc]
                "组建巡查组", person="go_section", fields={"members": members}
            ),
            "R-02-08",
        )


@pytest.mark.requirement("R-02-10")
def test_a_patrol_uses_the_nine_methods(story: testing.Story) -> None:
    start(story)
    for methods in ([], ["问卷"]):
        plan = PLAN | {"methods": methods}
        refused(
            story,
            lambda plan=plan: story.complete(  # type: ignore[misc]
                "制定巡查工作方案", person="dc_officer", fields=plan
            ),
            "methods",
        )


# -- 整改问题清单 ------------------------------------------------------------


@pytest.mark.requirement("R-02-39")
@pytest.mark.parametrize("missing", sorted(PROBLEM))
def test_a_problem_has_place_object_fact_and_evidence(
    story: testing.Story, missing: str
) -> None:
    problem = {key: value for key, value in PROBLEM.items() if key != missing}

    refused(story, lambda: list_problems(story, problem), missing)


@pytest.mark.requirement("R-02-39")
def test_a_problem_belongs_to_a_unit_and_its_finding_to_the_inspection(
    story: testing.Story,
) -> None:
    refused(story, lambda: list_problems(story, PROBLEM | {"unit": "none"}), "unit")
    refused(story, lambda: list_problems(story, {"finding": "99"}), "finding")


@pytest.mark.requirement("R-02-30")
def test_a_list_says_whether_anything_was_found(story: testing.Story) -> None:
    refused(story, lambda: list_problems(story), "未发现问题")


# -- 根源、上报 ------------------------------------------------------------


@pytest.mark.requirement("R-02-31", "R-02-38")
def test_an_analysis_names_cause_and_disposal(story: testing.Story) -> None:
    list_problems(story, PROBLEM)

    refused(story, lambda: analyse(story, cause=""), "cause")
    refused(story, lambda: analyse(story, disposal="LATER"), "disposal")


@pytest.mark.requirement("R-02-32")
def test_what_is_beyond_the_duty_is_advised_in_writing(story: testing.Story) -> None:
    list_problems(story, PROBLEM)
    analyse(story, disposal="UPPER")

    for advice in ("", "　"):
        refused(
            story,
            lambda advice=advice: story.complete(  # type: ignore[misc]
                "提出书面意见建议",
                person="unit_handler.cgj",
                fields={"advice": advice},
            ),
            "advice",
        )


@pytest.mark.requirement("R-02-32")
def test_a_level_leaves_an_opinion(story: testing.Story) -> None:
    list_problems(story, PROBLEM)
    analyse(story, disposal="UPPER")
    advice = {"advice": "请县政府划定摊位。"}
    story.complete("提出书面意见建议", person="unit_handler.cgj", fields=advice)

    for fields in ({"level_decision": "RESOLVE"}, {"opinion": "同意。"}):
        refused(
            story,
            lambda fields=fields: story.complete(  # type: ignore[misc]
                "上级研究意见", person="vice_mayor", fields=fields
            ),
            "不能为空",
        )


# -- 措施、责任 ------------------------------------------------------------


@pytest.mark.requirement("R-02-40", "S14")
def test_measures_without_a_milestone_are_refused(story: testing.Story) -> None:
    to_measures(story)

    refused(story, lambda: plan(story, measures=[]), "R-02-40")
    bare = {"content": "清理摊点"}
    refused(story, lambda: plan(story, measures=[MEASURE, bare]), "R-02-40")


@pytest.mark.requirement("R-02-31")
def test_measures_have_one_deadline_that_no_milestone_passes(
    story: testing.Story,
) -> None:
    to_measures(story)
    late = {"content": "清理", "milestones": [{"on": "2026-09-30", "what": "完"}]}

    refused(story, lambda: plan(story, deadline=""), "deadline")
    refused(story, lambda: plan(story, deadline="2026-09-15"), "不能早于今天")
    refused(story, lambda: plan(story, measures=[late]), "晚于整改时限")


def test_nobody_approves_his_own_measures(story: testing.Story) -> None:
    to_measures(story)
    with story.command() as work:
        people.add_post(
            work.connection,
            "unit_head.cgj",
            "unit_handler",
            unit_code="cgj",
            starts_at=BEGIN,
        )
    story.complete("制定整改措施", person="unit_head.cgj", fields=MEASURES)
    story.complete("分管负责人审核措施", person="unit_deputy.cgj", fields=APPROVE)

    refused(
        story,
        lambda: story.complete(
            "主要负责人审定措施", person="unit_head.cgj", fields=APPROVE
        ),
        "起草人",
    )


@pytest.mark.requirement("R-02-33")
def test_a_responsibility_reaches_a_person_of_the_unit(story: testing.Story) -> None:
    to_responsibility(story)

    for nobody in ("", "unit_handler.zjj", "somebody"):
        refused(
            story,
            lambda one=nobody: charge(story, responsible=one),  # type: ignore[misc]
            "responsible",
        )
    refused(story, lambda: charge(story, assisting=[{"unit": "cgj"}]), "牵头单位")
    refused(story, lambda: charge(story, assisting=[{"unit": "none"}]), "assisting")


# -- 整改、核验、销号 ------------------------------------------------------------


@pytest.mark.requirement("R-02-34")
def test_what_is_called_done_brings_its_evidence(story: testing.Story) -> None:
    to_rectifying(story)

    refused(story, lambda: report(story, evidence=""), "佐证")
    refused(story, lambda: report(story, body=""), "body")


@pytest.mark.requirement("R-00-18")
def test_a_report_is_not_sent_unsigned(story: testing.Story) -> None:
    to_rectifying(story)
    report(story)

    def send() -> None:
        with story.command() as work:
            rectifications.submit(work, problems.get(work.connection, 1))

    refused(story, send, "R-00-18")


@pytest.mark.requirement("R-02-35")
def test_what_is_not_done_is_not_struck_off(story: testing.Story) -> None:
    to_rectifying(story)
    report(story, completed=False)
    sign(story)

    refused(story, lambda: verify(story, verdict="CLOSE"), "不能销号")
    refused(story, lambda: verify(story, verdict="RETURN"), "另定")
    past = "2026-09-01"
    refused(story, lambda: verify(story, verdict="RETURN", deadline=past), "另定")
    refused(story, lambda: verify(story, verdict="FORGET"), "verdict")


@pytest.mark.requirement("R-02-36")
def test_a_closed_problem_is_not_changed_any_more(story: testing.Story) -> None:
    to_closed(story)

    def draft() -> None:
        with story.command() as work:
            problem = problems.get(work.connection, 1)
            rectifications.draft(work, problem, REPORT, signed(story))

    def rename() -> None:
        with story.command() as work:
            problems.change(work, problems.get(work.connection, 1), content="没有问题")

    def send() -> None:
        with story.command() as work:
            problems.move(work, problems.get(work.connection, 1), "SENT")

    refused(story, draft, "不需要报送")
    refused(story, rename, "已销号")
    refused(story, send, "不能转为")

    assert "CLOSED" == only_problem(story).state


@pytest.mark.requirement("R-02-36")
def test_second_looks_choose_among_closed_problems(story: testing.Story) -> None:
    to_closed(story)

    def choose(**fields: object) -> None:
        story.complete("安排“回头看”", person="perf_office", fields=fields)

    refused(story, lambda: choose(mode="RANDOM", percent=9), "10到100")
    refused(story, lambda: choose(mode="CHOSEN", chosen=["WT-2026-09-009"]), "chosen")
    refused(story, lambda: choose(mode="CHOSEN", chosen=[]), "请选择")
    refused(story, lambda: choose(mode="NEVER"), "mode")


# -- 督查、考察 ------------------------------------------------------------


@pytest.mark.requirement("R-02-03", "R-02-13", "R-02-14")
def test_an_inspection_names_its_content_and_its_grade(story: testing.Story) -> None:
    fields = {
        "title": "占道经营整改督查",
        "scope_kind": "审计意见整改落实",
        "content_kind": "巡查发现问题的整改落实情况",
        "grade": "DIRECTOR",
    }
    for key in ("scope_kind", "content_kind", "grade"):
        refused(
            story,
            lambda key=key: story.start(  # type: ignore[misc]
                "proc_special_inspection",
                person="dc_officer",
                fields=fields | {key: "其他"},
            ),
            key,
        )


@pytest.mark.requirement("R-02-23")
def test_nothing_is_appraised_without_results(story: testing.Story) -> None:
    def appraise(since: str, until: str) -> None:
        period = {"since": since, "until": until, "topic": "NO"}
        fields = {"title": "考察", **period}
        story.start("proc_appraisal", person="dc_officer", fields=fields)

    refused(story, lambda: appraise("2026-01-01", "2026-06-30"), "R-02-23")
    refused(story, lambda: appraise("2026-12-31", "2026-01-01"), "早于起始日")
    appraise("2026-07-01", "2026-12-31")
    for units in (["zjj"], ["cgj", "cgj"], []):
        rows = [{"unit": one, "grade": "好", "reason": "好。"} for one in units]
        refused(
            story,
            lambda rows=rows: story.complete(  # type: ignore[misc]
                "综合评价",
                person="dc_officer",
                fields={"evaluations": rows, "accountability": "NONE"},
            ),
            "evaluations",
        )


@pytest.mark.requirement("R-02-07", "S16")
def test_months_missed_are_made_up_for_once_and_no_month_opens_twice(
    story: testing.Story,
) -> None:
    # The office was prepared years before: one start stands for all that were missed.
    duty = tables.patrol_duty.c
    query = sa.select(duty.month, duty.leader).order_by(duty.leader)
    with story.engine.read() as connection:
        opened = [tuple(row) for row in connection.execute(query)]
    with story.command() as work:
        again = work.start("monthly_patrol", start_event="start_month")
    story.follow(again.instance_id)
    with story.engine.read() as connection:
        kept = [tuple(row) for row in connection.execute(query)]

    assert [("2026-09", "exec_vice_mayor"), ("2026-09", "vice_mayor")] == opened
    assert opened == kept
    assert "completed" == story.ended()
