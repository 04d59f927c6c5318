"""What a person has begun to write in an open user task, until it is completed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine import errors
from engine import tables

#: Longer than any form; a draft is no place to keep things.
LONGEST_DRAFT_FIELDS = 200


def find(connection: sa.Connection, task_id: str, person: str) -> dict[str, Any]:
    """Return the fields as they were saved last, none at all where nothing was."""
    draft = tables.draft.c
    query = sa.select(draft.fields).where(
        draft.user_task_id == task_id, draft.person == person
    )
    found: dict[str, Any] | None = connection.scalar(query)
    return found or {}


def save(
    connection: sa.Connection,
    task_id: str,
    person: str,
    fields: Mapping[str, Any],
    at: datetime,
) -> None:
    """Keep the fields in place of those kept before."""
    if len(fields) > LONGEST_DRAFT_FIELDS:
        raise errors.Invalid("草稿的内容过多，没有保存。")
    draft = tables.draft.c
    content = {"fields": dict(fields), "saved_at": at}
    own = (draft.user_task_id == task_id) & (draft.person == person)
    try:
        with connection.begin_nested():
            connection.execute(
                sa.insert(tables.draft).values(
                    user_task_id=task_id, person=person, **content
                )
            )
    except IntegrityError:
        connection.execute(sa.update(tables.draft).where(own).values(**content))


def drop(connection: sa.Connection, task_id: str) -> None:
    """Forget all drafts of a task that is completed."""
    connection.execute(
        sa.delete(tables.draft).where(tables.draft.c.user_task_id == task_id)
    )
