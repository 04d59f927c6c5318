"""Reading the notice of a year, as an administrator types it from the paper.

A file is TOML and follows the notice: `year`, `source`, and one `[[holiday]]` for
each paragraph with `name`, `first`, `last` (the days off, weekends included) and
`makeup` (the weekend days worked instead).
"""

import re
import tomllib
from collections import defaultdict
from datetime import date
from datetime import timedelta
from typing import Any

from engine import errors
from engine import workdays
from processes.calendars import statute

LARGEST_FILE = 64 * 1024
# Before 2025 the law differs, but in 2024 the same days were off.
YEARS = range(2024, 2101)
FIELDS = {"year": int, "source": str, "holiday": list}
HOLIDAY_FIELDS = {"name": str, "first": date, "last": date, "makeup": list}
EXPECTED = {int: "整数", str: "文字", list: "列表", date: "日期（如 2026-10-01）"}


class BadNotice(errors.Invalid):
    """放假安排文件有错误，没有导入。"""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        """Carry every problem by its place, all of them in the message."""
        lines = [f"{place}：{text}" for place in problems for text in problems[place]]
        super().__init__(
            "放假安排文件有错误，没有导入：\n" + "\n".join(lines), fields=problems
        )


def read_year(content: bytes) -> workdays.Year:
    """Return the published year that the file describes; `BadNotice` names faults."""
    document = _parse(content)
    problems: defaultdict[str, list[str]] = defaultdict(list)
    _require(document, FIELDS, "文件", problems)
    year = document.get("year")
    if type(year) is int and year not in YEARS:
        problems["year"].append(f"应在{YEARS[0]}到{YEARS[-1]}之间，现为{year}。")
    _refuse(problems)

    days: dict[date, workdays.Day] = {}
    for ordinal, holiday in enumerate(document["holiday"], start=1):
        place = f"第{ordinal}个 [[holiday]]"
        for field, day in _days(holiday, place, problems):
            _place(day, days, document["year"], f"{place} {field}", problems)
    _refuse(problems)

    for off, name in statute.fixed_holidays(document["year"]).items():
        if off not in days or days[off].kind != "holiday":
            problems[str(off)].append(f"{name}是法定节假日，文件中没有放假。")
    _refuse(problems)
    return workdays.Year.of(
        document["year"], "published", document["source"].strip(), days.values()
    )


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > LARGEST_FILE:
        raise BadNotice({"文件": [f"超过 {LARGEST_FILE // 1024} KB。"]})
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        place = f"第{error.start + 1}个字节"
        raise BadNotice({place: ["不是 UTF-8 编码。"]}) from error
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+), column (\d+)", str(error))
        place = f"第{found[1]}行第{found[2]}列" if found else "文件"
        raise BadNotice({place: ["不合 TOML 格式。"]}) from error


def _require(
    table: object, fields: dict[str, type], place: str, problems: dict[str, list[str]]
) -> None:
    """Note the fields that are missing, unknown, empty or of another type."""
    if not isinstance(table, dict):
        problems[place].append("应写成 [[holiday]] 表。")
        return
    for field in table.keys() - fields.keys():
        problems[place].append(f"不认识的字段“{field}”。")
    for field, expected in fields.items():
        # The exact type, because a TOML date-time also is a date to Python.
        if type(table.get(field)) is not expected:
            problems[place].append(f"字段“{field}”应为{EXPECTED[expected]}。")
        elif expected is str and not table[field].strip():
            problems[place].append(f"字段“{field}”不能为空。")


def _days(
    holiday: object, place: str, problems: dict[str, list[str]]
) -> list[tuple[str, workdays.Day]]:
    """Return the days off and the make-up days of one paragraph, each with its field.

    Faults of the paragraph are noted; it then has no days.
    """
    before = len(problems.get(place, ()))
    _require(holiday, HOLIDAY_FIELDS, place, problems)
    if len(problems.get(place, ())) > before or not isinstance(holiday, dict):
        return []
    name, first, last = holiday["name"].strip(), holiday["first"], holiday["last"]
    if not first <= last:
        problems[place].append(f"“{name}”的 first {first} 晚于 last {last}。")
        return []
    if first.year != last.year:
        problems[place].append(f"“{name}”从 {first} 到 {last} 跨了年度。")
        return []
    off = [first + timedelta(offset) for offset in range((last - first).days + 1)]
    days = [("first–last", workdays.Day(day, "holiday", name)) for day in off]
    for day in holiday["makeup"]:
        if type(day) is date:
            days.append(("makeup", workdays.Day(day, "makeup", name)))
        else:
            problems[f"{place} makeup"].append(f"“{day}”不是日期。")
    return days


def _place(
    day: workdays.Day,
    days: dict[date, workdays.Day],
    year: int,
    place: str,
    problems: dict[str, list[str]],
) -> None:
    """Enter the day into the year, or note why it cannot stand there."""
    if day.date.year != year:
        problems[place].append(f"“{day.name}”的 {day.date} 不在{year}年内。")
    elif day.date in days:
        other = days[day.date].name
        problems[place].append(f"“{day.name}”的 {day.date} 与“{other}”重复。")
    elif not workdays.kind_fits(day.date, day.kind):
        weekday = workdays.weekday_name(day.date)
        problems[place].append(
            f"“{day.name}”的 {day.date} 是{weekday}，本来就上班，不能作调休上班日。"
        )
    else:
        days[day.date] = day


def _refuse(problems: dict[str, list[str]]) -> None:
    if problems:
        raise BadNotice(dict(problems))
