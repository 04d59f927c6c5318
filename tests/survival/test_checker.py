"""The checker finds every kind of damage it is there to find."""

from pathlib import Path

import sqlalchemy as sa

from tests.survival import checker
from tests.survival.houses import House
from tests.survival.ledger import Ledger

#: Each kind, and what does it to the rows.
DAMAGES = {
    "an open task is lost": ("DELETE FROM user_task WHERE closed_at IS NULL",),
    "a finished task is open again": (
        "UPDATE user_task SET closed_at = NULL, closed_how = NULL, closed_by = NULL"
        " WHERE closed_how = 'completed'",
    ),
    "a completion is not in the history": (
        "UPDATE history_event SET type = 'noted' WHERE type = 'task_completed'",
    ),
    "a history lost its last event": (
        "DELETE FROM history_event WHERE type = 'user_task_opened'",
    ),
    "a timer is lost": ("DELETE FROM job WHERE kind = 'timer'",),
    "a timer is there twice": (
        "INSERT INTO job (id, kind, instance_id, wait_id, payload, due_at,"
        " attempts_left, status, created_at) SELECT 'again' || id, kind, instance_id,"
        " wait_id, payload, due_at, attempts_left, status, created_at"
        " FROM job WHERE kind = 'timer'",
    ),
    "a subscription is lost": ("DELETE FROM subscription",),
    "a called instance is forgotten": (
        "UPDATE instance SET status = 'ended', ended_how = 'cancelled'"
        " WHERE status = 'active' AND parent_id IS NOT NULL",
    ),
    "a hand-over is lost": (
        "UPDATE instance SET ended_how = 'completed', status = 'ended', state = NULL"
        " WHERE status = 'active' AND parent_id IS NOT NULL",
    ),
    "a message has no carrier": ("UPDATE outbox SET sent_at = NULL",),
    "a candidate outlived its task": (
        "INSERT INTO candidate (user_task_id, kind, value, order_at)"
        " SELECT id, 'group', 'late', order_at FROM user_task"
        " WHERE closed_how = 'completed'",
    ),
}


def half_done(house: House) -> None:
    """Leave matters in the middle: task, timer, call, subscription, message sent."""
    house.start(1, "matter", units=["officer", "deputy"])
    house.start(1, "matter", units=["officer"])
    for _, person, task_id in list(house.open_tasks("办理")):
        if person == "officer":
            house.complete(task_id, person)
    while house.engine.run_due():
        pass


def test_every_damage_is_found(house: House) -> None:
    """Each is done to a sound database, found, and undone."""
    half_done(house)
    assert [] == house.examine()
    unnoticed = []
    for name, statements in DAMAGES.items():
        with house.pool.connect() as connection:
            touched = [
                connection.execute(sa.text(statement)).rowcount
                for statement in statements
            ]
            if 0 in touched or not checker.examine(connection):
                unnoticed.append((name, touched))
            connection.rollback()

    assert [] == unnoticed
    assert [] == house.examine()


def test_a_broken_promise_is_found(house: House, tmp_path: Path) -> None:
    """What was acknowledged and is not there, or is not as it was said."""
    half_done(house)
    ((_, _, task_id),) = house.open_tasks("办理")
    with house.engine.begin() as work:
        work.once("ticket", "ticket", lambda: {"number": "1"})
    ledger = Ledger(tmp_path / "ledger")
    ledger.acknowledge("kept", "ticket", number="1")
    with house.pool.connect() as connection:
        assert [] == checker.examine(connection, ledger)
        ledger.acknowledge("changed", "ticket", number="2")
        ledger.acknowledge("lost", "unheard of", number="3")
        ledger.acknowledge("open", task_id, task_id=task_id, person="deputy")
        found = checker.examine(connection, ledger)

    assert ["changed", "lost", "open"] == [text.partition(":")[0] for text in found]
