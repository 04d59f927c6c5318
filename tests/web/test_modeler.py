"""An unmodified modeler reads every diagram of the catalog and draws all of it."""

import json

import pytest
from playwright.sync_api import Page

from processes import office
from tests.conftest import ROOT

PACKAGES = ROOT / "web/frontend/node_modules"
VIEWER = PACKAGES / "bpmn-js/dist/bpmn-viewer.production.min.js"
#: What Camunda Modeler knows of its namespace: all else there it would lose.
CAMUNDA = PACKAGES / "camunda-bpmn-moddle/resources/camunda.json"
PAGE = """<!doctype html><html lang="zh-CN"><title>流程图</title>
<style>#drawing { position: fixed; inset: 0 }</style><div id="drawing"></div>"""
#: Import a diagram; return what the modeler warns of and which names outgrow the
#: places meant for them by more than the pixels that a font may differ.
IMPORT = """async ([xml, camunda]) => {
  const container = document.getElementById('drawing');
  const viewer = new BpmnJS({ container, moddleExtensions: { camunda } });
  const { warnings } = await viewer.importXML(xml);
  const { x, y } = viewer.get('canvas').viewbox();
  const registry = viewer.get('elementRegistry');
  const cut = registry.filter((element, graphics) => {
    const text = graphics.querySelector(':scope > .djs-visual > text');
    if (!text) return false;
    const { left, top, right, bottom } = text.getBoundingClientRect();
    const room = element.labelTarget ? element.di.label.bounds : element;
    const spare = element.labelTarget ? 3 : 0;
    return left + x < room.x - spare || right + x > room.x + room.width + spare
      || top + y < room.y - spare || bottom + y > room.y + room.height + spare;
  });
  viewer.destroy();
  return [...warnings.map(({ message }) => message), ...cut.map(({ id }) => id)];
}"""


@pytest.mark.browser
def test_a_modeler_reads_and_draws_every_diagram(page: Page) -> None:
    """With no warning, nothing unknown to it, and every name whole at 100 %."""
    camunda = json.loads(CAMUNDA.read_text())
    page.set_content(PAGE)
    page.add_script_tag(path=VIEWER)

    found = {
        path.stem: page.evaluate(IMPORT, [path.read_text("utf-8"), camunda])
        for path in sorted(office.CATALOG.rglob("*.bpmn"))
    }

    assert {name: [] for name in found} == found
