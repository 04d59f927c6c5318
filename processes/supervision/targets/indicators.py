"""Indicators (指标): what units of the county have reached by month, for the chart.

003: the completion of eight indicators of economy and society is shown every month as
columns. Until its month is frozen a value may be corrected, afterwards never.
"""

from datetime import date

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.targets import targets


class Frozen(errors.Refused):
    """这个月的指标数据已经冻结发布，不能再改。（R-03-12）"""


def names(connection: sa.Connection, matter: matters.Matter) -> list[str]:
    """Return the indicators of the matter's procedure (R-03-12: eight of them)."""
    found = sources.procedure_of(connection, matter).parameters.get("indicators", ())
    return [str(one) for one in found]


def record(
    work: handlers.Work,
    matter: matters.Matter,
    month: str,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> int:
    """Keep the values of a month, written 2026-03; return how many there are.

    Reads `values`, rows of indicator, unit, target and actual. Every indicator needs
    at least one value, and a unit has one value of each.
    """
    _require_open(work.connection, matter.id, month)
    known = names(work.connection, matter)
    rows = []
    for row in entries.rows(given, "values"):
        rows.append(
            {
                "matter_id": matter.id,
                "indicator": entries.choice(row, "indicator", known),
                "unit": entries.text(row, "unit", longest=100),
                "month": month,
                "target": targets.shown(targets.figure(row, "target", "目标值")),
                "actual": targets.shown(targets.figure(row, "actual", "完成值")),
                "person": person,
                "on_behalf_of": on_behalf_of,
                "at": work.now(),
            }
        )
    pairs = [(row["indicator"], row["unit"]) for row in rows]
    if len(set(pairs)) < len(pairs):
        raise entries.refusal(
            "values", "同一单位的同一指标只能填一次。", rule="R-03-12"
        )
    missing = [name for name in known if name not in {one for one, _ in pairs}]
    if missing:
        raise entries.refusal(
            "values", f"还缺指标：{'、'.join(missing)}。", rule="R-03-12"
        )
    value = tables.indicator_value
    work.connection.execute(
        value.delete().where(value.c.matter_id == matter.id, value.c.month == month)
    )
    work.connection.execute(value.insert(), rows)
    return len(rows)


def freeze(work: handlers.Work, matter: matters.Matter, month: str) -> int:
    """Freeze the month's values for the chart; return how many were frozen."""
    value = tables.indicator_value
    frozen = work.connection.execute(
        value.update()
        .where(
            value.c.matter_id == matter.id,
            value.c.month == month,
            value.c.frozen_at.is_(None),
        )
        .values(frozen_at=work.now())
    )
    return frozen.rowcount


def month_of(day: date) -> str:
    """Return the month of a day as values name it: 2026-03."""
    return f"{day.year}-{day.month:02}"


def _require_open(connection: sa.Connection, matter_id: int, month: str) -> None:
    value = tables.indicator_value.c
    frozen = connection.scalar(
        sa.select(value.id)
        .where(
            value.matter_id == matter_id,
            value.month == month,
            value.frozen_at.is_not(None),
        )
        .limit(1)
    )
    if frozen is not None:
        raise Frozen(month=month)
