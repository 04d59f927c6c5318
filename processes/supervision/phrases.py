"""How units and days are written in documents."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from engine import tables as engine_tables
from engine import workdays


def unit_names(connection: sa.Connection, codes: Iterable[str]) -> dict[str, str]:
    """Return the full names of these units."""
    unit = engine_tables.unit.c
    rows = connection.execute(
        sa.select(unit.code, unit.name).where(unit.code.in_(set(codes)))
    )
    return {row.code: row.name for row in rows}


def chinese_day(moment: datetime) -> str:
    """Return the day in Shanghai as official documents write it: 2026年5月9日."""
    day = workdays.Calendar.local_date(moment)
    return f"{day.year}年{day.month}月{day.day}日"
