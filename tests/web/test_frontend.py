"""The three browser entries, on pages of their own under the strict policy."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import Response
from flask import render_template_string
from flask import request
from playwright.sync_api import Page
from playwright.sync_api import expect

from web import assets

pytestmark = pytest.mark.browser

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:"
)
FRAME = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csrf-token" content="a-token"><title>督查</title>
{{ asset("base") }}{{ asset(entry) if entry }}</head>
<body><main class="container"><h1>督查</h1>%s</main></body></html>"""

FORM = (
    FRAME
    % """
<script type="application/json" id="schema">{{ schema|tojson }}</script>
<script type="application/json" id="values">{"title": "督办"}</script>
<script type="application/json" id="errors">{{ errors|tojson }}</script>
<form method="post" action="/sent">
  <div data-form data-schema="schema" data-values="values" data-errors="errors"
       data-draft-url="/draft"></div>
  <input type="hidden" name="fields">
  <div class="action-bar">
    <button class="btn btn-primary" name="decision" value="APPROVE" data-key="a">同意
    </button>
    <button class="btn btn-outline-primary" name="decision" value="RETURN" data-key="r"
            formnovalidate>退回</button>
  </div>
</form>"""
)
SCHEMA = {
    "type": "default",
    "schemaVersion": 19,
    "components": [
        {"type": "textfield", "id": "title", "key": "title", "label": "标题"},
        {
            "type": "textfield",
            "id": "opinion",
            "key": "opinion",
            "label": "意见",
            "validate": {"required": True},
        },
        {
            "type": "datetime",
            "id": "due",
            "key": "due",
            "subtype": "date",
            "dateLabel": "期限",
        },
        {
            "type": "select",
            "id": "unit",
            "key": "unit",
            "label": "单位",
            "values": [{"label": "住建局", "value": "zjj"}],
        },
        {"type": "filepicker", "id": "file", "key": "file", "label": "附件"},
        {
            "type": "textarea",
            "id": "report",
            "key": "report",
            "label": "报告",
            "properties": {"maxWords": '=if title = "督办" then 5 else 20'},
        },
    ],
}
DIAGRAM = (
    FRAME
    % """
<div data-diagram data-xml-url="/diagram.bpmn" data-marks="marks"></div>
<script type="application/json" id="marks">
{"done": ["propose"], "active": ["sign"], "overdue": ["sign"]}</script>"""
)
XML = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
    xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" targetNamespace="t">
  <bpmn:process id="p"><bpmn:userTask id="propose" name="拟办" />
    <bpmn:userTask id="sign" name="主任签阅" /></bpmn:process>
  <bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="p">
    <bpmndi:BPMNShape bpmnElement="propose"><dc:Bounds x="80" y="80" width="100"
      height="80" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape bpmnElement="sign"><dc:Bounds x="2000" y="600" width="100"
      height="80" /></bpmndi:BPMNShape>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>"""
LIST = (
    FRAME
    % """
<input type="search" aria-label="搜索事项" data-key="/">
<ul><li data-row><a href="/one">第一件</a></li>
<li data-row><a href="/two">第二件</a></li></ul>
<p data-poll="/count" data-poll-seconds="0.2"></p>"""
)


class Pages(Flask):
    """Serves the pages above and remembers what the browser sends."""

    def __init__(self, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__("pages", root_path=str(Path(__file__).parent))
        self.sent: list[dict[str, Any]] = []
        self.drafts: list[tuple[str | None, dict[str, Any]]] = []
        assets.register(self)
        for path, source, entry in [
            ("/form", FORM, "form"),
            ("/diagram", DIAGRAM, "viewer"),
            ("/list", LIST, None),
        ]:
            self.add_url_rule(
                path,
                path,
                lambda source=source, entry=entry: render_template_string(
                    source, entry=entry, schema=SCHEMA, errors=errors or {}
                ),
            )
        self.add_url_rule("/diagram.bpmn", "xml", lambda: XML)
        self.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
        self.add_url_rule("/count", "count", lambda: "3 件待办")
        self.add_url_rule("/sent", "sent", self.receive, methods=["POST"])
        self.add_url_rule("/draft", "draft", self.keep, methods=["POST"])
        self.after_request(self.protect)

    def receive(self) -> str:
        self.sent.append(dict(request.form))
        return "收到"

    def keep(self) -> tuple[str, int]:
        self.drafts.append((request.headers.get("X-CSRFToken"), request.get_json()))
        return "", 204

    @staticmethod
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response


Serve = Callable[[Flask], str]


def open_form(page: Page, address: str) -> None:
    page.goto(f"{address}/form")
    expect(page.locator("[data-form]")).to_have_attribute("data-ready", "true")


def test_a_form_sends_its_fields_with_the_button_pressed(
    page: Page, serve: Serve
) -> None:
    """The HTML form stays the one that is sent."""
    pages = Pages()
    open_form(page, serve(pages))
    page.get_by_label("意见").fill("请住建局办理")
    page.get_by_role("button", name="同意").click()
    page.wait_for_url("**/sent")

    assert ["APPROVE"] == [sent["decision"] for sent in pages.sent]
    assert {"title": "督办", "opinion": "请住建局办理"}.items() <= json.loads(
        pages.sent[0]["fields"]
    ).items()


def test_what_is_typed_counts_at_once(page: Page, serve: Serve) -> None:
    """form-js keeps it back for 300 ms unless told not to."""
    pages = Pages()
    open_form(page, serve(pages))
    opinion = page.get_by_label("意见").element_handle()
    page.evaluate(
        """opinion => {
            opinion.value = '同意';
            opinion.dispatchEvent(new Event('input', { bubbles: true }));
            document.querySelector('[data-key=a]').click();
        }""",
        opinion,
    )
    page.wait_for_url("**/sent")

    assert "同意" == json.loads(pages.sent[0]["fields"])["opinion"]


def test_a_missing_field_stops_approval_and_not_return(
    page: Page, serve: Serve
) -> None:
    """A button with `formnovalidate` passes by what is required."""
    pages = Pages()
    open_form(page, serve(pages))
    page.get_by_role("button", name="同意").click()
    expect(page.get_by_text("此项必填。")).to_be_visible()
    expect(page.get_by_label("意见")).to_be_focused()
    page.get_by_role("button", name="退回").click()
    page.wait_for_url("**/sent")

    assert ["RETURN"] == [sent["decision"] for sent in pages.sent]


def test_the_refusals_of_the_server_stand_at_their_fields(
    page: Page, serve: Serve
) -> None:
    """Each message is shown at its field and linked from a summary."""
    open_form(page, serve(Pages(errors={"opinion": ["意见太短。"]})))

    expect(page.get_by_role("alert")).to_contain_text("有 1 处需要更正：")
    expect(page.get_by_text("意见太短。", exact=True)).to_be_visible()
    page.get_by_role("link", name="意见：意见太短。").click()
    expect(page.get_by_label("意见").first).to_be_focused()


def test_what_is_written_is_saved_by_itself(page: Page, serve: Serve) -> None:
    """A draft goes out after a second with the token against forgery."""
    pages = Pages()
    open_form(page, serve(pages))
    page.get_by_label("意见").fill("写到一半")
    expect(page.get_by_role("status")).to_contain_text("草稿已保存")

    [(token, draft)] = pages.drafts
    assert "a-token" == token
    assert "写到一半" == draft["opinion"]


@pytest.mark.requirement("R-00-37")
def test_the_words_of_a_report_are_counted_while_it_is_written(
    page: Page, serve: Serve
) -> None:
    """Blanks do not count; the limit may hang on another field."""
    open_form(page, serve(Pages()))
    count = page.locator(".word-count")
    expect(count).to_have_text("现有 0 字，不超过 5 字为宜")
    page.get_by_label("报告").fill("已 办\n结。𠮷")
    expect(count).to_have_text("现有 5 字，不超过 5 字为宜")
    expect(count).not_to_have_class("word-count is-over")
    page.get_by_label("报告").fill("已全部办结。")
    expect(count).to_have_class("word-count is-over")
    page.get_by_label("标题").fill("综合报告")
    expect(count).to_have_text("现有 6 字，不超过 20 字为宜")
    expect(count).not_to_have_class("word-count is-over")


def test_a_form_speaks_chinese(page: Page, serve: Serve) -> None:
    """Labels that form-js hard-codes are replaced, the calendar is in Chinese."""
    open_form(page, serve(Pages()))

    expect(page.get_by_role("button", name="选择文件")).to_be_visible()
    expect(page.locator(".fjs-select-display")).to_have_text("请选择")
    page.get_by_label("期限").click()
    expect(page.locator(".flatpickr-weekday").first).to_have_text("周一")


def test_a_diagram_shows_where_the_instance_stands(page: Page, serve: Serve) -> None:
    """Marks are words and signs, and the work is in sight even on a telephone."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{serve(Pages())}/diagram")
    expect(page.locator("[data-diagram]")).to_have_attribute("data-ready", "true")

    expect(page.locator(".mark-done")).to_have_text("✓ 已办")
    expect(page.locator(".mark-overdue")).to_have_text("■ 逾期")
    expect(page.locator(".mark-active")).to_have_count(0)
    expect(page.locator("[data-element-id=sign]")).to_be_in_viewport()
    page.get_by_role("button", name="看全图").click()
    expect(page.locator("[data-element-id=propose]")).to_be_in_viewport()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    ("path", "logo"),
    [("/form", ".fjs-powered-by-link"), ("/diagram", ".bjs-powered-by")],
)
def test_the_logo_of_the_tool_is_seen_and_free(
    page: Page, serve: Serve, path: str, logo: str, width: int
) -> None:
    """The licence of bpmn.io asks for it."""
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{serve(Pages())}{path}")
    expect(page.locator("[data-ready=true]")).to_have_count(1)
    page.locator(logo).scroll_into_view_if_needed()

    assert page.locator(logo).evaluate(
        """logo => {
            const box = logo.getBoundingClientRect();
            const middle = [box.x + box.width / 2, box.y + box.height / 2];
            return logo.contains(document.elementFromPoint(...middle));
        }"""
    )


def test_keys_walk_the_list_and_find_the_search(page: Page, serve: Serve) -> None:
    """J and k move, / searches, and letters typed into a field stay letters."""
    page.goto(f"{serve(Pages())}/list")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="第二件")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="第一件")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("jk")
    expect(page.get_by_role("searchbox")).to_have_value("jk")


def test_a_key_never_gives_an_opinion(page: Page, serve: Serve) -> None:
    """The key brings the person to the button; they press it themselves."""
    pages = Pages()
    open_form(page, serve(pages))
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="退回")).to_be_focused()

    assert [] == pages.sent


def test_the_keys_are_listed_and_can_be_turned_off(page: Page, serve: Serve) -> None:
    """WCAG 2.1.4: one-letter keys may be switched off, for good."""
    page.goto(f"{serve(Pages())}/list")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="键盘快捷键")).to_contain_text("搜索事项")
    page.get_by_label("启用单键快捷键").uncheck()
    page.get_by_role("button", name="关闭").click()
    page.reload()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="第一件")).not_to_be_focused()


def test_a_count_refreshes_itself(page: Page, serve: Serve) -> None:
    """[data-poll] is filled again and again from its address."""
    page.goto(f"{serve(Pages())}/list")

    expect(page.get_by_text("3 件待办")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/form", "/diagram", "/list"])
def test_a_page_has_no_barrier_and_no_sideways_scroll(
    page: Page,
    serve: Serve,
    barriers: Callable[[Page], list[str]],
    path: str,
    width: int,
) -> None:
    """WCAG 2.2 AA by axe, on a desk and on a telephone."""
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{serve(Pages())}{path}")
    if path != "/list":
        expect(page.locator("[data-ready=true]")).to_have_count(1)

    assert [] == barriers(page)
    assert width >= page.evaluate("document.documentElement.scrollWidth")
