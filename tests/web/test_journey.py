"""One ticket from registration to the archive, in a browser, as the real roles."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from engine import workdays
from tests.web.conftest import PASSWORD

pytestmark = pytest.mark.browser

#: Screenshots are left here for people to look at.
SHOTS = Path(__file__).parent.parent.parent / "var" / "screenshots"
WIDE, NARROW = 1440, 390
START_SECONDS = 60
LOGOS = ".fjs-powered-by-link, .bjs-powered-by"


@pytest.fixture
def address(demo_home: Path, settings_home: Path) -> Iterator[str]:
    """The address of a real `ducha serve` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DUCHA_HOME": str(settings_home),
        "DUCHA_DATABASE_URL": f"sqlite:///{settings_home / 'ducha.sqlite'}",
    }
    ducha = Path(sys.executable).parent / "ducha"
    server = subprocess.Popen(
        [ducha, "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/readyz", server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Return once the server answers; fail when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "ducha serve ended"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("ducha serve did not answer")


class Walk:
    """People at their browsers; every page they see is examined at both widths."""

    def __init__(
        self, browser: Browser, address: str, barriers: Callable[[Page], list[str]]
    ) -> None:
        self.browser = browser
        self.address = address
        self.barriers = barriers
        self.seen = 0
        self.found: list[str] = []
        self.pages: list[Page] = []
        SHOTS.mkdir(parents=True, exist_ok=True)
        for old in SHOTS.glob("*.png"):
            old.unlink()

    def enter(self, person: str, *, scripts: bool = True) -> Page:
        """Return the browser of a person who has just signed in."""
        context = self.browser.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": WIDE, "height": 900},
            java_script_enabled=scripts,
        )
        context.on(
            "console",
            lambda message: (
                self.found.append(f"console: {message.text}")
                if message.type == "error"
                else None
            ),
        )
        context.on("weberror", lambda error: self.found.append(str(error.error)))
        page = context.new_page()
        page.goto(f"{self.address}/login")
        page.get_by_label("账号").fill(person)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("link", name="我的待办")).to_be_visible()
        page.goto(f"{self.address}/tasks")
        expect(page.get_by_role("heading", name="我的待办")).to_be_visible()
        self.pages.append(page)
        return page

    def examine(self, page: Page, name: str) -> None:
        """Look at a page at both widths: barriers, overflow, logo, screenshot."""
        self.seen += 1
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            ready(page)
            page.screenshot(
                path=SHOTS / f"{self.seen:02}-{name}-{width}.png", full_page=True
            )
            self.found += [f"{name} {width}: {one}" for one in self.barriers(page)]
            wider = page.evaluate(
                "document.documentElement.scrollWidth - window.innerWidth"
            )
            if wider > 0:
                self.found.append(f"{name} {width}: {wider} px too wide")
            for logo in page.locator(LOGOS).all():
                if logo.is_visible() and not is_free(page, logo):
                    self.found.append(f"{name} {width}: a logo is covered")
        page.set_viewport_size({"width": WIDE, "height": 900})

    def does(self, person: str, task: str, **fields: str) -> None:
        """Open one's task by its name, fill it in and submit it."""
        page = self.enter(person)
        page.get_by_role("link", name=task, exact=True).first.click()
        ready(page)
        self.examine(page, f"{person}-{task}")
        fill(page, **fields)
        page.locator("#form [data-key=a]").click()
        expect(page.get_by_role("status").filter(has_text="已提交")).to_be_visible()
        page.context.close()


def ready(page: Page) -> None:
    """Wait until forms and diagrams that are in sight are drawn."""
    for kind in ("[data-form]", "[data-diagram]"):
        for drawn in page.locator(kind).all():
            if drawn.is_visible():
                drawn.scroll_into_view_if_needed()
                expect(drawn).to_have_attribute("data-ready", "true")
    page.evaluate("window.scrollTo(0, 0)")


def is_free(page: Page, logo: object) -> bool:
    """Return whether nothing lies over the logo's centre."""
    return bool(
        logo.evaluate(  # type: ignore[attr-defined]
            """logo => {
                logo.scrollIntoView({block: 'end', behavior: 'instant'});
                const {x, y, width, height} = logo.getBoundingClientRect();
                const top = document.elementFromPoint(x + width / 2, y + height / 2);
                return logo === top || logo.contains(top);
            }"""
        )
    )


def fill(page: Page, **fields: str) -> None:
    """Fill in the fields whose labels begin so, whatever their kind."""
    for label, value in fields.items():
        named = page.locator("label, legend", has_text=re.compile(f"^{label}"))
        group = page.locator(".fjs-form-field").filter(has=named).first
        if group.locator(".fjs-select-display, .fjs-select-placeholder").count():
            group.locator(".fjs-input-group").click()
            page.locator(".fjs-dropdownlist-item", has_text=value).first.click()
        elif group.locator("input[type=radio]").count():
            group.get_by_label(value, exact=True).check()
        elif group.locator("input[type=checkbox]").count():
            group.locator("input[type=checkbox]").check()
        elif group.locator(".flatpickr-input").count():
            box = group.locator("input[type=text]").last
            box.fill(value)
            box.press("Enter")
        elif group.get_by_placeholder("搜索").count():
            group.get_by_placeholder("搜索").fill(value)
            group.locator(".fjs-dropdownlist-item", has_text=value).first.click()
        else:
            group.locator("textarea, input").first.fill(value)


@pytest.fixture
def settings_home(demo_home: Path, tmp_path: Path) -> Path:
    """The home directory of this test's server."""
    import shutil

    return Path(shutil.copytree(demo_home, tmp_path / "home"))


def test_a_ticket_goes_from_registration_to_the_archive(
    browser: Browser, address: str, barriers: Callable[[Page], list[str]]
) -> None:
    """Every role does its part on pages without barriers, errors or overflow."""
    walk = Walk(browser, address, barriers)
    today = datetime.now(workdays.SHANGHAI).date().isoformat()

    stranger = browser.new_context().new_page()
    stranger.goto(f"{address}/login")
    walk.examine(stranger, "登录")
    stranger.goto(f"{address}/no-such-page")
    walk.examine(stranger, "没有找到")

    page = walk.enter("dc_registrar")
    walk.examine(page, "我的待办-空")
    page.get_by_role("link", name="发起事项").click()
    walk.examine(page, "发起事项")
    page.get_by_role("link", name="登记市长热线").click()
    ready(page)
    walk.examine(page, "登记")
    fill(
        page,
        工单号="RX-2026-0001",
        交办日=today,
        诉求类型="投诉",
        标题="人民路路灯连续三晚不亮",
        诉求内容="人民路与昌盛街交叉口路灯连续三晚不亮，行人夜间通行不便。",
        诉求人="张三",
        联系方式="13812345678",
    )
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_text("已登记，督查编号")).to_be_visible()
    walk.examine(page, "事项-登记岗")
    matter = page.url

    page = walk.enter("dc_officer")
    walk.examine(page, "我的待办-一件")
    page.get_by_role("link", name="拟办", exact=True).click()
    ready(page)
    walk.examine(page, "拟办")
    fill(
        page,
        拟办意见="拟由县住建局牵头办理，查明原因并尽快修复。",
        主办单位="夏邑县住房和城乡建设局",
        办理要求="5个工作日内修复并报告结果。",
    )
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("status").filter(has_text="已提交")).to_be_visible()

    approve_with_the_keyboard(walk, "go_deputy")
    approve_without_scripts(walk, "go_director")
    walk.does("exec_vice_mayor", "常务副县长审定", 决定="审定")
    walk.does("unit_registrar.zjj", "签收", 已收到通知单="")
    walk.does("unit_deputy.zjj", "分办", 办理人="经办")
    walk.does(
        "unit_handler.zjj",
        "办理并拟报告",
        报告类别="一般性报告",
        办理情况="已查明系控制箱跳闸，已更换空气开关，路灯恢复照明。",
        结论="反映属实，已修复。",
        措施="更换空气开关并加装漏电保护。",
        完成状态="已完成",
        进度="100",
        存在问题="无",
        与诉求人联系日期=today,
        联系方式="电话",
        联系内容="已告知诉求人路灯修复情况，诉求人表示认可。",
    )
    walk.does("unit_deputy.zjj", "审核")
    walk.does("unit_head.zjj", "签发")
    walk.does(
        "dc_officer",
        "审核报告",
        行文准确="",
        客观全面="",
        内容属实="",
        审核意见="采纳",
    )
    walk.does("dc_chief", "审签")
    walk.does("dc_officer", "汇总", 办理结果汇总="路灯已于当日修复，诉求人认可。")
    walk.does("dc_chief", "提议上报方式", 上报方式="审阅后直接上报")
    walk.does("go_deputy", "副主任审阅")
    walk.does("go_director", "主任审阅", 决定="审阅", 上报方式="审阅后直接上报")
    walk.does("dc_officer", "登记回执", 回执编号="HZ-2026-0001", 收到日期=today)
    walk.does("dc_officer", "登记回访结果", 回访结果="满意")
    walk.does("dc_chief", "提请办结", 办结理由="已办结，诉求人满意。")
    walk.does("go_director", "审定办结")
    walk.does("archivist", "确认归档", 归档="材料齐全，同意归档", 保管期限="10年")

    page = walk.enter("dc_officer")
    page.goto(matter)
    expect(page.get_by_text("已归档").first).to_be_visible()
    walk.examine(page, "事项-已归档")
    page.get_by_role("link", name="督查台账").first.click()
    walk.examine(page, "督查台账")
    page.get_by_role("link", name="站内信").first.click()
    walk.examine(page, "站内信")

    assert [] == walk.found


def approve_with_the_keyboard(walk: Walk, person: str) -> None:
    """From the list to the approval without touching a mouse."""
    page = walk.enter(person)
    walk.examine(page, "待办-键盘")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("[data-form]")).to_have_attribute("data-ready", "true")
    walk.examine(page, "副主任签阅")
    page.keyboard.press("a")
    expect(page.locator("#form [data-key=a]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="已提交")).to_be_visible()


def approve_without_scripts(walk: Walk, person: str) -> None:
    """Plain HTML forms suffice to approve."""
    page = walk.enter(person, scripts=False)
    page.get_by_role("link", name="主任签阅", exact=True).click()
    page.screenshot(path=SHOTS / "00-无脚本.png", full_page=True)
    page.get_by_label("意见").fill("同意。")
    page.get_by_role("button", name="签阅").click()
    expect(page.get_by_role("status").filter(has_text="已提交")).to_be_visible()
