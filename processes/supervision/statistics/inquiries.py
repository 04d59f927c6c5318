"""What is asked of a statistical table: of which days and units, narrowed to what."""

from collections.abc import Callable
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from datetime import timedelta

import sqlalchemy as sa

from engine import errors
from engine import people
from engine import tables as engine_tables
from engine import workdays
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.matters import matters
from processes.supervision.statistics import bulletins
from processes.supervision.statistics import directory
from processes.supervision.statistics import plans
from processes.supervision.statistics import statistics

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
LONGEST_DAYS = 731
YEARS_BACK, QUARTERS_BACK = 5, 8
#: Always chosen; every other choice may be left open.
NEEDED = ("quarter", "year", "month")


def choices(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    identity: people.Identity,
    statistic: directory.Statistic,
    now: datetime,
) -> dict[str, dict[str, str]]:
    """Return what each filter of a table but its days offers: value and label."""
    today = calendar.local_date(now)
    makers: Mapping[str, Callable[[], dict[str, str]]] = {
        "quarter": lambda: {
            f"{one.year}-{one.number}": one.name for one in _quarters(today)
        },
        "year": lambda: {
            str(year): f"{year}年"
            for year in range(today.year, today.year - YEARS_BACK, -1)
        },
        "month": lambda: {
            month: month
            for month in plans.frozen_months(connection) or [today.isoformat()[:7]]
        },
        "unit": lambda: _units(connection, identity, statistic),
        "source_type": lambda: _told(connection, identity, "source_type"),
        "leader": lambda: _told(connection, identity, "source_leader"),
        "light": lambda: {str(one): label for one, label in lights.LABELS.items()},
        "status": lambda: dict(matters.STATUS_LABELS),
    }
    return {name: makers[name]() for name in statistic.filters if name in makers}


def asked(
    identity: people.Identity,
    statistic: directory.Statistic,
    given: Mapping[str, str],
    offers: Mapping[str, Mapping[str, str]],
    *,
    calendar: workdays.Calendar,
    now: datetime,
    ranked: bool,
) -> directory.Asked:
    """Return what is wanted, by default of this quarter, year or month.

    Raise `Invalid` at the filter for a day that is none, a period that is too long or
    ends before it begins, and for whatever the filter does not offer: units that are
    not one's own are among these.
    """
    today = calendar.local_date(now)
    chosen = {}
    faults: dict[str, list[str]] = {}
    for name, offer in offers.items():
        value = given.get(name, "")
        if not value and name in NEEDED:
            value = next(iter(offer))
        if value and value not in offer:
            faults[name] = [f"“{value[:20]}”不在可选的{directory.FILTERS[name]}之内。"]
        chosen[name] = value
    quarter = bulletins.of(today)
    days = (quarter.first, quarter.last)
    if "since" in statistic.filters:
        days, found = _days(given, days)
        faults |= found
    if faults:
        told = "".join(one for found in faults.values() for one in found)
        raise errors.Invalid(f"筛选条件有误：{told}", fields=faults)
    if "quarter" in chosen:
        quarter = _quarter(chosen["quarter"])
        days = (quarter.first, quarter.last)
    elif "year" in chosen:
        year = int(chosen["year"])
        days = (date(year, 1, 1), date(year, 12, 31))
    units = None
    if not directory.sees_all(identity, statistic):
        units = access.units_of(identity)
    if chosen.get("unit"):
        units = frozenset({chosen["unit"]})
    return directory.Asked(identity, statistics.Span(*days, now), units, chosen, ranked)


def told(
    asked: directory.Asked,
    statistic: directory.Statistic,
    offers: Mapping[str, Mapping[str, str]],
) -> str:
    """Return in a line what a table was asked for, and when."""
    said = []
    if "since" in statistic.filters:
        said.append(f"期间：{asked.span.since}至{asked.span.until}")
    said += [
        f"{directory.FILTERS[name]}：{offers[name][value]}"
        for name, value in asked.chosen.items()
        if value
    ]
    moment = asked.span.as_of.astimezone(workdays.SHANGHAI)
    return "；".join([*said, f"统计时点：{moment:%Y-%m-%d %H:%M}"])


def periods(today: date) -> dict[str, tuple[date, date]]:
    """Return the periods that are asked for most, by what people call them."""
    quarter = bulletins.of(today)
    last = bulletins.before(today)
    month = today.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    return {
        "今天": (today, today),
        "本月": (month, following - timedelta(days=1)),
        "本季度": (quarter.first, quarter.last),
        "上季度": (last.first, last.last),
        "本年": (date(today.year, 1, 1), date(today.year, 12, 31)),
        "上年": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }


def _days(
    given: Mapping[str, str], default: tuple[date, date]
) -> tuple[tuple[date, date], dict[str, list[str]]]:
    """Return the days asked for, and what is wrong with them."""
    days: list[date] = []
    faults: dict[str, list[str]] = {}
    for name, usual in zip(directory.PERIOD, default, strict=True):
        try:
            day = entries.optional_day(given, name) or usual
        except errors.Invalid as refused:
            faults |= refused.fields
            continue
        if not FIRST_DAY <= day <= LAST_DAY:
            faults[name] = [f"日期应在{FIRST_DAY}至{LAST_DAY}之间。"]
        days.append(day)
    if faults:
        return default, faults
    since, until = days
    if until < since:
        faults["until"] = ["止日不得早于起日。"]
    elif (until - since).days >= LONGEST_DAYS:
        faults["until"] = [f"期间最长{LONGEST_DAYS}天。"]
    return (since, until), faults


def _quarters(today: date) -> list[bulletins.Quarter]:
    """Return the last quarters that ended, the newest first, then the present one."""
    found = [bulletins.before(today)]
    while len(found) < QUARTERS_BACK:
        found.append(bulletins.before(found[-1].first))
    return [*found, bulletins.of(today)]


def _quarter(value: str) -> bulletins.Quarter:
    year, _, number = value.partition("-")
    return bulletins.Quarter(int(year), int(number))


def _units(
    connection: sa.Connection, identity: people.Identity, statistic: directory.Statistic
) -> dict[str, str]:
    unit = engine_tables.unit.c
    query = sa.select(unit.code, unit.short_name).order_by(unit.code)
    if not directory.sees_all(identity, statistic):
        query = query.where(unit.code.in_(access.units_of(identity)))
    return {row.code: row.short_name for row in connection.execute(query)}


def _told(
    connection: sa.Connection, identity: people.Identity, column: str
) -> dict[str, str]:
    """Return what the matters one may see say in a column."""
    said = tables.matter.c[column]
    values = connection.scalars(
        sa.select(said)
        .where(access.visible(identity), said.is_not(None), said != "")
        .distinct()
        .order_by(said)
    )
    return {value: value for value in values}
