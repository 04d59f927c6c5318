"""An office with the catalog, and workbooks as offices send them."""

from collections.abc import Iterable
from datetime import UTC
from datetime import datetime

import sqlalchemy as sa

from engine import tables
from engine import testing
from engine import workdays
from processes.supervision.matters import matters
from processes.verbs import finding
from processes.verbs import measuring

#: 2026-02-28 09:00 in Shanghai, a Saturday on which people work (S06).
BEGIN = datetime(2026, 2, 28, 1, tzinfo=UTC)
UNITS = ("县交通局", "县教体局", "县住建局", "县民政局", "县水利局", "县卫健委")
REPORT = {"title": "2026年县《政府工作报告》", "level": "县", "source_on": "2026-02-28"}
LIVELIHOOD = {"title": "2026年县定十件实事", "level": "县", "source_on": "2026-02-28"}
WATCH = {"title": "2026年重点项目", "source_on": "2026-02-28"}


def day(year: int, month: int, number: int) -> datetime:
    """Return nine o'clock of a day in Shanghai."""
    return datetime(year, month, number, 9, tzinfo=workdays.SHANGHAI)


def line(number: int = 1, **changes: object) -> dict[str, object]:
    """Return a line of the workbook of targets that nothing is wrong with."""
    return {
        "序号": number,
        "任务内容": f"第{number}项重点任务",
        "工作要求": "按季推进，年内完成。",
        "责任单位": UNITS[number % len(UNITS)],
        "责任领导": "钱副县长",
        "责任人": "刘某",
        "完成时限": datetime(2026, 12, 31),
        "量化指标": "完成数",
        "年度目标": 100,
        "计量单位": "个",
        "一季度计划": 10,
        "二季度计划": 40,
        "三季度计划": 80,
        "四季度计划": 100,
        **changes,
    }


def book(*lines: dict[str, object]) -> bytes:
    """Return the workbook of these lines."""
    return measuring.workbook(lines)


def target(**changes: object) -> dict[str, object]:
    """Return a row of the breakdown form that nothing is wrong with."""
    return {
        "content": "改造农村公路",
        "requirement": "按季完成。",
        "lead_unit": "jtysj",
        "responsible_leader": "钱副县长",
        "responsible_person": "刘某",
        "due_on": "2026-12-31",
        "indicator": "改造里程",
        "target": 100,
        "indicator_unit": "公里",
        "q1": 10,
        "q2": 40,
        "q3": 80,
        "q4": 100,
        **changes,
    }


def matter_of(story: testing.Story) -> matters.Matter:
    """Return the matter the story is about."""
    return finding.matter(story)


def rows(story: testing.Story) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    with story.engine.read() as connection:
        return {
            table.name: sorted(
                map(tuple, connection.execute(sa.select(table))), key=repr
            )
            for table in tables.metadata.sorted_tables
        }


def approve(story: testing.Story, names: Iterable[tuple[str, str]]) -> None:
    """Approve one task after the other."""
    for name, person in names:
        story.complete(name, person=person, fields={"decision": "APPROVE"})
