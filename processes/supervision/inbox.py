"""The site's own inbox (站内信), and text messages on working days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import tables

MOST_URGENT = "特急"


@dataclass(frozen=True)
class Recipient:
    """One person, or everyone in a group."""

    kind: Literal["person", "group"]
    name: str


@dataclass(frozen=True)
class Message:
    """A message as its reader sees it."""

    id: int
    title: str
    body: str
    matter_number: str | None
    at: datetime
    read_at: datetime | None


def person(name: str) -> Recipient:
    """Return the recipient that is this person."""
    return Recipient("person", name)


def group(name: str) -> Recipient:
    """Return the recipient that is everyone in this group."""
    return Recipient("group", name)


def tell(
    work: handlers.Work,
    recipients: Iterable[Recipient],
    title: str,
    body: str,
    *,
    matter_id: int | None,
    text_message_key: str | None = None,
    urgency: str = "平件",
) -> None:
    """Put a message into each inbox, and with a key send it as text message too.

    On days of rest no text message leaves, except for the most urgent matters
    (节假日不发短信，特急除外; domain §2.1 CA-09). The key makes it go out once.
    """
    for recipient in recipients:
        work.connection.execute(
            tables.inbox_message.insert().values(
                recipient_kind=recipient.kind,
                recipient=recipient.name,
                matter_id=matter_id,
                title=title,
                body=body,
                at=work.now(),
            )
        )
        if text_message_key is not None and _may_disturb(work, urgency):
            work.send(
                "sms",
                f"{recipient.kind}:{recipient.name}",
                {"title": title, "body": body},
                key=f"{text_message_key}:{recipient.kind}:{recipient.name}",
            )


def messages(
    connection: sa.Connection,
    identity: people.Identity,
    *,
    unread_only: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[Message]:
    """Return the newest messages for this person and his groups, newest first.

    `before` is the id of the last message of the page before.
    """
    message, reading = tables.inbox_message, tables.inbox_reading
    query = (
        sa.select(message, tables.matter.c.number, reading.c.at.label("read_at"))
        .outerjoin(tables.matter, tables.matter.c.id == message.c.matter_id)
        .outerjoin(reading, _read_by(identity))
        .where(_addressed_to(identity))
        .order_by(message.c.id.desc())
        .limit(limit)
    )
    if unread_only:
        query = query.where(reading.c.at.is_(None))
    if before is not None:
        query = query.where(message.c.id < before)
    return [
        Message(row.id, row.title, row.body, row.number, row.at, row.read_at)
        for row in connection.execute(query)
    ]


def unread(connection: sa.Connection, identity: people.Identity) -> int:
    """Return how many messages this person has not read yet."""
    message, reading = tables.inbox_message, tables.inbox_reading
    query = (
        sa.select(sa.func.count())
        .select_from(message.outerjoin(reading, _read_by(identity)))
        .where(_addressed_to(identity), reading.c.at.is_(None))
    )
    return int(connection.execute(query).scalar_one())


def mark_read(work: handlers.Work, identity: people.Identity, message_id: int) -> None:
    """Record that this person read a message of his; a second time changes nothing."""
    message, reading = tables.inbox_message, tables.inbox_reading
    found = work.connection.execute(
        sa.select(reading.c.at)
        .select_from(message.outerjoin(reading, _read_by(identity)))
        .where(message.c.id == message_id, _addressed_to(identity))
    ).one_or_none()
    if found is None:
        raise errors.NotFound(message_id=message_id)
    if found.at is None:
        work.connection.execute(
            reading.insert().values(
                message_id=message_id, person=identity.person, at=work.now()
            )
        )


def _read_by(identity: people.Identity) -> sa.ColumnElement[bool]:
    reading = tables.inbox_reading.c
    return sa.and_(
        reading.message_id == tables.inbox_message.c.id,
        reading.person == identity.person,
    )


def _addressed_to(identity: people.Identity) -> sa.ColumnElement[bool]:
    message = tables.inbox_message.c
    return sa.or_(
        sa.and_(
            message.recipient_kind == "person", message.recipient == identity.person
        ),
        sa.and_(
            message.recipient_kind == "group",
            message.recipient.in_(sorted(identity.groups)),
        ),
    )


def _may_disturb(work: handlers.Work, urgency: str) -> bool:
    return urgency == MOST_URGENT or work.calendar.is_workday(work.now())
