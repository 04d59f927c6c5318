"""What must not be deployed is refused at every door, by place, and leaves no trace."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from engine import definitions
from processes import office
from tests.hostile import diagrams
from tests.hostile.conftest import County
from tests.hostile.conftest import is_told_in_chinese

EACH = pytest.mark.parametrize("bad", diagrams.DIAGRAMS.values(), ids=diagrams.DIAGRAMS)


def written(bad: diagrams.Bad, folder: Path) -> str:
    """Return the path of the bad file, written into the folder."""
    path = folder / bad.name
    path.write_bytes(bad.content)
    return str(path)


@EACH
def test_the_engine_refuses_to_deploy_it(county: County, bad: diagrams.Bad) -> None:
    before = county.dump
    with (
        pytest.raises(definitions.DeploymentRefused) as refusal,
        county.engine.begin() as work,
    ):
        work.deploy({bad.name: bad.content})

    found = [
        located
        for located in refusal.value.problems
        if all(words in located.problem.message for words in bad.says)
    ]
    assert [(bad.place, bad.element, "error")] == [
        (one.place, one.problem.element_id, one.problem.severity) for one in found
    ]
    assert bad.name in refusal.value.message
    assert is_told_in_chinese(refusal.value.message)
    assert before == county.dump


@EACH
@pytest.mark.parametrize("command", ["validate", "deploy"])
def test_the_command_line_names_file_and_line(
    county: County, bad: diagrams.Bad, command: str, tmp_path: Path
) -> None:
    before = county.dump
    path = written(bad, tmp_path)
    result = county.commands(command, path)
    as_json = county.commands(command, "--json", path)

    lines = result.output.splitlines()
    (told,) = [one for one in lines if all(words in one for words in bad.says)]
    assert told.startswith(f"{bad.place}: 错误 [")
    assert "有错误，不能部署；请按上面的提示改正后重试。" == lines[-1]
    problems = json.loads(as_json.stdout)["problems"]
    assert (bad.name, bad.line, bad.element) in {
        (one["file"], one["line"], one["element"]) for one in problems
    }
    assert (1, 1) == (result.exit_code, as_json.exit_code)
    assert is_told_in_chinese(result.output)
    assert before == county.dump


def test_one_bad_file_keeps_the_good_ones_out(county: County, tmp_path: Path) -> None:
    """A deployment happens whole or not at all."""
    good = diagrams.line('<userTask id="a" name="办理"/>', key="good")
    script = diagrams.DIAGRAMS["a script task"]
    before = county.dump
    with (
        pytest.raises(definitions.DeploymentRefused),
        county.engine.begin() as work,
    ):
        work.deploy({"good.bpmn": good, "bad.bpmn": script.content})

    assert before == county.dump


@pytest.mark.parametrize("command", ["validate", "deploy"])
def test_nothing_to_deploy_is_refused(
    county: County, command: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    absent = county.commands(command, str(tmp_path / "absent.bpmn"))
    empty = county.commands(command, str(tmp_path / "empty"))

    assert (1, 1) == (absent.exit_code, empty.exit_code)
    assert f"没有这个文件或目录：{tmp_path / 'absent.bpmn'}" in absent.output
    assert "没有可以部署的文件（.bpmn、.dmn、.form、.toml、.typ）。" in empty.output


GOOD = {
    ".bpmn": diagrams.decision("${a == 1}"),
    ".form": diagrams.form(diagrams.field("name")),
    ".dmn": (office.CATALOG / "common/decisions/ladder.dmn").read_bytes(),
}


@given(
    suffix=st.sampled_from(sorted(GOOD)),
    at=st.floats(0, 1, exclude_max=True),
    put=st.binary(max_size=6) | st.text(max_size=20).map(lambda text: text.encode()),
    cut=st.integers(0, 60),
)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_change_to_a_good_file_makes_validation_fail(
    county: County, tmp_path: Path, suffix: str, at: float, put: bytes, cut: int
) -> None:
    """Bytes put in, cut out or written over: an answer, never a breakdown."""
    good = GOOD[suffix]
    place = int(at * len(good))
    path = tmp_path / f"a{suffix}"
    path.write_bytes(good[:place] + put + good[place + cut :])
    told = county.commands("validate", str(path))

    assert told.exit_code in (0, 1), told.exception
    assert is_told_in_chinese(told.output), told.output
    lines = told.output.splitlines()
    assert all(line.startswith(f"a{suffix}") for line in lines[:-1]), told.output


def test_a_large_diagram_deploys_and_runs(county: County) -> None:
    """Three thousand elements in a line are much, but no harm."""
    parts = "".join(
        f'<task id="t{n}"/>'
        f'<sequenceFlow id="g{n}" sourceRef="t{n}" targetRef="t{n + 1}"/>'
        for n in range(3000)
    )
    content = diagrams.drawing(
        '<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t0"/>'
        f'{parts}<endEvent id="t3000"/>',
        key="large",
    )
    with county.engine.begin() as work:
        work.deploy({"large.bpmn": content})
    with county.engine.begin() as work:
        started = work.start("large", person="dc_officer")

    with county.engine.read() as connection:
        assert (
            "completed"
            == connection.exec_driver_sql(
                f"SELECT ended_how FROM instance WHERE id = '{started.instance_id}'"
            ).scalar()
        )
