"""Reads a whole database and says in which places it is not one piece.

Nothing here trusts the commands that wrote it: the stored states are loaded and
compared with the rows beside them, the histories are verified, and what clients were
promised is looked for.
"""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine import definitions
from engine import history
from engine import tables
from engine.bpmn.game import codec
from engine.bpmn.game import surroundings
from tests.survival.ledger import Ledger

#: Instance, wait and kind of wait.
Place = tuple[str, str, str]


#: What a definition's id stands for never changes.
LIBRARY = definitions.Library()


def examine(
    connection: sa.Connection,
    ledger: Ledger | None = None,
    *,
    interrupted: bool = False,
) -> list[str]:
    """Return what is wrong; nothing when the database and the ledger agree.

    Where callers may have been `interrupted`, the result of a called instance may
    have come too late to be taken over.
    """
    found = [f"{f.instance_id}: {f.message}" for f in history.verify_all(connection)]
    found += waits(connection)
    found += candidates(connection)
    found += completions(connection)
    found += hand_overs(connection, interrupted)
    found += outbox(connection)
    if ledger is not None:
        found += promises(connection, ledger)
    return found


def waits(connection: sa.Connection) -> Iterator[str]:
    """Compare the waits of every stored state with the open rows."""
    expected: set[Place] = set()
    for row in connection.execute(sa.select(tables.instance)):
        if row.status == "ended":
            if row.state is not None:
                yield f"{row.id}: ended and has a state"
            continue
        graph = LIBRARY.get(connection, row.definition_id).graph
        game = codec.load(graph, row.state, surroundings.AtRest())
        expected |= {(row.id, key, kind) for key, (kind, _) in game.waits.items()}
    present = Counter(open_rows(connection))
    for place in sorted(expected | set(present), key=repr):
        if (place in expected, present[place]) != (True, 1):
            instance_id, wait_id, kind = place
            says = "waits" if place in expected else "does not wait"
            yield f"{instance_id}: {says} for {kind} {wait_id}: {present[place]} rows"


def open_rows(connection: sa.Connection) -> Iterator[Place]:
    """Yield what the rows say is waited for, once for each row."""
    task, job = tables.user_task.c, tables.job.c
    subscription, instance = tables.subscription.c, tables.instance.c
    incident = tables.incident.c
    queries = (
        sa.select(task.instance_id, task.id, sa.literal("user_task")).where(
            task.closed_at.is_(None)
        ),
        sa.select(subscription.instance_id, subscription.wait_id, subscription.kind),
        sa.select(job.instance_id, job.wait_id, job.kind).where(
            job.kind.in_(["timer", "async", "external"])
        ),
        # What failed waits for another try or for a person.
        sa.select(job.instance_id, job.wait_id, sa.literal("failed")).where(
            job.kind == "retry"
        ),
        sa.select(incident.instance_id, incident.wait_id, incident.kind).where(
            incident.resolved_at.is_(None), incident.kind.in_(["failed", "call"])
        ),
        # A call waits for an instance, or for its result that is on its way.
        sa.select(
            instance.parent_id, instance.parent_wait_id, sa.literal("call")
        ).where(instance.status == "active", instance.parent_id.is_not(None)),
    )
    for query in queries:
        yield from (tuple(row) for row in connection.execute(query))
    for row in connection.execute(sa.select(job).where(job.kind == "hand_over")):
        if row.payload["how"] != "escalated":
            yield row.instance_id, row.wait_id, "call"


def candidates(connection: sa.Connection) -> Iterator[str]:
    """Look for candidates of tasks that are closed."""
    task, candidate = tables.user_task.c, tables.candidate.c
    still = sa.exists().where(
        task.id == candidate.user_task_id, task.closed_at.is_(None)
    )
    for task_id in connection.scalars(sa.select(candidate.user_task_id).where(~still)):
        yield f"task {task_id}: closed and has candidates"


def completions(connection: sa.Connection) -> Iterator[str]:
    """Compare the closed tasks with the histories: each was completed once."""
    task, event = tables.user_task.c, tables.history_event.c
    closed = Counter(
        tuple(row)
        for row in connection.execute(
            sa.select(task.instance_id, task.id, task.closed_by).where(
                task.closed_how == "completed"
            )
        )
    )
    told = Counter(
        tuple(row)
        for row in connection.execute(
            sa.select(event.instance_id, event.task_id, event.person).where(
                event.type == "task_completed"
            )
        )
    )
    for place in sorted(set(closed) | set(told)):
        if (closed[place], told[place]) != (1, 1):
            yield (
                f"{place[0]}: task {place[1]} by {place[2]}: "
                f"closed {closed[place]} times, in the history {told[place]} times"
            )


def hand_overs(connection: sa.Connection, interrupted: bool) -> Iterator[str]:
    """Compare the ends of called instances with what their callers took over."""
    instance, event, job = tables.instance.c, tables.history_event.c, tables.job.c
    ended = Counter(
        connection.scalars(
            sa.select(instance.parent_id).where(
                instance.parent_id.is_not(None),
                instance.status == "ended",
                instance.ended_how != "cancelled",
            )
        )
    )
    taken = Counter(
        connection.scalars(
            sa.select(event.instance_id).where(
                event.type.in_(["call_completed", "call_terminated", "call_error"])
            )
        )
    )
    under_way = Counter(
        connection.scalars(sa.select(job.instance_id).where(job.kind == "hand_over"))
    )
    for parent_id in sorted(set(ended) | set(taken)):
        accounted = taken[parent_id] + under_way[parent_id]
        if ended[parent_id] < accounted or (
            ended[parent_id] > accounted and not interrupted
        ):
            yield (
                f"{parent_id}: {ended[parent_id]} called instances have ended, "
                f"{taken[parent_id]} taken over, {under_way[parent_id]} under way"
            )


def outbox(connection: sa.Connection) -> Iterator[str]:
    """Every message is there once, and has a job until it is sent."""
    message, job = tables.outbox.c, tables.job.c
    for key, rows in Counter(connection.scalars(sa.select(message.key))).items():
        if rows > 1:
            yield f"message {key}: {rows} rows"
    carried = Counter(
        payload["outbox_id"]
        for payload in connection.scalars(
            sa.select(job.payload).where(job.kind == "outbox")
        )
    )
    unsent = connection.scalars(sa.select(message.id).where(message.sent_at.is_(None)))
    expected = Counter(unsent.all())
    for message_id in sorted(set(carried) | set(expected)):
        if carried[message_id] != expected[message_id]:
            yield f"message {message_id}: {carried[message_id]} jobs carry it"


def promises(connection: sa.Connection, ledger: Ledger) -> Iterator[str]:
    """Look for everything that a client was told."""
    task, answer = tables.user_task.c, tables.idempotency.c
    for entry in ledger.acknowledged().values():
        promised: Mapping[str, Any] = entry.answer or {}
        if "task_id" in promised:
            kept = connection.execute(
                sa.select(task.closed_by).where(task.id == promised["task_id"])
            ).one_or_none()
            if kept is None or kept.closed_by != promised["person"]:
                yield f"{entry.act}: acknowledged to {promised['person']} and not so"
        else:
            stored = connection.scalar(
                sa.select(answer.response).where(answer.key.endswith(entry.subject))
            )
            if stored != promised:
                yield f"{entry.act}: answered {promised}, kept is {stored}"
