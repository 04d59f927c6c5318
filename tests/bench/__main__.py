"""Print the table of speed: name, value, goal, met or not met.

Absolute times move from machine to machine; the ratios of one run are what counts.
Rounds of the floors and of ours alternate, so that a busy moment meets both.
"""

import math
import statistics
import sys

from tests.bench import completions
from tests.bench import floors
from tests.bench import large

ROUNDS = 5
INSTANCES = 30
COMMITS = 400
GOALS = {"sqlite": 1.6, "postgresql": 1.25}
NAMES = {"sqlite": "SQLite (WAL, FULL)", "postgresql": "PostgreSQL"}


def row(name: str, value: str, goal: str = "", *, met: bool | None = None) -> None:
    """Print one figure."""
    verdict = {None: "", True: "met", False: "not met"}[met]
    print(f"{name:<58}{value:>12}{goal:>12}  {verdict}")


def main() -> int:
    """Measure and print; the exit status says nothing about speed."""
    row("figure", "value", "goal")
    floors.stock_steps(10)
    with completions.databases() as urls:
        for product, url in urls.items():
            office = completions.Office(url)
            office.steps(10)
            stock: list[float] = []
            commits: list[float] = []
            ours: list[float] = []
            plain = floors.Commits(office.database)
            for _ in range(ROUNDS):
                stock += floors.stock_steps(INSTANCES)
                commits += plain.times(COMMITS)
                ours += office.steps(INSTANCES)
            report(NAMES[product], GOALS[product], stock, commits, ours)
            memory(NAMES[product], office)
            for name, value, goal, met in large.figures(office):
                row(f"{NAMES[product]}: {name}", value, goal, met=met)
            plain.close()
            office.close()
    return 0


def memory(name: str, office: completions.Office) -> None:
    """Print what open instances take."""
    count = completions.OPEN_INSTANCES
    resident, stored = completions.megabytes_of_open_instances(office, count)
    row(f"{name}: 1 000 open instances, growth of process", f"{resident:.2f} MB")
    row(f"{name}: 1 000 open instances, stored state", f"{stored:.2f} MB")


def report(
    name: str,
    goal: float,
    stock: list[float],
    commits: list[float],
    ours: list[float],
) -> None:
    """Print the figures of one database, all in milliseconds."""
    e, c, mean = floors.mean(stock), floors.mean(commits), floors.mean(ours)
    ordered = sorted(ours)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1] * 1000
    row(f"{name}: E, step of stock SpiffWorkflow in memory", f"{e:.3f} ms")
    row(f"{name}: C, plain commit of two statements", f"{c:.3f} ms")
    row(f"{name}: durable completion, mean", f"{mean:.3f} ms")
    row(
        f"{name}: durable completion, median",
        f"{statistics.median(ours) * 1000:.3f} ms",
    )
    row(f"{name}: durable completion, p99", f"{p99:.3f} ms")
    ratio = mean / (e + c)
    row(
        f"{name}: durable completion / (E + C)",
        f"{ratio:.2f}",
        f"<= {goal}",
        met=ratio <= goal,
    )


if __name__ == "__main__":
    sys.exit(main())
