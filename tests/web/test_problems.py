"""The three lists on the pages of those concerned, and as a workbook."""

import io
from collections.abc import Callable

import openpyxl
import pytest

from engine import engine as engines
from processes.supervision.inspections import inspections
from processes.supervision.matters import matters
from processes.supervision.three_lists import problems
from tests.web.conftest import Visitor

PATROL = {
    "field.title": "农贸市场巡查",
    "field.scope_kind": "重点工作、重大项目建设推进",
    "field.content_kind": "重大决策部署贯彻落实情况",
}


@pytest.fixture
def patrol(engine: engines.Engine, signed_in: Callable[[str], Visitor]) -> str:
    """The page of a patrol that found a problem of 城管局 and one of 住建局."""
    officer = signed_in("dc_officer")
    page = officer.sends("/procedures/proc_patrol/start", **PATROL)
    with engine.begin() as work:
        matter = matters.by_number(work.connection, "411426-2026-09-0001")
        inspection = inspections.open_inspection(work, matter.id, "巡查")
        found = [
            problems.Found(
                content=f"{place}占道经营",
                place=place,
                object="流动摊贩",
                fact="占道12处。",
                evidence=["照片3张"],
                suggestion="限期清理。",
                unit=unit,
            )
            for place, unit in (("东关市场", "cgj"), ("西关工地", "zjj"))
        ]
        signed = problems.Signature("group_leader", None, work.now())
        problems.register(work, matter, inspection.id, found, signed)
        problems.send(work, matter, inspection.id)
    assert 303 == page.status_code
    return f"/matters/{matter.id}"


@pytest.mark.requirement("R-02-39", "R-02-41")
def test_a_unit_reads_its_own_problems_and_no_others(
    patrol: str, signed_in: Callable[[str], Visitor]
) -> None:
    unit = signed_in("unit_handler.cgj").opens(patrol).text
    office = signed_in("perf_office").opens(patrol).text

    assert "东关市场占道经营" in unit
    assert "西关工地占道经营" not in unit
    assert "东关市场占道经营" in office
    assert "西关工地占道经营" in office
    assert 404 == signed_in("unit_handler.mzj").opens(patrol).status_code


@pytest.mark.requirement("R-02-43")
def test_the_workbook_holds_what_one_may_see(
    patrol: str, signed_in: Callable[[str], Visitor]
) -> None:
    path = f"{patrol}/three-lists.xlsx"
    rows = {
        person: openpyxl.load_workbook(io.BytesIO(signed_in(person).opens(path).data))
        .worksheets[0]
        .max_row
        for person in ("perf_office", "unit_head.zjj")
    }

    assert {"perf_office": 5, "unit_head.zjj": 4} == rows
    assert 404 == signed_in("unit_head.mzj").opens(path).status_code
