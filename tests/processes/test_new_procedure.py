"""A kind of matter that the office adds itself: a folder of files, no line of code."""

import shutil
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import database
from engine import definitions
from engine import errors
from engine import people
from engine import testing
from processes import office
from processes import procedures
from processes import rehearsal

KEY = "proc_audit_rectification"
FOLDER = Path(__file__).parent / KEY
#: 2026-03-02 09:00 in Shanghai.
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
SOURCE = {
    "title": "专项资金滞留问题整改",
    "doc_no": "夏审〔2026〕5号",
    "source_on": "2026-02-27",
    "auditor": "县审计局",
    "requirement": "限期拨付滞留资金。",
}
BREAKDOWN = {
    "opinion": "拟由县发改委牵头整改。",
    "mandates": [
        {
            "content": "拨付滞留的专项资金",
            "requirement": "3月底前拨付到位",
            "lead_unit": "fgw",
            "duty": "牵头拨付",
            "responsible_person": "丁主任",
            "due_on": "2026-03-31",
        }
    ],
}


@pytest.fixture(scope="module")
def office_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the shipped procedures only, to be copied."""
    folder = tmp_path_factory.mktemp("office")
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    pool.dispose()
    return folder / "office.db"


@pytest.fixture
def pool(office_file: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """The database of an office of this test alone."""
    copy = shutil.copy(office_file, tmp_path / "office.db")
    opened = database.create(f"sqlite:///{copy}")
    yield opened
    opened.dispose()


@pytest.fixture
def story(pool: sa.Engine, tmp_path: Path) -> testing.Story:
    """A story in that office."""
    return testing.Story(rehearsal.opener(pool, tmp_path), BEGIN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder as an administrator has it on his disk."""
    return Path(shutil.copytree(FOLDER, tmp_path / KEY))


def gathered(folder: Path) -> dict[str, bytes]:
    """Return what is deployed of a folder, by names that begin with the folder's."""
    return {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in office.DEPLOYED
    }


def deploy(story: testing.Story, folder: Path) -> None:
    with story.command() as work:
        work.deploy(gathered(folder), strict=True)


def offered(story: testing.Story, person: str) -> dict[str, str]:
    """Return the titles of what this person may start, by key."""
    with story.engine.read() as connection:
        identity = people.identity(connection, person, story.now)
        return {
            one.key: one.title for one in procedures.startable(connection, identity)
        }


def redraw(folder: Path, old: str, new: str) -> None:
    """Write other words into the diagram of the folder."""
    path = folder / f"{KEY}.bpmn"
    drawn = path.read_text("utf-8")
    assert old in drawn
    path.write_text(drawn.replace(old, new), "utf-8")


def problems(story: testing.Story, folder: Path) -> set[tuple[str, str | None]]:
    """Return the rules a deployment is refused for, each with its element."""
    with story.engine.read() as connection:
        before = procedures.in_force(connection)
    with pytest.raises(definitions.DeploymentRefused) as refused:
        deploy(story, folder)
    with story.engine.read() as connection:
        assert before == procedures.in_force(connection)
    return {
        (one.problem.rule, one.problem.element_id) for one in refused.value.problems
    }


@pytest.mark.requirement("R-05-02", "R-00-10", "S20")
def test_a_folder_of_files_is_a_procedure_from_register_to_archive(
    story: testing.Story, folder: Path, pool: sa.Engine, tmp_path: Path
) -> None:
    assert not list(folder.rglob("*.py"))
    deploy(story, folder)

    trace = rehearsal.play(folder / "scenarios/一路办到归档.yaml", pool, tmp_path)

    assert len(trace.scenario.acts) == len(trace.journal)


@pytest.mark.requirement("R-05-02", "R-00-10", "S20")
def test_a_new_procedure_is_offered_at_once_to_whom_its_description_names(
    story: testing.Story, folder: Path
) -> None:
    before = offered(story, "dc_registrar")

    deploy(story, folder)

    assert KEY not in before
    assert before | {KEY: "审计意见整改"} == offered(story, "dc_registrar")
    assert KEY not in offered(story, "unit_handler.fgw")


@pytest.mark.requirement("S20")
@pytest.mark.requirement("R-04-01")
def test_a_disabled_procedure_is_not_started_while_its_matters_go_on(
    story: testing.Story, folder: Path
) -> None:
    deploy(story, folder)
    story.start(KEY, person="dc_registrar", fields=SOURCE)
    description = folder / "procedure.toml"
    enabled = description.read_text("utf-8")

    description.write_text(f"enabled = false\n{enabled}", "utf-8")
    deploy(story, folder)

    assert KEY not in offered(story, "dc_registrar")
    running = story.root_id
    with pytest.raises(errors.Refused, match="停用"):
        story.start(KEY, person="dc_registrar", fields={**SOURCE, "doc_no": "另一号"})
    assert running == story.root_id
    story.complete("立项分解", person="dc_officer", fields=BREAKDOWN)
    assert ["签阅"] == [task.name for task in story.open_tasks()]

    description.write_text(enabled, "utf-8")
    deploy(story, folder)
    assert KEY in offered(story, "dc_registrar")


@pytest.mark.requirement("S20")
def test_a_diagram_without_an_end_is_refused_by_the_name_of_its_process(
    story: testing.Story, folder: Path
) -> None:
    redraw(folder, "bpmn:endEvent", "bpmn:task")

    assert ("no-end", KEY) in problems(story, folder)


@pytest.mark.requirement("S20")
def test_a_decision_without_a_default_is_refused_by_its_name(
    story: testing.Story, folder: Path
) -> None:
    redraw(folder, ' default="flow_returned"', "")
    assert {("branch-without-condition", "flow_returned")} == problems(story, folder)

    ends = 'sourceRef="gate_approved" targetRef="decompose"'
    condition = (
        '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
        "${decision == 'RETURN'}</bpmn:conditionExpression>"
    )
    redraw(folder, f"{ends} />", f"{ends}>{condition}</bpmn:sequenceFlow>")
    assert {("no-default", "gate_approved")} == problems(story, folder)


def test_a_running_matter_keeps_the_description_it_was_opened_with(
    story: testing.Story, folder: Path
) -> None:
    deploy(story, folder)
    story.start(KEY, person="dc_registrar", fields=SOURCE)
    description = folder / "procedure.toml"
    told = description.read_text("utf-8")
    description.write_text(
        told.replace('role = "go_deputy"', 'role = "vice_mayor"'), "utf-8"
    )
    deploy(story, folder)

    story.complete("立项分解", person="dc_officer", fields=BREAKDOWN)

    (task,) = story.open_tasks()
    assert ("go_deputy",) == task.holders
