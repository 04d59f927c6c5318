"""Years whose notice is not out yet, built from the law alone.

Source: 《全国年节及纪念日放假办法》 as revised in November 2024, in force since
2025-01-01. The law also gives a day off in lieu for a holiday on a weekend, without
saying which; until the notice names it, no such day and no make-up day is assumed.
"""

import tomllib
from datetime import date
from datetime import timedelta
from functools import cache
from pathlib import Path

from engine import workdays

SOURCE = "《全国年节及纪念日放假办法》（2024年修订）推算，未含调休"
LUNAR_DATES = Path(__file__).with_name("lunar.toml")


@cache
def lunar_dates() -> dict[int, dict[str, date]]:
    """Return, by year, the days of 除夕, 清明节, 端午节 and 中秋节."""
    table = tomllib.loads(LUNAR_DATES.read_text(encoding="utf-8"))
    return {int(year): days for year, days in table.items()}


def fixed_holidays(year: int) -> dict[date, str]:
    """Return the statutory holidays that fall on the same date every year."""
    return {
        date(year, 1, 1): "元旦",
        date(year, 5, 1): "劳动节",
        date(year, 5, 2): "劳动节",
        date(year, 10, 1): "国庆节",
        date(year, 10, 2): "国庆节",
        date(year, 10, 3): "国庆节",
    }


def provisional_year(year: int) -> workdays.Year:
    """Return the year as the law alone makes it, marked provisional.

    Raises `workdays.MissingYear` where the lunar dates are not in the table.
    """
    lunar = lunar_dates().get(year)
    if lunar is None:
        raise workdays.MissingYear(year)
    names = {day: [name] for day, name in fixed_holidays(year).items()}
    for offset in range(4):
        names.setdefault(lunar["除夕"] + timedelta(offset), []).append("春节")
    # 中秋 can fall within 国庆节: the day then bears both names.
    for name in ("清明节", "端午节", "中秋节"):
        names.setdefault(lunar[name], []).append(name)
    holidays = [
        workdays.Day(day, "holiday", "、".join(parts)) for day, parts in names.items()
    ]
    return workdays.Year.of(year, "provisional", SOURCE, holidays)
