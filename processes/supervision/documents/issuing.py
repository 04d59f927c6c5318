"""Issuing official documents: what they say is gathered and frozen at that moment."""

from collections.abc import Iterable
from collections.abc import Mapping

import sqlalchemy as sa

from engine import handlers
from engine import people
from processes import procedures
from processes.supervision import numbers
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.documents import circulars
from processes.supervision.documents import documents
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.matters import sources

#: A document that bears no number of its own bears its matter's.
OWN_NUMBER = ("matter", "none")


def issue(
    work: handlers.Work,
    matter: matters.Matter,
    type: str,
    *,
    chosen: Mapping[str, object],
    person: str | None,
    undertaking_id: int | None = None,
    circular: circulars.Circular | None = None,
) -> documents.Document:
    """Register a document of a type that the matter's procedure describes.

    Its 文号 is drawn now, in this transaction; `chosen` are the variables of the
    instance, of which one may decide the 代字 (发文机关二选一, R-01-04). A circular
    bears its issue, unless its procedure gives circulars a 代字 of their own.
    """
    kind = sources.procedure_of(work.connection, matter).document(type)
    if circular is not None and kind.number in (*OWN_NUMBER, *circulars.SERIES):
        number = circular.number
    else:
        number = _number(work, matter, kind, chosen)
    said = gather(work, matter, undertaking_id)
    said |= {
        "number": number,
        "document_title": kind.title,
        "copies": list(kind.copies),
    }
    if circular is not None:
        said["circular"] = {
            "series": circular.series,
            "year": circular.year,
            "issue_no": circular.issue_no,
            "total_no": circular.total_no,
            "title": circular.title,
            "body": circular.body,
            "praised": _named(work.connection, circular.praised),
            "criticized": _named(work.connection, circular.criticized),
            "cc": circular.cc,
        }
    return documents.register(
        work,
        matter=matter,
        type=type,
        number=number,
        title=f"{kind.title}（{number}）",
        data=said,
        template=kind.template,
        undertaking_id=undertaking_id,
        person=person,
    )


def gather(
    work: handlers.Work, matter: matters.Matter, undertaking_id: int | None = None
) -> dict[str, object]:
    """Return what documents may say of a matter: days as documents write them.

    A document about one undertaking says what its unit reported, and no other.
    """
    connection = work.connection
    given = opinions.of_matter(connection, matter.id)
    kept = {one.kind: one for one in papers.of_matter(connection, matter.id)}
    proposal = _proposal(connection, matter.id)
    said_by = {one.person for one in given} | {one.person for one in kept.values()}
    said_by |= {one.on_behalf_of for one in given if one.on_behalf_of}
    leader = matter.source_leader or ""
    names = people.names(connection, sorted(filter(None, {*said_by, leader})))
    told = proposal.mandates if proposal else ()
    units = phrases.unit_names(
        connection,
        {
            code
            for one in told
            for code in (one.lead_unit, *(a.unit for a in one.assisting))
        },
    )
    # 主要负责同志=第一责任人，分管同志=直接责任人 (R-01-38).
    heads, deputies = (
        people.holders_in_units(
            connection, role, {one.lead_unit for one in told}, work.now()
        )
        for role in ("unit_head", "unit_deputy")
    )
    return {
        "matter_number": matter.number,
        "title": matter.title,
        "urgency": matter.urgency,
        "requirement": matter.requirement or "",
        "due": phrases.chinese_day(matter.due_at),
        "provisional": matter.due_provisional,
        "summary": matter.summary or "",
        "round": matter.round,
        "source": {
            "type": matter.source_type,
            "doc_no": matter.source_doc_no or "",
            "clause": matter.source_clause or "",
            "on": matter.source_on.isoformat() if matter.source_on else "",
            "leader": names.get(leader, leader),
            "details": dict(matter.source),
        },
        "opinion": proposal.opinion if proposal else "",
        "mandates": [
            _said(
                one,
                units,
                first=heads.get(one.lead_unit, ()),
                direct=deputies.get(one.lead_unit, ()),
            )
            for one in told
        ],
        "boxes": [
            {
                "label": one.element_name,
                "verb": one.verb,
                "comment": one.comment,
                "name": _signed(one, names),
                "date": phrases.chinese_day(one.at),
            }
            for one in given
            if one.decision in ("APPROVE", "CHANGE_UNIT")
        ],
        "papers": {
            kind: {
                "title": one.title,
                "content": dict(one.content),
                "name": names.get(one.person, one.person),
                "date": phrases.chinese_day(one.at),
            }
            for kind, one in kept.items()
        },
        "reports": _reports(connection, matter.id, undertaking_id),
        "issued_on": phrases.chinese_day(work.now()),
        "year": work.calendar.local_date(work.now()).year,
    }


def _number(
    work: handlers.Work,
    matter: matters.Matter,
    kind: procedures.DocumentType,
    chosen: Mapping[str, object],
) -> str:
    office = kind.number
    if office in OWN_NUMBER:
        return matter.number
    by, _, listed = office.partition(":")
    if listed:
        # by:choice=代字,choice=代字 — the variable named by decides.
        offices = dict(one.split("=", 1) for one in listed.split(","))
        choice = str(chosen.get(by, ""))
        if choice not in offices:
            raise procedures.BadProcedure(
                f"文书“{kind.title}”的代字由“{by}”决定，“{choice}”没有代字。",
                type=kind.type,
            )
        office = offices[choice]
    year = work.calendar.local_date(work.now()).year
    serial = numbers.draw(work.connection, f"document {office}", year)
    return numbers.document_number(office, year, serial)


def _proposal(connection: sa.Connection, matter_id: int) -> proposals.Proposal | None:
    versions = proposals.of_matter(connection, matter_id)
    return versions[-1] if versions else None


def _said(
    mandate: mandates.Mandate,
    units: Mapping[str, str],
    *,
    first: Iterable[str],
    direct: Iterable[str],
) -> dict[str, object]:
    return {
        "serial": mandate.serial,
        "content": mandate.content,
        "requirement": mandate.requirement,
        "lead": units.get(mandate.lead_unit, mandate.lead_unit),
        "duty": mandate.duty,
        "assisting": [
            {"unit": units.get(one.unit, one.unit), "duty": one.duty}
            for one in mandate.assisting
        ],
        "due": _day(mandate.due_on.isoformat()),
        "report_due": _day(mandate.report_on.isoformat()) if mandate.report_on else "",
        "leader": mandate.responsible_leader or "",
        "first": "、".join(first),
        "direct": "、".join(direct),
        "person": mandate.responsible_person or "",
        "indicator": mandate.indicator,
        "milestones": list(mandate.milestones),
    }


def _named(
    connection: sa.Connection, rows: list[dict[str, str]]
) -> list[dict[str, str]]:
    """Return rows of a circular with the names of units instead of their codes."""
    units = phrases.unit_names(connection, [row["name"] for row in rows])
    return [{**row, "name": units.get(row["name"], row["name"])} for row in rows]


def _day(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{year}年{int(month)}月{int(day)}日"


def _signed(opinion: opinions.Opinion, names: Mapping[str, str]) -> str:
    name = names.get(opinion.person, opinion.person)
    if opinion.on_behalf_of:
        name += f"（代{names.get(opinion.on_behalf_of, opinion.on_behalf_of)}）"
    return name


def _reports(
    connection: sa.Connection, matter_id: int, undertaking_id: int | None
) -> list[dict[str, object]]:
    """Return what the units reported last, in the order of their undertakings."""
    report, undertaking = tables.progress_report.c, tables.undertaking.c
    query = (
        sa.select(
            undertaking.unit,
            undertaking.period,
            report.body,
            report.completion,
            report.progress,
            report.problems,
        )
        .join(tables.undertaking, undertaking.id == report.undertaking_id)
        .where(undertaking.matter_id == matter_id, report.submitted_at.is_not(None))
        .order_by(undertaking.id, report.version)
    )
    if undertaking_id is not None:
        query = query.where(undertaking.id == undertaking_id)
    rows = connection.execute(query).all()
    units = phrases.unit_names(connection, {row.unit for row in rows})
    # The names of columns are no plain texts, which the frozen data must be.
    return [
        {str(key): value for key, value in row._mapping.items()}
        | {"unit": units.get(row.unit, row.unit)}
        for row in rows
    ]
