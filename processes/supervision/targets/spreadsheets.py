"""Mandates from an Excel workbook (.xlsx); every fault is named by row and column.

The heading is the first row that names the content; rows above it are a title. What
is read has the shape of the breakdown form's rows, so that it goes the same way as
what somebody types.
"""

import io
import re
import zipfile
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from decimal import Decimal
from decimal import InvalidOperation
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from engine import errors

#: What openpyxl raises where a file is no workbook, or a broken one.
BROKEN = (
    InvalidFileException, ParseError, zipfile.BadZipFile,
    EOFError, KeyError, OSError, TypeError, ValueError,
)  # fmt: skip
LARGEST_FILE = 10_000_000
LARGEST_UNPACKED = 50_000_000
MOST_ROWS = 2_000
#: Blank rows count too: what lies further down would be lost without a word.
LONGEST_SHEET = 10_000
MOST_COLUMNS = 60
#: The heading is sought in so many rows.
TITLE_ROWS = 10
MOST_FAULTS = 50
LONGEST_TEXT = 2_000

#: Shown names, short names and codes of units, each with the unit's code.
Units = Mapping[str, str]
Read = Callable[[object, Units], object]


class BadWorkbook(errors.Invalid):
    """这个 Excel 文件不能导入。"""


class Fault(ValueError):
    """What is wrong with one cell; the place is added by who reads the row."""


@dataclass(frozen=True)
class Column:
    """A column by its heading: the key its values get, and how a cell is read."""

    heading: str
    key: str
    read: Read
    required: bool = True
    #: The requirement that a missing value breaks.
    rule: str = ""


def mandates(
    content: bytes, columns: Iterable[Column], units: Units
) -> list[dict[str, object]]:
    """Return one mapping per row of the first sheet, in the shape of breakdown rows.

    Raise `BadWorkbook` for what is no workbook, for headings that are missing, and
    with all faults of cells by row and column; then nothing is imported.
    """
    rows = _rows(content)
    places, body = _heading(rows, tuple(columns))
    found: list[dict[str, object]] = []
    faults: list[str] = []
    for number, cells in body:
        if not any(_filled(cell) for cell in cells):
            continue
        if len(found) == MOST_ROWS:
            raise _refusal([f"一次最多导入{MOST_ROWS}条任务。"])
        row: dict[str, object] = {}
        for place, column in places.items():
            cell = cells[place] if place < len(cells) else None
            try:
                row[column.key] = _value(column, cell, units)
            except Fault as fault:
                faults.append(
                    f"第{number}行“{column.heading}”（{get_column_letter(place + 1)}"
                    f"{number}）{fault}"
                )
        # Where no duty of its own is named, the unit's duty is the requirement.
        row["duty"] = row.get("duty") or row.get("requirement")
        found.append({"report_class": "GENERAL", **row})
    if faults:
        left = len(faults) - MOST_FAULTS
        more = [f"另有{left}处错误。"] if left > 0 else []
        raise _refusal(faults[:MOST_FAULTS] + more)
    if not found:
        raise _refusal(["表中没有任务。"])
    return found


# -- cells -------------------------------------------------------------------------


def text(cell: object, units: Units) -> object:
    """Read words."""
    words = _words(cell)
    if len(words) > LONGEST_TEXT:
        raise Fault(f"不得超过{LONGEST_TEXT}字。")
    return words


def figure(cell: object, units: Units) -> object:
    """Read a number, as a whole one where it is whole."""
    if isinstance(cell, bool):
        raise Fault("应填数字。")
    try:
        number = Decimal(_words(cell).replace(",", ""))
    except InvalidOperation:
        raise Fault(f"应填数字，现为“{_words(cell)[:20]}”。") from None
    if not number.is_finite():
        raise Fault("应填数字。")
    return int(number) if number == number.to_integral_value() else float(number)


def day(cell: object, units: Units) -> object:
    """Read a day: a date of Excel, 2026-12-31 or 2026年12月31日."""
    return _day(cell).isoformat()


def unit(cell: object, units: Units) -> object:
    """Read one unit by its name, short name or code (R-00-16: exactly one leads)."""
    words = _words(cell)
    if len(_parts(words, "、，,；;/\n")) > 1:
        raise Fault("只能填一个主办单位，其余填入协办单位（R-00-16）。")
    return _code(words, units)


def duties(cell: object, units: Units) -> object:
    """Read assisting units with their duties: 县发改委：落实资金；县民政局：安置。"""
    found = []
    for part in _parts(_words(cell), "；;\n"):
        name, _, duty = part.replace(":", "：").partition("：")
        if not duty.strip():
            raise Fault(f"“{name[:20]}”没有写明责任，应写成“单位：责任”（R-00-16）。")
        found.append({"unit": _code(name.strip(), units), "duty": duty.strip()})
    return found


def milestones(cell: object, units: Units) -> object:
    """Read milestones: 2026-04-30 主体封顶；2026-09-30 竣工。"""
    found = []
    for part in _parts(_words(cell), "；;\n"):
        on, _, what = part.partition(" ")
        if not what.strip():
            raise Fault(f"“{part[:20]}”应写成“2026-04-30 主体封顶”。")
        found.append({"on": _day(on).isoformat(), "what": what.strip()})
    return sorted(found, key=lambda one: one["on"])


#: For a livelihood project the head of its unit answers first, whom no workbook
#: names (R-01-14).
LIVELIHOOD = (
    Column("任务内容", "content", text),
    Column("工作要求", "requirement", text),
    Column("责任单位", "lead_unit", unit),
    Column("单位责任", "duty", text, required=False),
    Column("协办单位", "assisting", duties, required=False),
    Column("完成时限", "due_on", day),
    Column("时间节点", "milestones", milestones, required=False),
)
_MANDATE = (
    *LIVELIHOOD[:-1],
    Column("责任领导", "responsible_leader", text),
    Column("责任人", "responsible_person", text),
)
#: Tasks of the 《政府工作报告》: each with an indicator and four plan values (R-01-09).
TARGETS = (
    *_MANDATE,
    Column("量化指标", "indicator", text, rule="R-01-09"),
    Column("年度目标", "target", figure, rule="R-01-09"),
    Column("计量单位", "indicator_unit", text, rule="R-01-09"),
    Column("一季度计划", "q1", figure, rule="R-01-09"),
    Column("二季度计划", "q2", figure, rule="R-01-09"),
    Column("三季度计划", "q3", figure, rule="R-01-09"),
    Column("四季度计划", "q4", figure, rule="R-01-09"),
    Column("时间节点", "milestones", milestones, required=False),
)
#: Projects under watch: each with the milestones it is compared with (R-03-11).
PROJECTS = (*_MANDATE, Column("时间节点", "milestones", milestones, rule="R-03-11"))


# -- the workbook ------------------------------------------------------------------


def _rows(content: bytes) -> Iterator[tuple[int, tuple[object, ...]]]:
    """Return the rows of the first sheet with their numbers, read as they are asked."""
    _require_size(content)
    try:
        workbook = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = workbook.worksheets[0]
        # Written by other programs, the size on record may be wrong.
        sheet.reset_dimensions()
        # Read whole, so that a broken sheet is found here and nowhere later.
        read = list(
            sheet.iter_rows(
                max_row=LONGEST_SHEET + 1, max_col=MOST_COLUMNS, values_only=True
            )
        )
    except (*BROKEN, IndexError) as error:
        raise _refusal(["文件不是完好的 Excel 工作簿（.xlsx）。"]) from error
    if len(read) > LONGEST_SHEET:
        raise _refusal([f"工作表不得超过{LONGEST_SHEET}行，请删去多余的空行。"])
    return iter(enumerate(read, start=1))


def _require_size(content: bytes) -> None:
    """Raise `BadWorkbook` before anything is unpacked that is too big to be honest."""
    if len(content) > LARGEST_FILE:
        raise _refusal([f"文件不得超过{LARGEST_FILE // 1_000_000}MB。"])
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
    except zipfile.BadZipFile as error:
        raise _refusal(["文件不是 Excel 工作簿（.xlsx）。"]) from error
    if unpacked > LARGEST_UNPACKED:
        raise _refusal(["文件展开后过大。"])


def _heading(
    rows: Iterator[tuple[int, tuple[object, ...]]], columns: tuple[Column, ...]
) -> tuple[dict[int, Column], Iterator[tuple[int, tuple[object, ...]]]]:
    """Return which column stands where, and the rows below the heading."""
    sought = {column.heading: column for column in columns}
    first = columns[0].heading
    for number, cells in rows:
        headings = ["".join(_words(cell).split()) for cell in cells]
        if first in headings:
            break
        if number == TITLE_ROWS:
            raise _refusal([f"前{TITLE_ROWS}行没有表头“{first}”。"])
    else:
        raise _refusal([f"表中没有表头“{first}”。"])
    repeated = [name for name in sought if headings.count(name) > 1]
    if repeated:
        raise _refusal([f"第{number}行表头“{name}”重复。" for name in repeated])
    missing = [
        column
        for column in columns
        if column.required and column.heading not in headings
    ]
    if missing:
        raise _refusal(
            [
                f"第{number}行表头缺少“{one.heading}”列{_suffix(one.rule)}。"
                for one in missing
            ]
        )
    places = {
        place: sought[heading]
        for place, heading in enumerate(headings)
        if heading in sought
    }
    return places, rows


def _value(column: Column, cell: object, units: Units) -> object:
    if _filled(cell):
        return column.read(cell, units)
    if column.required:
        raise Fault(f"不能为空{_suffix(column.rule)}。")
    return [] if column.read in (duties, milestones) else ""


def _filled(cell: object) -> bool:
    return cell is not None and _words(cell) != ""


def _words(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _parts(words: str, separators: str) -> list[str]:
    return [
        part.strip()
        for part in re.split(f"[{re.escape(separators)}]", words)
        if part.strip()
    ]


def _code(name: str, units: Units) -> str:
    if name not in units:
        raise Fault(f"没有“{name[:30]}”这一单位。")
    return units[name]


_WRITTEN_DAY = re.compile(r"(\d{4})[-年./](\d{1,2})[-月./](\d{1,2})日?")


def _day(cell: object) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    written = _WRITTEN_DAY.fullmatch(_words(cell))
    try:
        if written:
            year, month, number = map(int, written.groups())
            return date(year, month, number)
    except ValueError:
        pass
    raise Fault(f"“{_words(cell)[:20]}”不是日期，应写成 2026-12-31。")


def _suffix(rule: str) -> str:
    return f"（{rule}）" if rule else ""


def _refusal(messages: list[str]) -> BadWorkbook:
    return BadWorkbook(fields={"workbook": messages})
