"""What comes in during a year: the entries of year.toml, laid out over its days."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from typing import Any

from engine import workdays


@dataclass(frozen=True)
class Intake:
    """One matter that comes in on a day; `fields` are those its source decides."""

    label: str
    day: date
    process: str
    person: str
    fields: Mapping[str, Any]
    #: How many mandates it is broken down into.
    rows: int
    #: Whether its units never get it done.
    unfinished: bool


def of_year(
    volumes: Mapping[str, Any], year: int, calendar: workdays.Calendar
) -> list[Intake]:
    """Return everything that comes in, by day.

    An entry of the volumes comes in on the days it names, else spread evenly over the
    working days between its first and its last day, or over so many occasions among
    them. Its rows are spread evenly over its matters, of which the last are the
    unfinished ones.
    """
    found = []
    for entry in volumes["intake"]:
        days, count = list(_days(entry, year, calendar)), entry["count"]
        occasions = entry.get("occasions", len(days))
        days = [days[at * len(days) // occasions] for at in range(occasions)]
        whole, more = divmod(entry.get("rows", count), count)
        for number in range(1, count + 1):
            found.append(
                Intake(
                    label=entry["label"],
                    day=days[(number - 1) * len(days) // count],
                    process=entry["process"],
                    person=entry["person"],
                    fields={
                        key: _nth(value, number, volumes)
                        for key, value in entry["fields"].items()
                    },
                    rows=whole + (number <= more),
                    unfinished=number > count - entry.get("unfinished", 0),
                )
            )
    return sorted(found, key=lambda one: one.day)


def _days(
    entry: Mapping[str, Any], year: int, calendar: workdays.Calendar
) -> Iterator[date]:
    if "days" in entry:
        yield from (date.fromisoformat(f"{year}-{one}") for one in entry["days"])
        return
    day = date.fromisoformat(f"{year}-{entry.get('from', '01-05')}")
    last = date.fromisoformat(f"{year}-{entry.get('to', '10-30')}")
    while day <= last:
        if calendar.is_workday(day):
            yield day
        day += timedelta(days=1)


def _nth(value: Any, number: int, volumes: Mapping[str, Any]) -> Any:
    """Return what the n-th matter of an entry gets of a field."""
    if isinstance(value, Mapping):
        # So many of each: 常务会议 = 13.
        value = [name for name, times in value.items() for _ in range(times)]
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = value[(number - 1) % len(value)]
    if isinstance(value, list) and value and isinstance(value[0], list):
        # A list in a list is the answer itself, the same for every matter.
        return value[0]
    if isinstance(value, list):
        return [
            {key: _nth(one, number, volumes) for key, one in row.items()}
            for row in value
        ]
    if not isinstance(value, str):
        return value
    if value == "{n}":
        return number
    topics, places = volumes["topics"], volumes["places"]
    turn = number - 1
    return value.format(
        n=number,
        topic=topics[turn % len(topics)],
        # Every topic meets every place before a pair comes again.
        place=places[(turn + turn // len(topics)) % len(places)],
    )
