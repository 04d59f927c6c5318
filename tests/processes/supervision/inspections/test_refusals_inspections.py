"""Inspections, meetings, assigned matters: what is wrong is refused by its rule."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from functools import partial

import pytest

from engine import testing
from processes.supervision import avoidances
from tests.processes.supervision.refusing import refused
from tests.processes.supervision.refusing import refused_start
from tests.processes.supervision.refusing import refused_task

MINUTES: testing.Values = {
    "title": "县长办公会议定事项",
    "meeting_type": "县长办公会议",
    "meeting_no": "第9次",
    "held_on": "2026-09-18",
    "source_on": "2026-09-21",
    "source_rank": "mayor",
    "source_leader": "mayor",
    "original": "纪要2026-009",
    "items": [
        {
            "content": "完成背街小巷改造",
            "unit": "zjj",
            "supervised": True,
            "requirement": "按期完工。",
        }
    ],
    "urgency": "平件",
    "secrecy": "内部",
}
BREAKDOWN: testing.Values = {
    "opinion": "拟开展督查活动。",
    "mandates": [
        {
            "content": "完成背街小巷改造",
            "requirement": "按期完工。",
            "lead_unit": "zjj",
            "duty": "牵头改造",
            "responsible_person": "杨副局长",
            "due_on": "2026-10-12",
            "report_class": "GENERAL",
        }
    ],
}
PLAN: testing.Values = {
    "basis": "县长办公会纪要第9次",
    "form": "现场督办",
    "authority": "行政首长指令",
    "type": "专项督查",
    "content": "改造进度",
    "scope": "城区工地",
    "objects": [{"unit": "zjj"}],
    "methods": ["现场查看"],
    "starts_on": "2026-09-21",
    "ends_on": "2026-09-25",
}
HEAD = {"role": "LEADER", "account": "group_leader", "from_unit": "县政府办公室"}
MEMBER = {"role": "MEMBER", "account": "group_member", "from_unit": "县审计局"}
VISIT: testing.Values = {
    "held_on": "2026-09-21",
    "place": "东关街",
    "method": "现场查看",
    "content": "路面已铺设。",
    "verified": "进度属实。",
    "next": "END",
}
FINDING = {
    "unit": "zjj",
    "object": "雨水口",
    "place": "西关巷",
    "fact": "三处堵塞。",
    "evidence": "照片3张",
    "suggestion": "三日内清掏。",
}
ASSIGNED: testing.Values = {
    "title": "企业用工难问题",
    "source_rank": "party_leader",
    "source_leader": "孙书记",
    "mode": "口头",
    "content": "尽快解决企业用工难。",
    "source_on": "2026-09-21",
    "progress_every": "NONE",
    "second_rank": "NONE",
    "urgency": "平件",
    "secrecy": "内部",
}
JOINT: testing.Values = {
    "title": "重点项目联合督查",
    "topic": "重点项目进展",
    "basis": "经济形势分析会",
    "lead_office": "县政府办公室",
    "participants": ["fgw"],
    "source_on": "2026-09-21",
    "urgency": "平件",
    "secrecy": "内部",
}


@pytest.fixture
def begins() -> datetime:
    """2026-09-21 09:00 in Shanghai, a Monday."""
    return datetime(2026, 9, 21, 1, tzinfo=UTC)


def activity(story: testing.Story) -> None:
    """Bring a meeting's matter to the plan of its inspection."""
    story.start("proc_meeting_decision", person="dc_registrar", fields=MINUTES)
    story.complete("立项分解", person="dc_officer", fields=BREAKDOWN)
    story.complete("副主任审定", person="go_deputy", fields={"decision": "APPROVE"})
    story.complete(
        "主任审定",
        person="go_director",
        fields={"decision": "APPROVE", "issue_mode": "ACTIVITY"},
    )


def planned(story: testing.Story) -> None:
    """Have the plan approved."""
    activity(story)
    story.complete("制定方案", person="dc_officer", fields=PLAN)
    story.complete("主任审定方案", person="go_director", fields={"decision": "APPROVE"})


def on_site(story: testing.Story) -> None:
    """Form the group."""
    planned(story)
    story.complete("组建督查组", person="dc_chief", fields={"members": [HEAD, MEMBER]})


def ended(story: testing.Story) -> None:
    """Visit once and end."""
    on_site(story)
    story.complete("登记现场督查", person="group_leader", fields=VISIT)
    fields = {"ended_on": "2026-09-21"}
    story.complete("登记结束日", person="group_leader", fields=fields)


@pytest.mark.requirement("R-02-10", "R-02-20")
def test_a_plan_without_basis_form_method_or_object_is_refused(
    story: testing.Story,
) -> None:
    activity(story)
    for changes, words in (
        ({"basis": ""}, "年度计划编号和批准依据至少填一项"),
        ({"form": None}, "form"),
        ({"form": "联合督导"}, "form"),
        ({"authority": None}, "条例第十一条"),
        ({"authority": "自行决定"}, "authority"),
        ({"organizer": "政府部门"}, "条例第七条"),
        ({"type": None}, "条例第十四条"),
        ({"type": "突击检查"}, "type"),
        ({"methods": []}, "methods"),
        ({"methods": ["打卡签到"]}, "methods"),
        ({"objects": []}, "至少填一个督查对象"),
        ({"objects": [{"unit": "nowhere"}]}, "objects"),
        ({"scope": ""}, "scope"),
        ({"ends_on": "2026-09-20"}, "ends_on"),
        ({"ends_on": "2028-01-01"}, "一年以内"),
        ({"starts_on": "九月"}, "starts_on"),
    ):
        refused_task(
            story,
            "制定方案",
            person="dc_officer",
            fields={**PLAN, **changes},
            words=words,
        )


def test_an_object_inspected_within_fifteen_days_needs_a_reason(
    story: testing.Story,
) -> None:
    planned(story)
    activity_of_another = {**MINUTES, "title": "供水保障专题会议定事项"}
    story.start(
        "proc_meeting_decision", person="dc_registrar", fields=activity_of_another
    )
    story.complete("立项分解", person="dc_officer", fields=BREAKDOWN)
    story.complete("副主任审定", person="go_deputy", fields={"decision": "APPROVE"})
    mode = {"decision": "APPROVE", "issue_mode": "ACTIVITY"}
    story.complete("主任审定", person="go_director", fields=mode)
    near = {**PLAN, "starts_on": "2026-10-10", "ends_on": "2026-10-10"}
    far = {**PLAN, "starts_on": "2026-10-11", "ends_on": "2026-10-11"}

    refused_task(
        story, "制定方案", person="dc_officer", fields=near, words="涉嫌多头督查"
    )
    story.complete("制定方案", person="dc_officer", fields=far)


@pytest.mark.requirement("R-02-08", "R-04-19")
def test_a_group_without_one_head_or_with_an_interest_is_refused(
    story: testing.Story,
) -> None:
    planned(story)
    for members, words in (
        ([HEAD], "不得少于2人"),
        ([MEMBER, {**MEMBER, "account": "dc_officer_b"}], "组长应当恰好一人，现有0人"),
        ([HEAD, {**HEAD, "account": "dc_chief"}], "组长应当恰好一人，现有2人"),
        (
            [{"role": "LEADER", "name": "苏委员", "from_unit": "县政协"}, MEMBER],
            "组长须是本系统的在岗人员",
        ),
        ([HEAD, {"role": "MEMBER", "account": "nobody"}], "account"),
        ([HEAD, {"role": "MEMBER", "name": "苏委员"}], "来自哪个单位"),
        ([HEAD, MEMBER, MEMBER], "同一人不能重复列入"),
        ([HEAD, {**MEMBER, "invited_from": "同学会"}], "invited_from"),
        ([HEAD, {"role": "MEMBER", "account": "unit_deputy.zjj"}], "应当回避"),
        (
            [HEAD, {"role": "MEMBER", "name": "某某", "from_unit": "zjj"}],
            "应当回避",
        ),
    ):
        refused_task(
            story,
            "组建督查组",
            person="dc_chief",
            fields={"members": members},
            words=words,
        )


@pytest.mark.requirement("R-04-19")
def test_who_is_in_the_register_of_avoidance_is_refused(story: testing.Story) -> None:
    planned(story)
    interest = {"account": "group_member", "unit": "zjj", "reason": "配偶任职"}
    with story.command() as work:
        avoidances.enter(work, interest, person="dc_chief")

    refused_task(
        story,
        "组建督查组",
        person="dc_chief",
        fields={"members": [HEAD, MEMBER]},
        words="配偶任职",
    )


def test_an_avoidance_without_person_unit_or_reason_is_refused(
    story: testing.Story,
) -> None:
    def declare(interest: testing.Values) -> None:
        with story.command() as work:
            avoidances.enter(work, interest, person="dc_chief")

    interest = {"account": "group_member", "unit": "zjj", "reason": "配偶任职"}
    for changes, words in (
        ({"account": "nobody"}, "没有账号"),
        ({"account": None, "name": ""}, "name"),
        ({"unit": "nowhere"}, "没有单位"),
        ({"reason": ""}, "reason"),
    ):
        refused(story, partial(declare, {**interest, **changes}), words)


def test_a_visit_outside_of_what_was_approved_is_refused(
    story: testing.Story,
) -> None:
    on_site(story)
    for changes, words in (
        ({"held_on": "2026-09-22"}, "不能晚于今天"),
        ({"held_on": "2026-09-20"}, "应在批准的期间"),
        ({"method": "约谈"}, "method"),
        ({"verified": ""}, "verified"),
        ({"findings": [{**FINDING, "unit": "fgw"}]}, "findings"),
        ({"findings": [{**FINDING, "evidence": ""}]}, "evidence"),
        ({"findings": [{**FINDING, "place": ""}]}, "place"),
        ({"next": None}, "next"),
    ):
        refused_task(
            story,
            "登记现场督查",
            person="group_leader",
            fields={**VISIT, **changes},
            words=words,
        )


def test_only_the_head_of_the_group_records_a_visit(story: testing.Story) -> None:
    on_site(story)

    refused_task(
        story, "登记现场督查", person="group_member", fields=VISIT, words="不由您办理"
    )


def test_an_end_before_the_last_visit_or_after_today_is_refused(
    story: testing.Story,
) -> None:
    on_site(story)
    story.complete("登记现场督查", person="group_leader", fields=VISIT)
    for day, words in (
        ("2026-09-20", "不得早于末次现场记录"),
        ("2026-09-22", "不能晚于今天"),
        ("", "ended_on"),
    ):
        refused_task(
            story,
            "登记结束日",
            person="group_leader",
            fields={"ended_on": day},
            words=words,
        )


@pytest.mark.requirement("R-02-22")
def test_a_report_needs_a_conclusion_and_a_destination(story: testing.Story) -> None:
    ended(story)
    report = {"body": "进展顺利。", "conclusion": "能够按期完工。"}

    refused_task(
        story,
        "撰写督查报告",
        person="group_leader",
        fields={"body": "进展顺利。"},
        words="conclusion",
    )
    story.complete("撰写督查报告", person="group_leader", fields=report)
    for fields in ({}, {"outcome": "NOWHERE"}):
        refused_task(
            story, "确定报告去向", person="dc_chief", fields=fields, words="outcome"
        )


@pytest.mark.requirement("R-01-18")
def test_minutes_that_miss_what_they_need_are_refused(
    story: testing.Story,
) -> None:
    for changes, words in (
        ({"source_on": "2026-09-22"}, "不能晚于今天"),
        ({"due_on": "2026-09-20"}, "due_on"),
        ({"secrecy": "秘密"}, "R-05-06"),
        ({"meeting_type": "茶话会"}, "meeting_type"),
        ({"source_leader": "go_director"}, "source_leader"),
        ({"original": ""}, "original"),
        ({"title": "会" * 201}, "title"),
    ):
        refused_start(
            story,
            "proc_meeting_decision",
            person="dc_registrar",
            fields={**MINUTES, **changes},
            words=words,
        )


@pytest.mark.requirement("R-01-18")
def test_the_director_must_choose_between_notice_and_activity(
    story: testing.Story,
) -> None:
    story.start("proc_meeting_decision", person="dc_registrar", fields=MINUTES)
    story.complete("立项分解", person="dc_officer", fields=BREAKDOWN)
    story.complete("副主任审定", person="go_deputy", fields={"decision": "APPROVE"})

    refused_task(
        story,
        "主任审定",
        person="go_director",
        fields={"decision": "APPROVE"},
        words="R-01-18",
    )


@pytest.mark.requirement("R-01-20")
def test_a_section_judges_major_or_ordinary_with_a_reason(story: testing.Story) -> None:
    minutes = {**MINUTES, "source_rank": "vice_mayor", "source_leader": "vice_mayor"}
    story.start("proc_meeting_decision", person="go_section", fields=minutes)

    for fields, words in (
        ({"reason": "涉及面广。"}, "R-01-20"),
        ({"weight": "MERGE", "reason": "并案。", "into": "x"}, "weight"),
        ({"weight": "MAJOR"}, "reason"),
    ):
        refused_task(
            story, "判定是否重大", person="go_section", fields=fields, words=words
        )


@pytest.mark.requirement("R-01-35")
def test_an_order_that_misses_what_it_needs_is_refused(
    story: testing.Story,
) -> None:
    for changes, words in (
        ({"mode": "托梦"}, "mode"),
        ({"progress_every": "DAILY"}, "progress_every"),
        ({"source_leader": ""}, "source_leader"),
        ({"content": ""}, "content"),
        ({"second_rank": None}, "second_rank"),
    ):
        refused_start(
            story,
            "proc_other_assigned",
            person="dc_registrar",
            fields={**ASSIGNED, **changes},
            words=words,
        )


@pytest.mark.requirement("R-01-35")
def test_an_oral_order_is_not_drafted_before_it_is_written_down(
    story: testing.Story,
) -> None:
    story.start("proc_other_assigned", person="dc_registrar", fields=ASSIGNED)

    assert ["补领导交办记录单"] == [task.name for task in story.open_tasks()]
    refused_task(
        story,
        "补领导交办记录单",
        person="dc_registrar",
        fields={"leader": "孙书记", "received_by": "吴主任", "place": "常委会后"},
        words="content",
    )


@pytest.mark.requirement("R-00-41")
def test_a_joint_inspection_needs_a_theme_a_basis_and_participants(
    story: testing.Story,
) -> None:
    for changes, words in (
        ({"participants": []}, "R-00-41"),
        ({"participants": ["nowhere"]}, "participants"),
        ({"topic": ""}, "R-03-05"),
        ({"basis": ""}, "basis"),
    ):
        refused_start(
            story,
            "proc_joint_inspection",
            person="dc_officer",
            fields={**JOINT, **changes},
            words=words,
        )


@pytest.mark.requirement("R-02-06")
def test_a_joint_plan_that_a_leader_returned_forms_no_group(
    story: testing.Story,
) -> None:
    story.start("proc_joint_inspection", person="dc_officer", fields=JOINT)
    plan = {**PLAN, "form": "专项督查"}
    story.complete("拟定联合督查方案", person="dc_officer", fields=plan)
    agree = {"countersign": "AGREE", "comment": "同意。"}
    story.complete("会签方案", person="unit_head.fgw", fields=agree)
    back = {"decision": "RETURN", "comment": "再议。"}
    story.complete("县政府领导审定", person="mayor", fields=back)

    assert ["拟定联合督查方案"] == [task.name for task in story.open_tasks()]


@pytest.mark.requirement("R-00-23")
def test_a_report_of_research_keeps_to_two_thousand_words(story: testing.Story) -> None:
    topic = {
        "title": "农村养老服务供给",
        "topic_kind": "难点",
        "reason": "群众反映集中。",
        "source_rank": "vice_mayor",
        "source_on": "2026-09-21",
        "urgency": "平件",
        "secrecy": "内部",
    }
    story.start("proc_research", person="dc_officer", fields=topic)
    agree = {"decision": "APPROVE"}
    story.complete("副主任审核选题", person="go_deputy", fields=agree)
    story.complete("县政府领导审定选题", person="vice_mayor", fields=agree)
    plan = {**PLAN, "form": "调研督查", "objects": [{"unit": "mzj"}]}
    story.complete("制定方案", person="dc_officer", fields=plan)
    story.complete("主任审定方案", person="go_director", fields=agree)
    story.complete("组建督查组", person="dc_chief", fields={"members": [HEAD, MEMBER]})
    visit = {**VISIT, "tendency": "护理不足。", "countermeasure": "定向培训。"}
    story.complete("登记现场督查", person="group_leader", fields=visit)
    fields = {"ended_on": "2026-09-21"}
    story.complete("登记结束日", person="group_leader", fields=fields)
    longest = {"body": "查" * 1998, "tendency": "问", "countermeasure": "策"}

    refused_task(
        story,
        "撰写督查报告",
        person="group_leader",
        fields={**longest, "body": "查" * 1999},
        words="不得超过2000字，现有2001字",
    )
    story.until(story.now + timedelta(minutes=1))
    story.complete("撰写督查报告", person="group_leader", fields=longest)
