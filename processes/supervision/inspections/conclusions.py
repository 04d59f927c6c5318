"""Conclusions of an inspection or a matter, and their review (《政府督查工作条例》).

A unit may ask for a review within 30 days of receiving the conclusion; the government
decides within 30 days of that, and nobody who took part decides on it again (第17条).
"""

from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.matters import matters
from processes.supervision.scoring import hearings
from processes.supervision.scoring import scores
from processes.supervision.statistics import bulletins

#: Days after receipt within which a review may be asked for, and after the
#: application within which it is decided: calendar days (第17条).
DAYS_TO_APPLY = 30
DAYS_TO_DECIDE = 30
DECISION_LABELS = {"UPHOLD": "维持", "CHANGE": "变更", "REVOKE": "撤销"}
#: From whom a reviewer is appointed: who has nothing to do with units.
REVIEWERS = ("dc_chief", "dc_officer", "go_section", "go_deputy")


class TooLate(errors.Refused):
    """收到督查结论已超过30日，不再受理复核申请。（条例第十七条）"""


@dataclass(frozen=True)
class Conclusion:
    """A conclusion about a unit; `received_on` is None until the unit signs for it."""

    id: int
    matter_id: int
    unit: str
    facts: str
    evidence: str
    text: str
    received_on: date | None
    person: str
    on_behalf_of: str | None
    at: datetime

    @property
    def apply_until(self) -> date | None:
        """The last day on which a review may be asked for."""
        if self.received_on is None:
            return None
        return date.fromordinal(self.received_on.toordinal() + DAYS_TO_APPLY)


@dataclass(frozen=True)
class Review:
    """A unit's application, who reviews it and what was decided."""

    id: int
    conclusion_id: int
    grounds: str
    request: str
    applied_by: str
    applied_at: datetime
    due_on: date
    reviewer: str | None
    decision: str | None
    reasons: str | None
    decided_at: datetime | None


@entries.under("条例第十六条")
def draft(
    work: handlers.Work,
    matter: matters.Matter,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None = None,
) -> Conclusion:
    """Keep the conclusion of a matter about a unit; what was sent back is replaced.

    Reads about_unit, facts, evidence and text. The matter it is about is the parent.
    """
    if matter.parent_id is None:
        raise entries.refusal("parent", "督查结论须针对一件督查事项。（条例第16条）")
    values = {
        "unit": entries.text(given, "about_unit", longest=100),
        "facts": entries.text(given, "facts"),
        "evidence": entries.text(given, "evidence"),
        "text": entries.text(given, "text"),
        "person": person,
        "on_behalf_of": on_behalf_of,
        "at": work.now(),
    }
    _require_unit(work.connection, str(values["unit"]))
    conclusion = tables.conclusion
    known = work.connection.scalar(
        sa.select(conclusion.c.id).where(conclusion.c.matter_id == matter.id)
    )
    if known is None:
        work.connection.execute(
            conclusion.insert().values(matter_id=matter.id, **values)
        )
    else:
        work.connection.execute(
            conclusion.update().where(conclusion.c.id == known).values(**values)
        )
    return of_matter(work.connection, matter.id)


def receive(work: handlers.Work, matter_id: int) -> Conclusion:
    """Record that the unit has received the conclusion today: the 30 days begin."""
    conclusion = of_matter(work.connection, matter_id)
    work.connection.execute(
        tables.conclusion.update()
        .where(tables.conclusion.c.id == conclusion.id)
        .values(received_on=work.calendar.local_date(work.now()))
    )
    return of_matter(work.connection, matter_id)


def apply(
    work: handlers.Work, matter_id: int, grounds: str, request: str, *, person: str
) -> Review:
    """Record the application for a review; `TooLate` after the 30th day.

    From now on the matter is due when the review must be decided (T-REVIEW).
    """
    conclusion = of_matter(work.connection, matter_id)
    today = work.calendar.local_date(work.now())
    if conclusion.apply_until is None:
        raise errors.Refused("督查结论尚未送达。（条例第十六条）", matter_id=matter_id)
    if today > conclusion.apply_until:
        raise TooLate(matter_id=matter_id)
    due_on = work.calendar.add_days(today, DAYS_TO_DECIDE)
    matter = matters.get(work.connection, matter_id)
    matters.extend(work, matter, deadlines.on_day(work.calendar, today, due_on))
    row = work.connection.execute(
        tables.conclusion_review.insert()
        .values(
            conclusion_id=conclusion.id,
            grounds=grounds,
            request=request,
            applied_by=person,
            applied_at=work.now(),
            due_on=due_on,
        )
        .returning(tables.conclusion_review)
    ).one()
    return Review(**row._mapping)


def appoint(work: handlers.Work, matter_id: int, reviewer: str) -> Review:
    """Name who reviews; nobody who took part in what is reviewed (回避)."""
    if reviewer in participants(work.connection, matter_id):
        raise entries.refusal(
            "reviewer", "参与过本事项或者本结论的人员应当回避。（条例第17条）"
        )
    if reviewer not in eligible(work.connection, matter_id, work.now()):
        raise entries.refusal(
            "reviewer", "复核人须是督查机构或者政府办的在岗人员。", rule="条例第十七条"
        )
    return _change(work, review_of(work.connection, matter_id), reviewer=reviewer)


def decide(
    work: handlers.Work, matter_id: int, decision: str, reasons: str, *, person: str
) -> Review:
    """Write the decision that is proposed, with its reasons; the leader approves it.

    Whoever got the task from the reviewer must be fit to be appointed too.
    """
    review = review_of(work.connection, matter_id)
    if person != review.reviewer:
        review = appoint(work, matter_id, person)
    return _change(work, review, decision=decision, reasons=reasons)


def settle(
    work: handlers.Work, matter: matters.Matter, *, person: str, take_back: bool
) -> int:
    """Put the decision into effect; return how many score entries were taken back.

    A conclusion that is revoked takes its scores along; one that is changed only if
    the decision says so.
    """
    conclusion = of_matter(work.connection, matter.id)
    review = _change(work, review_of(work.connection, matter.id), decided_at=work.now())
    if review.decision == "UPHOLD" or not (take_back or review.decision == "REVOKE"):
        return 0
    label = DECISION_LABELS[str(review.decision)]
    reason = f"复核决定{label}督查结论（{matter.number}）"
    return sum(
        hearings.withdraw(work, entry.id, reason, person)
        for entry in scores.of_matter(
            work.connection, _parent(matter), unit=conclusion.unit
        )
        if entry.corrects_id is None
    )


def criticized(connection: sa.Connection, matter: matters.Matter) -> list[int]:
    """Return the issued circulars that criticize the unit over the matter, by id.

    Its own, and those of a quarter that were issued since it was registered.
    """
    conclusion = of_matter(connection, matter.id)
    circular, about = tables.circular, tables.matter.c
    concluded = matters.get(connection, _parent(matter))
    rows = connection.execute(
        sa.select(circular.c.id, circular.c.criticized)
        .join(tables.matter, about.id == circular.c.matter_id)
        .where(
            circular.c.status == "ISSUED",
            (about.id == concluded.id)
            | (
                (about.procedure == bulletins.PROCEDURE)
                & (circular.c.issued_at >= concluded.created_at)
            ),
        )
        .order_by(circular.c.id)
    )
    return [
        row.id
        for row in rows
        if any(one["name"] == conclusion.unit for one in row.criticized)
    ]


def participants(connection: sa.Connection, matter_id: int) -> frozenset[str]:
    """Return who took part in the matter concluded, or in the conclusion itself.

    All who did anything in their processes, and the members of their inspections.
    """
    matter = tables.matter.c
    ids = {
        found
        for row in connection.execute(
            sa.select(matter.id, matter.parent_id).where(matter.id == matter_id)
        )
        for found in row
        if found is not None
    }
    event, instance = engine_tables.history_event.c, engine_tables.instance.c
    acted = connection.execute(
        sa.select(event.person, event.on_behalf_of)
        .join(engine_tables.instance, instance.id == event.instance_id)
        .join(tables.matter, matter.root_id == instance.root_id)
        .where(matter.id.in_(ids), event.type != "task_created")
        .distinct()
    )
    found = {one for row in acted for one in row if one is not None}
    member, inspection = tables.inspection_member.c, tables.inspection.c
    found |= set(
        connection.scalars(
            sa.select(member.account)
            .join(tables.inspection, inspection.id == member.inspection_id)
            .where(inspection.matter_id.in_(ids), member.account.is_not(None))
        )
    )
    return frozenset(found)


def eligible(connection: sa.Connection, matter_id: int, at: datetime) -> list[str]:
    """Return who may review: at work, and had no part in it."""
    holders = {
        person for role in REVIEWERS for person in people.holders(connection, role, at)
    }
    away = people.absent(connection, sorted(holders), at)
    return sorted(holders - away - participants(connection, matter_id))


def of_matter(connection: sa.Connection, matter_id: int) -> Conclusion:
    """Return the conclusion that this matter is; NotFound when it is none."""
    row = connection.execute(
        sa.select(tables.conclusion).where(tables.conclusion.c.matter_id == matter_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(matter_id=matter_id)
    return Conclusion(**row._mapping)


def review_of(connection: sa.Connection, matter_id: int) -> Review:
    """Return the review of a conclusion; NotFound before it was applied for."""
    review = tables.conclusion_review
    row = connection.execute(
        sa.select(review)
        .join(tables.conclusion, tables.conclusion.c.id == review.c.conclusion_id)
        .where(tables.conclusion.c.matter_id == matter_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(matter_id=matter_id)
    return Review(**row._mapping)


def _change(work: handlers.Work, review: Review, **columns: object) -> Review:
    row = work.connection.execute(
        tables.conclusion_review.update()
        .where(tables.conclusion_review.c.id == review.id)
        .values(**columns)
        .returning(tables.conclusion_review)
    ).one()
    return Review(**row._mapping)


def _parent(matter: matters.Matter) -> int:
    if matter.parent_id is None:
        raise errors.NotFound(matter_id=matter.id)
    return matter.parent_id


def _require_unit(connection: sa.Connection, unit: str) -> None:
    code = engine_tables.unit.c.code
    if connection.scalar(sa.select(code).where(code == unit)) is None:
        raise entries.refusal("about_unit", "没有这一单位。", rule="条例第十六条")
