"""Two processes that race for the same thing: exactly one wins, nothing is left."""

from tests.survival import races

#: Of each kind, on each database; `python -m tests.survival.races` runs 10 000.
TIMES = {"sqlite": 100, "postgresql": 1000}


def test_of_two_processes_exactly_one_wins_every_race(database_url: str) -> None:
    """For one task, one message, one timer; both processes win some."""
    times = TIMES[database_url.split(":")[0].split("+")[0]]
    tallies = races.race(database_url, times)
    print(*tallies, sep="\n")

    assert [(kind, times, 0) for kind in races.KINDS] == [
        (tally.kind, tally.races, tally.odd) for tally in tallies
    ]
    assert all(min(tally.won) > 0 for tally in tallies)
    assert [] == races.examine(database_url, times)
