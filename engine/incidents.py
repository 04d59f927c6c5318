"""What no machine can put right by itself, shown until a person has dealt with it."""

from collections.abc import Iterable
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine import errors
from engine import statements
from engine.tables import incident

STALLED = "这一办件停住了：既没有在等待任何人或任何时间，也没有结束。"


def row(
    kind: str,
    message: str,
    at: datetime,
    *,
    instance_id: str | None = None,
    element_id: str | None = None,
    wait_id: str | None = None,
    job_id: str | None = None,
) -> dict[str, Any]:
    """Return the row of a new incident.

    `kind`: failed (an element could not run), call (there is nothing to call), job
    (a job's last attempt failed), stalled, message (one that nobody came for).
    """
    return {
        "id": uuid4().hex,
        "kind": kind,
        "instance_id": instance_id,
        "element_id": element_id,
        "wait_id": wait_id,
        "job_id": job_id,
        "message": message,
        "created_at": at,
    }


#: Store a new incident (see `row`).
OPEN = statements.Statement(incident.insert())


def open_(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store new incidents."""
    batch = statements.Batch(connection)
    batch.add(OPEN, *rows)
    batch.flush()


def get(connection: sa.Connection, incident_id: str) -> sa.RowMapping:
    """Return an incident that is still open."""
    found = (
        connection.execute(
            sa.select(incident).where(
                incident.c.id == incident_id, incident.c.resolved_at.is_(None)
            )
        )
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise errors.NotFound("没有这个异常，或者它已处理。", incident_id=incident_id)
    return found


def resolve(
    connection: sa.Connection,
    at: datetime,
    person: str | None,
    *,
    incident_id: str | None = None,
    wait_ids: Iterable[str] = (),
) -> None:
    """Close the incident, or those of these waits."""
    connection.execute(
        incident.update()
        .where(
            incident.c.resolved_at.is_(None),
            (incident.c.id == incident_id) | incident.c.wait_id.in_(list(wait_ids)),
        )
        .values(resolved_at=at, resolved_by=person)
    )


def annotate(connection: sa.Connection, incident_id: str, text: str) -> None:
    """Write beside the incident what is known about it."""
    get(connection, incident_id)
    connection.execute(
        incident.update().where(incident.c.id == incident_id).values(annotation=text)
    )
