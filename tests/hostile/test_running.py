"""What a diagram meets only while it runs: undefined variables, unknown messages."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import errors
from engine import tables
from processes import rehearsal
from tests.hostile import diagrams
from tests.hostile.conftest import County


def test_an_undefined_variable_is_an_incident_that_names_it(county: County) -> None:
    """No branch is guessed: the token stays, and goes on once the value is there."""
    with county.engine.begin() as work:
        work.deploy(
            {"u.bpmn": diagrams.decision("${nothing == 1}", key="undefined")},
            person="dc_chief",
        )
    with county.engine.begin() as work:
        started = work.start("undefined", person="dc_officer")
    incident = tables.incident.c
    with county.engine.read() as connection:
        (found,) = connection.execute(
            sa.select(tables.incident).where(
                incident.instance_id == started.instance_id
            )
        )
    assert "x" == found.element_id
    assert "变量“nothing”没有定义" in found.message
    assert found.message.startswith("“是否同意”（x）：表达式“${nothing == 1}”第 3 列")
    assert [] == [t for t in county.tasks("dc_officer") if t.name == "办理"]

    with county.engine.begin() as work:
        work.correct_variables(started.instance_id, {"nothing": 1}, "dc_chief")
        work.retry_incident(found.id, "dc_chief")
    assert ["办理"] == [t.name for t in county.tasks("dc_officer") if t.name == "办理"]


@pytest.mark.parametrize("name", ["no_such", "' OR 1=1 --", "", "9" * 10_240])
def test_a_message_nobody_waits_for_is_refused(county: County, name: str) -> None:
    before = county.dump
    with pytest.raises(errors.Refused) as refusal, county.engine.begin() as work:
        work.correlate(name, business_key="411426-2026-07-0001")
    with pytest.raises(errors.Refused), county.engine.begin() as work:
        work.start_by_message(name)

    assert "没有" in refusal.value.message
    assert before == county.dump


SCENARIO = """name: 坏输入
basis: 每一处坏输入都被拒绝，并说明原因
begins: 2026-03-02 09:00
acts:
  - start: {process: proc_mayor_hotline, as: dc_registrar, fields: {title: 无号}}
    refused: 工单号
  - start:
      process: proc_mayor_hotline
      as: dc_registrar
      fields: {ticket_no: A1, assigned_on: 2026-03-02, type: 投诉, title: 漏水,
               content: 漏水, required_on: 2036-03-03, caller_name: 周某,
               caller_phone: "1"}
    refused: 2036年的工作日历还没有
  - start:
      process: proc_mayor_hotline
      as: dc_registrar
      fields: {ticket_no: A1, assigned_on: 2026-03-02, type: 投诉, title: 漏水,
               content: 漏水, caller_name: 周某, caller_phone: "1"}
  - complete: {task: 拟办, as: go_director, fields: {}}
    refused: 不由您办理
  - complete: {task: 拟办, as: dc_officer, fields: {typename: x}}
    refused: 请改名
  - complete: {task: 拟办, as: dc_officer, fields: {retention: 10年}}
    refused: 表单没有
  - waits: {拟办: dc_officer}
  - incidents: 0
"""


def test_a_scenario_meets_the_same_refusals(tmp_path: Path) -> None:
    path = tmp_path / "坏输入.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    (trace,) = rehearsal.rehearse([path])

    assert 8 == len(trace.journal)


#: A broken scenario -> what is said of it.
SCENARIOS = {
    "no YAML": ("a: [", "不是正确的 YAML"),
    "a list": ("- a", "应写成“名称: 内容”"),
    "nothing": ("", "应写成“名称: 内容”"),
    "without acts": ("name: a\nbasis: b\nbegins: 2026-03-02 09:00", "缺少“acts”"),
    "an unknown verb": (SCENARIO + "  - explode: now\n", "不认识的动作“explode”"),
    "a time that is none": (SCENARIO.replace("09:00", "25:00"), "不是时间"),
    "a name twice": (SCENARIO + "name: b\n", "写了两次"),
    "an object of Python": (
        SCENARIO + "  - advance: !!python/object/apply:os.system [id]\n",
        "不是正确的 YAML",
    ),
    "a passage elsewhere": (
        SCENARIO + "  - passage: ../../../../etc/passwd\n",
        "段落名",
    ),
    "a billion laughs": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n"
            for a, b in zip("abcdefg", "bcdefgh", strict=True)
        ),
        "不认识的内容",
    ),
}


@pytest.mark.parametrize(("text", "words"), SCENARIOS.values(), ids=SCENARIOS)
def test_a_broken_scenario_is_refused_by_simulate(
    county: County, tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "坏情景.yaml"
    path.write_text(text, encoding="utf-8")
    told = county.commands("simulate", str(path))

    assert 1 == told.exit_code, told.output
    assert words in told.output
    assert "坏情景.yaml" in told.output
    assert "Traceback" not in told.output
