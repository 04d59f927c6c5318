"""The three lists as one table (“三单”台账): problems, measures, responsibilities.

The columns are those of the annex to 观政办〔2016〕29号 (R-02-43), with deadline,
person and state beside them; it is printed on A4 across, and exported as xlsx.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime

import openpyxl
import sqlalchemy as sa
from openpyxl.styles import Alignment
from openpyxl.styles import Font

from engine import handlers
from engine import people
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.inspections import inspections
from processes.supervision.matters import matters
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import raising
from processes.supervision.three_lists import rectifications
from processes.supervision.three_lists import remedies
from processes.supervision.three_lists import second_looks

TYPE = "THREE_LISTS"
TITLE = "“三单”工作台账"
TEMPLATE = "common/documents/three_lists.typ"
#: The columns of the annex and how many stand under each heading.
HEADINGS = (("整改问题", 2), ("整改措施", 2), ("整改责任", 3), ("", 2))
COLUMNS = (
    "序号",
    "具体内容",
    "序号",
    "具体内容",
    "牵头责任单位",
    "配合责任单位",
    "责任人",
    "整改时限",
    "状态",
)
WIDTHS = (16, 40, 6, 40, 24, 24, 14, 12, 12)


@dataclass(frozen=True)
class Row:
    """One problem with its measures in force and who answers for them."""

    number: str
    content: str
    measures: Sequence[str]
    lead: str
    assisting: Sequence[str]
    responsible: str
    deadline: str
    state: str

    def cells(self) -> tuple[str, ...]:
        """Return what stands in the columns."""
        return (
            self.number,
            self.content,
            "\n".join(str(serial) for serial, _ in enumerate(self.measures, start=1)),
            "\n".join(self.measures),
            self.lead,
            "、".join(self.assisting),
            self.responsible,
            self.deadline,
            self.state,
        )


@dataclass(frozen=True)
class Trace:
    """One thing that happened to a problem: who did what, when, in which words."""

    at: datetime
    person: str
    on_behalf_of: str | None
    what: str
    words: str


@dataclass(frozen=True)
class Entry:
    """A problem as its page shows it: what was found, its row, what was done."""

    problem: problems.Problem
    row: Row
    trace: Sequence[Trace]


def entries(
    connection: sa.Connection, identity: people.Identity, matter_id: int
) -> list[Entry]:
    """Return the problems of a matter that this person may see, the first one first.

    Persons are named as people call them.
    """
    listed = problems.ledger(connection, identity, matter_id=matter_id)[::-1]
    traces = [trace(connection, one) for one in listed]
    persons = {one.person for told in traces for one in told}
    persons |= {one.on_behalf_of or "" for told in traces for one in told}
    names = people.names(connection, persons)
    named = [
        [
            replace(
                one,
                person=names.get(one.person, one.person),
                on_behalf_of=names.get(one.on_behalf_of or ""),
            )
            for one in told
        ]
        for told in traces
    ]
    table = rows(connection, listed)
    return [Entry(*one) for one in zip(listed, table, named, strict=True)]


def rows(connection: sa.Connection, listed: Sequence[problems.Problem]) -> list[Row]:
    """Return the rows of the table in the order of the problems given."""
    charged = {
        one.id: found[-1]
        for one in listed
        if (found := remedies.responsibilities(connection, one.id))
    }
    units = phrases.unit_names(
        connection,
        [one.unit for one in listed]
        + [unit for one in charged.values() for unit in one.assisting],
    )
    names = people.names(connection, [one.responsible for one in charged.values()])
    table = []
    for one in listed:
        charge = charged.get(one.id)
        measures = remedies.measures_in_force(connection, one.id)
        table.append(
            Row(
                number=one.number,
                content=f"{one.content}（{one.place}，{one.object}）",
                measures=[_measure(measure) for measure in measures],
                lead=units[one.unit],
                assisting=[units[unit] for unit in charge.assisting] if charge else [],
                responsible=names[charge.responsible] if charge else "",
                deadline=one.deadline.isoformat() if one.deadline else "",
                state=problems.STATE_LABELS[one.state],
            )
        )
    return table


def workbook(connection: sa.Connection, listed: Sequence[problems.Problem]) -> bytes:
    """Return the table as an Excel workbook (.xlsx).

    Every cell is text: what people wrote is never a formula.
    """
    book = openpyxl.Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = "三单台账"
    sheet.append([TITLE])
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(COLUMNS))
    column = 1
    for heading, count in HEADINGS:
        sheet.cell(2, column, heading)
        last = column + count - 1
        sheet.merge_cells(start_row=2, end_row=2, start_column=column, end_column=last)
        column = last + 1
    for place, heading in enumerate(COLUMNS, start=1):
        sheet.cell(3, place, heading)
    for number, row in enumerate(rows(connection, listed), start=4):
        for place, words in enumerate(row.cells(), start=1):
            cell = sheet.cell(number, place, words)
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGHI"[place]].width = width
    for line in (1, 2, 3):
        for cell in sheet[line]:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(horizontal="center", vertical="center")
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = "9"  # A4 in SpreadsheetML §18.3.1.63
    sheet.freeze_panes = "A4"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def register(
    work: handlers.Work, matter: matters.Matter, *, person: str | None
) -> documents.Document:
    """Enter the table of a matter into the register of documents, and print it."""
    listed = problems.of_matter(work.connection, matter.id)
    kinds = {inspections.get(work.connection, one.inspection_id).kind for one in listed}
    return documents.register(
        work,
        matter=matter,
        type=TYPE,
        number=matter.number,
        title=f"{TITLE}（{matter.number}）",
        data={
            "title": TITLE,
            "matter_title": matter.title,
            "number": matter.number,
            "kinds": sorted(kinds),
            "headings": [list(heading) for heading in HEADINGS],
            "columns": list(COLUMNS),
            "rows": [list(row.cells()) for row in rows(work.connection, listed)],
            "issued_on": phrases.chinese_day(work.now()),
        },
        template=TEMPLATE,
        person=person,
    )


def trace(connection: sa.Connection, problem: problems.Problem) -> list[Trace]:
    """Return everything that was decided on a problem, in order of time (R-02-41).

    From what was found to measures, levels, persons, reports, verdicts and second
    looks; nothing of it is ever written over.
    """
    found = [
        Trace(problem.at, problem.person, problem.on_behalf_of, "列入", problem.content)
    ]
    causes = connection.execute(
        sa.select(tables.root_cause).where(tables.root_cause.c.problem_id == problem.id)
    )
    found += [
        Trace(row.at, row.person, row.on_behalf_of, "根源分析", row.cause)
        for row in causes
    ]
    for level in raising.opinions_of(connection, problem.id):
        where = raising.name(connection, level.level)
        what = f"{where}：{raising.DECISION_LABELS[level.decision]}"
        found.append(_traced(level, what, level.opinion))
    for measure in remedies.measures(connection, problem.id):
        what = f"措施{measure.serial}（第{measure.version}版）"
        found.append(_traced(measure, what, _measure(measure)))
    charges = remedies.responsibilities(connection, problem.id)
    names = people.names(connection, [one.responsible for one in charges])
    for charge in charges:
        who = names.get(charge.responsible, charge.responsible)
        found.append(_traced(charge, f"责任人 {who}", charge.duty))
    for report in rectifications.reports(connection, problem.id):
        found.append(_traced(report, f"整改报告（第{report.version}版）", report.body))
    for verdict in rectifications.verifications(connection, problem.id):
        what = f"核验：{rectifications.VERDICTS[verdict.verdict]}"
        found.append(_traced(verdict, what, verdict.comment))
    for look in second_looks.of_problem(connection, problem.id):
        what = f"回头看：{second_looks.RESULTS[look.result]}"
        found.append(_traced(look, what, look.finding))
    return sorted(found, key=lambda one: one.at)


def _traced(
    decided: raising.LevelOpinion
    | remedies.Measure
    | remedies.Responsibility
    | rectifications.Rectification
    | rectifications.Verification
    | second_looks.SecondLook,
    what: str,
    words: str,
) -> Trace:
    return Trace(decided.at, decided.person, decided.on_behalf_of, what, words)


def _measure(measure: remedies.Measure) -> str:
    milestones = "；".join(f"{one['on']} {one['what']}" for one in measure.milestones)
    return f"{measure.content}（节点：{milestones}）"
