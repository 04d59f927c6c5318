"""The ledger of matters (事项台账): those one may see, and what resembles a new one."""

from dataclasses import dataclass
from difflib import SequenceMatcher

import sqlalchemy as sa

from engine import people
from processes.supervision import access
from processes.supervision import tables
from processes.supervision.matters import matters

#: Titles at least this similar are shown to the registrar (CA-01 查重 【补充】).
SIMILAR = 0.85
COMPARED_TITLES = 500


@dataclass(frozen=True)
class Similar:
    """A matter whose title resembles a new one."""

    number: str
    title: str
    similarity: float


def page(
    connection: sa.Connection,
    identity: people.Identity,
    *,
    status: str | None = None,
    light: str | None = None,
    category: str | None = None,
    unit: str | None = None,
    text: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[matters.Matter]:
    """Return the matters this person may see, newest first, one page of them.

    `before` is the id of the last matter of the page before; `text` is found in
    the title or begins the number.
    """
    matter = tables.matter.c
    query = (
        sa.select(tables.matter)
        .where(access.visible(identity))
        .order_by(matter.id.desc())
        .limit(limit)
    )
    if status:
        query = query.where(matter.status == status)
    if light:
        query = query.where(matter.light == light)
    if category:
        query = query.where(matter.category == category)
    if unit:
        undertaking = tables.undertaking.c
        query = query.where(
            sa.exists().where(
                undertaking.matter_id == matter.id, undertaking.unit == unit
            )
        )
    if text:
        query = query.where(
            matter.title.contains(text, autoescape=True)
            | matter.number.startswith(text, autoescape=True)
        )
    if before is not None:
        query = query.where(matter.id < before)
    return [matters.from_row(row) for row in connection.execute(query)]


def resembling(
    connection: sa.Connection, title: str, condition: sa.ColumnElement[bool]
) -> list[Similar]:
    """Return open matters whose title is at least 0.85 similar, the closest first."""
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(matter.number, matter.title)
        .where(
            condition, matter.status.not_in(matters.ENDED), matter.number.is_not(None)
        )
        .order_by(matter.id.desc())
        .limit(COMPARED_TITLES)
    )
    comparison = SequenceMatcher(autojunk=False)
    comparison.set_seq2(title.strip())
    found = []
    for row in rows:
        comparison.set_seq1(row.title)
        # The quick bounds spare the slow comparison for nearly every title.
        if (
            comparison.real_quick_ratio() >= SIMILAR
            and comparison.quick_ratio() >= SIMILAR
            and comparison.ratio() >= SIMILAR
        ):
            found.append(Similar(row.number, row.title, round(comparison.ratio(), 3)))
    return sorted(found, key=lambda one: one.similarity, reverse=True)
