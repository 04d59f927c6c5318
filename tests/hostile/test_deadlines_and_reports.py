"""Deadlines in missing years, reports too long, calendars that are broken."""

import json

import pytest

from engine import errors
from engine import workdays
from processes import calendars
from tests.hostile.conftest import County
from tests.hostile.conftest import ticket

#: The calendar knows the law's holidays up to 2035.
MISSING = "2036-03-03"
SENTENCE = (
    "2036年的工作日历还没有，无法计算工作日。请业务管理员在“工作日历”中导入并发布"
    "2036年的放假安排，然后重试。"
)


def far(number: str) -> dict[str, object]:
    return ticket(ticket_no=number, required_workdays=None, required_on=MISSING)


@pytest.mark.requirement("R-05-05")
def test_a_deadline_in_a_missing_year_is_refused_at_every_door(county: County) -> None:
    """Each says which year is missing and who brings it; no matter is left behind."""
    visitor = county.visits("dc_registrar")
    before = county.dump
    with pytest.raises(workdays.MissingYear) as refusal, county.engine.begin() as work:
        work.start("proc_mayor_hotline", fields=far("SQ-F1"), person="dc_registrar")
    sent = county.sends_ticket(far("SQ-F2"))
    told = county.commands(
        "start",
        "proc_mayor_hotline",
        "--person",
        "dc_registrar",
        "--fields",
        json.dumps(far("SQ-F3")),
    )
    page = visitor.sends(
        "/procedures/proc_mayor_hotline/start", fields=json.dumps(far("SQ-F4"))
    )

    assert (SENTENCE, 2036) == (refusal.value.message, refusal.value.ids["year"])
    assert (409, SENTENCE) == (sent.status_code, sent.get_json()["error"])
    assert (1, SENTENCE) == (told.exit_code, told.output.strip())
    assert 409 == page.status_code
    assert SENTENCE in page.get_data(as_text=True)
    assert before == county.dump


def test_a_ticket_without_a_key_is_refused_at_every_door(county: County) -> None:
    """Without its number nobody could tell the ticket sent again from a new one."""
    nameless = ticket(ticket_no=None)
    visitor = county.visits("dc_registrar")
    before = county.dump
    with pytest.raises(errors.Invalid) as refusal, county.engine.begin() as work:
        work.start("proc_mayor_hotline", fields=nameless, person="dc_registrar")
    sent = county.sends_ticket(nameless)
    told = county.commands(
        "start",
        "proc_mayor_hotline",
        "--person",
        "dc_registrar",
        "--fields",
        json.dumps(nameless),
    )
    page = visitor.sends(
        "/procedures/proc_mayor_hotline/start", fields=json.dumps(nameless)
    )

    assert {"ticket_no": ["“工单号”不能为空（R-01-32）"]} == refusal.value.fields
    assert 422 == sent.status_code
    assert ["不能为空。"] == sent.get_json()["fields"]["ticket_no"]
    assert 1 == told.exit_code
    assert "ticket_no：“工单号”不能为空（R-01-32）" in told.output
    assert 422 == page.status_code
    assert "“工单号”不能为空" in page.get_data(as_text=True)
    assert before == county.dump


REPORT: dict[str, object] = {
    "report_class": "GENERAL",
    "body": "已责令停止夜间施工。",
    "conclusion": "按要求办理完毕。",
    "actions": "措施已落实。",
    "completion": "DONE",
    "progress": 100,
    "problems": "无",
    "contacted_on": "2026-03-02",
    "contact_mode": "电话",
    "contact_content": "已告知诉求人。",
}


@pytest.fixture(scope="module")
def reporting(county: County) -> str:
    """The open task 办理并拟报告 of the handler of 县住建局."""
    county.starts(ticket_no="SQ-REPORT")
    county.completes(
        "拟办",
        "dc_officer",
        opinion="拟由县住建局主办。",
        lead_unit="zjj",
        requirement="立即抢修。",
    )
    county.completes("副主任签阅", "go_deputy", decision="APPROVE")
    county.completes("主任签阅", "go_director", decision="APPROVE")
    county.completes("常务副县长审定", "exec_vice_mayor", decision="APPROVE")
    county.completes("签收", "unit_registrar.zjj", acknowledged=True)
    county.completes("分办", "unit_deputy.zjj", handler="unit_handler.zjj")
    return county.task("办理并拟报告", "unit_handler.zjj")


@pytest.mark.parametrize(
    ("changes", "place", "sentence", "rule"),
    [
        (
            {"body": "长" * 1001},
            "body",
            "“办理情况”有 1001 字，原则上不超过 1000 字，超出须填写理由",
            "R-00-37）",
        ),
        (
            {"body": "长" * 1001, "excess_reason": "  "},
            "body",
            "“办理情况”有 1001 字，原则上不超过 1000 字，超出须填写理由",
            "R-00-37）",
        ),
        (
            {"report_class": "COMPREHENSIVE", "body": "长" * 2001},
            "body",
            "不得超过 2000 字",
            "R-00-37）",
        ),
        ({"problems": ""}, "problems", "不能为空", "（R-04-05）"),
        ({"conclusion": ""}, "conclusion", "不能为空", "（R-00-34）"),
        ({"investigated": True}, "fact_basis", "不能为空", "（R-01-25）"),
        ({"task_number": "T02-U01"}, "task_number", "一事一报", "（R-00-36）"),
    ],
)
def test_a_report_against_its_rule_is_refused_at_every_door(
    county: County,
    reporting: str,
    changes: dict[str, object],
    place: str,
    sentence: str,
    rule: str,
) -> None:
    fields = {**REPORT, **changes}
    visitor = county.visits("unit_handler.zjj")
    before = county.dump
    with pytest.raises(errors.Invalid) as refusal, county.engine.begin() as work:
        work.complete_task(reporting, "unit_handler.zjj", fields)
    page = visitor.sends(f"/tasks/{reporting}", fields=json.dumps(fields))
    told = county.commands(
        "complete",
        reporting,
        "--person",
        "unit_handler.zjj",
        "--fields",
        json.dumps(fields),
    )

    messages = [text for texts in refusal.value.fields.values() for text in texts]
    assert any(
        sentence in message and message.endswith(rule) for message in messages
    ), refusal.value.fields
    assert any(place in key for key in refusal.value.fields), refusal.value.fields
    assert 422 == page.status_code
    assert sentence in page.get_data(as_text=True)
    assert 1 == told.exit_code
    assert sentence in told.output
    assert before == county.dump


NOTICE = """year = 2026
source = "国办发明电〔2025〕7号"
[[holiday]]
name = "元旦"
first = 2026-01-01
last = 2026-01-03
makeup = [2026-01-04]
"""

BROKEN = {
    "no UTF-8": (b"\xff\xfe", "不是 UTF-8 编码"),
    "no TOML": (b"year = 2026\nsource = = 1", "第2行第10列：不合 TOML 格式"),
    "nothing": (b"", "字段“year”应为整数"),
    "a missing field": (NOTICE.replace("year = 2026", "").encode(), "字段“year”"),
    "a text for a year": (NOTICE.replace("2026\n", '"2026"\n', 1).encode(), "整数"),
    "the year 99999": (NOTICE.replace("2026\n", "99999\n", 1).encode(), "2024到2100"),
    "an unknown field": (b"a = 1\n" + NOTICE.encode(), "不认识的字段“a”"),
    "a day of another year": (
        NOTICE.replace("2026-01-04", "2027-01-03").encode(),
        "不在2026年内",
    ),
    "a make-up day that is a workday": (
        NOTICE.replace("2026-01-04", "2026-01-05").encode(),
        "周一",
    ),
    "an end before the beginning": (
        NOTICE.replace("2026-01-03", "2025-12-31").encode(),
        "晚于 last",
    ),
    "statutory days forgotten": (NOTICE.encode(), "是法定节假日"),
    "100 kB": (b"#" * 100_000, "超过 64 KB"),
    "deep nesting": (b"a = " + b"[" * 20_000, "不合 TOML 格式"),
}


@pytest.mark.parametrize(("content", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_calendar_year_is_refused_by_place(content: bytes, words: str) -> None:
    with pytest.raises(errors.Invalid, match=words) as refusal:
        calendars.load([content])

    assert refusal.value.message.startswith("放假安排文件有错误，没有导入：\n")
