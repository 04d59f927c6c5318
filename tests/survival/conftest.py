"""Databases that hold the story's office, copies of them, and victims."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import conftest
from tests.survival import story
from tests.survival.houses import House

Copies = Callable[[Path], AbstractContextManager[str]]
Victim = Callable[..., dict[str, int]]


@pytest.fixture
def copies(database_url: str) -> Copies:
    """Give fresh copies of a database in which the story can begin."""
    story.prepare(database_url)
    url = sa.make_url(database_url)

    @contextmanager
    def copy(home: Path) -> Iterator[str]:
        if url.get_backend_name() == "sqlite":
            path = shutil.copy(str(url.database), home / "copy.db")
            yield f"sqlite:///{path}"
        else:
            server = url.set(drivername="postgresql", database="postgres")
            address = server.render_as_string(hide_password=False)
            yield from conftest.copied(address, template=str(url.database))

    return copy


@pytest.fixture
def victims() -> Iterator[list[Victim]]:
    """Two processes that live the story: `exit` status and `points` passed."""
    with _victim() as one, _victim() as other:
        yield [one, other]


@contextmanager
def _victim() -> Iterator[Victim]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.survival.victim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=conftest.ROOT,
    ) as process:
        orders, answers = process.stdin, process.stdout
        assert orders is not None and answers is not None

        def live(
            url: str,
            home: Path,
            *,
            life: str = "story",
            days: int = 0,
            kill_at: int | None = None,
        ) -> dict[str, int]:
            order = {
                "url": url,
                "home": str(home),
                "life": life,
                "days": days,
                "kill_at": kill_at,
            }
            orders.write(json.dumps(order) + "\n")
            orders.flush()
            found: dict[str, int] = json.loads(answers.readline())
            return found

        yield live
        orders.close()


@pytest.fixture
def homes() -> Iterator[Callable[[str], Path]]:
    """Give directories in memory, where there is one: a kill leaves it alone."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="ducha-survival-", dir=memory if memory.is_dir() else None
    ) as directory:

        def make(name: str) -> Path:
            home = Path(directory, name)
            home.mkdir()
            return home

        yield make


@pytest.fixture
def house(copies: Copies, homes: Callable[[str], Path]) -> Iterator[House]:
    """An office on a database of this test alone."""
    home = homes("house")
    with copies(home) as url:
        found = House(url, home)
        yield found
        found.pool.dispose()
