"""Indicators (指标): what units of the county have reached by month, for the chart.

003: the completion of eight indicators of economy and society is shown every month as
columns. Until its month is frozen a value may be corrected, afterwards never.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.targets import targets


@dataclass(frozen=True)
class Column:
    """One column of the chart: a unit's completion of an indicator in a month.

    `rate` is actual by target, None where the target is nought.
    """

    indicator: str
    unit: str
    unit_name: str
    group: str
    target: Decimal
    actual: Decimal
    frozen_at: datetime | None

    @property
    def rate(self) -> Decimal | None:
        """Return how much of the target is reached; 1 is the line of reference."""
        return self.actual / self.target if self.target else None


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


def chart(connection: sa.Connection, matter_id: int, month: str) -> Sequence[Column]:
    """Return the columns of a frozen month, by indicator and group of units (RP-11)."""
    value, unit = tables.indicator_value.c, engine_tables.unit.c
    rows = connection.execute(
        sa.select(tables.indicator_value, unit.name, unit.tree_type)
        .join(engine_tables.unit, unit.code == value.unit)
        .where(
            value.matter_id == matter_id,
            value.month == month,
            value.frozen_at.is_not(None),
        )
        .order_by(value.indicator, value.id)
    )
    return [
        Column(
            indicator=row.indicator,
            unit=row.unit,
            unit_name=row.name,
            group=_group(row.name, row.tree_type),
            target=Decimal(row.target),
            actual=Decimal(row.actual),
            frozen_at=row.frozen_at,
        )
        for row in rows
    ]


def month_of(day: date) -> str:
    """Return the month of a day as values name it: 2026-03."""
    return f"{day.year}-{day.month:02}"


def _group(name: str, tree_type: str) -> str:
    """Return with whom a unit is compared: 县市区 and 部门 are never mixed (RP-11)."""
    if tree_type == "vertical":
        return "垂管单位"
    return "乡镇" if name.endswith(("镇人民政府", "乡人民政府")) else "县直部门"


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
