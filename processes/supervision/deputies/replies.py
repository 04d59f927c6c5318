"""Replies to suggestions and proposals (答复件): drafted as reports, sent to each.

A reply is what the lead unit's report says, marked A, B or C; it goes to every one who
made the suggestion, apart, with a form that asks whether they are satisfied (R-01-30).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import entries
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.deputies import deputies
from processes.supervision.documents import documents
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import undertakings

RESULTS: Mapping[str, str] = {
    "A": "已解决或基本解决",
    "B": "部分解决或列入计划",
    "C": "因条件限制留作参考",
}
#: What a result says of the unit's work.
COMPLETIONS = {"A": "DONE", "B": "IN_PROGRESS", "C": "IMPOSSIBLE"}
CHANNEL = "exchange"
#: What the shared page of documents asks for and a reply does not say.
PAGE: Mapping[str, object] = {
    "mandates": [],
    "papers": {},
    "provisional": False,
    "source": {"type": "", "doc_no": "", "clause": "", "on": "", "leader": ""},
}
CONTACT_MODES = ("上门走访", "座谈", "调研视察", "电话", "书面")


class NoReply(errors.Refused):
    """还没有可以寄送的答复件。"""


@dataclass(frozen=True)
class Reply:
    """A reply and the report it is; `promised_on` is when a B is answered again."""

    id: int
    matter_id: int
    report_id: int
    result: str
    promised_on: date | None
    public: bool
    contact_name: str
    contact_phone: str
    sent_at: datetime | None


def communicate(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
    *,
    person: str,
) -> None:
    """Record that the unit talked with those who made it (沟通; domain §2.7 5).

    Reads `contacted_on`, `contact_mode`, `contact_with` and `contact_content`.
    """
    contacted_on = entries.day(given, "contacted_on")
    if contacted_on > work.calendar.local_date(work.now()):
        raise entries.refusal("contacted_on", "不能晚于今天。", rule="R-01-30")
    whom = entries.text(given, "contact_with", longest=200)
    content = entries.text(given, "contact_content", longest=2000)
    work.connection.execute(
        tables.contact.insert().values(
            undertaking_id=undertaking.id,
            contacted_on=contacted_on,
            mode=entries.choice(given, "contact_mode", CONTACT_MODES),
            content=f"{whom}：{content}",
            person=person,
            at=work.now(),
        )
    )


def draft(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
    *,
    person: str,
) -> Reply:
    """Keep the draft of a reply as the next version of the unit's report.

    Reads `result`, `promised_on` (a B must name it), `body`, `problems`, `public`,
    `contact_name`, `contact_phone` and what `reports.draft` reads beside them. Nobody
    replies before talking with those who made the suggestion.
    """
    if not _has_communicated(work.connection, undertaking.id):
        raise entries.refusal(
            "body", "答复前须与代表、委员至少沟通一次。", rule="R-01-30"
        )
    result = entries.choice(given, "result", tuple(RESULTS))
    values = {
        "result": result,
        "promised_on": _promised_day(work, given) if result == "B" else None,
        "public": entries.flag(given, "public"),
        "contact_name": entries.text(given, "contact_name", longest=50),
        "contact_phone": entries.text(given, "contact_phone", longest=50),
    }
    told = {
        "report_class": "GENERAL",
        "completion": COMPLETIONS[result],
        **{
            key: given.get(key)
            for key in ("body", "excess_reason", "problems", "assist_note")
        },
    }
    report = reports.draft(work, undertaking, told, person=person, is_letter=True)
    table = tables.reply
    known = work.connection.scalar(
        sa.select(table.c.id).where(table.c.report_id == report.id)
    )
    if known is not None:
        statement = table.update().where(table.c.id == known).values(**values)
        work.connection.execute(statement)
        return get(work.connection, known)
    reply_id = work.connection.execute(
        table.insert()
        .values(matter_id=undertaking.matter_id, report_id=report.id, **values)
        .returning(table.c.id)
    ).scalar_one()
    return get(work.connection, reply_id)


def get(connection: sa.Connection, reply_id: int) -> Reply:
    """Return the reply of this id."""
    row = connection.execute(
        sa.select(tables.reply).where(tables.reply.c.id == reply_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(reply_id=reply_id)
    return Reply(**row._mapping)


def of_round(connection: sa.Connection, matter: matters.Matter) -> list[Reply]:
    """Return the accepted replies of the present round, one of each lead."""
    return [
        reply
        for round, _, reply in _accepted(connection, matter)
        if round == matter.round
    ]


def promised(connection: sa.Connection, matter: matters.Matter) -> list[Reply]:
    """Return the replies that promise a later answer (B): the last of each mandate."""
    last = {mandate: reply for _, mandate, reply in _accepted(connection, matter)}
    return [one for one in last.values() if one.result == "B"]


def _accepted(
    connection: sa.Connection, matter: matters.Matter
) -> list[tuple[int, int, Reply]]:
    """Return round, mandate and reply of every accepted lead, the first round first."""
    report, undertaking = tables.progress_report.c, tables.undertaking.c
    rows = connection.execute(
        sa.select(
            tables.reply,
            undertaking.id.label("of"),
            undertaking.round,
            undertaking.mandate_id,
        )
        .join(tables.progress_report, report.id == tables.reply.c.report_id)
        .join(tables.undertaking, undertaking.id == report.undertaking_id)
        .where(undertaking.matter_id == matter.id, undertaking.state == "ACCEPTED")
        .order_by(undertaking.id, report.version)
    ).all()
    newest = {row.of: row for row in rows}
    names = tables.reply.c.keys()
    return [
        (
            row.round,
            row.mandate_id,
            Reply(**{name: row._mapping[name] for name in names}),
        )
        for row in newest.values()
    ]


def send(
    work: handlers.Work,
    matter: matters.Matter,
    due_at: datetime,
    *,
    person: str | None,
) -> None:
    """Send every reply of the round to each who made it, apart, with a survey form.

    A copy goes to 人大代表工委 or 政协提案委. Answers count until `due_at`. Raise
    `NoReply` where no lead's reply was accepted.
    """
    found = of_round(work.connection, matter)
    if not found:
        raise NoReply(matter=matter.number)
    proposal = deputies.of_matter(work.connection, matter.id)
    for reply in found:
        said = _said(work, matter, proposal, reply)
        for proposer in deputies.proposers(work.connection, proposal.id):
            _send_one(work, matter, proposal, reply, proposer, said, due_at, person)
        copies_to = deputies.COPIES_TO[proposal.kind]
        work.send(CHANNEL, copies_to, said, key=f"reply:{reply.id}:copy")
        work.connection.execute(
            tables.reply.update()
            .where(tables.reply.c.id == reply.id)
            .values(sent_at=work.now())
        )
    deputies.forget(work, matter)
    if matter.status == "IN_PROGRESS":
        matters.move(work, matter, "LEADER_REVIEW", reported_at=work.now())


def survey_due(work: handlers.Work, matter: matters.Matter) -> datetime:
    """Return the last second in which an answer of those asked counts."""
    rules = sources.procedure_of(work.connection, matter).parameters
    today = work.calendar.local_date(work.now())
    day = work.calendar.add_workdays(today, int(rules["survey_workdays"]))
    return work.calendar.end_of_day(day)


def _send_one(
    work: handlers.Work,
    matter: matters.Matter,
    proposal: deputies.DeputyProposal,
    reply: Reply,
    proposer: deputies.Proposer,
    said: Mapping[str, object],
    due_at: datetime,
    person: str | None,
) -> None:
    """Issue the reply and its survey form for one of them, and ask him."""
    addressed = {**said, "proposer": proposer.name, "address": proposer.address}
    procedure = sources.procedure_of(work.connection, matter)
    number = f"{matter.number}-{reply.id}-{proposer.place + 1}"
    undertaking_id = reports.get(work.connection, reply.report_id).undertaking_id
    issued = []
    for type in ("REPLY", "SURVEY_FORM"):
        kind = procedure.document(type)
        issued.append(
            documents.register(
                work,
                matter=matter,
                type=type,
                number=number,
                title=f"{kind.title}（{number}）",
                data={
                    **addressed,
                    "document_title": kind.title,
                    "number": number,
                },
                template=kind.template,
                undertaking_id=undertaking_id,
                person=person,
            )
        )
    work.send(
        CHANNEL,
        f"{proposal.kind}：{proposer.name}",
        addressed,
        key=f"reply:{reply.id}:{proposer.id}",
    )
    work.connection.execute(
        tables.survey.insert().values(
            matter_id=matter.id,
            reply_id=reply.id,
            proposer_id=proposer.id,
            document_id=issued[0].id,
            round=matter.round,
            sent_at=work.now(),
            due_at=due_at,
        )
    )


def _said(
    work: handlers.Work,
    matter: matters.Matter,
    proposal: deputies.DeputyProposal,
    reply: Reply,
) -> dict[str, object]:
    """Return what the letter says, the same to everyone it goes to."""
    report = reports.get(work.connection, reply.report_id)
    undertaking = undertakings.get(work.connection, report.undertaking_id)
    units = phrases.unit_names(work.connection, {undertaking.unit})
    signer = people.names(work.connection, [report.signer or ""])
    return {
        **PAGE,
        "urgency": matter.urgency,
        "letter_title": f"关于{proposal.session}{proposal.name}的答复",
        "matter_number": matter.number,
        "kind": proposal.kind,
        "session": proposal.session,
        "proposal_number": proposal.number,
        "title": matter.title,
        "form_of_address": deputies.PROPOSERS[proposal.kind],
        "result": reply.result,
        "result_says": RESULTS[reply.result],
        "promised_on": reply.promised_on.isoformat() if reply.promised_on else "",
        "public": reply.public,
        "body": report.body,
        "unit": units.get(undertaking.unit, undertaking.unit),
        "signer": signer.get(report.signer or "", ""),
        "contact_name": reply.contact_name,
        "contact_phone": reply.contact_phone,
        "copies_to": deputies.COPIES_TO[proposal.kind],
        "round": matter.round,
        "issued_on": phrases.chinese_day(work.now()),
    }


def _has_communicated(connection: sa.Connection, undertaking_id: int) -> bool:
    contact = tables.contact.c
    return (
        connection.scalar(
            sa.select(sa.func.count()).where(contact.undertaking_id == undertaking_id)
        )
        or 0
    ) > 0


def _promised_day(work: handlers.Work, given: entries.Entries) -> date:
    promised_on = entries.optional_day(given, "promised_on")
    if promised_on is None:
        raise entries.refusal(
            "promised_on", "B类答复须写明承诺解决的日期。", rule="R-01-30"
        )
    if promised_on <= work.calendar.local_date(work.now()):
        raise entries.refusal("promised_on", "须晚于今天。", rule="R-01-30")
    return promised_on
