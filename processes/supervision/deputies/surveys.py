"""What those who made a suggestion say of the reply (征询意见), and another round."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deputies import deputies
from processes.supervision.deputies import replies
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.matters import sources
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import undertakings

ANSWERS: Mapping[str, str] = {
    "SATISFIED": "满意",
    "BASICALLY": "基本满意",
    "DISSATISFIED": "不满意",
}
NOT_EVALUATED = "NOT_EVALUATED"
#: A mandate, the unit that leads it, and the duty of that unit.
Part = tuple[mandates.Mandate, str, str]


@dataclass(frozen=True)
class Survey:
    """One reply sent to one of them; `answer` is None while it is open."""

    id: int
    matter_id: int
    reply_id: int
    proposer_id: int
    document_id: int
    round: int
    sent_at: datetime
    due_at: datetime
    answer: str | None
    comment: str | None
    person: str | None
    answered_at: datetime | None


def get(connection: sa.Connection, survey_id: int) -> Survey:
    """Return the survey of this id."""
    row = connection.execute(
        sa.select(tables.survey).where(tables.survey.c.id == survey_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(survey_id=survey_id)
    return Survey(**row._mapping)


def of_matter(
    connection: sa.Connection, matter_id: int, *, round: int | None = None
) -> list[Survey]:
    """Return the surveys of a matter, of all rounds or one, in order of sending."""
    query = sa.select(tables.survey).where(tables.survey.c.matter_id == matter_id)
    if round is not None:
        query = query.where(tables.survey.c.round == round)
    rows = connection.execute(query.order_by(tables.survey.c.id))
    return [Survey(**row._mapping) for row in rows]


def answer(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries, *, person: str
) -> Survey:
    """Register what one of them answered; who is dissatisfied says why.

    Reads `survey`, `answer`, `comment` and `answered_on`, the day on the form.
    """
    wanted = entries.text(given, "survey", longest=20)
    found = [
        one for one in still_open(work.connection, matter) if str(one.id) == wanted
    ]
    if not found:
        raise entries.refusal(
            "survey", "没有待登记的这一份征询意见表。", rule="R-01-30"
        )
    survey = found[0]
    answered = entries.choice(given, "answer", tuple(ANSWERS))
    comment = entries.optional_text(given, "comment", longest=2000)
    if answered == "DISSATISFIED" and not comment:
        raise entries.refusal("comment", "不满意的须写明意见。", rule="R-01-30")
    answered_on = entries.day(given, "answered_on")
    sent_on = work.calendar.local_date(survey.sent_at)
    if not sent_on <= answered_on <= work.calendar.local_date(work.now()):
        raise entries.refusal(
            "answered_on", f"应在寄送日 {sent_on} 与今天之间。", rule="R-01-30"
        )
    _write(
        work,
        [survey.id],
        answer=answered,
        comment=comment or None,
        person=person,
        answered_at=work.now(),
    )
    return get(work.connection, survey.id)


def lapse(work: handlers.Work, matter: matters.Matter) -> int:
    """Count those who did not answer in time as not evaluated; return how many."""
    lapsed = [one.id for one in still_open(work.connection, matter)]
    _write(work, lapsed, answer=NOT_EVALUATED, answered_at=work.now())
    return len(lapsed)


def still_open(connection: sa.Connection, matter: matters.Matter) -> list[Survey]:
    """Return the surveys of the present round that nobody has answered."""
    return [
        one
        for one in of_matter(connection, matter.id, round=matter.round)
        if one.answer is None
    ]


def named(
    connection: sa.Connection, matter: matters.Matter
) -> list[tuple[Survey, str]]:
    """Return the open surveys with the proposer and the unit that replied to him."""
    proposer, survey = tables.proposer.c, tables.survey.c
    reply, report = tables.reply.c, tables.progress_report.c
    undertaking, unit = tables.undertaking.c, engine_tables.unit.c
    rows = connection.execute(
        sa.select(survey.id, proposer.name, unit.short_name)
        .join(tables.proposer, proposer.id == survey.proposer_id)
        .join(tables.reply, reply.id == survey.reply_id)
        .join(tables.progress_report, report.id == reply.report_id)
        .join(tables.undertaking, undertaking.id == report.undertaking_id)
        .join(engine_tables.unit, unit.code == undertaking.unit)
        .where(survey.matter_id == matter.id)
    )
    labels = {row.id: f"{row.name}（{row.short_name}答复）" for row in rows}
    return [(one, labels[one.id]) for one in still_open(connection, matter)]


def dissatisfied(connection: sa.Connection, matter: matters.Matter) -> bool:
    """Whether somebody is dissatisfied with a reply of the present round."""
    return any(
        one.answer == "DISSATISFIED"
        for one in of_matter(connection, matter.id, round=matter.round)
    )


def open_round(
    work: handlers.Work, matter: matters.Matter
) -> tuple[matters.Matter, list[undertakings.Undertaking]]:
    """Have units answer again within a month (L5); earlier rounds stay as they are.

    Where somebody is dissatisfied, only the units he is dissatisfied with; else all,
    until the day that was due anyway if it is still to come. The month rolls off days
    of rest.
    """
    due_on = _due_again(work, matter)
    again = _answering_again(work.connection, matter)
    if matter.status != "IN_PROGRESS":
        matter = matters.move(work, matter, "IN_PROGRESS")
    if again:
        matter = matters.change(work, matter, round=matter.round + 1)
    deputies.extend_matter(work, matter, due_on)
    opened = [
        openings.open_one(work, matter, mandate, "LEAD", unit, duty, due_on)
        for mandate, unit, duty in again or _first_leads(work.connection, matter)
    ]
    return matters.get(work.connection, matter.id), opened


def _due_again(work: handlers.Work, matter: matters.Matter) -> date:
    today = work.calendar.local_date(work.now())
    due_on = work.calendar.local_date(matter.due_at)
    if due_on > today and not dissatisfied(work.connection, matter):
        return due_on
    months = sources.procedure_of(work.connection, matter).parameters["again_months"]
    return work.calendar.roll(work.calendar.add_months(today, int(months)))


def _answering_again(connection: sa.Connection, matter: matters.Matter) -> list[Part]:
    """Return the parts of the leads of the present round that must answer again."""
    leads = [
        one
        for one in undertakings.of_matter(connection, matter.id, round=matter.round)
        if one.role == "LEAD" and one.state == "ACCEPTED"
    ]
    unhappy = {
        one.reply_id
        for one in of_matter(connection, matter.id, round=matter.round)
        if one.answer == "DISSATISFIED"
    }
    ids = {
        reports.get(
            connection, replies.get(connection, reply_id).report_id
        ).undertaking_id
        for reply_id in unhappy
    } or {one.id for one in leads}
    return [
        (mandates.get(connection, one.mandate_id), one.unit, one.duty)
        for one in leads
        if one.id in ids
    ]


def _first_leads(connection: sa.Connection, matter: matters.Matter) -> list[Part]:
    """Return the parts of a matter that nobody has handled yet."""
    return [
        (one, one.lead_unit, one.duty)
        for one in proposals.current(connection, matter.id).mandates
    ]


def _write(work: handlers.Work, survey_ids: list[int], **values: object) -> None:
    work.connection.execute(
        tables.survey.update()
        .where(tables.survey.c.id.in_(survey_ids))
        .values(**values)
    )
