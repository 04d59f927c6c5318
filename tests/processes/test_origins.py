"""What the office may supervise: the seven scopes of the county, and where from."""

import json

import pytest

from processes import office
from processes import procedures
from processes.supervision.documents import circulars
from processes.supervision.inspections import site_visits


def described() -> dict[str, procedures.Procedure]:
    """Return the shipped procedures by key."""
    found = [
        procedures.read(path.read_bytes(), name=path.parent.name)
        for path in office.CATALOG.glob("*/procedure.toml")
    ]
    return {one.key: one for one in found}


def offered(form: str, key: str) -> set[str]:
    """Return the options of a field of a form."""
    (path,) = office.CATALOG.glob(f"*/forms/{form}.form")
    parts = json.loads(path.read_text("utf-8"))["components"]
    (field,) = [part for part in parts if part.get("key") == key]
    return {option["value"] for option in field["values"]}


@pytest.mark.requirement("R-01-01")
def test_the_seven_scopes_of_the_county_have_a_procedure_each() -> None:
    """夏政办〔2014〕29号 一(1)-(7), and the hotline that 二(七) adds."""
    titles = {
        one.category: one.title
        for one in described().values()
        if one.category < "09" and one.category != "06"
    }

    assert {
        "01": "上级公文",
        "02": "政府工作报告",
        "03": "十件实事",
        "04": "会议决定事项",
        "05": "领导批示件和交办事项",
        "07": "市长热线",
        "08": "领导交办其他事项",
    } == {
        category: titles[category]
        for category in titles.keys() - {"06"}
        if category < "09"
    }
    assert 3 <= sum(one.category == "06" for one in described().values())


@pytest.mark.requirement("R-00-06", "R-00-07", "R-00-09", "R-00-10")
@pytest.mark.parametrize(
    "source",
    [
        "同级党委、政府及办公室文件、通知",
        "同级党委、政府及办公室领导批示",
        "重点工程、重大项目、重点领域改革",
        "政府、办公室领导交办其他事项",
    ],
)
def test_other_matters_say_what_they_come_from(source: str) -> None:
    assert source in offered("assigned", "source_type")


@pytest.mark.requirement("R-00-03")
def test_instructions_from_above_name_their_level() -> None:
    """国家/省领导批示、国家/省督查通知."""
    kinds = offered("leader_instruction", "source_type")

    assert {"国家、省领导批示", "上级督查通知"} <= kinds
    assert {"国家", "省"} <= offered("leader_instruction", "source_level")


@pytest.mark.requirement("R-00-04")
def test_minutes_are_of_every_kind_of_meeting() -> None:
    """全体会议、常务会议、综合性会议、专题性会议."""
    kinds = {"全体会议", "常务会议", "综合性会议", "专题性会议"}

    assert kinds <= offered("minutes", "meeting_type")


@pytest.mark.requirement("R-00-23")
def test_research_is_of_what_matters_most_is_hard_or_stirs_people() -> None:
    assert {"重点", "难点", "热点"} == offered("research_topic", "topic_kind")


@pytest.mark.requirement("R-03-07")
def test_matters_are_registered_from_every_origin_of_the_yearbook() -> None:
    """报告、会议、文件、批示、现场调研确定事项、建议提案."""
    procedures_of = {
        "报告": "proc_gov_work_report",
        "会议": "proc_meeting_decision",
        "文件": "proc_upper_document",
        "批示": "proc_leader_instruction",
        "建议提案": "proc_npc_cppcc",
    }

    assert set(procedures_of.values()) <= described().keys()
    assert "调研现场" in offered("assigned", "mode")


SCOPES = {
    "重大决策部署和政策措施贯彻落实",
    "人大审议决议、政协协商建议事项落实",
    "《政府工作报告》年度目标任务",
    "重点工作、重大项目建设推进",
    "审计意见整改落实",
    "领导重要批示、交办事项办理",
    "其他重要事项",
}
PATROLLED = {
    "重大决策部署贯彻落实情况",
    "年度目标任务和重点项目建设推进情况",
    "人大议案、代表建议和政协提案办理情况",
}


@pytest.mark.requirement("R-02-03")
@pytest.mark.parametrize("form", ["lead_patrol", "patrol", "special_inspection"])
def test_three_inspections_have_seven_scopes(form: str) -> None:
    """观政办〔2016〕29号 一(一)-(七), the opinions of auditors (审计) among them."""
    assert offered(form, "scope_kind") == SCOPES


@pytest.mark.requirement("R-02-05")
@pytest.mark.parametrize("form", ["lead_patrol", "patrol"])
def test_a_patrol_has_three_contents(form: str) -> None:
    assert offered(form, "content_kind") == PATROLLED


@pytest.mark.requirement("R-02-13")
def test_an_inspection_has_four_contents() -> None:
    assert offered("special_inspection", "content_kind") == {
        "巡查发现问题的整改落实情况",
        "县政府会议议定事项落实情况",
        "县政府负责同志部署要求和批示事项落实情况",
        "市政府办公室、市政府督查室部署的督查督办事项",
    }


@pytest.mark.requirement("R-02-10")
def test_a_patrol_has_nine_methods() -> None:
    assert offered("patrol_plan", "methods") == {
        "听取汇报",
        "查看资料",
        "问卷调查",
        "座谈交流",
        "跟踪审计",
        "第三方评估",
        "个别访谈",
        "抽查暗访",
        "现场查看",
    }


@pytest.mark.requirement("R-02-20")
def test_an_inspection_has_five_forms() -> None:
    """现场督办, 跟踪督查, 调研督查, 专项督查, 回访复核: each asks its own."""
    forms = {
        "现场督办": ["verified"],
        "跟踪督查": ["channel"],
        "调研督查": ["tendency", "countermeasure"],
        "专项督查": ["rectify_by"],
        "回访复核": ["rectified", "satisfied"],
    }

    assert forms == {
        form: list(asked) for form, asked in site_visits.PARTICULARS.items()
    }
    assert forms.keys() == offered("inspection_plan", "form")
    assert ("电话督办", "书面督办", "落实反馈") == site_visits.CHANNELS


@pytest.mark.requirement("R-04-10")
@pytest.mark.parametrize("form", ["lower_own", "lower_passed"])
def test_a_vertical_office_supervises_five_contents(form: str) -> None:
    """工商系统政务督查方案 三(一)-(五), and what the office above passes down."""
    assert offered(form, "source_type") == {
        "党的路线方针政策",
        "地方党委政府决策",
        "上级主管部门部署",
        "本系统年度工作",
        "上级领导批示和交办",
        "上级转督",
    }


@pytest.mark.requirement("R-03-04")
def test_each_series_of_the_yearbook_is_there() -> None:
    """督查通知72期, 督查专报66期, 重要工作情况通报12期; 政务督查专报 is of 004."""
    assert {
        "督查通知",
        "督查专报",
        "督查通报",
        "重要工作情况通报",
        "政务督查专报",
    } == set(circulars.SERIES)
