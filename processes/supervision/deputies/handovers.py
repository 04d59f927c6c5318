"""Handing suggestions over to units at a meeting (交办会议): who took which list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from engine import handlers
from processes.supervision import entries
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.deputies import deputies
from processes.supervision.deputies import replies
from processes.supervision.documents import documents
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.matters import sources

LIST = "HANDOVER_LIST"


@dataclass(frozen=True)
class Meeting:
    """One meeting at which many suggestions are handed over."""

    id: int
    held_on: date
    place: str
    expected: int
    attended: int


def record(
    work: handlers.Work,
    matter: matters.Matter,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Meeting:
    """Record that the units of a matter took its list at a meeting (R-01-29).

    Reads `held_on`, `place`, `expected`, `attended` and `receipts` (rows of unit and
    received_by). A meeting of the same day and place is the same one; every unit of
    the matter must have signed. The list of the meeting is issued anew with it.
    """
    meeting = _meeting(work, given, person=person, on_behalf_of=on_behalf_of)
    receipts = [
        (entries.text(row, "unit"), entries.text(row, "received_by", longest=50))
        for row in entries.rows(given, "receipts")
    ]
    _require_all(work.connection, matter, [unit for unit, _ in receipts])
    work.connection.execute(
        tables.handover_receipt.insert(),
        [
            {
                "matter_id": matter.id,
                "meeting_id": meeting.id,
                "unit": unit,
                "received_by": name,
            }
            for unit, name in receipts
        ],
    )
    _issue_list(work, matter, meeting, person=person)
    return meeting


def _meeting(
    work: handlers.Work,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Meeting:
    held_on = entries.day(given, "held_on")
    if held_on > work.calendar.local_date(work.now()):
        raise entries.refusal("held_on", "交办会议召开后再登记。", rule="R-01-29")
    place = entries.text(given, "place", longest=200)
    expected = entries.optional_whole(given, "expected", least=1, largest=500)
    attended = entries.optional_whole(given, "attended", least=1, largest=500)
    if expected is None or attended is None or attended > expected:
        raise entries.refusal("attended", "实到不得多于应到。", rule="R-01-29")
    meeting = tables.handover_meeting
    known = work.connection.execute(
        sa.select(meeting).where(meeting.c.held_on == held_on, meeting.c.place == place)
    ).one_or_none()
    if known is not None and (known.expected, known.attended) != (expected, attended):
        raise entries.refusal(
            "attended",
            f"同一会议已登记应到{known.expected}、实到{known.attended}。",
            rule="R-01-29",
        )
    if known is None:
        known = work.connection.execute(
            meeting.insert()
            .values(
                held_on=held_on,
                place=place,
                expected=expected,
                attended=attended,
                person=person,
                on_behalf_of=on_behalf_of,
                at=work.now(),
            )
            .returning(meeting)
        ).one()
    return Meeting(known.id, known.held_on, known.place, known.expected, known.attended)


def _require_all(
    connection: sa.Connection, matter: matters.Matter, signed: Sequence[str]
) -> None:
    """Raise `Invalid` unless exactly the units of the matter signed, each once."""
    units = {
        unit
        for mandate in proposals.current(connection, matter.id).mandates
        for unit in (mandate.lead_unit, *(one.unit for one in mandate.assisting))
    }
    names = phrases.unit_names(connection, units | set(signed))
    absent = [names.get(unit, unit) for unit in sorted(units - set(signed))]
    if absent:
        raise entries.refusal(
            "receipts", f"{'、'.join(absent)}尚未签收交办清单。", rule="R-01-29"
        )
    if len(signed) > len(units):
        raise entries.refusal(
            "receipts", "只登记本件承办单位，每个单位一行。", rule="R-01-29"
        )


def _issue_list(
    work: handlers.Work, matter: matters.Matter, meeting: Meeting, *, person: str
) -> None:
    """Issue the list of what the meeting handed over up to now: its next version."""
    kind = sources.procedure_of(work.connection, matter).document(LIST)
    documents.register(
        work,
        matter=matter,
        type=LIST,
        number=f"{meeting.held_on:%Y%m%d}-{meeting.id}",
        title=f"{kind.title}（{meeting.held_on}）",
        data={
            **replies.PAGE,
            "urgency": matter.urgency,
            "document_title": kind.title,
            "number": f"{meeting.held_on:%Y%m%d}-{meeting.id}",
            "issued_on": phrases.chinese_day(work.now()),
            "held_on": phrases.chinese_day(work.calendar.start_of_day(meeting.held_on)),
            "place": meeting.place,
            "expected": meeting.expected,
            "attended": meeting.attended,
            "lines": _lines(work.connection, meeting.id),
        },
        template=kind.template,
        person=person,
    )


def _lines(connection: sa.Connection, meeting_id: int) -> list[dict[str, str]]:
    receipt, matter = tables.handover_receipt.c, tables.matter.c
    rows = connection.execute(
        sa.select(receipt.matter_id, receipt.unit, receipt.received_by, matter.title)
        .join(tables.matter, matter.id == receipt.matter_id)
        .where(receipt.meeting_id == meeting_id)
        .order_by(receipt.id)
    ).all()
    names = phrases.unit_names(connection, {row.unit for row in rows})
    return [
        {
            "proposal": deputies.of_matter(connection, row.matter_id).name,
            "title": row.title,
            "unit": names.get(row.unit, row.unit),
            "received_by": row.received_by,
        }
        for row in rows
    ]
