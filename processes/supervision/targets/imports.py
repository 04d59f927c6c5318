"""Importing (导入): mandates of a matter from an Excel workbook, to be broken down.

What was imported is a paper of the matter. The breakdown takes it where its form
brings no rows, so that hundreds of mandates need not be typed again (273 in 003).
"""

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.targets import spreadsheets
from processes.supervision.targets import targets

KIND = "imported_mandates"
#: Who breaks a matter down, and while it may still be broken down.
IMPORTERS = frozenset({"dc_officer", "dc_chief"})
OPEN = ("REGISTERED", "PROPOSING")
COLUMNS = {
    "indicator": spreadsheets.TARGETS,
    "milestones": spreadsheets.PROJECTS,
    "progress": spreadsheets.LIVELIHOOD,
}


def keep(
    work: handlers.Work,
    matter: matters.Matter,
    identity: people.Identity,
    content: bytes,
) -> papers.Paper:
    """Read the workbook and keep its rows, in place of those imported before.

    Raise `BadWorkbook` with every fault by row and column; `Forbidden` for those who
    do not break matters down; `WrongStatus` once the breakdown is being approved.
    """
    if identity.groups.isdisjoint(IMPORTERS):
        raise errors.Forbidden("只有督查室专员、主任可以导入任务。（R-01-08）")
    if matter.status not in OPEN:
        raise matters.WrongStatus(
            f"事项现为“{matters.STATUS_LABELS[matter.status]}”，不能再导入任务。（R-01-08）",
            matter=matter.number,
        )
    columns = COLUMNS.get(targets.measured_by(work.connection, matter))
    if columns is None:
        raise errors.Refused("这一程序的任务不从 Excel 导入。", matter=matter.number)
    rows = spreadsheets.mandates(content, columns, units(work.connection))
    return papers.keep(
        work,
        matter_id=matter.id,
        kind=KIND,
        title="任务导入表",
        content={"mandates": rows},
        element_id="import",
        person=identity.person,
    )


def may_keep(
    connection: sa.Connection, matter: matters.Matter, identity: people.Identity
) -> tuple[str, ...]:
    """Return the headings a workbook must have, for those who may import one now."""
    if identity.groups.isdisjoint(IMPORTERS) or matter.status not in OPEN:
        return ()
    columns = COLUMNS.get(targets.measured_by(connection, matter), ())
    return tuple(one.heading for one in columns if one.required)


def units(connection: sa.Connection) -> spreadsheets.Units:
    """Return the codes of active units by name, short name and code."""
    unit = engine_tables.unit.c
    rows = connection.execute(
        sa.select(unit.code, unit.name, unit.short_name).where(unit.active)
    )
    return {
        name: row.code
        for row in rows
        for name in (row.code, row.name, row.short_name)
        if name
    }
