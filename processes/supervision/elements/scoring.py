"""Hearing a unit about a score entry, and ruling on it (P-15)."""

from collections.abc import Mapping

import sqlalchemy as sa

from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import opinions
from processes.supervision.scoring import hearings
from processes.supervision.scoring import measures
from processes.supervision.scoring import scores


def install(registry: handlers.Registry) -> None:
    """Register the handlers and the job of this part."""
    registry.handler("enter_score")(enter_score)
    registry.handler("record_hearing")(record_hearing)
    registry.handler("lapse_hearing")(lapse_hearing)
    registry.handler("record_ruling")(record_ruling)
    registry.job(scores.HEARING)(hearings.hold)
    registry.decision(measures.DECISION)(measures.faults)


@entries.under("R-04-13")
def enter_score(call: handlers.Call) -> Mapping[str, object]:
    """Enter what the officer reports of a unit in a matter, and begin its hearing."""
    fields = call.fields
    event = entries.choice(fields, "event", scores.REPORTED_BY_PERSONS)
    unit = entries.text(fields, "about_unit", longest=100)
    number = entries.text(fields, "number", longest=100)
    matter_id = _matter(call.work.connection, number, unit)
    entry = scores.report(
        call.work,
        event,
        unit=unit,
        matter_id=matter_id,
        reason=entries.text(fields, "reason", longest=2000),
        instance_id=call.instance_id,
    )
    return hearings.variables(call.work, entry)


@entries.under("R-04-13")
def record_hearing(call: handlers.Call) -> Mapping[str, object]:
    """Record that the unit confirms the entry, or its appeal."""
    said = entries.choice(call.fields, "hearing", ("CONFIRM", "APPEAL"))
    entry = hearings.hear(
        call.work,
        entries.number(call.variables, "entry"),
        "APPEAL" if said == "APPEAL" else "CONFIRM",
        entries.optional_text(call.fields, "comment", longest=2000),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return {"hearing": entry.status}


def lapse_hearing(call: handlers.Call) -> Mapping[str, object]:
    """Take the unit's silence for its confirmation."""
    entry = hearings.lapse(call.work, entries.number(call.variables, "entry"))
    return {"hearing": entry.status}


@entries.under("R-04-13")
def record_ruling(call: handlers.Call) -> Mapping[str, object]:
    """Put the entry into effect or revoke it."""
    ruling = entries.choice(call.fields, "ruling", ("UPHOLD", "REVOKE"))
    hearings.rule(
        call.work,
        entries.number(call.variables, "entry"),
        "REVOKE" if ruling == "REVOKE" else "UPHOLD",
        entries.optional_text(call.fields, "comment", longest=2000),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return {"ruling": ruling}


def _matter(connection: sa.Connection, number: str, unit: str) -> int:
    """Return the matter of this number, which must have been issued to the unit."""
    undertaking = tables.undertaking.c
    found: int | None = connection.scalar(
        sa.select(tables.matter.c.id)
        .join(tables.undertaking, undertaking.matter_id == tables.matter.c.id)
        .where(tables.matter.c.number == number, undertaking.unit == unit)
        .limit(1)
    )
    if found is None:
        raise entries.refusal(
            "number", "没有这一事项，或者它未交这一单位承办。", rule="R-04-13"
        )
    return found
