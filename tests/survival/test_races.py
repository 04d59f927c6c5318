"""Two at the same moment: one wins, or both do, and nothing happens twice."""

import signal
import threading
from collections.abc import Callable
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import tables
from engine import unit_of_work
from engine import user_tasks
from tests.survival import story
from tests.survival.conftest import Victim
from tests.survival.houses import House

#: On each of the two databases.
PAIRS = 500
TIMERS = 500
#: Points of a draining worker at which it is killed: in its first, third, … batch.
DEATHS = (611, 1942, 1277)


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Begin the acts at the same moment; return what each returned or raised."""
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def one(place: int) -> None:
        barrier.wait()
        try:
            results[place] = acts[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=one, args=[n]) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("shared", [True, False], ids=["threads", "processes"])
def test_of_eight_who_complete_one_task_exactly_one_wins(
    house: House, shared: bool
) -> None:
    """Seven are told who was first and when, also about the last task of all."""
    engines = [house.engine if shared else house.another_engine() for _ in range(8)]
    house.start(5, "offered")
    event = tables.history_event
    for name in ("拟办", "办结"):
        for root_id, _, task_id in list(house.open_tasks(name)):

            def complete(place: int, task_id: str = task_id) -> object:
                with engines[place].begin() as work:
                    return work.complete_task(task_id, "officer", {})

            before = house.count(event)
            results = at_once([lambda n=n: complete(n) for n in range(8)])
            won = [r for r in results if isinstance(r, unit_of_work.Completed)]
            lost = [str(r) for r in results if isinstance(r, user_tasks.AlreadyClosed)]
            # task_completed, tokens_moved, and the next task opened or the end.
            assert (1, 3) == (len(won), house.count(event) - before), results
            assert ["已由 王专员 于 2026-09-28 09:00 办理。"] * 7 == lost
            assert root_id == won[0].root_id
    assert [] == house.examine()


def test_two_units_that_finish_together_never_meet(house: House) -> None:
    """In each of 500 rounds both succeed and the caller moves on exactly once.

    In every second round the two are in the same process.
    """
    engines = (house.engine, house.another_engine())
    house.start(PAIRS, "caller", units=["deputy", "officer"])
    tasks = list(house.open_tasks("办理"))
    rounds = list(zip(tasks[::2], tasks[1::2], strict=True))
    barrier = threading.Barrier(2)
    failed: list[BaseException] = []

    def handle(place: int) -> None:
        for number, pair in enumerate(rounds):
            _, person, task_id = pair[place]
            barrier.wait()
            try:
                with engines[place * (number % 2)].begin() as work:
                    work.complete_task(task_id, str(person), {})
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=handle, args=[n]) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moved = [root_id for root_id, _, _ in house.open_tasks("办结")]
    taken_over = tables.history_event.c.type == "call_completed"

    assert PAIRS == len(rounds)
    assert [] == failed
    assert sorted({root_id for root_id, _, _ in tasks}) == moved
    assert 2 * PAIRS == house.count(tables.history_event, taken_over)
    assert (0, 0) == (house.count(tables.job), house.count(tables.incident))
    assert [] == house.examine()


def test_two_workers_run_each_due_timer_once(house: House) -> None:
    """500 timers due at the same moment are shared out without loss."""
    house.start(TIMERS, "waiting")
    house.clock.advance(timedelta(hours=1))

    def drain() -> int:
        worker, done = house.another_engine(), 0
        while claimed := worker.run_due(limit=20):
            done += claimed
        return done

    shares = at_once([drain, drain])
    print(f"timers run by each worker: {shares}")

    assert TIMERS == sum(shares)  # type: ignore[arg-type]
    assert_each_fired_once(house)


def test_what_a_killed_worker_left_is_run_once_by_the_next(
    house: House, victims: list[Victim]
) -> None:
    """Three workers die while they drain 500 timers; the fourth finishes."""
    house.start(TIMERS, "waiting")
    victim = victims[0]
    # The first life of the process, in which nothing is due yet.
    victim(house.url, house.home, life="drain")
    left = [house.count(tables.job)]
    for days, point in enumerate(DEATHS, start=1):
        died = victim(house.url, house.home, life="drain", days=days, kill_at=point)
        assert -signal.SIGKILL == died["exit"]
        left.append(house.count(tables.job))
        assert [] == house.examine()
    last = victim(house.url, house.home, life="drain", days=len(DEATHS) + 1)
    print(f"timers left after each death: {left}")

    assert 0 == last["exit"]
    assert TIMERS > left[1] > left[2] > left[3] > 0
    assert_each_fired_once(house)


def assert_each_fired_once(house: House) -> None:
    """Every timer fired once and did once what follows it."""
    event = tables.history_event.c
    fired = sa.select(sa.func.count(), sa.func.count(event.instance_id.distinct()))
    with house.engine.read() as connection:
        rows = connection.execute(fired.where(event.type == "timer_fired")).one()
    assert (TIMERS, TIMERS) == tuple(rows)
    assert TIMERS == house.count(story.record, story.record.c.what == "reminded")
    assert (0, 0) == (house.count(tables.job), house.count(tables.incident))
    assert [] == house.examine()
