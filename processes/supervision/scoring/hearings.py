"""Hearing a unit about a score entry (P-15): it confirms, appeals or keeps silent.

The chief of the office then rules; only what he upholds takes effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.scoring import scores

PROCEDURE = "proc_scoring"
#: The message that ends a hearing when a review has revoked the entry.
WITHDRAWN = "score_withdrawn"

Hearing = Literal["CONFIRM", "APPEAL"]
Ruling = Literal["UPHOLD", "REVOKE"]


@dataclass(frozen=True)
class Decision:
    """What was said about an entry: by the unit, by the chief, or by silence."""

    id: int
    entry_id: int
    decision: str
    comment: str
    person: str | None
    on_behalf_of: str | None
    at: datetime


def hold(work: handlers.Work, payload: Mapping[str, object]) -> None:
    """Start the hearing of an entry (P-15).

    A job of its own: what enters a score holds the locks of its matter, and a
    hearing that cannot start must not undo the red light.
    """
    entry = scores.get(work.connection, int(str(payload["entry"])))
    started = work.start(
        PROCEDURE, variables=variables(work, entry), start_event="start_recorded"
    )
    scores.change(work, entry, instance_id=started.instance_id)


def variables(work: handlers.Work, entry: scores.Entry) -> dict[str, object]:
    """Return what the hearing knows: the entry, its unit, and it in words."""
    unit = engine_tables.unit.c
    name = work.connection.scalar(
        sa.select(unit.short_name).where(unit.code == entry.unit)
    )
    number = work.connection.scalar(
        sa.select(tables.matter.c.number).where(tables.matter.c.id == entry.matter_id)
    )
    about = f"督查事项 {number}，" if number else ""
    words = (
        f"{name}：{about}{entry.reason}，计 {entry.points:+g} 分。依据：{entry.basis}"
    )
    return {"entry": entry.id, "unit": entry.unit, "score": words}


def hear(
    work: handlers.Work,
    entry_id: int,
    said: Hearing,
    comment: str,
    *,
    person: str,
    on_behalf_of: str | None,
) -> scores.Entry:
    """Record that the unit confirms the entry, or appeals with its grounds."""
    if said == "APPEAL" and not comment:
        raise entries.refusal("comment", "申诉须写明理由。", rule="R-04-13")
    status = "CONFIRMED" if said == "CONFIRM" else "APPEALED"
    moved = scores.move(work, entry_id, status)
    _record(work, entry_id, said, comment or "无异议", person, on_behalf_of)
    return moved


def lapse(work: handlers.Work, entry_id: int) -> scores.Entry:
    """Take the silence of the unit for its confirmation (逾期视为确认)."""
    moved = scores.move(work, entry_id, "CONFIRMED")
    _record(work, entry_id, "LAPSE", "逾期未回应，视为确认。", None, None)
    return moved


def rule(
    work: handlers.Work,
    entry_id: int,
    ruling: Ruling,
    comment: str,
    *,
    person: str,
    on_behalf_of: str | None,
) -> scores.Entry:
    """Put the entry into effect, or revoke it, and tell the unit.

    Raise `Invalid` when it is revoked, or an appeal turned down, without reasons.
    """
    entry = scores.get(work.connection, entry_id)
    if not comment and (ruling == "REVOKE" or entry.status == "APPEALED"):
        raise entries.refusal(
            "comment", "裁定申诉或者撤销计分，须写明理由。", rule="R-04-13"
        )
    moved = scores.move(
        work, entry_id, "EFFECTIVE" if ruling == "UPHOLD" else "REVOKED"
    )
    _record(work, entry_id, ruling, comment or "同意", person, on_behalf_of)
    outcome = scores.STATUS_LABELS[moved.status]
    inbox.tell(
        work,
        [inbox.group(people.group("unit_head", moved.unit))],
        f"计分裁定：{outcome}",
        f"{moved.reason}（{moved.points:+g}分）{outcome}。{comment}",
        matter_id=moved.matter_id,
    )
    return moved


def withdraw(work: handlers.Work, entry_id: int, reason: str, person: str) -> bool:
    """Take an entry back, whatever became of it; False if it was already.

    One in effect is corrected by an opposite entry; one not yet in effect is
    revoked, and its hearing ends.
    """
    entry = scores.get(work.connection, entry_id)
    if entry.status == "EFFECTIVE":
        return scores.correct(work, entry_id, reason)
    if entry.status == "REVOKED":
        return False
    scores.change(work, entry, status="REVOKED")
    _record(work, entry_id, "REVOKE", reason, person, None)
    if entry.instance_id is not None:
        work.correlate(WITHDRAWN, instance_id=entry.instance_id)
    return True


def decisions(connection: sa.Connection, entry_id: int) -> list[Decision]:
    """Return what was said about an entry, in the order it was said."""
    decision = tables.score_decision.c
    rows = connection.execute(
        sa.select(tables.score_decision)
        .where(decision.entry_id == entry_id)
        .order_by(decision.id)
    )
    return [Decision(**row._mapping) for row in rows]


def _record(
    work: handlers.Work,
    entry_id: int,
    decision: str,
    comment: str,
    person: str | None,
    on_behalf_of: str | None,
) -> None:
    work.connection.execute(
        tables.score_decision.insert().values(
            entry_id=entry_id,
            decision=decision,
            comment=comment,
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
    )
