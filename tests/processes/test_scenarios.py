"""Every shipped scenario plays on both databases, and together they go everywhere."""

import pickle
import re
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
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
from tests.processes import ways

#: The folder of a procedure that an office adds itself, as test_new_procedure.py says.
ADDED = Path(__file__).parent / "proc_audit_rectification"
FOLDERS = [
    *sorted(path.parent for path in office.CATALOG.glob("*/scenarios")),
    ADDED,
]
SCENARIOS = [
    path for folder in FOLDERS for path in sorted(folder.glob("scenarios/*.yaml"))
]


@dataclass(frozen=True)
class Played:
    """What a scenario did, and the ways its records show."""

    trace: scenarios.Trace
    shown: ways.Shown


Play = Callable[[Path], Played]


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


def played_in(
    pool: sa.Engine, path: Path, folder: Path, *, restarts: bool = True
) -> Played:
    """Play a scenario in a prepared office, and measure what it left there."""
    trace = rehearsal.play(path, pool, folder, restarts=restarts)
    with pool.connect() as connection:
        return Played(trace, ways.shown(connection))


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

    def play(path: Path) -> Played:
        kept = run_folder / f"{label(path).replace('/', '.')}.trace"
        if not kept.exists():
            copy = Path(shutil.copy(office_file, folder / f"{path.stem}.db"))
            pool = database.create(f"sqlite:///{copy}")
            try:
                done = played_in(pool, path, folder)
            finally:
                pool.dispose()
            copy.unlink()
            draft = folder / kept.name
            draft.write_bytes(pickle.dumps(done))
            draft.replace(kept)
        found: Played = pickle.loads(kept.read_bytes())
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
    trace = played(path).trace

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
            done = played_in(pool, path, tmp_path, restarts=False)
        finally:
            pool.dispose()

    assert played(path).trace.sequence_flows == done.trace.sequence_flows
    assert played(path).trace.journal == done.trace.journal
    assert played(path).shown == done.shown


@pytest.mark.last
def test_every_sequence_flow_of_every_diagram_is_taken(played: Play) -> None:
    taken = frozenset[tuple[str, str]]().union(
        *(played(path).trace.sequence_flows for path in SCENARIOS)
    )
    drawn = {
        (process.key, sequence_flow)
        for path in [*office.CATALOG.rglob("*.bpmn"), *ADDED.glob("*.bpmn")]
        for process in reading.read_diagram(path.read_bytes(), name=path.name).processes
        for sequence_flow in process.sequence_flows
    }

    assert [] == sorted(drawn - taken)


def test_every_procedure_is_listed_with_a_scenario_or_a_reason_for_every_way() -> None:
    listed = ways.listed()
    shipped = {path.parent.name for path in office.CATALOG.glob("*/procedure.toml")}

    assert shipped == {one.procedure for one in listed}
    assert [] == [one for one in listed if bool(one.scenario) == bool(one.reason)]


@pytest.mark.last
def test_every_way_of_every_procedure_is_shown_by_the_scenario_listed(
    played: Play,
) -> None:
    """Straight through, returned, extended, overdue, reassigned."""
    assert [] == [
        one
        for one in ways.listed()
        if one.scenario and (one.procedure, one.way) not in played(scenario(one)).shown
    ]


@pytest.mark.last
def test_a_procedure_without_a_way_offers_and_shows_it_nowhere(played: Play) -> None:
    shown = ways.Shown().union(*(played(path).shown for path in SCENARIOS))

    assert [] == [
        one
        for one in ways.listed()
        if one.reason
        and (
            (one.procedure, one.way) in shown or one.way in ways.offered(one.procedure)
        )
    ]


def scenario(one: ways.Listed) -> Path:
    return office.CATALOG / one.procedure / "scenarios" / f"{one.scenario}.yaml"


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

    assert played(path).trace.sequence_flows == trace.sequence_flows


def test_the_readme_names_every_verb_and_no_other() -> None:
    text = (office.CATALOG.parent / "README.md").read_text("utf-8")
    rows = [
        line.split("|")[1]
        for line in text.partition("## Scenarios")[2].splitlines()
        if line.startswith("| `")
    ]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert {*office_verbs.verbs(callers.Vault("secret")), "passage"} == told
