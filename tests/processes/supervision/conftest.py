"""An office of the demo county on both databases, and the acts tests begin with."""

import shutil
from collections.abc import Callable
from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from engine import clock as clocks
from engine import database
from engine import handlers
from engine import people
from engine import testing
from engine import workdays
from engine.bpmn import model
from engine.engine import Engine
from processes import calendars
from processes import demo
from processes import office
from processes import rehearsal
from processes.supervision.hotline import callers
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import undertakings
from tests.conftest import CURRENT
from tests.conftest import copied
from tests.conftest import sqlalchemy_url

SECRET = "a secret of the tests"
#: The PostgreSQL database that the tests' own are copied from.
TEMPLATE = "office"
#: Decision tables, descriptions and templates of documents.
DESCRIBING = (".dmn", "procedure.toml", ".typ")

#: 2026-04-29 09:00 in Shanghai, a Wednesday (S08).
BEGIN = datetime(2026, 4, 29, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def calendar() -> workdays.Calendar:
    return calendars.load()


@pytest.fixture(scope="session")
def vault() -> callers.Vault:
    return callers.Vault(SECRET)


@pytest.fixture
def clock() -> clocks.FixedClock:
    return clocks.FixedClock(BEGIN)


@pytest.fixture(scope="session")
def office_file(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the demo county and the decision tables, to be copied."""
    path = tmp_path_factory.mktemp("office") / "office.db"
    prepare(f"sqlite:///{shutil.copy(sqlite_file, path)}")
    return path


@pytest.fixture(scope="session")
def office_template(postgresql: str) -> str:
    """The name of a PostgreSQL database with the same, to be copied."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE {CURRENT}")
    prepare(sqlalchemy_url(postgresql, TEMPLATE))
    return TEMPLATE


@pytest.fixture(params=["sqlite", "postgresql"])
def office_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test alone with the demo county, on both products."""
    if request.param == "sqlite":
        file = request.getfixturevalue("office_file")
        yield f"sqlite:///{shutil.copy(file, tmp_path / 'office.db')}"
    else:
        template = request.getfixturevalue("office_template")
        yield from copied(request.getfixturevalue("postgresql"), template=template)


@pytest.fixture
def engine(
    office_url: str,
    clock: clocks.FixedClock,
    calendar: workdays.Calendar,
    tmp_path: Path,
) -> Iterator[Engine]:
    """The office with its people, decision tables and templates, and no diagram."""
    settings = office.Settings(secret_key=SECRET, outgoing=tmp_path / "outgoing")
    pool = database.create(office_url)
    yield Engine(
        pool, clock=clock, calendar=calendar, registry=office.registry(settings)
    )
    pool.dispose()


@pytest.fixture(scope="session")
def catalog_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file of an office with the whole catalog, to be copied."""
    folder = tmp_path_factory.mktemp("catalog")
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    pool.dispose()
    return folder / "office.db"


@pytest.fixture
def begins() -> datetime:
    """When the story of a test begins; a file of tests may say otherwise."""
    return BEGIN


@pytest.fixture
def story(
    catalog_file: Path, tmp_path: Path, begins: datetime
) -> Iterator[testing.Story]:
    """An office with the whole catalog in which nothing has begun."""
    pool = database.create(f"sqlite:///{shutil.copy(catalog_file, tmp_path / 'x.db')}")
    yield testing.Story(rehearsal.opener(pool, tmp_path), begins, restarts=False)
    pool.dispose()


def prepare(url: str) -> None:
    """Deploy what describes procedures, not their diagrams; install the demo county."""
    pool = database.create(url)
    opened = Engine(
        pool,
        clock=clocks.FixedClock(demo.SINCE),
        calendar=calendars.load(),
        registry=office.registry(office.Settings(SECRET, Path("outgoing"))),
    )
    files = {
        name: content
        for name, content in office.catalog_files().items()
        if name.endswith(DESCRIBING)
    }
    with opened.begin() as work:
        work.deploy(files)
    demo.install(opened, password="Demo-2026-pass")
    pool.dispose()


Act = Callable[..., handlers.Call]


@pytest.fixture
def call() -> Act:
    """Make the call of an element, as the engine makes it for a person."""

    def make(
        work: handlers.Work,
        person: str | None,
        fields: dict[str, object],
        *,
        element: str = "sign_deputy",
        verb: str | None = "签阅",
        permits: tuple[str, ...] = ("may_return",),
        on_behalf_of: str | None = None,
        scope: str = "handling",
        **variables: object,
    ) -> handlers.Call:
        properties = {name: "true" for name in permits}
        if verb is not None:
            properties["verb"] = verb
        return handlers.Call(
            work=work,
            instance_id="instance",
            root_id="instance",
            business_key=None,
            element=model.Element(
                element, "userTask", "环节", scope, properties=properties
            ),
            variables=variables,
            fields=fields,
            task_id=f"task of {element}",
            person=person,
            on_behalf_of=on_behalf_of,
        )

    return make


def ticket(**changes: object) -> dict[str, object]:
    """Return the fields of a complaint that is due after five working days."""
    return {
        "ticket_no": "RX20260429001",
        "type": "投诉",
        "title": "东关小区夜间施工扰民",
        "content": "东关小区旁工地夜间施工，影响休息。",
        "assigned_on": "2026-04-29",
        "required_workdays": 5,
        "caller_name": "周某某",
        "caller_phone": "13812345678",
        "caller_address": "东关小区3号楼",
        **changes,
    }


def registered(
    work: handlers.Work, vault: callers.Vault, **changes: object
) -> matters.Matter:
    """Register a ticket by hand."""
    today = work.calendar.local_date(work.now())
    return hotline.register(
        work,
        hotline.read(ticket(**changes), today),
        area=office.AREA,
        vault=vault,
        root_id=None,
        person="dc_registrar",
    )


def proposed(
    work: handlers.Work, matter: matters.Matter, *assisting: str
) -> proposals.Proposal:
    """Propose that 住建局 leads, with these units assisting."""
    given = {
        "opinion": "请住建局办理。",
        "requirement": "依法查处，限期反馈。",
        "lead_unit": "zjj",
        "assisting": [{"unit": unit, "duty": "配合巡查"} for unit in assisting],
    }
    return proposals.record(work, matter, given, person="dc_officer", on_behalf_of=None)


def issued(
    work: handlers.Work, vault: callers.Vault, *assisting: str, **changes: object
) -> list[undertakings.Undertaking]:
    """Register, propose and issue; return the undertakings, the lead first."""
    matter = registered(work, vault, **changes)
    proposal = proposed(work, matter, *assisting)
    approving = matters.get(work.connection, matter.id)
    approved = matters.move(work, approving, "APPROVED")
    ready = matters.move(work, approved, "ISSUED")
    return openings.issue(work, ready, proposal)


def handling(
    work: handlers.Work, undertaking: undertakings.Undertaking
) -> undertakings.Undertaking:
    """Acknowledge the undertaking and assign it to the unit's handler."""
    unit = undertaking.unit
    undertakings.acknowledge(work, undertaking.id, f"unit_registrar.{unit}")
    return undertakings.assign(work, undertaking.id, f"unit_handler.{unit}", None)


def report(**changes: object) -> dict[str, object]:
    """Return the fields of a general report that nothing is wrong with."""
    return {
        "report_class": "GENERAL",
        "body": "已责令停止夜间施工。",
        "conclusion": "按要求办理完毕。",
        "actions": "措施已落实。",
        "completion": "DONE",
        "progress": 100,
        "problems": "无",
        **changes,
    }


def identity(work: handlers.Work, person: str) -> people.Identity:
    """Return who a person is now."""
    return people.identity(work.connection, person, work.now())


def at(day: date, hour: int = 9) -> datetime:
    """Return an hour of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=workdays.SHANGHAI)
