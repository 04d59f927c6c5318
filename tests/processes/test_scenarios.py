"""Every shipped scenario plays on both databases, and together they go everywhere."""

import pickle
import re
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import scenarios
from engine.bpmn.diagrams import reading
from processes import demo
from processes import office
from processes import rehearsal
from processes import verbs as office_verbs
from processes.supervision.hotline import callers
from tests import conftest

#: The folder of a procedure that an office adds itself, as test_new_procedure.py says.
ADDED = Path(__file__).parent / "proc_audit_rectification"
FOLDERS = [
    *sorted(path.parent for path in office.CATALOG.glob("*/scenarios")),
    ADDED,
]
SCENARIOS = [
    path for folder in FOLDERS for path in sorted(folder.glob("scenarios/*.yaml"))
]
Play = Callable[[Path], scenarios.Trace]


def label(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.stem}"


def prepare(pool: sa.Engine, outgoing: Path) -> None:
    """Prepare an office that added a procedure of its own."""
    rehearsal.prepare(pool, outgoing)
    added = {
        path.relative_to(ADDED.parent).as_posix(): path.read_bytes()
        for path in ADDED.rglob("*")
        if path.suffix in office.DEPLOYED
    }
    engine = rehearsal.opener(pool, outgoing)(clocks.FixedClock(demo.SINCE))
    with engine.begin() as work:
        work.deploy(added, strict=True)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Play:
    """Play a scenario once in an office of its own that restarts at every command.

    All processes of a run share what was played.
    """
    folder = tmp_path_factory.mktemp("office")
    office_file = folder / "office.db"
    pool = database.create(f"sqlite:///{office_file}")
    prepare(pool, folder)
    pool.dispose()

    def play(path: Path) -> scenarios.Trace:
        kept = run_folder / f"{label(path).replace('/', '.')}.trace"
        if not kept.exists():
            copy = Path(shutil.copy(office_file, folder / f"{path.stem}.db"))
            pool = database.create(f"sqlite:///{copy}")
            try:
                trace = rehearsal.play(path, pool, folder)
            finally:
                pool.dispose()
            copy.unlink()
            draft = folder / kept.name
            draft.write_bytes(pickle.dumps(trace))
            draft.replace(kept)
        found: scenarios.Trace = pickle.loads(kept.read_bytes())
        return found

    return play


@pytest.fixture(scope="session")
def prepared_postgresql(
    postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A PostgreSQL database with the office, to be copied."""
    for url in conftest.copied(postgresql, template=conftest.EMPTY):
        pool = database.create(url)
        prepare(pool, tmp_path_factory.mktemp("office"))
        pool.dispose()
        yield url.rpartition("/")[2].partition("?")[0]


@pytest.mark.parametrize("path", SCENARIOS, ids=label)
def test_a_scenario_plays_with_a_restart_at_every_command(
    path: Path, played: Play
) -> None:
    trace = played(path)

    assert [act.verb for act in trace.scenario.acts] == [
        entry.verb for entry in trace.journal
    ]


@pytest.mark.parametrize("path", SCENARIOS, ids=label)
def test_a_scenario_plays_on_postgresql(
    path: Path, postgresql: str, prepared_postgresql: str, played: Play, tmp_path: Path
) -> None:
    for url in conftest.copied(postgresql, template=prepared_postgresql):
        pool = database.create(url)
        try:
            trace = rehearsal.play(path, pool, tmp_path, restarts=False)
        finally:
            pool.dispose()

    assert played(path).sequence_flows == trace.sequence_flows
    assert played(path).journal == trace.journal


@pytest.mark.last
def test_every_sequence_flow_of_every_diagram_is_taken(played: Play) -> None:
    taken = frozenset[tuple[str, str]]().union(
        *(played(path).sequence_flows for path in SCENARIOS)
    )
    drawn = {
        (process.key, sequence_flow)
        for path in [*office.CATALOG.rglob("*.bpmn"), *ADDED.glob("*.bpmn")]
        for process in reading.read_diagram(path.read_bytes(), name=path.name).processes
        for sequence_flow in process.sequence_flows
    }

    assert [] == sorted(drawn - taken)


def test_a_passage_is_used_by_some_scenario() -> None:
    for folder in (folder / "scenarios" for folder in FOLDERS):
        used = {
            act.place.partition(".yaml")[0]
            for path in folder.glob("*.yaml")
            for act in scenarios.read(path).acts
        }
        texts = [path.read_text("utf-8") for path in folder.rglob("*.yaml")]
        for passage in (folder / scenarios.PASSAGES).glob("*.yaml"):
            mentioned = any(f"passage: {passage.stem}\n" in text for text in texts)
            assert passage.stem in used or mentioned


def test_rehearsing_needs_no_office(played: Play) -> None:
    path = next(path for path in SCENARIOS if path.stem == "不属本县")

    (trace,) = rehearsal.rehearse([path])

    assert played(path).sequence_flows == trace.sequence_flows


def test_the_readme_names_every_verb_and_no_other() -> None:
    text = (office.CATALOG.parent / "README.md").read_text("utf-8")
    rows = [
        line.split("|")[1]
        for line in text.partition("## Scenarios")[2].splitlines()
        if line.startswith("| `")
    ]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert {*office_verbs.verbs(callers.Vault("secret")), "passage"} == told
