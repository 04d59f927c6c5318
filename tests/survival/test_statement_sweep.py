"""kill -9 before and after every statement and every commit, then going on."""

import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import database
from tests.survival import checker
from tests.survival import story
from tests.survival.conftest import Copies
from tests.survival.conftest import Victim
from tests.survival.ledger import Ledger

#: By then every lease of the dead process has run out.
NEXT_DAY = 1

#: Statements compiled so far, for the pool of every copy.
COMPILED: dict[Any, Any] = {}


@dataclass(frozen=True)
class Outcome:
    """How one life of the story ended, and what is there afterwards."""

    exits: tuple[int, ...]
    #: What the checker found after each process.
    wrong: tuple[list[str], ...]
    portrait: dict[str, Any]


def looked_at(url: str, home: Path) -> tuple[list[str], dict[str, Any]]:
    """Return what is wrong in a database, and what it holds."""
    pool = database.create(url).execution_options(compiled_cache=COMPILED)
    with pool.connect() as connection:
        found = checker.examine(connection, Ledger(home / "ledger"))
        portrait = story.portrait(connection)
    pool.dispose()
    sent = Ledger(home / "sent").acknowledged().values()
    return found, {**portrait, "delivered": {entry.subject for entry in sent}}


def test_a_kill_at_any_point_loses_nothing_and_doubles_nothing(
    copies: Copies, victims: list[Victim], homes: Callable[[str], Path]
) -> None:
    """Whatever point it died at, the story ends as the undisturbed one does.

    Right after the kill the database is one piece; after going on, every act of the
    story, row, message and history event is there as often as without the kill.
    """

    def undisturbed(victim: Victim, name: str) -> tuple[int, dict[str, Any]]:
        home = homes(f"undisturbed {name} {victims.index(victim)}")
        with copies(home) as url:
            lived = victim(url, home)
            found, portrait = looked_at(url, home)
        shutil.rmtree(home)
        assert (0, []) == (lived["exit"], found)
        return lived["points"], portrait

    def killed(victim: Victim, point: int) -> Outcome:
        home = homes(str(point))
        with copies(home) as url:
            first = victim(url, home, kill_at=point)
            torn, _ = looked_at(url, home)
            second = victim(url, home, days=NEXT_DAY)
            left, portrait = looked_at(url, home)
        shutil.rmtree(home)
        return Outcome((first["exit"], second["exit"]), (torn, left), portrait)

    for victim in victims:
        # The first life reads the definitions, which the later ones inherit.
        undisturbed(victim, "first")
    (points, expected), again = [undisturbed(victim, "second") for victim in victims]
    assert (points, expected) == again
    sound = Outcome((-signal.SIGKILL, 0), ([], []), expected)

    def sweep(place: int) -> dict[int, Outcome]:
        mine = range(1 + place, points + 1, len(victims))
        lives = {point: killed(victims[place], point) for point in mine}
        return {point: life for point, life in lives.items() if life != sound}

    with ThreadPoolExecutor(len(victims)) as threads:
        wrong = [found for found in threads.map(sweep, range(2)) if found]
    print(f"{points} kill points, of which wrong: {sum(map(len, wrong))}")

    assert [] == wrong
    assert points > 100


def test_the_undisturbed_story_does_everything_once(
    copies: Copies, victims: list[Victim], homes: Callable[[str], Path]
) -> None:
    """What the sweep compares with is what the diagram says."""
    home = homes("undisturbed")
    with copies(home) as url:
        victims[0](url, home)
        _, portrait = looked_at(url, home)

    assert {
        ("registered",): 1,
        ("examined",): 1,
        ("reminded",): 1,
        ("reported by officer",): 1,
        ("reported by deputy",): 1,
    } == portrait["records"]
    assert {
        ("matter", "completed", 6): 1,
        ("unit", "completed", 2): 2,
    } == portrait["instances"]
    assert {("registered", False): 1} == portrait["outbox"]
    assert {"registered"} == portrait["delivered"]
    assert ({}, {}) == (portrait["jobs"], portrait["incidents"])
    assert {("start",): 1, ("receipt",): 1} == portrait["answers"]
