"""Verbs of scenarios about what mandates are measured by: imports, periods, lists."""

import io
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import openpyxl
import sqlalchemy as sa

from engine import people
from engine import scenarios
from engine import testing
from processes.supervision import tables
from processes.supervision.inspections import initiatives
from processes.supervision.matters import mandates
from processes.supervision.statistics import plans
from processes.supervision.statistics import statistics
from processes.supervision.targets import comparisons
from processes.supervision.targets import imports
from processes.supervision.targets import targets
from processes.verbs import finding


def workbook(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return an Excel workbook whose first row names the columns of the rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    sheet.append(headings)
    for row in rows:
        sheet.append([row.get(heading) for heading in headings])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _import(story: testing.Story, given: object) -> None:
    """Import mandates from a workbook with these rows, by their headings."""
    found = scenarios.arguments(given, "as", "rows")
    matter = finding.matter(story)
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        imports.keep(work, matter, identity, workbook(found["rows"]))


def _initiate(story: testing.Story, given: object) -> None:
    """Begin an inspection in this manner while the matter is under way."""
    found = scenarios.arguments(given, "as", "manner", optional=("reason",))
    matter = finding.matter(story)
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        initiatives.begin(
            work,
            matter,
            identity,
            {"manner": found["manner"], "reason": found.get("reason", "推进较慢。")},
        )


def _adjust(story: testing.Story, given: object) -> None:
    """Ask for another target of a mandate: target, q1 to q4, reason."""
    found = scenarios.arguments(given, "as", "mandate", "fields")
    matter = finding.matter(story)
    with story.command() as work:
        identity = people.identity(work.connection, found["as"], story.now)
        asked = {"mandate": found["mandate"], **found["fields"]}
        targets.request(work, matter, identity, asked)


def _periods(story: testing.Story, expected: Any) -> None:
    """Say which feedback periods there are, and when each is due."""
    undertaking = tables.undertaking.c
    with story.engine.read() as connection:
        rows = connection.execute(
            sa.select(undertaking.period, undertaking.due_at)
            .where(
                undertaking.matter_id == finding.matter(story).id,
                undertaking.period != "",
            )
            .order_by(undertaking.id)
        ).all()
    actual = {row.period: scenarios.shown(row.due_at)[:10] for row in rows}
    scenarios.expect(scenarios.mapping(expected), actual, "反馈期")


def _compared(story: testing.Story, given: object) -> None:
    """Say which mandates a period's comparison found 已完成全年目标, 未完成计划 …"""
    found = scenarios.arguments(given, "period", optional=("lists", "consecutive"))
    matter = finding.matter(story)
    with story.engine.read() as connection:
        of_period = {
            targets.label(mandates.get(connection, one.mandate_id)): one
            for one in comparisons.of_matter(connection, matter.id)
            if one.period == found["period"]
        }
    lists: dict[str, list[str]] = {}
    for label, one in of_period.items():
        lists.setdefault(comparisons.VERDICT_LABELS[one.verdict], []).append(label)
    if "lists" in found:
        scenarios.expect(found["lists"], lists, f"{found['period']}的比对")
    for label, count in found.get("consecutive", {}).items():
        actual = of_period[label].consecutive
        scenarios.expect(count, actual, f"{label}连续滞后的次数")


def _target(story: testing.Story, given: object) -> None:
    """Say what the target of a mandate is now, and what it was at first."""
    found = scenarios.arguments(given, "mandate", "in_force", "original")
    matter = finding.matter(story)
    with story.engine.read() as connection:
        mandate = targets.mandate_of(connection, matter, found["mandate"])
        now = targets.in_force(connection, mandate) or {}
    scenarios.expect(found["in_force"], now.get("target"), "现行目标")
    original = (mandate.indicator or {}).get("target")
    scenarios.expect(found["original"], original, "原目标")


def _chart(story: testing.Story, given: object) -> None:
    """Say how many columns the frozen chart of a month has."""
    found = scenarios.arguments(given, "month", "columns")
    today = story.engine.calendar.local_date(story.now)
    span = statistics.Span(today, today, story.now)
    with story.engine.read() as connection:
        columns = plans.indicators(connection, found["month"], span).rows
    scenarios.expect(found["columns"], len(columns), "柱状图的柱数")


def _responsible(story: testing.Story, expected: Any) -> None:
    """Say who answers for a mandate."""
    matter = finding.matter(story)
    for label, name in scenarios.mapping(expected).items():
        with story.engine.read() as connection:
            mandate = targets.mandate_of(connection, matter, label)
        scenarios.expect(name, mandate.responsible_person, f"{label}的责任人")


VERBS: Mapping[str, scenarios.Verb] = {
    "import": _import,
    "initiate": _initiate,
    "adjust": _adjust,
    "periods": _periods,
    "compared": _compared,
    "target": _target,
    "chart": _chart,
    "responsible": _responsible,
}
