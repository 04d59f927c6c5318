"""Mandates come from Excel on the page of their matter."""

import io
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from engine import engine as engines
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.targets import imports
from tests.processes.supervision import reports_office as office
from tests.web.conftest import Visitor


@pytest.fixture
def report(engine: engines.Engine, signed_in: Callable[[str], Visitor]) -> int:
    """A government report that waits to be broken down; its id."""
    answer = signed_in("dc_registrar").sends(
        "/procedures/proc_gov_work_report/start",
        **{
            "field.title": "2026年县《政府工作报告》",
            "field.level": "县",
            "field.source_on": "2026-02-28",
        },
    )
    assert 303 == answer.status_code
    with engine.read() as connection:
        return matters.by_number(connection, "411426-2026-02-0001").id


def send(visitor: Visitor, matter_id: int, content: bytes) -> TestResponse:
    return visitor.client.post(
        f"/matters/{matter_id}/mandates",
        data={
            "csrf_token": visitor.token(),
            "workbook": (io.BytesIO(content), "任务分解表.xlsx"),
        },
        follow_redirects=True,
    )


def imported(engine: engines.Engine, matter_id: int) -> int:
    with engine.read() as connection:
        found = papers.latest(connection, matter_id, imports.KIND)
    return len(found.content["mandates"]) if found else 0  # type: ignore[arg-type]


@pytest.mark.requirement("R-01-09", "S06")
def test_an_officer_imports_all_tasks_of_the_report(
    engine: engines.Engine, signed_in: Callable[[str], Visitor], report: int
) -> None:
    lines = [office.line(number) for number in range(1, 274)]

    page = send(signed_in("dc_officer"), report, office.book(*lines))

    assert "已导入273条任务" in page.get_data(as_text=True)
    assert 273 == imported(engine, report)


@pytest.mark.requirement("S06")
def test_faults_are_shown_by_row_and_column_and_nothing_is_imported(
    engine: engines.Engine, signed_in: Callable[[str], Visitor], report: int
) -> None:
    lines = [
        office.line(),
        office.line(量化指标=None),
        office.line(责任单位="<b>局"),
    ]

    page = send(signed_in("dc_officer"), report, office.book(*lines))
    text = page.get_data(as_text=True)

    assert 422 == page.status_code
    assert "第3行“量化指标”（H3）不能为空（R-01-09）。" in text
    assert "第4行“责任单位”（D4）没有“&lt;b&gt;局”这一单位。" in text
    assert 0 == imported(engine, report)


def test_what_is_no_workbook_is_refused(
    engine: engines.Engine, signed_in: Callable[[str], Visitor], report: int
) -> None:
    page = send(signed_in("dc_officer"), report, b"not a workbook")

    assert "文件不是 Excel 工作簿" in page.get_data(as_text=True)
    assert 0 == imported(engine, report)


def test_who_may_not_import_is_shown_no_way_to_and_refused(
    engine: engines.Engine, signed_in: Callable[[str], Visitor], report: int
) -> None:
    director = signed_in("go_director")

    page = director.opens(f"/matters/{report}").get_data(as_text=True)
    answer = send(director, report, office.book(office.line()))

    assert "导入任务" not in page
    assert 403 == answer.status_code
    assert 0 == imported(engine, report)


def test_a_unit_does_not_even_learn_that_the_matter_is_there(
    signed_in: Callable[[str], Visitor], report: int
) -> None:
    answer = send(signed_in("unit_handler.zjj"), report, office.book(office.line()))

    assert 404 == answer.status_code


def test_the_page_names_the_headings_of_the_workbook(
    signed_in: Callable[[str], Visitor], report: int
) -> None:
    page = signed_in("dc_officer").opens(f"/matters/{report}").get_data(as_text=True)

    assert "任务内容、工作要求、责任单位" in page
    assert "四季度计划" in page
