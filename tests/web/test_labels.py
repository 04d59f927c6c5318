"""The timeline in words: what persons did to a matter, and why they said so."""

from datetime import UTC
from datetime import datetime

from engine import database
from engine import people
from engine import queries
from web import labels

AT = datetime(2026, 9, 28, 1, tzinfo=UTC)


def entry(instance_id: str, seq: int, type_: str, **details: object) -> queries.Entry:
    return queries.Entry(instance_id, seq, AT, type_, None, None, "dc", None, details)


def told(database_url: str, *entries: queries.Entry) -> list[tuple[str, str, str]]:
    pool = database.create(database_url)
    try:
        with pool.execution_options(writes=True).begin() as connection:
            people.add_person(connection, "dc", "王专员", at=AT)
            lines = labels.history(connection, entries)
    finally:
        pool.dispose()
    return [(line.title, line.person, line.detail) for line in lines]


def test_an_operation_is_told_with_its_reason(database_url: str) -> None:
    """The latest first."""
    assert [("挂起", "王专员", "等待答复"), ("退回", "王专员", "材料不全")] == told(
        database_url,
        entry("root", 1, "task_returned", reason="材料不全", to="draft"),
        entry("root", 2, "instance_suspended", reason="等待答复"),
    )


def test_what_rests_with_its_caller_is_told_once(database_url: str) -> None:
    """Each called instance keeps its own record of it."""
    assert [("挂起", "王专员", "等待答复")] == told(
        database_url,
        entry("root", 1, "instance_suspended", reason="等待答复"),
        entry("unit", 1, "instance_suspended", reason="等待答复"),
    )
