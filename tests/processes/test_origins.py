"""What the office may supervise: the seven scopes of the county, and where from."""

import json

import pytest

from processes import office
from processes import procedures


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
