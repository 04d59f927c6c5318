"""Workbooks of tasks and projects, as an office would import them."""

import io
from collections.abc import Iterator
from datetime import date

import openpyxl

from processes.supervision.targets import spreadsheets

DAYS = {"due_on": "12-10"}
#: What a project passes by when, month for month.
MONTHS = range(2, 13)


def write(
    columns: tuple[spreadsheets.Column, ...], units: Iterator[str], rows: int, year: int
) -> bytes:
    """Return an .xlsx of so many rows with a value in every required column."""
    book = openpyxl.Workbook()
    sheet = book.active
    if sheet is None:
        raise ValueError("a new workbook has no sheet")
    kept = [one for one in columns if one.required]
    sheet.append([one.heading for one in kept])
    for number in range(1, rows + 1):
        unit = next(units)
        sheet.append([_value(one.key, number, unit, year) for one in kept])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def milestones(year: int) -> list[date]:
    """Return the days by which a project passes its milestones."""
    return [date(year, month, 20) for month in MONTHS]


def _value(key: str, number: int, unit: str, year: int) -> object:
    match key:
        case "content":
            return f"第{number}项重点任务"
        case "lead_unit":
            return unit
        case "due_on":
            return date.fromisoformat(f"{year}-{DAYS[key]}")
        case "indicator":
            return "完成率"
        case "indicator_unit":
            return "%"
        case "target":
            return 100
        case "q1" | "q2" | "q3" | "q4":
            return 25 * int(key[1])
        case "milestones":
            return "；".join(
                f"{day.isoformat()} 第{day.month}月节点" for day in milestones(year)
            )
    return "按年度目标推进。"
