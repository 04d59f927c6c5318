"""工作报告、实事、问责观察: what cannot be measured is refused and changes nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import database
from engine import people
from engine import testing
from processes import rehearsal
from processes.supervision.inspections import initiatives
from processes.supervision.targets import imports
from processes.supervision.targets import targets
from tests.processes.supervision import reports_office as office
from tests.processes.supervision.refusing import refused

GOV, LIVELIHOOD, WATCH = (
    "proc_gov_work_report",
    "proc_ten_livelihood",
    "proc_accountability_watch",
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


def started(story: testing.Story, process: str, fields: dict[str, object]) -> None:
    story.start(process, person="dc_registrar", fields=fields)


def break_down(story: testing.Story, task: str, *rows: dict[str, object]) -> None:
    given = {"opinion": "拟分解承办。", "mandates": list(rows)}
    story.complete(task, person="dc_officer", fields=given)


@pytest.mark.requirement("R-01-08")
def test_a_report_says_whether_it_is_the_citys_or_the_countys(
    story: testing.Story,
) -> None:
    without = {key: value for key, value in office.REPORT.items() if key != "level"}

    refused(story, lambda: started(story, GOV, without), "level", "R-01-08")


@pytest.mark.requirement("R-00-05")
def test_a_report_was_approved_by_the_congress_on_a_day(story: testing.Story) -> None:
    without = {**office.REPORT, "source_on": None}

    refused(story, lambda: started(story, GOV, without), "source_on", "R-00-05")


@pytest.mark.requirement("R-01-09")
@pytest.mark.parametrize(
    "key", ["indicator", "indicator_unit", "target", "q1", "q2", "q3", "q4"]
)
def test_every_task_of_the_report_has_an_indicator_and_four_plan_values(
    story: testing.Story, key: str
) -> None:
    started(story, GOV, office.REPORT)
    rows = [office.target(), office.target(**{key: None})]

    refused(story, lambda: break_down(story, "立项分解", *rows), key, "R-01-09")


@pytest.mark.requirement("R-01-08", "R-03-13")
@pytest.mark.parametrize(
    "key", ["lead_unit", "responsible_person", "due_on", "requirement"]
)
def test_every_task_of_the_report_has_a_unit_a_person_a_day_and_a_requirement(
    story: testing.Story, key: str
) -> None:
    started(story, GOV, office.REPORT)
    rows = [office.target(), office.target(**{key: None})]

    refused(story, lambda: break_down(story, "立项分解", *rows), key)


@pytest.mark.requirement("R-01-09")
@pytest.mark.parametrize("value", ["many", True, [], {}])
def test_a_plan_value_is_a_number(story: testing.Story, value: object) -> None:
    started(story, GOV, office.REPORT)

    refused(story, lambda: break_down(story, "立项分解", office.target(q2=value)), "q2")


@pytest.mark.requirement("R-01-15")
def test_nothing_of_this_year_is_due_next_year(story: testing.Story) -> None:
    started(story, LIVELIHOOD, office.LIVELIHOOD)
    late = {
        "content": "老旧小区改造",
        "requirement": "年内完工。",
        "lead_unit": "zjj",
        "due_on": "2027-01-01",
    }

    refused(story, lambda: break_down(story, "立项分解", late), "R-01-15")


@pytest.mark.requirement("R-01-14")
def test_a_unit_without_a_head_cannot_answer_for_a_project(
    story: testing.Story,
) -> None:
    started(story, LIVELIHOOD, office.LIVELIHOOD)
    headless = {
        "content": "办公楼维修",
        "requirement": "年内完工。",
        "lead_unit": "zfb",
        "due_on": "2026-12-31",
    }

    refused(story, lambda: break_down(story, "立项分解", headless), "lead_unit")


@pytest.mark.requirement("R-01-14")
def test_nobody_but_the_head_is_named_as_the_first_to_answer(
    story: testing.Story,
) -> None:
    started(story, LIVELIHOOD, office.LIVELIHOOD)
    matter = office.matter_of(story)
    other = {"mandates": [{"lead_unit": "zjj", "responsible_person": "杨副局长"}]}

    def name_another() -> None:
        with story.command() as work:
            targets.measurable(work, matter, other)

    refused(story, name_another, "R-01-14", "responsible_person")


@pytest.mark.requirement("R-03-11")
def test_a_project_under_watch_has_a_milestone(story: testing.Story) -> None:
    started(story, WATCH, office.WATCH)
    without = {
        "content": "新院区",
        "requirement": "按节点推进。",
        "lead_unit": "wjw",
        "responsible_person": "程某",
        "due_on": "2026-12-31",
    }

    refused(story, lambda: break_down(story, "列出项目与节点", without), "R-03-11")


def bring(story: testing.Story, content: bytes, person: str = "dc_officer") -> None:
    matter = office.matter_of(story)
    with story.command() as work:
        identity = people.identity(work.connection, person, story.now)
        imports.keep(work, matter, identity, content)


@pytest.mark.requirement("R-01-09", "S06")
def test_a_workbook_with_faults_is_imported_in_no_part(story: testing.Story) -> None:
    started(story, GOV, office.REPORT)
    lines = [office.line(number) for number in range(1, 30)]
    lines[7] |= {"量化指标": None}
    lines[20] |= {"责任单位": "县铁路局", "三季度计划": "不少于80"}

    refused(
        story,
        lambda: bring(story, office.book(*lines)),
        "第9行“量化指标”（H9）不能为空（R-01-09）",
        "第22行“责任单位”（D22）没有“县铁路局”这一单位",
        "第22行“三季度计划”（M22）应填数字，现为“不少于80”",
    )


@pytest.mark.parametrize("person", ["unit_handler.zjj", "mayor", "archivist"])
def test_only_the_supervision_office_imports(story: testing.Story, person: str) -> None:
    started(story, GOV, office.REPORT)

    refused(story, lambda: bring(story, office.book(office.line()), person), "督查室")


def test_a_breakdown_that_leaders_look_at_is_not_imported_anew(
    story: testing.Story,
) -> None:
    started(story, GOV, office.REPORT)
    break_down(story, "立项分解", office.target())

    refused(story, lambda: bring(story, office.book(office.line())), "审批中")


@pytest.mark.parametrize("manner", ["", "突击检查", None])
def test_an_inspection_has_a_manner_that_the_procedure_knows(
    story: testing.Story, manner: str | None
) -> None:
    started(story, GOV, office.REPORT)
    matter = office.matter_of(story)

    def begin() -> None:
        with story.command() as work:
            chief = people.identity(work.connection, "dc_chief", story.now)
            given = {"manner": manner, "reason": "推进较慢。"}
            initiatives.begin(work, matter, chief, given)

    refused(story, begin, "manner")


def test_a_procedure_without_manners_has_no_inspections_of_its_own(
    story: testing.Story,
) -> None:
    started(story, WATCH, office.WATCH)
    matter = office.matter_of(story)

    def begin() -> None:
        with story.command() as work:
            chief = people.identity(work.connection, "dc_chief", story.now)
            initiatives.begin(work, matter, chief, {"manner": "季度督查"})

    refused(story, begin, "没有另行开展的督查")


def test_a_procedure_that_measures_by_nothing_imports_nothing(
    story: testing.Story,
) -> None:
    told = {
        "title": "城区道路坑洼整修",
        "source_rank": "mayor",
        "source_leader": "mayor",
        "instruction": "10个工作日内修好。",
        "source_on": "2026-02-27",
        "original": "批示件2026-040",
        "received_on": "2026-02-27",
        "urgency": "平件",
        "secrecy": "内部",
    }
    started(story, "proc_leader_instruction", told)

    refused(story, lambda: bring(story, office.book(office.line())), "不从 Excel 导入")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mandate": "T02"}, "没有任务"),
        ({"mandate": "路"}, "没有任务"),
        ({"target": None}, "target"),
        ({"q3": "七十"}, "q3"),
        ({"reason": " "}, "reason"),
    ],
)
def test_another_target_is_asked_for_with_all_its_figures_and_a_reason(
    story: testing.Story, fields: dict[str, object], words: str
) -> None:
    started(story, GOV, office.REPORT)
    break_down(story, "立项分解", office.target())
    matter = office.matter_of(story)
    asked = {"mandate": "T01", "target": 90, "q1": 5, "q2": 30, "q3": 60, "q4": 90}

    def ask() -> None:
        with story.command() as work:
            handler = people.identity(work.connection, "unit_handler.jtysj", story.now)
            given = {**asked, "reason": "汛期停工。", **fields}
            targets.request(work, matter, handler, given)

    refused(story, ask, words)
