"""The demo county on both databases, its doors, and a dump of everything it holds."""

import re
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine import clock as clocks
from engine import database
from engine import engine as engines
from engine import people
from engine import queries
from engine import tables
from processes import rehearsal
from tests import conftest
from web import app as application
from web import auth
from web import cli
from web import office
from web import settings as settings_module

#: A Monday, nine o'clock in Shanghai; the clock of all these tests.
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
KEY = "a-key-of-the-hotline"
#: Who signed in, and which wrong password was tried, is written by signing in itself.
RECORDS_OF_LOOKING = {"sign_in"}
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)">')
CHINESE = re.compile(r"[\u4e00-\u9fff]")

Dump = Mapping[str, list[tuple[object, ...]]]


def dump(engine: engines.Engine) -> Dump:
    """Return every row of every table, so that two dumps tell whether one changed."""
    with engine.read() as connection:
        return {
            table.name: sorted(
                map(tuple, connection.execute(sa.select(table))), key=repr
            )
            for table in tables.metadata.sorted_tables
            if table.name not in RECORDS_OF_LOOKING
        }


def is_told_in_chinese(text: str) -> bool:
    """Say whether a refusal speaks Chinese and shows nothing of our insides."""
    banned = ("Traceback", 'File "', "Error:", "sqlalchemy", "psycopg", "<class")
    return bool(CHINESE.search(text)) and not any(word in text for word in banned)


@dataclass
class County:
    """The office of a test alone, and its doors."""

    engine: engines.Engine
    clock: clocks.FixedClock
    app: Flask
    commands: Callable[..., Result]

    def visits(self, person: str) -> "Visitor":
        """Return a browser in which this person has signed in."""
        visitor = Visitor(self.app.test_client())
        answer = visitor.sends("/login", person=person, password=rehearsal.PASSWORD)
        assert 303 == answer.status_code, answer.get_data(as_text=True)
        return visitor

    def stranger(self) -> "Visitor":
        """Return a browser in which nobody has signed in."""
        return Visitor(self.app.test_client())

    def sends_ticket(self, body: object, path: str = "tickets") -> TestResponse:
        """Send what the hotline's program would send, with a key of its own."""
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "one"}
        given = {"data": body} if isinstance(body, bytes) else {"json": body}
        client = self.app.test_client()
        return client.post(f"/api/hotline/{path}", headers=headers, **given)  # type: ignore[arg-type]

    def starts(self, **changes: object) -> str:
        """Register a ticket as the registrar and return its instance."""
        with self.engine.begin() as work:
            return work.start(
                "proc_mayor_hotline", fields=ticket(**changes), person="dc_registrar"
            ).instance_id

    def completes(self, task: str, person: str, **fields: object) -> None:
        """Complete the task of this name as this person."""
        task_id = self.task(task, person)
        with self.engine.begin() as work:
            work.complete_task(task_id, person, fields)

    def task(self, name: str, person: str) -> str:
        """Return the id of the person's one open task of this name."""
        (task_id,) = [one.id for one in self.tasks(person) if one.name == name]
        return task_id

    def tasks(self, person: str) -> Sequence[queries.TaskSummary]:
        """Return the open tasks of a person."""
        now = self.clock.now()
        with self.engine.read() as connection:
            identity = people.identity(connection, person, now)
            return queries.tasks_for(connection, identity, limit=50)

    @property
    def dump(self) -> Dump:
        """Everything the database holds."""
        return dump(self.engine)


@dataclass
class Visitor:
    """Somebody with a browser: what they send carries the token of their pages."""

    client: FlaskClient

    def opens(self, path: str) -> TestResponse:
        """Open a page, without following where it sends us."""
        return self.client.get(path)

    def sends(self, path: str, **fields: str) -> TestResponse:
        """Submit a form with the token of the visitor's own pages."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def token(self) -> str:
        """Return the token that the pages of this session carry."""
        page = self.client.get("/login", follow_redirects=True).get_data(as_text=True)
        found = TOKEN.search(page)
        assert found is not None, page[:300]
        return found.group(1)


def ticket(**changes: object) -> dict[str, Any]:
    """Return the fields of a complaint that nothing is wrong with."""
    fields = {
        "ticket_no": "SQ20260302001",
        "assigned_on": "2026-03-02",
        "type": "投诉",
        "urgent": False,
        "title": "东关小区供暖管网漏水",
        "content": "东关小区3号楼前供暖管网漏水两天，路面积水结冰。",
        "required_workdays": 5,
        "caller_name": "周某",
        "caller_phone": "13812345678",
        "caller_address": "东关小区3号楼",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


@pytest.fixture(scope="session")
def county_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the catalog and the demo county, to be copied."""
    folder = tmp_path_factory.mktemp("hostile")
    pool = database.create(f"sqlite:///{folder / 'county.db'}")
    rehearsal.prepare(pool, folder)
    pool.dispose()
    return folder / "county.db"


@pytest.fixture(scope="session")
def county_template(
    postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a PostgreSQL database with the same, to be copied."""
    for url in conftest.copied(postgresql, template=conftest.EMPTY):
        pool = database.create(url)
        rehearsal.prepare(pool, tmp_path_factory.mktemp("hostile"))
        pool.dispose()
        yield str(sa.make_url(url).database)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def county_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database with the demo county, of this module alone, on both products."""
    if request.param == "sqlite":
        file = request.getfixturevalue("county_file")
        copy = shutil.copy(file, tmp_path_factory.mktemp("county") / "county.db")
        yield f"sqlite:///{copy}"
    else:
        server = request.getfixturevalue("postgresql")
        template = request.getfixturevalue("county_template")
        yield from conftest.copied(server, template=template)


@pytest.fixture(scope="module")
def county(
    county_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[County]:
    """The office with the demo county, its clock on a Monday morning.

    Tests of one module share it: what they do wrong must not change it.
    """
    environment = {
        "DUCHA_HOME": str(tmp_path_factory.mktemp("home")),
        "DUCHA_DATABASE_URL": county_url,
        "DUCHA_HOTLINE_KEYS": KEY,
        "DUCHA_SECRET_KEY": rehearsal.SETTINGS_SECRET,
    }
    settings = settings_module.from_environment(environment)
    clock = clocks.FixedClock(MONDAY)
    engine = office.opened(settings, clock)
    app = application.create_app(settings, engine)
    # Tests sign in more often than a person does.
    auth.limiter.enabled = False
    opened: list[sa.Engine] = []

    def noted(
        url: str,
        create: Callable[..., sa.Engine] = database.create,
        **options: bool,
    ) -> sa.Engine:
        opened.append(create(url, **options))
        return opened[-1]

    def command(*arguments: str) -> Result:
        try:
            return CliRunner().invoke(cli.main, list(arguments))
        finally:
            # A program that ends closes its connections; this one goes on.
            while opened:
                opened.pop().dispose()

    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        # The command line works at this test's moment too.
        patch.setattr(clocks, "SystemClock", lambda: clock)
        patch.setattr(database, "create", noted)
        yield County(engine, clock, app, command)
    with engine.read() as connection:
        pool = connection.engine
    pool.dispose()
    auth.limiter.enabled = True
