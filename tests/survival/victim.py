"""A process that lives the story and dies at a given point of it.

`python -m tests.survival.victim` reads orders from its input, one JSON object to a
line. The first it obeys itself; for each one after that it forks a process, which
inherits what was imported, parsed and compiled by then, and nothing else: there is one
thread and no open connection.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import database
from tests.survival import story
from tests.survival.ledger import Ledger


class Countdown:
    """Counts the points at which the process may die, and dies at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        """Die at the point of this number; never, if it is None."""
        self.kill_at = kill_at
        self.passed = 0

    def __call__(self, *_details: object) -> None:
        """Pass a point."""
        self.passed += 1
        if self.passed == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, pool: sa.Engine) -> None:
        """Make points before and after every statement and every commit."""
        sa.event.listen(pool, "before_cursor_execute", self)
        sa.event.listen(pool, "after_cursor_execute", self)
        commit = pool.dialect.do_commit

        def committed(connection: Any) -> None:
            self()
            commit(connection)
            self()

        pool.dialect.do_commit = committed  # type: ignore[method-assign]


#: Statements compiled so far, for every pool of this process.
COMPILED: dict[Any, Any] = {}


def live(url: str, home: str, life: str, days: int, kill_at: int | None) -> int:
    """Go on with the story, or only run what is due; return the points passed."""
    pool = database.create(url).execution_options(compiled_cache=COMPILED)
    countdown = Countdown(kill_at)
    countdown.watch(pool)
    ledger, sent = Ledger(Path(home, "ledger")), Path(home, "sent")
    client = story.Client(pool, ledger, sent, days)
    client.go_on() if life == "story" else client.settle()
    pool.dispose()
    return countdown.passed


def obey(order: dict[str, Any]) -> dict[str, object]:
    """Fork a process for the order; return its exit status and the points passed."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(into, str(live(**order)).encode())
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as told:
        points = told.read()
    _, status = os.waitpid(child, 0)
    return {"exit": os.waitstatus_to_exitcode(status), "points": int(points or 0)}


if __name__ == "__main__":
    for number, line in enumerate(sys.stdin):
        order = json.loads(line)
        obeyed = obey(order) if number else {"exit": 0, "points": live(**order)}
        print(json.dumps(obeyed), flush=True)
