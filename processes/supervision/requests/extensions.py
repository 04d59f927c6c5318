"""Extensions (延期): a unit asks for more time before its time is over (CA-07).

000四(二) asks only that reasons and progress be told; that it is asked before the due
day, how often and who approves, are rules of this office (【补充】).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.requests import explanations
from processes.supervision.undertakings import undertakings

MESSAGE = "extension_requested"
LAPSED = "extension_lapsed"
#: 每任务≤2次, 审批时限2WD (CA-07 【补充】).
MOST = 2
DECISION_WORKDAYS = 2
#: An extension of at most this part of the first term is short.
SHORT_PART = 3
STATUS_LABELS: Mapping[str, str] = {
    "PENDING": "延期待批",
    "GRANTED": "已批准",
    "GRANTED_IN_PART": "部分批准",
    "REFUSED": "不批准",
    "WITHDRAWN": "未报批",
}
#: What the unit itself did not send on does not count.
COUNTED = ("PENDING", "GRANTED", "GRANTED_IN_PART", "REFUSED")
GRANTED = ("GRANTED", "GRANTED_IN_PART")
#: Whose own deadline only they themselves extend.
LEADERS = ("mayor", "exec_vice_mayor", "vice_mayor", "party_leader")


@dataclass(frozen=True)
class Extension:
    """One request; `granted_on` is the day an approver set in place of the wanted."""

    id: int
    undertaking_id: int
    reason: str
    progress: str
    wanted_on: date
    due_before: datetime
    #: Whether the deputy director decides alone.
    short: bool
    #: The role of the leader who has the last word; None where no leader set the time.
    leader: str | None
    decide_by: datetime
    status: str
    granted_on: date | None
    decided_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime


@entries.under("R-00-33")
def request(
    work: handlers.Work,
    undertaking_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> Extension:
    """Ask for more time: the procedure takes it to those who decide.

    Reads `reason`, `progress` and `wanted_on`. Refused after the due day, for the
    third time, while another waits, and beyond what nobody here may grant.
    """
    undertaking = undertakings.get(work.connection, undertaking_id)
    handlers_of = people.group("unit_handler", undertaking.unit)
    if not access.holds(identity, handlers_of):
        raise errors.Forbidden(
            "只有承办单位的办理人员可以申请延期。（R-00-33）",
            undertaking=undertaking.number,
        )
    matter = matters.get(work.connection, undertaking.matter_id)
    _require_time(work, undertaking)
    explanations.require(work, undertaking)
    wanted_on = entries.day(given, "wanted_on")
    require_day(work, undertaking, wanted_on, "wanted_on")
    row = work.connection.execute(
        tables.extension_request.insert()
        .values(
            undertaking_id=undertaking.id,
            reason=entries.text(given, "reason", longest=2000),
            progress=entries.text(given, "progress", longest=2000),
            wanted_on=wanted_on,
            due_before=undertaking.due_at,
            short=_short(work, matter, undertaking, wanted_on),
            leader=_leader(work.connection, matter),
            decide_by=work.calendar.end_of_day(
                work.calendar.add_workdays(
                    work.calendar.local_date(work.now()), DECISION_WORKDAYS
                )
            ),
            status="PENDING",
            person=identity.person,
            at=work.now(),
        )
        .returning(tables.extension_request)
    ).one()
    asked = Extension(**row._mapping)
    decide_on = work.calendar.local_date(asked.decide_by)
    ladder.set_up(work, "extension", asked.id, decide_on)
    work.correlate(
        MESSAGE,
        instance_id=matter.root_id,
        matching={"undertaking": undertaking.id},
        variables={
            "extension": asked.id,
            "short": asked.short,
            "leader": asked.leader,
        },
        person=identity.person,
    )
    return asked


def get(connection: sa.Connection, extension_id: int) -> Extension:
    """Return the request of this id."""
    row = connection.execute(
        sa.select(tables.extension_request).where(
            tables.extension_request.c.id == extension_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(extension_id=extension_id)
    return Extension(**row._mapping)


def of_undertaking(connection: sa.Connection, undertaking_id: int) -> list[Extension]:
    """Return the requests of an undertaking, the first one first."""
    rows = connection.execute(
        sa.select(tables.extension_request)
        .where(tables.extension_request.c.undertaking_id == undertaking_id)
        .order_by(tables.extension_request.c.id)
    )
    return [Extension(**row._mapping) for row in rows]


def pending(connection: sa.Connection, undertaking_id: int) -> bool:
    """Whether a request waits for its decision: a missed day costs nothing yet."""
    return any(
        one.status == "PENDING" for one in of_undertaking(connection, undertaking_id)
    )


def lapse(work: handlers.Work, undertaking: undertakings.Undertaking) -> None:
    """Let a request go that nobody has decided on: the report is accepted."""
    matter = matters.get(work.connection, undertaking.matter_id)
    for asked in of_undertaking(work.connection, undertaking.id):
        if asked.status == "PENDING":
            work.correlate(
                LAPSED,
                instance_id=matter.root_id,
                matching={"extension": asked.id},
            )


def drop(work: handlers.Work, undertaking_id: int) -> None:
    """Take back a request of a unit that no longer handles the matter."""
    for asked in of_undertaking(work.connection, undertaking_id):
        if asked.status == "PENDING":
            ladder.take_down(work, "extension", asked.id)
            change(work, asked, status="WITHDRAWN", decided_at=work.now())


def change(work: handlers.Work, extension: Extension, **changes: object) -> Extension:
    """Write these columns of a request and return it as it is now."""
    row = work.connection.execute(
        tables.extension_request.update()
        .where(tables.extension_request.c.id == extension.id)
        .values(**changes)
        .returning(tables.extension_request)
    ).one()
    return Extension(**row._mapping)


def require_day(
    work: handlers.Work, undertaking: undertakings.Undertaking, day: date, key: str
) -> None:
    """Raise `Invalid` for a day that nobody here may grant: too early or too late."""
    due_on = work.calendar.local_date(undertaking.due_at)
    if day <= due_on:
        raise entries.refusal(key, f"须晚于现在的时限 {due_on}。", rule="R-00-33")
    matter = matters.get(work.connection, undertaking.matter_id)
    for last, why in _limits(work, matter):
        if day > last:
            raise entries.refusal(key, f"不得晚于{why} {last}。", rule="R-00-33")


def _require_time(work: handlers.Work, undertaking: undertakings.Undertaking) -> None:
    if undertaking.state in undertakings.RESTING:
        raise undertakings.WrongState(
            f"{undertaking.number} 现为"
            f"“{undertakings.STATE_LABELS[undertaking.state]}”，不能申请延期。（R-00-33）",
            undertaking=undertaking.number,
        )
    if work.now() > undertaking.due_at:
        raise errors.Refused(
            "延期须在时限届满前申请，现已逾期。（R-00-33）",
            undertaking=undertaking.number,
        )
    counted = [
        one
        for one in of_undertaking(work.connection, undertaking.id)
        if one.status in COUNTED
    ]
    if any(one.status == "PENDING" for one in counted):
        raise errors.Refused(
            "已有一份延期申请待批。（R-00-33）", undertaking=undertaking.number
        )
    if len(counted) >= MOST:
        raise errors.Refused(
            f"每项任务至多申请延期{MOST}次。（R-00-33）",
            undertaking=undertaking.number,
        )


def _limits(work: handlers.Work, matter: matters.Matter) -> list[tuple[date, str]]:
    """Return the days beyond which nobody here may extend, and whose they are."""
    limits = []
    if matter.upper_due is not None:
        limits.append((matter.upper_due, "对上反馈时限"))
    ticket = tables.hotline_ticket.c
    required = work.connection.execute(
        sa.select(ticket.required_on, ticket.required_workdays).where(
            ticket.matter_id == matter.id
        )
    ).one_or_none()
    if required is not None and any(required):
        due_on = work.calendar.local_date(matter.due_at)
        limits.append((due_on, "工单时限"))
    rules = sources.procedure_of(work.connection, matter).deadlines
    if "longest" in rules:
        last = deadlines.of_procedure(
            work.calendar,
            {"from": rules.get("from", "received_on"), "default": rules["longest"]},
            {
                "received_on": matter.received_on,
                "assigned_on": matter.assigned_on,
                "source_on": matter.source_on,
            },
            matter.received_on,
            urgency=matter.urgency,
        )
        limits.append((last.on, "法定最长时限"))
    return limits


def _short(
    work: handlers.Work,
    matter: matters.Matter,
    undertaking: undertakings.Undertaking,
    wanted_on: date,
) -> bool:
    """Whether it is the first and at most a third of a term that the office set."""
    earlier = of_undertaking(work.connection, undertaking.id)
    if _set_by_leader(work.connection, matter) or any(
        one.status in GRANTED for one in earlier
    ):
        return False
    count = work.calendar.workdays_between
    term = count(undertaking.issued_at, undertaking.original_due_at)
    return count(undertaking.due_at, wanted_on) * SHORT_PART <= term


def _leader(connection: sa.Connection, matter: matters.Matter) -> str | None:
    """Return the role of the leader to whom the time matters (原批示领导)."""
    named = sources.procedure_of(connection, matter).parameters.get("extension_leader")
    if named is not None:
        return str(named)
    return matter.source_rank if matter.source_rank in LEADERS else None


def _set_by_leader(connection: sa.Connection, matter: matters.Matter) -> bool:
    """Whether a leader limited the time himself (由批示领导限定或由县长审定)."""
    if sources.procedure_of(connection, matter).parameters.get("deadline_by_leader"):
        return True
    limited = any(matter.source.get(key) for key in ("due_on", "due_workdays"))
    return limited and matter.source_rank in LEADERS
