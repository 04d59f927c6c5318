"""The office's working-day calendars: the notices as data, and publishing a year."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine import workdays
from processes.calendars import notices
from processes.calendars import statute

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class OpenDeadline:
    """An open deadline as it was set: a base day, working days, then a roll."""

    id: str
    base: date
    due_workdays: int
    roll: workdays.Roll = "none"


@dataclass(frozen=True)
class Change:
    """What publishing a year does to one deadline."""

    id: str
    old: workdays.Deadline
    new: workdays.Deadline

    @property
    def moved(self) -> bool:
        """Whether the due moment itself changes, and not only its provisional mark."""
        return self.old.at != self.new.at


def load(imported: Iterable[bytes] = ()) -> workdays.Calendar:
    """Return the shipped calendar, overlaid by the files an administrator imported.

    Years with lunar dates but without a notice are provisional; all others missing.
    """
    shipped = (path.read_bytes() for path in sorted(FOLDER.glob("2*.toml")))
    years = {year: statute.provisional_year(year) for year in statute.lunar_dates()}
    for content in (*shipped, *imported):
        year = notices.read_year(content)
        years[year.year] = year
    return workdays.Calendar(years)


def compare(
    old: workdays.Calendar, new: workdays.Year, deadlines: Iterable[OpenDeadline]
) -> list[Change]:
    """Return the deadlines that publishing the new year would move or confirm.

    Deadlines that stay as they are, mark included, are left out.
    """
    published = old.with_year(new)
    changes = (
        Change(deadline.id, _due(old, deadline), _due(published, deadline))
        for deadline in deadlines
    )
    return [change for change in changes if change.old != change.new]


def _due(calendar: workdays.Calendar, deadline: OpenDeadline) -> workdays.Deadline:
    return calendar.deadline(
        deadline.base, workdays=deadline.due_workdays, roll=deadline.roll
    )
