"""All 273 tasks of a report: imported, approved, planned, compared (003, S06)."""

import shutil
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import database
from engine import errors
from engine import people
from engine import queries
from engine import testing
from engine import workdays
from processes import rehearsal
from processes.supervision import tables
from processes.supervision.forms import recalls
from processes.supervision.matters import matters
from processes.supervision.statistics import plans
from processes.supervision.statistics import statistics
from processes.supervision.targets import comparisons
from processes.supervision.targets import completions
from processes.supervision.targets import imports
from processes.supervision.targets import indicators
from processes.supervision.targets import targets
from processes.supervision.undertakings import undertakings
from tests.processes.supervision import reports_office as office

TASKS = 273
APPROVALS = (
    ("副主任审核", "go_deputy"),
    ("主任审核", "go_director"),
    ("县长审定", "mayor"),
)


@pytest.fixture(scope="module")
def whole_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the catalog, to be copied."""
    folder = tmp_path_factory.mktemp("office")
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    pool.dispose()
    return folder / "office.db"


@pytest.fixture
def story(whole_office: Path, tmp_path: Path) -> Iterator[testing.Story]:
    """An office in which nothing has begun."""
    copy = shutil.copy(whole_office, tmp_path / "office.db")
    pool = database.create(f"sqlite:///{copy}")
    yield testing.Story(rehearsal.opener(pool, tmp_path), office.BEGIN, restarts=False)
    pool.dispose()


def imported(story: testing.Story, tasks: int) -> matters.Matter:
    """Register a report, import its tasks from Excel and have them approved."""
    story.start("proc_gov_work_report", person="dc_registrar", fields=office.REPORT)
    lines = [office.line(number) for number in range(1, tasks + 1)]
    with story.command() as work:
        officer = people.identity(work.connection, "dc_officer", story.now)
        imports.keep(work, office.matter_of(story), officer, office.book(*lines))
    story.complete("立项分解", person="dc_officer", fields={"opinion": "拟按表分解。"})
    office.approve(story, APPROVALS)
    return office.matter_of(story)


@pytest.mark.requirement("R-01-10", "R-03-14", "S06")
def test_each_of_273_tasks_gets_four_feedback_periods(story: testing.Story) -> None:
    matter = imported(story, TASKS)

    with story.engine.read() as connection:
        found = undertakings.of_matter(connection, matter.id)
    days = {
        one.period: workdays.Calendar.local_date(one.due_at).isoformat()
        for one in found
        if one.period
    }

    assert {"": TASKS, **dict.fromkeys(days, TASKS)} == Counter(
        one.period for one in found
    )
    assert {
        "4月10日": "2026-04-10",
        "7月10日": "2026-07-10",
        "10月10日": "2026-10-10",
        "12月10日": "2026-12-10",
    } == days
    assert TASKS == sum(task.name == "签收" for task in story.open_tasks())


def reported(story: testing.Story, undertaking_id: int, value: float | None) -> None:
    """Have a unit's report stand with this figure, or without any."""
    with story.command() as work:
        changes = {"state": "ACCEPTED", "first_reported_at": work.now()}
        undertaking = undertakings.get(work.connection, undertaking_id)
        undertakings.change(work, undertaking, **changes)
        if value is not None:
            completions.record(
                work,
                undertaking,
                {"indicator_value": value},
                person=f"unit_handler.{undertaking.unit}",
                on_behalf_of=None,
            )


def periods(story: testing.Story, matter: matters.Matter) -> dict[str, list[int]]:
    """Return the undertakings of each feedback period."""
    found: dict[str, list[int]] = {}
    with story.engine.read() as connection:
        for one in undertakings.of_matter(connection, matter.id):
            found.setdefault(one.period, []).append(one.id)
    return found


@pytest.mark.requirement("R-03-14")
def test_list_a_is_done_for_the_year_and_list_b_behind_the_quarter(
    story: testing.Story,
) -> None:
    matter = imported(story, 6)
    spring, summer = (periods(story, matter)[key] for key in ("4月10日", "7月10日"))
    # The plan is 10 in the first quarter, 40 in the second, 100 in the year.
    for id, value in zip(spring, (100, 9.5, 10, 250, 0), strict=False):
        reported(story, id, value)
    for id, value in zip(summer, (100, 39, 40, 99, 100, 40), strict=True):
        reported(story, id, value)

    with story.command() as work:
        first = comparisons.compare_quarter(work, matter, "4月10日", spring)
        second = comparisons.compare_quarter(work, matter, "7月10日", summer)
    lists = [
        {
            verdict: [one.mandate.serial for one in comparisons.listed(lines, verdict)]
            for verdict in comparisons.VERDICT_LABELS
        }
        for lines in (first, second)
    ]

    assert [
        {"DONE": [1, 4], "ON_PLAN": [3], "BEHIND": [2, 5], "MISSING": [6]},
        {"DONE": [1, 5], "ON_PLAN": [3, 4, 6], "BEHIND": [2], "MISSING": []},
    ] == lists


@pytest.mark.requirement("R-03-14")
def test_the_comparison_writes_a_draft_that_the_officer_finds_in_his_form(
    story: testing.Story,
) -> None:
    matter = imported(story, 2)
    first, _ = periods(story, matter)["4月10日"]
    story.until(office.day(2026, 4, 14))
    reported(story, first, 100)
    story.until(office.day(2026, 4, 15))

    (task,) = [one for one in story.open_tasks() if one.name == "起草通报"]
    with story.engine.read() as connection:
        officer = people.identity(connection, "dc_officer", story.now)
        summary = queries.task(connection, officer, task.id)
        definition = story.engine.library.get(connection, summary.definition_id)
        element = definition.process.elements[summary.element_id]
        variables = queries.variables_at(connection, story.engine.library, task.id)
        form = recalls.recall(connection, element, variables)

    assert "2026年第一季度政府工作报告任务落实情况通报" == form["title"]
    assert [{"name": "jtj", "reason": "T01已完成全年目标"}] == form["praised"]
    assert [{"name": "zjj", "reason": "T02未完成季度计划或未反馈"}] == form[
        "criticized"
    ]
    assert "一、已完成全年目标的任务（1项）" in form["body"]
    assert "三、未反馈的任务（1项）" in form["body"]


def test_a_circular_of_very_many_tasks_is_cut_between_lines() -> None:
    lines = [f"{number}.{'落' * 95}" for number in range(1, 301)]

    *kept, last = comparisons.shortened("\n".join(lines)).split("\n")

    assert lines[: len(kept)] == kept
    assert f"（另有{300 - len(kept)}行，见进度表。）" == last
    assert "短" == comparisons.shortened("短")


def test_a_report_that_was_sent_back_does_not_count(story: testing.Story) -> None:
    matter = imported(story, 1)
    (only,) = periods(story, matter)["4月10日"]
    reported(story, only, 60)

    with story.command() as work:
        undertaking = undertakings.get(work.connection, only)
        undertakings.change(work, undertaking, state="RETURNED")
        (line,) = comparisons.compare_quarter(work, matter, "4月10日", [only])

    assert ("MISSING", None) == (line.comparison.verdict, line.comparison.actual)


def test_what_comes_after_the_comparison_changes_nothing_of_it(
    story: testing.Story,
) -> None:
    matter = imported(story, 1)
    (only,) = periods(story, matter)["4月10日"]
    with story.command() as work:
        comparisons.compare_quarter(work, matter, "4月10日", [only])
    reported(story, only, 60)

    with story.engine.read() as connection:
        (kept,) = comparisons.of_matter(connection, matter.id)

    assert "MISSING" == kept.verdict
    with pytest.raises(sa.exc.IntegrityError), story.command() as work:
        comparisons.compare_quarter(work, matter, "4月10日", [only])


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, "7"), (7.5, "7.5"), ("1.10", "1.1"), (Decimal("0.1"), "0.1"), (1e3, "1000")],
)
def test_figures_are_exact(value: object, number: str) -> None:
    assert number == targets.shown(targets.exact(value))


@pytest.mark.parametrize("value", [True, None, [], "many", "nan", "inf", ""])
def test_what_is_no_number_is_no_figure(value: object) -> None:
    assert targets.exact(value) is None


# -- the chart ---------------------------------------------------------------------


def watched(story: testing.Story) -> matters.Matter:
    story.start("proc_accountability_watch", person="dc_registrar", fields=office.WATCH)
    return office.matter_of(story)


def values(story: testing.Story, matter: matters.Matter) -> list[dict[str, object]]:
    """Return a value of every indicator, of a department, a town, a vertical office."""
    with story.engine.read() as connection:
        names = indicators.names(connection, matter)
    return [
        {"indicator": name, "unit": unit, "target": 8, "actual": 2}
        for name in names
        for unit in ("fgw", "cgz", "sthjj")
    ]


def enter(
    story: testing.Story, matter: matters.Matter, rows: list[dict[str, object]]
) -> int:
    with story.command() as work:
        return indicators.record(
            work,
            matter,
            "2026-03",
            {"values": rows},
            person="dc_officer",
            on_behalf_of=None,
        )


@pytest.mark.requirement("R-03-12")
def test_the_chart_shows_eight_indicators_once_their_month_is_frozen(
    story: testing.Story,
) -> None:
    matter = watched(story)
    assert 24 == enter(story, matter, values(story, matter))
    span = statistics.Span(story.now.date(), story.now.date(), story.now)
    with story.engine.read() as connection:
        assert () == plans.indicators(connection, "2026-03", span).rows
    with story.command() as work:
        assert 24 == indicators.freeze(work, matter, "2026-03")

    with story.engine.read() as connection:
        columns = plans.indicators(connection, "2026-03", span).rows

    assert 8 == len({row[0] for row in columns})
    assert {"县直部门": 8, "乡镇": 8, "垂直管理单位": 8} == Counter(
        row[1] for row in columns
    )
    assert {(8, 2, "25.0%")} == {row[3:] for row in columns}


def test_a_frozen_month_is_never_entered_again(story: testing.Story) -> None:
    matter = watched(story)
    rows = values(story, matter)
    enter(story, matter, rows)
    with story.command() as work:
        indicators.freeze(work, matter, "2026-03")

    with pytest.raises(indicators.Frozen):
        enter(story, matter, rows)


def test_a_month_that_is_not_frozen_may_be_corrected(story: testing.Story) -> None:
    matter = watched(story)
    enter(story, matter, values(story, matter))

    corrected = [{**one, "actual": 3} for one in values(story, matter)]

    assert 24 == enter(story, matter, corrected)
    value = tables.indicator_value.c
    with story.engine.read() as connection:
        assert {"3"} == set(connection.scalars(sa.select(value.actual)))


@pytest.mark.requirement("R-03-12")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows[3:],
        lambda rows: [*rows, rows[0]],
        lambda rows: [{**rows[0], "indicator": "幸福指数"}, *rows[1:]],
        lambda rows: [{**rows[0], "actual": "不少"}, *rows[1:]],
        lambda rows: [{**rows[0], "unit": ""}, *rows[1:]],
    ],
    ids=["an indicator is missing", "twice", "unknown", "no number", "no unit"],
)
def test_values_that_make_no_chart_are_refused(
    story: testing.Story,
    spoil: Callable[[list[dict[str, object]]], list[dict[str, object]]],
) -> None:
    matter = watched(story)
    rows = values(story, matter)
    before = office.rows(story)

    with pytest.raises(errors.Invalid):
        enter(story, matter, spoil(rows))

    assert before == office.rows(story)
