"""Acts in vain: a refusal says why, and no row of any table differs afterwards."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine import errors
from engine import testing
from processes.supervision import tables


def refused(story: testing.Story, act: Callable[[], object], words: str) -> None:
    """Act in vain: the refusal says these words, and nothing changes."""
    before = rows(story)
    with pytest.raises(errors.DuchaError) as caught:
        act()
    fields = getattr(caught.value, "fields", {})

    assert words in f"{caught.value.message} {fields}"
    assert before == rows(story)


def refused_task(
    story: testing.Story,
    task: str,
    *,
    person: str,
    fields: testing.Values,
    words: str,
) -> None:
    """Try in vain to complete a task with these fields."""
    refused(story, lambda: story.complete(task, person=person, fields=fields), words)


def refused_start(
    story: testing.Story,
    key: str,
    *,
    person: str,
    fields: testing.Values,
    words: str,
) -> None:
    """Try in vain to start a procedure with these fields."""
    refused(story, lambda: story.start(key, person=person, fields=fields), words)


def rows(story: testing.Story) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of the office and the engine."""
    with story.engine.read() as connection:
        return {
            table.name: sorted(
                map(tuple, connection.execute(sa.select(table))), key=repr
            )
            for table in tables.matter.metadata.sorted_tables
        }
