"""What happened, for good: one chain of hashes per instance, anchored together.

Each event's hash covers the hash before it, and the instance's row keeps the last
one. Whoever edits, deletes, swaps or cuts off events would have to compute the
chain anew, and is then found by the anchors, which form a chain of their own over
the heads of all instances. Publish the newest anchor's hash outside the database.
"""

import hashlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import database
from engine import errors
from engine import statements
from engine.tables import anchor as anchor_table
from engine.tables import anchored_head
from engine.tables import history_event
from engine.tables import instance

#: What an event's hash covers, beside the hash before it.
COVERED = (
    "instance_id",
    "seq",
    "at",
    "type",
    "element_id",
    "task_id",
    "person",
    "on_behalf_of",
    "details",
)

#: The types of the engine's own events; handlers note others by names of theirs.
TYPES: Mapping[str, str] = {
    "instance_started": "A process instance began; the version and what it was given.",
    "task_claimed": "A person took a user task from their group.",
    "task_released": "A person gave a claimed user task back to the group.",
    "task_assigned": "A person was given a user task.",
    "task_transferred": "A person gave a user task to another for good; why.",
    "task_delegated": "A person asked another about a user task; what.",
    "task_resolved": "A delegated user task went back to its holder; the answer.",
    "task_due_moved": "An open user task is due at another moment; from when to when.",
    "task_returned": "A person returned a user task to an earlier one; why.",
    "task_withdrawn": "A person took back what they had completed.",
    "cosigner_added": "A round was added to a running multi-instance; its value.",
    "cosigner_removed": "A round was removed from a running multi-instance.",
    "token_moved": "A person moved a token to another element; why.",
    "instance_suspended": "The instance rests until it is resumed; why.",
    "instance_resumed": "The instance goes on; since when it had rested.",
    "task_completed": "A person completed a user task; the fields that are kept.",
    "message_correlated": "A message reached the element that waited for it.",
    "signal_correlated": "A signal reached an element that listened.",
    "receive_task_triggered": "A receive task without a message was told to go on.",
    "external_task_completed": "Another program did an external task; which one.",
    "external_task_failed": "Another program could not do it; the tries left.",
    "external_error_thrown": "Another program threw a BPMN error at its task.",
    "instance_migrated": "It goes on in another version; from, to, what changed.",
    "variables_corrected": "A person set variables of the running instance.",
    "timer_fired": "A timer fell due; the firings that it stands for, if missed.",
    "job_moved": "A person gave a job another date; from when to when, and why.",
    "element_continued": "An asynchronous element was continued by its job.",
    "element_retried": "An element that had failed was tried again by its job.",
    "element_failed": "An automatic element could not do its work; the reason.",
    "incident_retried": "A person had an element tried again that had failed.",
    "tokens_moved": "Elements entered and left, and sequence flows taken.",
    "user_task_opened": "A user task waits; its candidates and when it is due.",
    "user_task_cancelled": "An open user task went, its work no longer wanted.",
    "message_thrown": "The diagram sent a message.",
    "signal_thrown": "The diagram sent a signal.",
    "escalation_thrown": "The diagram escalated.",
    "error_thrown": "The diagram raised an error.",
    "call_opened": "A call activity opened an instance of its own.",
    "call_completed": "The called instance ended.",
    "call_terminated": "The called instance was ended by a terminate event.",
    "call_error": "The called instance ended by an error.",
    "call_escalated": "The called instance escalated.",
    "instance_cancelled": "The instance was ended from outside; the reason.",
    "instance_ended": "The instance ended; how.",
}

#: The hash before the first event of a chain.
GENESIS = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in an instance; `type` is in the past tense."""

    type: str
    element_id: str | None = None
    task_id: str | None = None
    person: str | None = None
    on_behalf_of: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where the record is not what was once written."""

    instance_id: str
    seq: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The hash over the heads of all chains at one moment."""

    seq: int
    at: datetime
    hash: str


def chained(
    instance_id: str, seq: int, head: str, at: datetime, events: Iterable[Event]
) -> tuple[list[dict[str, Any]], int, str]:
    """Return the rows of the events, and the sequence number and head after them."""
    rows = []
    for event in events:
        seq += 1
        row = {
            "instance_id": instance_id,
            "seq": seq,
            "at": at,
            "type": event.type,
            "element_id": event.element_id,
            "task_id": event.task_id,
            "person": event.person,
            "on_behalf_of": event.on_behalf_of,
            "details": dict(event.details),
        }
        head = _hash(head, row)
        rows.append({**row, "hash": head})
    return rows, seq, head


def _hash(previous: str, row: Mapping[str, object]) -> str:
    return hashlib.sha256(previous.encode() + database.canonical(row)).hexdigest()


#: Store a row of a chain.
WRITE = statements.Statement(history_event.insert())


def write(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store the rows of one or more chains."""
    batch = statements.Batch(connection)
    batch.add(WRITE, *rows)
    batch.flush()


def append(
    connection: sa.Connection, instance_id: str, at: datetime, event: Event
) -> tuple[int, str]:
    """Append one event to an instance that rests; return the new number and head."""
    found = connection.execute(
        sa.select(instance.c.history_seq, instance.c.history_head)
        .where(instance.c.id == instance_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise errors.NotFound(instance_id=instance_id)
    rows, seq, head = chained(instance_id, found[0], found[1], at, [event])
    connection.execute(
        instance.update()
        .where(instance.c.id == instance_id)
        .values(history_seq=seq, history_head=head)
    )
    write(connection, rows)
    return seq, head


def last(connection: sa.Connection, instance_id: str) -> Any:
    """Return the row of when (`at`) and by which `person` it was last changed."""
    return connection.execute(
        sa.select(history_event.c.at, history_event.c.person)
        .where(
            history_event.c.instance_id == instance_id,
            history_event.c.person.is_not(None),
        )
        .order_by(history_event.c.seq.desc())
        .limit(1)
    ).one_or_none()


def opening(
    connection: sa.Connection, instance_id: str, task_id: str
) -> Mapping[str, Any]:
    """Return the details with which a user task opened; nothing if it never did."""
    found = connection.scalar(
        sa.select(history_event.c.details)
        .where(
            history_event.c.instance_id == instance_id,
            history_event.c.task_id == task_id,
            history_event.c.type == "user_task_opened",
        )
        .limit(1)
    )
    return found or {}


def anchored_at(connection: sa.Connection) -> datetime | None:
    """Return when the last anchor was made."""
    at: datetime | None = connection.scalar(sa.select(sa.func.max(anchor_table.c.at)))
    return at


def anchor(connection: sa.Connection, at: datetime) -> Anchor:
    """Hash together the heads that moved since the last anchor, and keep them."""
    anchored = (
        sa.select(sa.func.max(anchored_head.c.seq))
        .where(anchored_head.c.instance_id == instance.c.id)
        .scalar_subquery()
    )
    moved = connection.execute(
        sa.select(instance.c.id, instance.c.history_seq, instance.c.history_head)
        .where(instance.c.history_seq > sa.func.coalesce(anchored, 0))
        .order_by(instance.c.id)
    ).all()
    last = connection.execute(
        sa.select(anchor_table).order_by(anchor_table.c.seq.desc()).limit(1)
    ).one_or_none()
    seq = last.seq + 1 if last else 1
    heads = [tuple(row) for row in moved]
    hashed = _anchor_hash(last.hash if last else GENESIS, seq, at, heads)
    connection.execute(anchor_table.insert().values(seq=seq, at=at, hash=hashed))
    if heads:
        connection.execute(
            anchored_head.insert(),
            [
                {"instance_id": i, "seq": s, "head": h, "anchor_seq": seq}
                for i, s, h in heads
            ],
        )
    return Anchor(seq=seq, at=at, hash=hashed)


def _anchor_hash(
    previous: str, seq: int, at: datetime, heads: Sequence[tuple[Any, ...]]
) -> str:
    return hashlib.sha256(
        previous.encode() + database.canonical([seq, at, heads])
    ).hexdigest()


def verify(connection: sa.Connection, instance_id: str) -> list[Finding]:
    """Return what is wrong with the chain of one instance; nothing when sound."""
    row = connection.execute(
        sa.select(instance.c.id, instance.c.history_seq, instance.c.history_head).where(
            instance.c.id == instance_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(instance_id=instance_id)
    return list(_verify_chain(connection, row.id, row.history_seq, row.history_head))


def _verify_chain(
    connection: sa.Connection, instance_id: str, last_seq: int, last_head: str
) -> Iterator[Finding]:
    anchored: dict[int, str] = {
        row.seq: row.head
        for row in connection.execute(
            sa.select(anchored_head.c.seq, anchored_head.c.head).where(
                anchored_head.c.instance_id == instance_id
            )
        )
    }
    head, seq = GENESIS, 0
    for row in connection.execute(
        sa.select(history_event)
        .where(history_event.c.instance_id == instance_id)
        .order_by(history_event.c.seq)
    ).mappings():
        seq += 1
        if row["seq"] != seq:
            yield Finding(instance_id, seq, f"第 {seq} 条记录缺失。")
            return
        head = _hash(head, {name: row[name] for name in COVERED})
        if row["hash"] != head:
            yield Finding(instance_id, seq, f"第 {seq} 条记录被改动过。")
            return
        if anchored.pop(seq, head) != head:
            yield Finding(instance_id, seq, f"第 {seq} 条记录与锚定的记录不符。")
            return
    if (seq, head) != (last_seq, last_head):
        yield Finding(instance_id, last_seq, f"末尾的记录缺失：应有 {last_seq} 条。")
    for lost in sorted(anchored):
        yield Finding(instance_id, lost, f"锚定过的第 {lost} 条记录缺失。")


def verify_all(connection: sa.Connection) -> list[Finding]:
    """Return what is wrong with any chain or anchor; nothing when all is sound."""
    findings: list[Finding] = []
    known: set[str] = set()
    for row in connection.execute(
        sa.select(instance.c.id, instance.c.history_seq, instance.c.history_head)
    ).all():
        known.add(row.id)
        findings += _verify_chain(connection, row.id, row.history_seq, row.history_head)
    anchored = sa.select(anchored_head.c.instance_id).distinct()
    for gone in sorted(set(connection.scalars(anchored)) - known):
        findings.append(Finding(gone, None, "锚定过的办件整件缺失。"))
    return findings + list(_verify_anchors(connection))


def _verify_anchors(connection: sa.Connection) -> Iterator[Finding]:
    previous = GENESIS
    for expected, row in enumerate(
        connection.execute(sa.select(anchor_table).order_by(anchor_table.c.seq)).all(),
        start=1,
    ):
        heads = connection.execute(
            sa.select(
                anchored_head.c.instance_id, anchored_head.c.seq, anchored_head.c.head
            )
            .where(anchored_head.c.anchor_seq == row.seq)
            .order_by(anchored_head.c.instance_id)
        )
        hashed = _anchor_hash(previous, row.seq, row.at, [tuple(h) for h in heads])
        if row.seq != expected or row.hash != hashed:
            yield Finding("", row.seq, f"第 {expected} 个锚点被改动过或缺失。")
            return
        previous = row.hash
