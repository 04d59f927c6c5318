"""Waiting for the caller with the clock stopped (停钟等待诉求人答复, P-07).

A unit that cannot go on before its caller has answered asks for it; an officer of the
office agrees, and only then does the clock stand still, until the answer is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.requests import clocks
from processes.supervision.undertakings import undertakings

REQUEST = "caller_wait_requested"
ANSWER = "caller_answered"
STATUS_LABELS: Mapping[str, str] = {
    "ASKED": "待督查室同意",
    "WAITING": "等待诉求人答复",
    "REFUSED": "未同意停钟",
    "ANSWERED": "已答复",
}


@dataclass(frozen=True)
class Wait:
    """One question to the caller; it never holds who the caller is."""

    id: int
    matter_id: int
    undertaking_id: int
    question: str
    status: str
    answer: str | None
    answered_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime


def request(
    work: handlers.Work,
    undertaking_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> Wait:
    """Ask that the clock stand still until the caller answers: reads `question`."""
    undertaking = undertakings.get(work.connection, undertaking_id)
    if not access.holds(identity, people.group("unit_handler", undertaking.unit)):
        raise errors.Forbidden(
            "只有承办单位的办理人员可以申请等待诉求人答复。",
            undertaking=undertaking.number,
        )
    if undertaking.state in undertakings.RESTING:
        raise undertakings.WrongState(
            f"{undertaking.number} 现为"
            f"“{undertakings.STATE_LABELS[undertaking.state]}”，不用等待答复。",
            undertaking=undertaking.number,
        )
    if work.now() > undertaking.due_at:
        raise errors.Refused(
            "已经逾期，不能再停钟等待。", undertaking=undertaking.number
        )
    known = of_matter(work.connection, undertaking.matter_id)
    if any(one.status in ("ASKED", "WAITING") for one in known):
        raise errors.Refused("已在等待诉求人答复。", undertaking=undertaking.number)
    row = work.connection.execute(
        tables.caller_wait.insert()
        .values(
            matter_id=undertaking.matter_id,
            undertaking_id=undertaking.id,
            question=entries.text(given, "question", longest=2000),
            status="ASKED",
            person=identity.person,
            at=work.now(),
        )
        .returning(tables.caller_wait)
    ).one()
    asked = Wait(**row._mapping)
    matter = matters.get(work.connection, undertaking.matter_id)
    work.correlate(
        REQUEST,
        business_key=matter.number,
        variables={"caller_wait": asked.id, "waiting_unit": undertaking.unit},
        person=identity.person,
    )
    return asked


def begin(work: handlers.Work, wait_id: int) -> Wait:
    """Stop the clock: the office agreed."""
    wait = get(work.connection, wait_id)
    clocks.stop(work, matters.get(work.connection, wait.matter_id), "CALLER")
    return change(work, wait, status="WAITING")


def refuse(work: handlers.Work, wait_id: int) -> Wait:
    """Let the clock go on as it did: the office did not agree."""
    return change(work, get(work.connection, wait_id), status="REFUSED")


def end(work: handlers.Work, wait_id: int) -> Wait:
    """Let the clock go on, unless a report has done so already."""
    wait = get(work.connection, wait_id)
    standing = clocks.stopped(work.connection, wait.matter_id)
    if standing is not None and standing.kind == "CALLER":
        clocks.go(work, matters.get(work.connection, wait.matter_id))
    return change(work, wait, status="ANSWERED", answered_at=work.now())


def answered(work: handlers.Work, matter: matters.Matter, content: str) -> None:
    """Hand what the caller added to whoever waits for his answer."""
    for wait in of_matter(work.connection, matter.id):
        if wait.status == "WAITING":
            change(work, wait, answer=content)
            work.correlate(
                ANSWER,
                instance_id=matter.root_id,
                matching={"caller_wait": wait.id},
            )


def get(connection: sa.Connection, wait_id: int) -> Wait:
    """Return the wait of this id."""
    row = connection.execute(
        sa.select(tables.caller_wait).where(tables.caller_wait.c.id == wait_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(caller_wait=wait_id)
    return Wait(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Wait]:
    """Return what the caller of a matter was asked, the first question first."""
    rows = connection.execute(
        sa.select(tables.caller_wait)
        .where(tables.caller_wait.c.matter_id == matter_id)
        .order_by(tables.caller_wait.c.id)
    )
    return [Wait(**row._mapping) for row in rows]


def change(work: handlers.Work, wait: Wait, **changes: object) -> Wait:
    """Write these columns of a wait and return it as it is now."""
    row = work.connection.execute(
        tables.caller_wait.update()
        .where(tables.caller_wait.c.id == wait.id)
        .values(**changes)
        .returning(tables.caller_wait)
    ).one()
    return Wait(**row._mapping)
