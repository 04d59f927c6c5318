"""The statistical tables on their pages: whose figures, which filters, which file."""

import io
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from datetime import timedelta
from html import parser

import docx
import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from openpyxl.cell.cell import Cell
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from engine import clock as clocks
from engine import engine as engines
from processes.supervision import tables
from processes.supervision.statistics import directory
from tests.processes.supervision import counted
from tests.processes.supervision.counted import moment
from tests.processes.supervision.statistics import test_yearbook
from tests.web.conftest import PASSWORD
from tests.web.conftest import Visitor
from web import office
from web import settings as settings_module

SignedIn = Callable[[str], Visitor]
SUMMER = "since=2026-07-01&until=2026-09-30"
DAY = date(2026, 8, 10)
AUTUMN = moment(date(2026, 10, 12), 10)
#: What begins as a formula does in a spreadsheet.
HOSTILE = (
    "=HYPERLINK(“http://x”)",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\x01隐藏<b>粗</b>",
)
OF_UNITS = {"ledger", "units", "three-lists", "watch", "lights", "burden", "appraisals"}


class Tables(parser.HTMLParser):
    """The cells of all tables of a page, row by row, headings included."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.captions = 0
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "caption":
            self.captions += 1
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            # A workbook may hold no control character.
            self.rows[-1][-1] = self.rows[-1][-1].strip().replace("\x01", "")
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


@pytest.fixture
def engine(settings: settings_module.Settings) -> engines.Engine:
    """The office on a day after the quarter: its figures change no more."""
    return office.opened(settings, clocks.FixedClock(AUTUMN))


@pytest.fixture
def summer(engine: engines.Engine) -> None:
    """A quarter in which 住建局 was late once, 发改委 in time twice, one title bad."""
    with engine.begin() as work:
        c = work.connection
        for serial, (unit, reported) in enumerate(
            (
                ("zjj", moment(DAY)),
                ("zjj", moment(DAY + timedelta(days=3))),
                ("fgw", moment(DAY)),
                ("fgw", moment(DAY)),
                ("cgz", None),
            )
        ):
            about = counted.matter(
                c,
                number=f"411426-2026-07-000{serial + 1}",
                title=HOSTILE[serial],
                light="OFF" if reported else "RED",
                source_leader="王县长" if unit == "fgw" else None,
            )
            counted.undertaking(
                c,
                unit,
                DAY,
                matter_id=about,
                reported=reported,
                light="OFF" if reported else "RED",
            )


def rows(visitor: Visitor, address: str) -> list[list[str]]:
    """Return the cells of the tables of a page."""
    answer = visitor.opens(address)
    assert 200 == answer.status_code, answer.text
    return Tables(answer.text).rows


def sheets(visitor: Visitor, address: str) -> list[list[str]]:
    """Return the cells of a workbook below what stands above its headings."""
    answer = visitor.opens(address)
    assert 200 == answer.status_code, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    return [
        [words(cell) for cell in row]
        for sheet in book.worksheets
        for row in sheet.iter_rows(min_row=4)
    ]


def words(cell: Cell) -> str:
    """Return what a spreadsheet shows in a cell."""
    if cell.number_format == "0.0":
        return f"{cell.value:.1f}"
    return "" if cell.value is None else str(cell.value)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Give a list in which every statement sent is noted."""
    sent: list[str] = []

    def note(_c: object, _r: object, statement: str, *_: object) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.mark.usefixtures("summer")
def test_the_director_sees_which_unit_was_late(signed_in: SignedIn) -> None:
    director = signed_in("go_director")

    assert [
        ["分组", "单位", "应办", "按期", "逾期", "按期办结率", "得分"],
        ["县直部门", "县发改委", "2", "2", "0", "100.0%", "100.0"],
        ["县直部门", "县住建局", "2", "1", "1", "50.0%", "100.0"],
        ["乡镇", "城关镇", "1", "0", "1", "0.0%", "100.0"],
    ] == rows(director, f"/statistics/units?{SUMMER}")
    page = director.opens(f"/statistics/units?{SUMMER}").text
    assert '<rect width="50.0%"' in page
    assert "期间：2026-07-01至2026-09-30；统计时点：" in page


@pytest.mark.usefixtures("summer")
def test_a_unit_sees_its_own_figures_only(signed_in: SignedIn) -> None:
    head = signed_in("unit_head.zjj")
    own = rows(head, f"/statistics/units?{SUMMER}")
    ledger = rows(head, f"/statistics/ledger?{SUMMER}")

    assert ["县住建局"] == [row[1] for row in own[1:]]
    assert ["411426-2026-07-0001", "411426-2026-07-0002"] == [
        row[0] for row in ledger[1:]
    ]
    for suffix in ("", ".xlsx"):
        foreign = f"/statistics/units{suffix}?{SUMMER}&unit=fgw"
        assert 422 == head.opens(foreign).status_code


def test_each_table_is_shown_to_whom_it_is_for(signed_in: SignedIn) -> None:
    """The page lists what opens, and nothing else opens: not as a file either."""
    keys = {one.key for one in directory.STATISTICS}
    expected = {
        "mayor": keys - {"team"},
        "go_director": keys,
        "dc_officer": keys - {"team"},
        "unit_handler.mzj": OF_UNITS,
        "perf_office": {"three-lists", "appraisals"},
        "biz_admin": {"burden", "vacancies"},
        "sys_admin": set(),
        "process_designer": set(),
    }
    for person, offered in expected.items():
        visitor = signed_in(person)
        index = visitor.opens("/statistics")
        assert (200 if offered else 403) == index.status_code, person
        linked = {key for key in keys if f'href="/statistics/{key}"' in index.text}
        assert offered == linked, person
        assert bool(offered) == ('href="/statistics"' in visitor.opens("/tasks").text)
        for key in keys - offered:
            for suffix in ("", ".xlsx"):
                path = f"/statistics/{key}{suffix}"
                assert 404 == visitor.opens(path).status_code, (person, path)
    assert 404 == signed_in("perf_office").opens("/statistics/x").status_code
    assert (
        404 == signed_in("unit_head.mzj").opens("/statistics/yearbook.docx").status_code
    )


@pytest.mark.usefixtures("summer")
@pytest.mark.parametrize("statistic", directory.STATISTICS, ids=lambda one: one.key)
def test_the_workbook_says_what_the_page_says(
    signed_in: SignedIn, statistic: directory.Statistic
) -> None:
    director = signed_in("go_director")
    query = SUMMER if "since" in statistic.filters else ""
    shown = rows(director, f"/statistics/{statistic.key}?{query}")
    kept = sheets(director, f"/statistics/{statistic.key}.xlsx?{query}")

    assert shown == [row[: len(told)] for row, told in zip(kept, shown, strict=True)]
    assert not any(any(row[len(told) :]) for row, told in zip(kept, shown, strict=True))
    assert len(shown) >= 2, "a table without rows says so"


@pytest.mark.usefixtures("summer")
def test_a_title_is_never_a_formula(signed_in: SignedIn) -> None:
    visitor = signed_in("mayor")
    answer = visitor.opens(f"/statistics/ledger.xlsx?{SUMMER}")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    titles = [row[1] for row in book.worksheets[0].iter_rows(min_row=5)]
    page = visitor.opens(f"/statistics/ledger?{SUMMER}").text

    assert [*HOSTILE[:4], "隐藏<b>粗</b>"] == [cell.value for cell in titles]
    assert {"s"} == {cell.data_type for cell in titles}
    assert [True] * 4 + [False] == [cell.quotePrefix for cell in titles]
    assert "<b>粗</b>" not in page
    assert "&lt;b&gt;粗&lt;/b&gt;" in page


@pytest.mark.usefixtures("summer")
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("unit=fgw", [3, 4]),
        ("light=RED", [5]),
        ("leader=王县长", [3, 4]),
        ("leader=王县长&unit=zjj", []),
        ("status=CLOSED", []),
        ("source_type=热线", [1, 2, 3, 4, 5]),
    ],
)
def test_the_ledger_is_narrowed(
    signed_in: SignedIn, query: str, numbers: list[int]
) -> None:
    found = rows(signed_in("dc_officer"), f"/statistics/ledger?{SUMMER}&{query}")[1:]

    expected = [f"411426-2026-07-000{one}" for one in numbers] or ["没有记录"]
    assert expected == [row[0] for row in found]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("since=2026-02-30", "日期应写成 2026-04-29。"),
        ("until=明天", "日期应写成 2026-04-29。"),
        ("since=0001-01-01", "日期应在2000-01-01至2099-12-31之间。"),
        ("until=9999-12-31", "日期应在2000-01-01至2099-12-31之间。"),
        ("since=2026-07-02&until=2026-07-01", "止日不得早于起日。"),
        ("since=2020-01-01&until=2026-07-01", "期间最长731天。"),
        ("unit=nowhere", "“nowhere”不在可选的承办单位之内。"),
        ("unit=%27%20OR%201=1--", "不在可选的承办单位之内。"),
        ("light=BLUE", "“BLUE”不在可选的亮灯之内。"),
        ("status=%3Cscript%3E", "“&lt;script&gt;”不在可选的状态之内。"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(
    signed_in: SignedIn, query: str, reason: str
) -> None:
    visitor = signed_in("dc_chief")
    for suffix in ("", ".xlsx"):
        answer = visitor.opens(f"/statistics/ledger{suffix}?{query}")

        assert 422 == answer.status_code
        assert reason.replace("“", "").replace("”", "") in answer.text.replace(
            "“", ""
        ).replace("”", "")
        assert "<table" not in answer.text
    for path in ("packet?quarter=2026-9", "yearbook?year=x", "watch?month=1"):
        assert 422 == visitor.opens(f"/statistics/{path}").status_code


def test_what_is_no_filter_is_passed_on_to_no_link(signed_in: SignedIn) -> None:
    page = signed_in("dc_chief").opens(
        "/statistics/units?unit=zjj&key=x&endpoint=y&_scheme=javascript&_external=1"
    )

    assert 200 == page.status_code
    assert "javascript:" not in page.text
    assert 6 == page.text.count('href="/statistics/units?unit=zjj&amp;since=')


def test_no_table_asks_once_for_each_matter(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    """Three hundred matters cost as many statements as thirty."""
    director = signed_in("go_director")
    today = engine.calendar.local_date(engine.clock.now())
    day = today - timedelta(days=1)
    procedures = (
        "proc_meeting_decision",
        "proc_leader_instruction",
        "proc_gov_work_report",
        "proc_ten_livelihood",
    )
    units = ("zjj", "fgw", "mzj", "cgz", "sthjj")
    sent: dict[str, list[int]] = {one.key: [] for one in directory.STATISTICS}
    for count in (30, 270):
        with engine.begin() as work:
            c = work.connection
            for serial in range(count):
                about = counted.matter(
                    c,
                    number=f"{count}-{serial}",
                    procedure=procedures[serial % 4],
                    source={"meeting_type": "常务会议"},
                    created_at=moment(day),
                )
                counted.undertaking(
                    c,
                    units[serial % 5],
                    day,
                    matter_id=about,
                    light="RED",
                    issued_at=moment(day),
                )
        for one in directory.STATISTICS:
            with statements() as noted:
                director.opens(f"/statistics/{one.key}")
            sent[one.key].append(len(noted))

    assert {} == {key: counts for key, counts in sent.items() if counts[0] != counts[1]}
    assert max(counts[1] for counts in sent.values()) <= 40


def test_units_are_ranked_only_where_the_office_turned_it_on(
    app: Flask, signed_in: SignedIn, summer: None
) -> None:
    """减负红线: the switch of the ranking is off by default (domain §6.6)."""
    visitor = signed_in("mayor")
    before = rows(visitor, f"/statistics/units?{SUMMER}")
    settings = app.extensions["ducha.settings"]
    object.__setattr__(settings, "unit_ranking", True)
    after = rows(visitor, f"/statistics/units?{SUMMER}")

    assert "名次" not in before[0]
    assert [
        ["县直部门", "1", "县发改委"],
        ["县直部门", "2", "县住建局"],
        ["乡镇", "1", "城关镇"],
    ] == [row[:3] for row in after[1:]]


@pytest.mark.usefixtures("summer")
def test_the_yearbook_is_taken_along_as_a_text(signed_in: SignedIn) -> None:
    visitor = signed_in("dc_chief")
    page = visitor.opens("/statistics/yearbook?year=2026").text
    answer = visitor.opens("/statistics/yearbook.docx?year=2026")
    said = [one.text for one in docx.Document(io.BytesIO(answer.data)).paragraphs]

    assert "2026年政务督查工作年鉴（草稿）" == said[0]
    assert ["网上立项", "立项5（分类合计）", "工作报告"] == said[1:4]
    assert "立项5（分类合计）" in page


@pytest.mark.requirement("R-03-17")
def test_the_page_of_the_yearbook_tells_the_figures_of_003(
    signed_in: SignedIn, engine: engines.Engine
) -> None:
    """Domain §5.3: 2534 by classes, and the chapters of the seed in its own figures."""
    year = test_yearbook.YEAR.since.year
    engine.clock.set(moment(date(year + 1, 1, 5)))
    with engine.begin() as work:
        test_yearbook.seed(work.connection)
    visitor = signed_in("dc_chief")
    found = dict(row[:2] for row in rows(visitor, f"/statistics/yearbook?year={year}"))
    answer = visitor.opens(f"/statistics/yearbook.docx?year={year}")
    said = {one.text for one in docx.Document(io.BytesIO(answer.data)).paragraphs}

    assert ("2534", "273", "431") == (
        found["立项"],
        found["政府工作报告任务"],
        found["会议议定事项"],
    )
    for told in (
        "6综合+13常务+16办公会+20专题+6文件=61次（件）→431项。",
        "调研活动34次，临时交办立项307项，落实288项，落实率93.8%。",
        "重点项目33个，考核指标8项。",
    ):
        assert told in found.values()
        assert told in said


@pytest.mark.browser
def test_the_tables_fit_every_screen_and_reader(
    app: Flask,
    serve: Callable[[Flask], str],
    browser: Browser,
    barriers: Callable[[Page], list[str]],
    summer: None,
    engine: engines.Engine,
) -> None:
    """WCAG 2.2 AA by axe; a wide table scrolls in its own box, the page never."""
    with engine.begin() as work:
        work.connection.execute(tables.matter.update().values(title="很长的标题" * 30))
    address = serve(app)
    context = browser.new_context(
        locale="zh-CN", viewport={"width": 1440, "height": 900}
    )
    page = context.new_page()
    page.goto(f"{address}/login")
    page.get_by_label("账号").fill("go_director")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("link", name="统计报表")).to_be_visible()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for path in (
            "",
            f"/ledger?{SUMMER}",
            f"/units?{SUMMER}",
            "/rates",
            "/lights",
            "/units?since=x",
        ):
            page.goto(f"{address}/statistics{path}")
            sideways = page.evaluate(
                "document.documentElement.scrollWidth - innerWidth"
            )

            assert ([], 0) == (barriers(page), max(0, sideways)), (width, path)
    page.get_by_label("从").fill("2026-07-01")
    page.get_by_label("至").fill("2026-09-30")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("cell", name="县住建局")).to_be_visible()
    context.close()
