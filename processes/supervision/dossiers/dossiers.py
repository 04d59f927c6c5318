"""A matter with everything on record about it, for those who may see it."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import people
from engine import tables as engine_tables
from processes import procedures
from processes.supervision import access
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.dossiers import completeness
from processes.supervision.dossiers import grants
from processes.supervision.forms import wording
from processes.supervision.hotline import callers

Row = sa.Row[*tuple[Any, ...]]
#: A text that a form brought may name a person unless it is longer.
LONGEST_ACCOUNT = 100


@dataclass(frozen=True)
class Dossier:
    """Everything on record about one matter, oldest first; names by id."""

    matter: Row
    ticket: Row | None
    caller: callers.MaskedCaller | None
    proposals: tuple[Row, ...]
    mandates: tuple[Row, ...]
    opinions: tuple[Row, ...]
    undertakings: tuple[Row, ...]
    reports: tuple[Row, ...]
    reviews: tuple[Row, ...]
    urges: tuple[Row, ...]
    #: What the units answered, by urge.
    responses: Mapping[int, tuple[Row, ...]]
    #: What delays gave cause for; to overseers alone.
    recommendations: tuple[Row, ...]
    extensions: tuple[Row, ...]
    supplements: tuple[Row, ...]
    contacts: tuple[Row, ...]
    documents: tuple[Row, ...]
    volume: Row | None
    papers: tuple[Row, ...]
    circulars: tuple[Row, ...]
    #: Which of 有布置、有检查、有落实、有结果 the records do not show yet.
    lacking: tuple[str, ...]
    #: By form and key: how a field is called, and how its options are.
    words: Mapping[str, wording.Words]
    start_form: str
    names: Mapping[str, str]
    units: Mapping[str, str]

    def name(self, person: str | None) -> str:
        """Return how a person is called; the account where nobody has it any more."""
        return self.names.get(person or "", person or "")

    @property
    def is_taken_up(self) -> bool:
        """Whether the matter must come to have all four parts (R-04-03)."""
        return completeness.applies(self.matter.status)

    def awaits_extension(self, undertaking_id: int) -> bool:
        """Say whether a request for more time waits for its decision (延期待批)."""
        return any(
            one.undertaking_id == undertaking_id and one.status == "PENDING"
            for one in self.extensions
        )

    def told(
        self, form: str | None, content: Mapping[str, Any]
    ) -> list[tuple[str, str]]:
        """Return what was filled in on a form, in the words of the form."""
        words = self.words.get(form or "", wording.NOTHING)
        return [
            (words.label(key), self._said(words, key, value))
            for key, value in content.items()
            if value not in (None, "", [], False)
        ]

    def _said(self, words: wording.Words, key: str, value: Any) -> str:
        # Units and persons are written as their codes, ranks as their roles.
        if not isinstance(value, str):
            return words.value(key, self._named(value))
        in_words = words.value(key, value)
        return in_words if in_words != value else str(self._named(value))

    def _named(self, value: Any) -> Any:
        """Return the value with every unit and person in it called by name."""
        if isinstance(value, Mapping):
            return {key: self._named(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._named(one) for one in value]
        if isinstance(value, str):
            return self.units.get(value) or self.name(value)
        return value

    @cached_property
    def has_tasks(self) -> bool:
        """Whether the matter was broken down into more than one task."""
        return len({one.mandate_id for one in self.undertakings}) > 1

    def part(self, undertaking: Row) -> str:
        """Return how one unit's part is told from the others: unit, task, period."""
        told = [self.unit(undertaking.unit)]
        if self.has_tasks:
            told += undertaking.number.split("-")[4:5]
        if undertaking.period:
            told.append(undertaking.period)
        return "，".join(told)

    def unit(self, code: str | None) -> str:
        """Return how a unit is called."""
        return self.units.get(code or "", code or "")


def dossier(
    connection: sa.Connection, identity: people.Identity, matter_id: int
) -> Dossier:
    """Return the whole record of a matter; NotFound where it may not be seen."""
    found = matter(connection, identity, matter_id)
    undertakings = _of(connection, tables.undertaking, matter_id)
    reports = _under(connection, tables.progress_report, matter_id)
    reviews = _under(connection, tables.review, matter_id)
    contacts = _under(connection, tables.contact, matter_id)
    opinions = _of(connection, tables.opinion, matter_id)
    proposals = _of(connection, tables.proposal, matter_id)
    urges = _of(connection, tables.urge, matter_id)
    supplements = _of(connection, tables.supplement, matter_id)
    papers = _of(connection, tables.paper, matter_id)
    circulars = _of(connection, tables.circular, matter_id)
    recommendations = _of(connection, tables.recommendation, matter_id)
    oversees = access.holds(identity, *access.OVERSEERS)
    if not oversees:
        recommendations = ()
    whole = (
        oversees
        or access.runs(connection, identity, found.office)
        or grants.in_use(connection, identity, matter_id)
    )
    if not whole:
        # A unit reads what it wrote itself, and circulars once they are issued.
        own = {row.id for row in undertakings if row.unit in identity.units}
        papers = tuple(row for row in papers if row.undertaking_id in own)
        circulars = tuple(row for row in circulars if row.status == "ISSUED")
        opinions = tuple(row for row in opinions if row.subject != "circular")
        urges = tuple(row for row in urges if row.undertaking_id in own)
    responses: dict[int, tuple[Row, ...]] = {}
    for row in _answers(connection, matter_id):
        responses[row.urge_id] = (*responses.get(row.urge_id, ()), row)
    start_form = _start_form(connection, found)
    signed = (*papers, *opinions, *proposals, *reviews, *urges, *supplements, *contacts)
    persons = {row.person for row in signed if row.person}
    persons |= {row.on_behalf_of for row in (*opinions, *proposals) if row.on_behalf_of}
    persons |= {one.person for rows in responses.values() for one in rows}
    persons |= {row.decided_by for row in recommendations if row.decided_by}
    persons |= {row.handler for row in undertakings if row.handler}
    persons |= {row.signed_by for row in undertakings if row.signed_by}
    persons |= {row.drafted_by for row in reports}
    persons |= {row.signer for row in reports if row.signer}
    persons |= {found.created_by} if found.created_by else set()
    told = [found.source, *(row.content for row in papers)]
    persons |= {text for text in _texts(told) if len(text) <= LONGEST_ACCOUNT}
    return Dossier(
        matter=found,
        ticket=_one(connection, tables.hotline_ticket, matter_id),
        caller=callers.masked(connection, matter_id),
        proposals=proposals,
        mandates=_of(connection, tables.mandate, matter_id),
        opinions=opinions,
        undertakings=undertakings,
        reports=reports,
        reviews=reviews,
        urges=urges,
        responses=responses,
        recommendations=recommendations,
        extensions=_under(connection, tables.extension_request, matter_id),
        supplements=supplements,
        contacts=contacts,
        documents=_documents(connection, identity, matter_id),
        volume=_one(connection, tables.archive_volume, matter_id),
        papers=papers,
        circulars=circulars,
        lacking=completeness.lacking(connection, matter_id),
        words=wording.of_forms(connection, {start_form, *(row.form for row in papers)}),
        start_form=start_form,
        names=people.names(connection, persons),
        units=unit_names(connection),
    )


def matter(connection: sa.Connection, identity: people.Identity, matter_id: int) -> Row:
    """Return the matter alone; NotFound where it may not be seen."""
    found = connection.execute(
        sa.select(tables.matter).where(
            tables.matter.c.id == matter_id, access.visible(identity)
        )
    ).one_or_none()
    if found is None:
        raise errors.NotFound(matter_id=matter_id)
    return found


def document(
    connection: sa.Connection, identity: people.Identity, document_id: int
) -> Row:
    """Return a document with its content; NotFound where it may not be read."""
    found = connection.execute(
        sa.select(tables.document)
        .join(tables.matter, tables.matter.c.id == tables.document.c.matter_id)
        .where(tables.document.c.id == document_id, documents.readable(identity))
    ).one_or_none()
    if found is None:
        raise errors.NotFound(document_id=document_id)
    return found


def of_root(
    connection: sa.Connection, identity: people.Identity, root_id: str
) -> int | None:
    """Return the visible matter of a process instance; None before registration."""
    return connection.scalar(
        sa.select(tables.matter.c.id).where(
            tables.matter.c.root_id == root_id, access.visible(identity)
        )
    )


def titles(
    connection: sa.Connection, identity: people.Identity, root_ids: Iterable[str]
) -> dict[str, Row]:
    """Return id, number and title of the visible matters, by process instance."""
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(matter.root_id, matter.id, matter.number, matter.title).where(
            matter.root_id.in_(set(root_ids)), access.visible(identity)
        )
    )
    return {row.root_id: row for row in rows}


def leads(connection: sa.Connection, matter_ids: Iterable[int]) -> dict[int, str]:
    """Return the short name of the lead unit of each matter's present round."""
    undertaking, unit = tables.undertaking.c, engine_tables.unit.c
    rows = connection.execute(
        sa.select(undertaking.matter_id, unit.short_name)
        .join(tables.undertaking, undertaking.unit == unit.code)
        .join(tables.matter, undertaking.matter_id == tables.matter.c.id)
        .where(
            undertaking.matter_id.in_(set(matter_ids)),
            undertaking.role == "LEAD",
            undertaking.round == tables.matter.c.round,
        )
    )
    return {row.matter_id: row.short_name for row in rows}


def senders(
    connection: sa.Connection, root_ids: Iterable[str]
) -> dict[str, list[tuple[datetime, str]]]:
    """Return when and by whom each process instance was moved on, in order.

    Beginning it counts, and every task completed in it or in what it called.
    """
    task, begun = engine_tables.user_task.c, engine_tables.instance.c
    person = engine_tables.person.c
    roots = set(root_ids)
    moves = sa.union_all(
        sa.select(task.root_id, task.closed_at.label("at"), person.name)
        .join(engine_tables.person, person.id == task.closed_by)
        .where(task.root_id.in_(roots), task.closed_how == "completed"),
        sa.select(begun.id, begun.started_at, person.name)
        .join(engine_tables.person, person.id == begun.started_by)
        .where(begun.id.in_(roots)),
    )
    found: dict[str, list[tuple[datetime, str]]] = {}
    for row in connection.execute(moves.order_by("at")):
        found.setdefault(row.root_id, []).append((row.at, row.name))
    return found


def sender(completed: Iterable[tuple[datetime, str]], at: datetime) -> str | None:
    """Return who completed the last task before this moment: whoever sent it on."""
    return next(
        (name for closed_at, name in reversed(list(completed)) if closed_at <= at), None
    )


def unit_names(connection: sa.Connection) -> dict[str, str]:
    """Return the short names of all units, by code."""
    unit = engine_tables.unit.c
    rows = connection.execute(
        sa.select(unit.code, unit.short_name).order_by(unit.level, unit.code)
    )
    return {row.code: row.short_name for row in rows}


def _of(connection: sa.Connection, table: sa.Table, matter_id: int) -> tuple[Row, ...]:
    query = sa.select(table).where(table.c.matter_id == matter_id)
    return tuple(connection.execute(query.order_by(table.c.id)).all())


def _documents(
    connection: sa.Connection, identity: people.Identity, matter_id: int
) -> tuple[Row, ...]:
    # Without their content: a list needs no files. A unit is told of no letter but
    # its own.
    document = tables.document.c
    query = sa.select(
        document.id,
        document.undertaking_id,
        document.type,
        document.number,
        document.version,
        document.title,
        document.created_at,
        document.rendered_at,
    )
    query = (
        query.join(tables.matter, tables.matter.c.id == document.matter_id)
        .where(document.matter_id == matter_id, documents.readable(identity))
        .order_by(document.id)
    )
    return tuple(connection.execute(query).all())


def _under(
    connection: sa.Connection, table: sa.Table, matter_id: int
) -> tuple[Row, ...]:
    undertaking = tables.undertaking
    query = (
        sa.select(table)
        .join(undertaking, undertaking.c.id == table.c.undertaking_id)
        .where(undertaking.c.matter_id == matter_id)
        .order_by(table.c.id)
    )
    return tuple(connection.execute(query).all())


def _texts(value: Any) -> Iterator[str]:
    """Yield every text within lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _answers(connection: sa.Connection, matter_id: int) -> list[Row]:
    """Return what the units answered to the urges of a matter."""
    response, urge = tables.urge_response, tables.urge
    query = sa.select(response).join(urge, urge.c.id == response.c.urge_id)
    query = query.where(urge.c.matter_id == matter_id).order_by(response.c.id)
    return list(connection.execute(query).all())


def _start_form(connection: sa.Connection, matter: Row) -> str:
    """Return the form on which the source of a matter was told."""
    try:
        if matter.procedure_deployment is None:
            return procedures.find(connection, matter.procedure)[0].start_form
        return procedures.at(
            connection, matter.procedure_deployment, matter.procedure
        ).start_form
    except procedures.NoSuchProcedure:
        return ""


def _one(connection: sa.Connection, table: sa.Table, matter_id: int) -> Row | None:
    query = sa.select(table).where(table.c.matter_id == matter_id)
    return connection.execute(query).one_or_none()
