"""The README's first matter, walked through the pages row by row."""

import html
import json
import re
from collections.abc import Callable
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine import clock as clocks
from engine import engine as engines
from tests.web.conftest import Visitor
from web import forms
from web import office
from web import settings as settings_module

README = Path(__file__).parent.parent.parent / "README.md"
MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
ROW = re.compile(r"^\| `([\w.]+)` \| (\S+) \| (.*)\| (\S+) \|$", re.MULTILINE)
LINK = re.compile(r'<a [^>]*href="([^"]+)"[^>]*>([^<]+)</a>')
BUTTON = re.compile(r"<button ([^>]*)>([^<]+)</button>")
STATUS = re.compile(r'<td data-label="状态">.*?</td>')
ISLAND = r'<script type="application/json" id="form-{}">(.*?)</script>'


@pytest.fixture
def engine(settings: settings_module.Settings) -> engines.Engine:
    """The office on the morning of the README."""
    return office.opened(settings, clocks.FixedClock(MORNING))


def rows() -> list[tuple[str, ...]]:
    section = README.read_text("utf-8").partition("## Your first matter")[2]
    return ROW.findall(section.partition("\n## ")[0])


def test_the_first_matter_of_the_readme_reaches_the_archive(
    signed_in: Callable[[str], Visitor], engine: engines.Engine
) -> None:
    """Whoever presses what the table says has filed a matter at its end."""
    walk = rows()
    for person, task, written, button in walk:
        visitor = signed_in(person)
        address = link(page(visitor, "/tasks"), task) or link(
            page(visitor, "/procedures"), task
        )
        assert address, (person, task)
        answer = submit(visitor, address, written, button)
        assert 303 == answer.status_code, (task, answer.get_data(as_text=True))
        # The heartbeat of `ducha serve`: notices are printed, messages carried.
        engine.run_due()

    ledger = page(signed_in("dc_chief"), "/matters")
    assert ['<td data-label="状态">已归档</td>'] == STATUS.findall(ledger)


def page(visitor: Visitor, path: str) -> str:
    return visitor.opens(path).get_data(as_text=True)


def link(text: str, name: str) -> str | None:
    """Return where the link of this name leads."""
    return next((to for to, label in LINK.findall(text) if name == label.strip()), None)


def submit(visitor: Visitor, address: str, written: str, button: str) -> Any:
    """Fill in the page at the address and press the button of this name."""
    text = page(visitor, address)
    pressed = [
        dict(re.findall(r'(\w+)="([^"]*)"', attributes))
        for attributes, label in BUTTON.findall(text)
        if label.strip() == button
    ]
    assert pressed, (re.findall("<h1>(.*?)</h1>", text), button)
    fields = filled_in(text, written)
    decision = {"decision": pressed[0]["value"]} if "value" in pressed[0] else {}
    return visitor.sends(address, fields=json.dumps(fields), **decision)


def filled_in(text: str, written: str) -> dict[str, object]:
    """Return the fields of the page's form that the row fills in by their labels."""
    schema, values = island(text, "schema"), island(text, "values")
    parts = {
        part.get("label") or part.get("dateLabel"): part
        for part in forms.components(schema)
    }
    fields: dict[str, object] = {}
    for given in filter(None, written.strip().split("；")):
        label, _, value = given.partition("：")
        fields[parts[label]["key"]] = meant(parts[label], value, values)
    return fields


def meant(part: Mapping[str, Any], value: str, values: dict[str, Any]) -> object:
    """Return what a field holds when somebody enters this."""
    if part["type"] == "checkbox":
        return value == "是"
    if part["type"] == "number":
        return int(value)
    options = forms.options(part, values)
    chosen = [one["value"] for one in options if one["label"] == value]
    return chosen[0] if options else value


def island(text: str, name: str) -> dict[str, Any]:
    found = re.search(ISLAND.format(name), text, re.DOTALL)
    content: dict[str, Any] = json.loads(html.unescape(found[1])) if found else {}
    return content
