"""Databases that hold the story's office, copies of them, and victims."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests import conftest
from tests.survival import story

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
def victim() -> Iterator[Victim]:
    """Have a process of its own live the story: `exit` status and `points` passed."""
    command = [sys.executable, "-m", "tests.survival.victim"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=conftest.ROOT,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        orders, answers = process.stdin, process.stdout

        def live(url: str, home: Path, days: int = 0, kill_at: int | None = None) -> Any:
            order = {"url": url, "home": str(home), "days": days, "kill_at": kill_at}
            orders.write(json.dumps(order) + "\n")
            orders.flush()
            return json.loads(answers.readline())

        yield live
        orders.close()
