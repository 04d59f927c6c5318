"""Where a matter comes from (来源件): what the start form of a procedure tells.

Some fields have a column of their own; whatever else the form declares is kept by its
key, so that a procedure brings its own facts without a line of code.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import workdays
from processes import procedures
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.matters import ledgers
from processes.supervision.matters import matters
from processes.supervision.matters import registration
from processes.supervision.matters import resolutions
from processes.supervision.matters import transcription

LONGEST = {"doc_no": 100}
#: The list in which a meeting's minutes say what it resolved.
RESOLUTIONS = "items"
ROLLS: Mapping[str, workdays.Roll] = {
    "NEXT": "next",
    "PREV": "previous",
    "NONE": "none",
}
#: The fields of a start form that have a column; all others are details, so that a
#: limit which somebody set stays apart from one that only follows from the rules.
COLUMNS = frozenset(
    "title source_type doc_no clause source_on source_leader source_rank requirement"
    " urgency secrecy received_on assigned_on upper_due_on major comprehensive"
    " long_cycle parent".split()
)


def read(
    work: handlers.Work, procedure_key: str, given: entries.Entries
) -> tuple[registration.Source, deadlines.Due]:
    """Return the source and deadline that a start form tells, or raise `Invalid`."""
    procedure, deployment = procedures.find(work.connection, procedure_key)
    if not procedure.enabled:
        raise errors.Refused(
            f"程序“{procedure.title}”已停用，不能发起新的事项。（R-04-01）"
        )
    today = work.calendar.local_date(work.now())
    received_on = entries.optional_day(given, "received_on") or today
    assigned_on = entries.optional_day(given, "assigned_on") or received_on
    source_on = entries.optional_day(given, "source_on")
    for key, day in (("received_on", received_on), ("source_on", source_on)):
        if day is not None and day > today:
            raise entries.refusal(key, "不能晚于今天。")
    urgency = entries.optional_text(given, "urgency") or "平件"

    def written(key: str) -> str:
        return entries.optional_text(given, key, longest=LONGEST.get(key, 20_000))

    source = registration.Source(
        procedure=procedure.key,
        procedure_deployment=deployment,
        category=procedure.category,
        type=entries.optional_text(given, "source_type") or procedure.source_type,
        title=" ".join(transcription.mended(written("title")).split()),
        doc_no=document_number(transcription.mended(written("doc_no"))),
        clause=entries.optional_text(given, "clause", longest=100) or None,
        on=source_on,
        leader=entries.optional_text(given, "source_leader", longest=100) or None,
        rank=entries.optional_text(given, "source_rank", longest=40) or None,
        requirement=transcription.mended(written("requirement")) or None,
        urgency=urgency,
        secrecy=entries.optional_text(given, "secrecy") or "内部",
        received_on=received_on,
        assigned_on=assigned_on,
        upper_due=entries.optional_day(given, "upper_due_on"),
        major=entries.flag(given, "major"),
        comprehensive=entries.flag(given, "comprehensive"),
        long_cycle=entries.flag(given, "long_cycle"),
        parent_id=_parent(work.connection, entries.optional_text(given, "parent")),
        details=_details(given),
    )
    due = deadlines.of_procedure(
        work.calendar,
        procedure.deadlines,
        {
            "received_on": received_on,
            "assigned_on": assigned_on,
            "source_on": source_on,
        },
        today,
        urgency=urgency,
        due_on=entries.optional_day(given, "due_on"),
        due_workdays=entries.optional_whole(
            given, "due_workdays", least=1, largest=250
        ),
        roll=ROLLS[str(procedure.parameters.get("holiday_roll", "NEXT"))],
    )
    return source, due


def procedure_of(
    connection: sa.Connection, matter: matters.Matter
) -> procedures.Procedure:
    """Return the procedure as it was described when the matter was opened."""
    if matter.procedure_deployment is None:
        return procedures.find(connection, matter.procedure)[0]
    return procedures.at(connection, matter.procedure_deployment, matter.procedure)


def document_number(written: str) -> str | None:
    """Return a 文号 with hexagonal brackets, whatever brackets it was typed with.

    夏政办[2014]29号 becomes 夏政办〔2014〕29号 (GB/T 9704, domain §3.4).
    """
    if not written:
        return None
    for opening, closing in ("[]", "【】", "（）", "()", "［］"):
        written = written.replace(opening, "〔").replace(closing, "〕")
    return written


def duplicates(connection: sa.Connection, matter: matters.Matter) -> list[str]:
    """Return the numbers of matters of the same document and clause, or the same title.

    A number names its document for good; titles are compared with the open ones
    (CA-01 查重 【补充】).
    """
    other = tables.matter.c
    elsewhere = sa.and_(other.id != matter.id, other.status != "MERGED")
    same: list[str] = []
    if matter.source_doc_no:
        same = list(
            connection.scalars(
                sa.select(other.number).where(
                    elsewhere,
                    other.number.is_not(None),
                    other.source_doc_no == matter.source_doc_no,
                    sa.func.coalesce(other.source_clause, "")
                    == (matter.source_clause or ""),
                )
            )
        )
    alike = ledgers.resembling(connection, matter.title, elsewhere)
    return list(dict.fromkeys([*same, *(one.number for one in alike)]))


def _details(given: entries.Entries) -> dict[str, object]:
    details = {key: given[key] for key in sorted(given) if key not in COLUMNS}
    if RESOLUTIONS in details:
        details[RESOLUTIONS] = resolutions.supervised(given, RESOLUTIONS)
    return details


def _parent(connection: sa.Connection, number: str) -> int | None:
    if not number:
        return None
    parent = connection.scalar(
        sa.select(tables.matter.c.id).where(tables.matter.c.number == number)
    )
    if parent is None:
        raise entries.refusal("parent", f"没有督查事项“{number}”。", rule="R-02-12")
    return int(parent)
