"""Messages that come before anybody waits for them, kept for a time.

Who keeps a message and who opens a wait for its name take turns at the name, so
that either the one sees the wait or the other the message. The message is then
taken up by a job, in the transaction that deletes its row: it is delivered once.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine import database
from engine import errors
from engine import incidents
from engine import jobs
from engine.tables import early_message
from engine.tables import idempotency

#: When a message whose receiver is suspended is looked at again.
LATER = timedelta(hours=1)

#: No message is kept for longer.
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Message:
    """A message and whom it is for."""

    name: str
    business_key: str | None
    #: The instance, or the root of the instance.
    instance_id: str | None
    #: What the receiver's variables must be.
    matching: Mapping[str, object]
    variables: Mapping[str, object]
    fields: Mapping[str, object]
    person: str | None


def take(connection: sa.Connection, message_id: str, at: datetime) -> bool:
    """Take note of a message's id; False when it was taken before."""
    new = {
        "key": f"message {message_id}",
        "request_hash": "",
        "response": {},
        "created_at": at,
    }
    return database.insert_once(connection, idempotency, "key", new)


def keep(
    connection: sa.Connection,
    message: Message,
    at: datetime,
    keep_for: timedelta,
    worker: str,
) -> str:
    """Keep a message for whoever comes to wait for it; return the job that looks.

    The job is to be run right after the commit: somebody may have begun to wait.
    """
    if not timedelta() < keep_for <= LONGEST:
        raise errors.Invalid("消息的保留时间应大于零，不超过一年。", name=message.name)
    _take_turns(connection, [message.name], shared=False)
    message_id = uuid4().hex
    connection.execute(
        early_message.insert(),
        {
            "id": message_id,
            "name": message.name,
            "business_key": message.business_key,
            "instance_id": message.instance_id,
            "matching": dict(message.matching),
            "variables": dict(message.variables),
            "fields": dict(message.fields),
            "person": message.person,
            "received_at": at,
            "expires_at": at + keep_for,
        },
    )
    looks = _look(message_id, at, worker)
    expiry = jobs.row(
        "expiry", at + keep_for, at, key=_key(message_id), payload={"id": message_id}
    )
    jobs.add(connection, [looks, expiry])
    return str(looks["id"])


def look(
    connection: sa.Connection,
    names: Iterable[str],
    business_key: str | None,
    at: datetime,
    worker: str,
) -> list[dict[str, Any]]:
    """Return the jobs that take up what is kept for a wait of these names.

    To be asked in the transaction that opens the wait.
    """
    wanted = sorted(set(names) - {""})
    if not wanted:
        return []
    _take_turns(connection, wanted, shared=True)
    kept = early_message.c
    found = connection.scalars(
        sa.select(kept.id)
        .where(
            kept.name.in_(wanted),
            kept.business_key.is_(None) | (kept.business_key == business_key),
        )
        .order_by(kept.received_at, kept.id)
    )
    return [_look(message_id, at, worker) for message_id in found]


def get(connection: sa.Connection, message_id: str) -> tuple[Message, datetime] | None:
    """Return a message that is still kept, locked, and when it came."""
    row = connection.execute(
        sa.select(early_message)
        .where(early_message.c.id == message_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    message = Message(
        row.name,
        row.business_key,
        row.instance_id,
        row.matching,
        row.variables,
        row.fields,
        row.person,
    )
    return message, row.received_at


def look_later(connection: sa.Connection, message_id: str, at: datetime) -> None:
    """Have a message looked at again whose receiver rests just now."""
    later = jobs.row("take_up", at + LATER, at, payload={"id": message_id})
    jobs.add(connection, [later])


def drop(connection: sa.Connection, message_id: str) -> None:
    """Forget a message that is delivered."""
    connection.execute(early_message.delete().where(early_message.c.id == message_id))
    jobs.unschedule(connection, _key(message_id))


def expire(connection: sa.Connection, message_id: str, at: datetime) -> None:
    """Forget a message that nobody came for, and say so by an incident."""
    kept = get(connection, message_id)
    if kept is None:
        return
    connection.execute(early_message.delete().where(early_message.c.id == message_id))
    message, _ = kept
    whom = f"（编号 {message.business_key}）" if message.business_key else ""
    said = f"消息“{message.name}”{whom}在保留期内没有事项接收，已不再保留。"
    incidents.open_(connection, [incidents.row("message", said, at)])


def _look(message_id: str, at: datetime, worker: str) -> dict[str, Any]:
    return jobs.row("take_up", at, at, payload={"id": message_id}, worker=worker)


def _key(message_id: str) -> str:
    return f"early_message {message_id}"


def _take_turns(
    connection: sa.Connection, names: Sequence[str], *, shared: bool
) -> None:
    for name in names:
        database.take_turn(connection, f"message {name}", shared=shared)
