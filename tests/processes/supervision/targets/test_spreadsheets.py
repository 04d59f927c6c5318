"""What an Excel workbook brings, and by row and column what is wrong with it."""

import io
import zipfile
from datetime import datetime

import openpyxl
import pytest

from processes.supervision.targets import spreadsheets
from tests.processes.supervision import reports_office as office

UNITS = {"县交通局": "jtysj", "县发改委": "fgw", "县民政局": "mzj", "县教体局": "jtj"}


def read(*lines: dict[str, object]) -> list[dict[str, object]]:
    return spreadsheets.mandates(office.book(*lines), spreadsheets.TARGETS, UNITS)


def faults(content: bytes) -> list[str]:
    with pytest.raises(spreadsheets.BadWorkbook) as caught:
        spreadsheets.mandates(content, spreadsheets.TARGETS, UNITS)
    return caught.value.fields["workbook"]


def line(**changes: object) -> dict[str, object]:
    return office.line(**{"责任单位": "县交通局", **changes})


def test_a_line_becomes_a_row_of_the_breakdown() -> None:
    (row,) = read(
        line(
            协办单位="县发改委：落实资金；县民政局:安置群众",
            时间节点="2026-09-30 竣工\n2026-04-30 开工",
        )
    )

    assert {
        "report_class": "GENERAL",
        "content": "第1项重点任务",
        "requirement": "按季推进，年内完成。",
        "lead_unit": "jtysj",
        "duty": "按季推进，年内完成。",
        "assisting": [
            {"unit": "fgw", "duty": "落实资金"},
            {"unit": "mzj", "duty": "安置群众"},
        ],
        "responsible_leader": "钱副县长",
        "responsible_person": "刘某",
        "due_on": "2026-12-31",
        "indicator": "完成数",
        "target": 100,
        "indicator_unit": "个",
        "q1": 10,
        "q2": 40,
        "q3": 80,
        "q4": 100,
        "milestones": [
            {"on": "2026-04-30", "what": "开工"},
            {"on": "2026-09-30", "what": "竣工"},
        ],
    } == row


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (datetime(2026, 11, 30, 8), "2026-11-30"),
        ("2026-11-30", "2026-11-30"),
        ("2026年11月3日", "2026-11-03"),
        ("2026.11.30", "2026-11-30"),
    ],
)
def test_a_day_may_be_written_in_several_ways(cell: object, day: str) -> None:
    assert day == read(line(完成时限=cell))[0]["due_on"]


@pytest.mark.parametrize(
    ("cell", "number"), [("1,250", 1250), (7.5, 7.5), ("12.50", 12.5), (-3, -3)]
)
def test_a_figure_keeps_its_value(cell: object, number: float) -> None:
    assert number == read(line(年度目标=cell))[0]["target"]


@pytest.mark.parametrize(
    ("heading", "place", "cell", "fault"),
    [
        ("任务内容", "B2", None, "不能为空。"),
        ("任务内容", "B2", "字" * 2001, "不得超过2000字。"),
        ("责任单位", "D2", "县铁路局", "没有“县铁路局”这一单位。"),
        ("责任单位", "D2", "县交通局、县发改委", "只能填一个主办单位，"),
        ("完成时限", "G2", "年底", "“年底”不是日期，应写成 2026-12-31。"),
        ("完成时限", "G2", "2026-02-30", "“2026-02-30”不是日期，应写成"),
        ("量化指标", "H2", "", "不能为空（R-01-09）。"),
        ("一季度计划", "K2", True, "应填数字。"),
        ("一季度计划", "K2", "nan", "应填数字。"),
        ("一季度计划", "K2", "一成", "应填数字，现为“一成”。"),
        ("协办单位", "O2", "县发改委", "“县发改委”没有写明责任，"),
        ("协办单位", "O2", "县铁路局：配合", "没有“县铁路局”这一单位。"),
        ("时间节点", "O2", "开工", "“开工”应写成“2026-04-30 主体封顶”。"),
        ("时间节点", "O2", "明年 开工", "“明年”不是日期，"),
    ],
)
def test_a_fault_is_named_by_row_and_column(
    heading: str, place: str, cell: object, fault: str
) -> None:
    (said,) = faults(office.book(line(**{heading: cell})))

    assert said.startswith(f"第2行“{heading}”（{place}）{fault}")


def test_the_heading_may_stand_below_a_title_and_blank_rows_are_passed_over() -> None:
    book = openpyxl.load_workbook(io.BytesIO(office.book(line(), line())))
    book.active.insert_rows(1, 2)
    book.active["A1"] = "2026年《政府工作报告》重点任务分解表"
    book.active.insert_rows(5)
    packed = io.BytesIO()
    book.save(packed)

    found = spreadsheets.mandates(packed.getvalue(), spreadsheets.TARGETS, UNITS)

    assert 2 == len(found)


def test_headings_that_are_missing_or_stand_twice_are_named() -> None:
    without = {key: value for key, value in line().items() if key != "年度目标"}
    twice = openpyxl.load_workbook(io.BytesIO(office.book(line())))
    twice.active["Z1"] = "责任人"
    packed = io.BytesIO()
    twice.save(packed)

    assert ["第1行表头缺少“年度目标”列（R-01-09）。"] == faults(office.book(without))
    assert ["第1行表头“责任人”重复。"] == faults(packed.getvalue())


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    said = faults(office.book(*[line(年度目标="多") for _ in range(80)]))

    assert 51 == len(said)
    assert "另有30处错误。" == said[-1]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "文件不是 Excel 工作簿（.xlsx）。"),
        (b"PK\x03\x04 and nothing more", "文件不是 Excel 工作簿（.xlsx）。"),
        ("任务内容,责任单位\n".encode(), "文件不是 Excel 工作簿（.xlsx）。"),
        (b"0" * 10_000_001, "文件不得超过10MB。"),
    ],
)
def test_what_is_no_workbook_is_refused(content: bytes, fault: str) -> None:
    assert [fault] == faults(content)


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_a_broken_workbook_is_refused() -> None:
    with zipfile.ZipFile(io.BytesIO(office.book(line()))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"

    for broken in (
        {"readme.txt": b"hello"},
        {**parts, sheet: parts[sheet][:200]},
        {**parts, "xl/workbook.xml": b"<workbook/>"},
        {name: content for name, content in parts.items() if name != sheet},
    ):
        assert ["文件不是完好的 Excel 工作簿（.xlsx）。"] == faults(packed(broken))


def test_a_workbook_that_swells_when_unpacked_is_refused() -> None:
    assert ["文件展开后过大。"] == faults(
        packed({"xl/workbook.xml": b" " * 60_000_000})
    )


def test_entities_of_a_workbook_are_not_blown_up() -> None:
    with zipfile.ZipFile(io.BytesIO(office.book(line()))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE w [<!ENTITY e0 "ha">{steps}]><worksheet>&e9;</worksheet>'

    said = faults(packed({**parts, "xl/worksheets/sheet1.xml": bomb.encode()}))

    assert 1 == len(said)


def test_a_sheet_without_lines_or_without_heading_is_refused() -> None:
    empty = openpyxl.Workbook()
    file = io.BytesIO()
    empty.save(file)

    assert ["表中没有表头“任务内容”。"] == faults(file.getvalue())
    assert ["表中没有任务。"] == faults(office.book(dict.fromkeys(line())))


def test_too_many_lines_are_refused_rather_than_cut() -> None:
    said = faults(office.book(*[line() for _ in range(2001)]))

    assert ["一次最多导入2000条任务。"] == said
