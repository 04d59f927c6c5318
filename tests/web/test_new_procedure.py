"""A procedure that the office added a moment ago is on the page of procedures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine import engine as engines
from processes import office
from tests.web.conftest import Visitor

FOLDER = Path(__file__).parents[1] / "processes" / "proc_audit_rectification"
START = f"/procedures/{FOLDER.name}/start"
#: What a browser without JavaScript sends.
SOURCE = {
    "field.title": "专项资金滞留问题整改",
    "field.doc_no": "夏审〔2026〕5号",
    "field.source_on": "2026-02-27",
    "field.auditor": "县审计局",
    "field.requirement": "限期拨付滞留资金。",
}


def deploy(engine: engines.Engine, **replaced: bytes) -> None:
    files = {
        path.relative_to(FOLDER.parent).as_posix(): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.suffix in office.DEPLOYED
    }
    name = f"{FOLDER.name}/procedure.toml"
    with engine.begin() as work:
        work.deploy({**files, name: replaced.get("description", files[name])})


@pytest.mark.requirement("R-05-02", "S20")
def test_a_new_procedure_is_started_without_a_restart(
    engine: engines.Engine, signed_in: Callable[[str], Visitor]
) -> None:
    registrar = signed_in("dc_registrar")
    assert "审计意见整改" not in registrar.opens("/procedures").text

    deploy(engine)

    assert "审计意见整改" in registrar.opens("/procedures").text
    assert "审计机关" in registrar.opens(START).text
    answer = registrar.sends(START, **SOURCE)
    assert 303 == answer.status_code
    shown = registrar.opens(answer.headers["Location"]).text
    assert "-51-0001" in shown
    assert SOURCE["field.title"] in shown


@pytest.mark.requirement("S20")
def test_a_disabled_procedure_is_gone_from_the_page_and_its_matters_stay(
    engine: engines.Engine, signed_in: Callable[[str], Visitor]
) -> None:
    deploy(engine)
    registrar = signed_in("dc_registrar")
    matter = registrar.sends(START, **SOURCE).headers["Location"]

    told = (FOLDER / "procedure.toml").read_bytes()
    deploy(engine, description=b"enabled = false\n" + told)

    assert "审计意见整改" not in registrar.opens("/procedures").text
    assert 404 == registrar.opens(START).status_code
    assert SOURCE["field.title"] in registrar.opens(matter).text
    assert "立项分解" in signed_in("dc_officer").opens("/tasks").text
