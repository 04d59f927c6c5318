"""Verbs of scenarios about problems, measures and responsibilities."""

import io
from collections.abc import Mapping
from typing import Any

import openpyxl
import sqlalchemy as sa

from engine import scenarios
from engine import tables as engine_tables
from engine import testing
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.three_lists import appraisals
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import raising
from processes.supervision.three_lists import samples
from processes.supervision.three_lists import three_lists
from processes.verbs import finding


def _follow(story: testing.Story, given: object) -> None:
    """Go on with the newest matter of a procedure, which nobody started by hand."""
    found = scenarios.arguments(given, "process", "count", optional=("named",))
    instance = engine_tables.instance.c
    ids = finding.column(
        story,
        sa.select(instance.id)
        .where(instance.key == found["process"], instance.root_id == instance.id)
        .order_by(instance.started_at, instance.id),
    )
    scenarios.expect(found["count"], len(ids), f"“{found['process']}”的件数")
    if ids:
        story.follow(ids[-1])
        if "named" in found:
            story.name(found["named"])


def _problems(story: testing.Story, expected: Any) -> None:
    """Say the state of each problem of the matter: exactly these, by number."""
    actual = {one.number: problems.STATE_LABELS[one.state] for one in _of_matter(story)}
    scenarios.expect(dict(scenarios.mapping(expected)), actual, "问题的状态")


def _problem(story: testing.Story, given: object) -> None:
    """Say of one problem what its light is, when its report is due, how late it was."""
    found = scenarios.arguments(
        given, "number", optional=("light", "due", "deadline", "round", "late_days")
    )
    number = found["number"]
    problem = next((one for one in _of_matter(story) if one.number == number), None)
    if problem is None:
        raise scenarios.Unmet(f"没有问题 {number}。")
    actual = {
        "light": lights.LABELS[problem.light],
        "due": scenarios.shown(problem.report_due_at),
        "deadline": str(problem.deadline),
        "round": problem.round,
        "late_days": problem.late_days,
    }
    for key in set(found) - {"number"}:
        scenarios.expect(found[key], actual[key], f"问题 {number} 的 {key}")


def _levels(story: testing.Story, given: object) -> None:
    """Say what each level decided on a problem, in order: `县政府：再上报`."""
    found = scenarios.arguments(given, "number", "decided")
    with story.engine.read() as connection:
        decided = [
            f"{raising.name(connection, said.level)}："
            f"{raising.DECISION_LABELS[said.decision]}"
            for problem in problems.of_matter(connection, finding.matter(story).id)
            if problem.number == found["number"]
            for said in raising.opinions_of(connection, problem.id)
        ]
    scenarios.expect(found["decided"], decided, "逐级意见")


def _trace(story: testing.Story, given: object) -> None:
    """Say that a problem can be traced back through all these, in this order."""
    found = scenarios.arguments(given, "number", "through")
    with story.engine.read() as connection:
        told = [
            event.what
            for problem in problems.of_matter(connection, finding.matter(story).id)
            if problem.number == found["number"]
            for event in three_lists.trace(connection, problem)
        ]
    scenarios.expect(found["through"], told, f"问题 {found['number']} 的追溯")


def _samples(story: testing.Story, given: object) -> None:
    """Say how many were drawn; the seed on record must draw the same again."""
    found = scenarios.arguments(given, "purpose", "drawn")
    matter = finding.matter(story)
    with story.engine.read() as connection:
        kept = [
            one
            for one in samples.of_matter(connection, matter.id)
            if one.purpose == found["purpose"]
        ]
    scenarios.expect(found["drawn"], [len(one.drawn) for one in kept], "抽取的件数")
    for one in kept:
        if one.seed is not None and one.percent is not None:
            again = samples.draw(one.population, one.percent, one.seed)
            scenarios.expect(list(one.drawn), again, "按种子重抽")


def _appraised(story: testing.Story, expected: Any) -> None:
    """Say what the matter left for the annual appraisal: unit: kind or grade."""
    with story.engine.read() as connection:
        actual = {
            one.unit: one.grade or one.kind
            for one in appraisals.of_matter(connection, finding.matter(story).id)
        }
    scenarios.expect(dict(scenarios.mapping(expected)), actual, "年度考评的依据")


def _workbook(story: testing.Story, words: Any) -> None:
    """Say which words stand in the exported workbook of the three lists."""
    with story.engine.read() as connection:
        listed = problems.of_matter(connection, finding.matter(story).id)
        content = three_lists.workbook(connection, listed)
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [str(cell.value) for row in book.worksheets[0] for cell in row]
    for word in words:
        if not any(word in cell for cell in cells):
            raise scenarios.Unmet(f"三单台账里没有“{word}”。")


def _duties(story: testing.Story, given: object) -> None:
    """Say which leaders have a patrol to lead in a month, and which of them began."""
    found = scenarios.arguments(given, "month", "leaders", optional=("begun",))
    duty = tables.patrol_duty.c
    leaders = finding.column(
        story,
        sa.select(duty.leader)
        .where(duty.month == found["month"])
        .order_by(duty.leader),
    )
    scenarios.expect(found["leaders"], list(leaders), "领衔巡查的领导")
    if "begun" in found:
        begun = finding.column(
            story,
            sa.select(duty.leader)
            .where(duty.month == found["month"], duty.matter_id.is_not(None))
            .order_by(duty.leader),
        )
        scenarios.expect(found["begun"], list(begun), "已发起巡查的领导")


def _reminded(story: testing.Story, given: object) -> None:
    """Say how often somebody was told that a month's patrol has not begun."""
    found = scenarios.arguments(given, "for", "month", "count")
    message = tables.inbox_message.c
    ids = finding.column(
        story,
        sa.select(message.id).where(
            message.matter_id.is_(None),
            message.recipient == found["for"],
            message.title.startswith(found["month"], autoescape=True),
        ),
    )
    scenarios.expect(found["count"], len(ids), f"给 {found['for']} 的月末提醒")


def _copied(story: testing.Story, given: object) -> None:
    """Say whom the circulars of the matter were copied to."""
    circular = tables.circular.c
    copies = finding.column(
        story,
        sa.select(circular.cc)
        .where(circular.matter_id == finding.matter(story).id)
        .order_by(circular.id),
    )
    scenarios.expect(given, [list(one) for one in copies], "通报的抄送")


def _of_matter(story: testing.Story) -> list[problems.Problem]:
    with story.engine.read() as connection:
        return problems.of_matter(connection, finding.matter(story).id)


VERBS: Mapping[str, scenarios.Verb] = {
    "follow": _follow,
    "problems": _problems,
    "problem": _problem,
    "levels": _levels,
    "trace": _trace,
    "samples": _samples,
    "appraised": _appraised,
    "workbook": _workbook,
    "duties": _duties,
    "reminded": _reminded,
    "copied": _copied,
}
