"""kill -9 before and after every statement and every commit, then going on."""

import signal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import database
from tests.survival import checker
from tests.survival import story
from tests.survival.conftest import Copies
from tests.survival.conftest import Victim
from tests.survival.ledger import Ledger

#: By then every lease of the dead process has run out.
NEXT_DAY = 1


def looked_at(url: str, home: Path) -> tuple[list[str], Any]:
    """Return what is wrong in a database, and what it holds."""
    pool = database.create(url)
    with pool.connect() as connection:
        found = checker.examine(connection, Ledger(home / "ledger"))
        portrait = story.portrait(connection)
    pool.dispose()
    delivered = {entry.subject for entry in Ledger(home / "sent").acknowledged().values()}
    return found, {**portrait, "delivered": delivered}


def test_a_kill_at_any_point_loses_nothing_and_doubles_nothing(
    copies: Copies, victim: Victim, tmp_path: Path
) -> None:
    """Whatever point it died at, the story ends as the undisturbed one does.

    Right after the kill the database is one piece; after going on, every act of the
    story, row, message and history event is there as often as without the kill.
    """
    home = tmp_path / "undisturbed"
    home.mkdir()
    with copies(home) as url:
        lived = victim(url, home)
        assert 0 == lived["exit"]
        found, undisturbed = looked_at(url, home)
    assert [] == found
    assert {("registered",): 1, ("reminded",): 1, ("examined",): 1} == {
        what: n for what, n in undisturbed["records"].items() if "reported" not in what[0]
    }

    wrong: dict[int, object] = {}
    for point in range(1, lived["points"] + 1):
        home = tmp_path / str(point)
        home.mkdir()
        with copies(home) as url:
            killed = victim(url, home, kill_at=point)
            torn, _ = looked_at(url, home)
            recovered = victim(url, home, days=NEXT_DAY)
            left, portrait = looked_at(url, home)
        outcome = (killed["exit"], torn, recovered["exit"], left, portrait)
        if outcome != (-signal.SIGKILL, [], 0, [], undisturbed):
            wrong[point] = outcome
    print(f"{lived['points']} points, {len(wrong)} of them wrong")

    assert {} == wrong
    assert lived["points"] > 200
