"""The screens in the halls: indicators that rotate, print and leave as images."""

from collections.abc import Callable
from datetime import date
from xml.etree import ElementTree

import pytest
from flask import Flask
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from engine import engine as engines
from processes.supervision import tables
from processes.supervision.statistics import directory
from tests.processes.supervision import counted
from tests.web import test_statistics
from tests.web.conftest import PASSWORD
from tests.web.conftest import Visitor
from web import wall

SignedIn = Callable[[str], Visitor]
WALL = "/statistics/watch/wall"
SVG = "{http://www.w3.org/2000/svg}"
MONTH = "2026-08"
UNITS = ("fgw", "zjj", "cgz", "sthjj")


@pytest.fixture
def frozen(engine: engines.Engine) -> None:
    """Eight indicators of four units in three groups, frozen; another month is not."""
    with engine.begin() as work:
        about = counted.matter(work.connection, procedure="proc_accountability_watch")
        work.connection.execute(
            tables.indicator_value.insert(),
            [
                {
                    "matter_id": about,
                    "indicator": f"指标{serial}<b>",
                    "unit": unit,
                    "month": month,
                    "target": "40",
                    "actual": str(10 * serial + place),
                    "frozen_at": frozen_at,
                    "person": "dc_officer",
                    "at": counted.SINCE,
                }
                for month, frozen_at in (
                    (MONTH, counted.moment(date(2026, 9, 5))),
                    ("2026-09", None),
                )
                for serial in range(1, 9)
                for place, unit in enumerate(UNITS)
            ],
        )


def told(image: str) -> set[str | None]:
    """Return the words of a chart."""
    return {one.text for one in ElementTree.fromstring(image).iter(f"{SVG}text")}


@pytest.mark.requirement("R-03-12")
@pytest.mark.usefixtures("frozen")
def test_the_image_of_an_indicator_tells_the_rows_of_the_table(
    signed_in: SignedIn,
) -> None:
    visitor = signed_in("dc_chief")
    table = test_statistics.rows(visitor, f"/statistics/watch?month={MONTH}")
    for number in range(1, 9):
        rows = [row for row in table if row[0] == f"指标{number}<b>"]
        answer = visitor.opens(f"{WALL}/{number}.svg?month={MONTH}")

        assert 4 == len(rows)
        assert "image/svg+xml; charset=utf-8" == answer.content_type
        assert "attachment" in answer.headers["Content-Disposition"]
        for _, group, unit, _, _, rate in rows:
            assert {group, unit, rate, f"指标{number}<b>完成率"} <= told(answer.text)
    assert b"\x89PNG" == visitor.opens(f"{WALL}/1.png?month={MONTH}").data[:4]


@pytest.mark.requirement("R-03-12")
@pytest.mark.usefixtures("frozen")
def test_one_indicator_follows_the_other_and_the_first_the_last(
    signed_in: SignedIn,
) -> None:
    visitor = signed_in("mayor")
    first = visitor.opens(WALL).text
    last = visitor.opens(f"{WALL}?indicator=8").text

    assert f"{wall.SECONDS}; url={WALL}?month={MONTH}&amp;indicator=2" in first
    assert f"{wall.SECONDS}; url={WALL}?month={MONTH}&amp;indicator=1" in last
    assert (8, 7) == (first.count("<svg "), first.count("only-print"))
    assert "指标1<b>" not in first
    assert f'href="{WALL}' in visitor.opens("/statistics/watch").text


@pytest.mark.usefixtures("frozen")
def test_the_screen_is_for_whom_the_table_is(signed_in: SignedIn) -> None:
    """A unit sees its own columns; the guardians (三员) and designers none."""
    own = told(signed_in("unit_head.zjj").opens(f"{WALL}/1.svg").text)
    assert ("县住建局" in own, "县发改委" in own) == (True, False)
    foreign = signed_in("unit_head.zjj").opens(f"{WALL}?unit=fgw")
    assert 422 == foreign.status_code
    for person in ("sys_admin", "process_designer", "perf_office"):
        visitor = signed_in(person)
        for path in (WALL, f"{WALL}/1.svg", f"{WALL}/1.png"):
            assert 404 == visitor.opens(path).status_code, (person, path)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?indicator=9", 404),
        ("?indicator=-1", 404),
        ("?indicator=99999999999999999999", 200),
        ("?indicator=%3Cscript%3E", 200),
        ("?month=2026-09", 422),
        ("?month=%27%20OR%201=1--", 422),
        ("/0.svg", 404),
        ("/9.svg", 404),
        ("/1.gif", 404),
        ("/99999999999999999999.png", 404),
        ("/..%2f1.svg", 404),
    ],
)
@pytest.mark.usefixtures("frozen")
def test_what_is_no_indicator_is_not_shown(
    signed_in: SignedIn, path: str, status: int
) -> None:
    assert status == signed_in("dc_chief").opens(f"{WALL}{path}").status_code


def test_a_month_without_figures_says_so(signed_in: SignedIn) -> None:
    visitor = signed_in("dc_chief")

    assert "这个月还没有冻结的指标。" in visitor.opens(WALL).text
    assert 404 == visitor.opens(f"{WALL}/1.svg").status_code
    assert "watch" in {one.key for one in directory.STATISTICS}


@pytest.mark.browser
@pytest.mark.requirement("R-03-12")
@pytest.mark.usefixtures("frozen")
def test_the_screen_rotates_by_itself_unless_one_wants_it_still(
    app: Flask,
    serve: Callable[[Flask], str],
    browser: Browser,
    barriers: Callable[[Page], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """WCAG 2.2 AA by axe; on paper every indicator has its sheet."""
    address = serve(app)
    context = browser.new_context(locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/login")
    page.get_by_label("账号").fill("dc_chief")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("link", name="统计报表")).to_be_visible()
    for width, height in ((1920, 1080), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{address}{WALL}")
        sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")

        assert ([], 0) == (barriers(page), max(0, sideways)), width
    expect(page.get_by_role("button", name="开始轮播")).to_be_visible()
    page.emulate_media(media="print")
    assert 8 == page.locator("section.chart:visible").count()
    page.emulate_media(media="screen", reduced_motion="no-preference")
    assert 1 == page.locator("section.chart:visible").count()
    monkeypatch.setattr(wall, "SECONDS", 1)
    page.goto(f"{address}{WALL}")
    page.wait_for_url("**indicator=3", timeout=15_000)
    monkeypatch.setattr(wall, "SECONDS", 15)
    page.wait_for_url("**indicator=4", timeout=15_000)
    page.get_by_role("button", name="暂停轮播").click()
    expect(page.get_by_role("button", name="开始轮播")).to_be_visible()
    context.close()
