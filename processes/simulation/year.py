"""A year of the office (`ducha simulate year`): every matter through the real engine.

What comes in, how often and when stands in year.toml: the volumes of 潍坊 2016 (domain
§5.3). People work on working days from nine; most tasks are done the day they open,
reports shortly before they are due, a few too late. Nothing is written past the engine:
each start and each completion is a command of its own, each job runs by itself.
"""

import itertools
import random
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent import futures
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine import clock as clocks
from engine import database
from engine import definitions
from engine import engine as engines
from engine import errors
from engine import people
from engine import workdays
from processes import calendars
from processes import rehearsal
from processes.simulation import clerk
from processes.simulation import intakes
from processes.simulation import totals
from processes.simulation import workbooks
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.statistics import statistics
from processes.supervision.statistics import yearbook
from processes.supervision.targets import assessments
from processes.supervision.targets import imports
from processes.supervision.targets import spreadsheets

VOLUMES = Path(__file__).with_suffix(".toml")
YEAR = 2026
NINE = timedelta(hours=9)
#: A simulated day that does not come to rest by then has a loop in it.
MOST_ROUNDS = 400
#: More tasks than this are imported from a workbook, not typed.
MOST_TYPED = 20
#: Forms of a breakdown whose rows may come from a workbook.
IMPORTED = {
    "breakdown_targets": spreadsheets.TARGETS,
    "breakdown_milestones": spreadsheets.PROJECTS,
}
IMPORTER = "dc_officer"
#: Fields that name a unit: the units take turns.
UNITS = ("lead_unit", "unit")
#: What a unit reports of a yearly target, by form and field.
REPORTED_VALUE = ("draft_report", "indicator_value")
REPORTED_MILESTONES = ("draft_report", "milestones_done")
#: The same numbers every time: a year can be compared with itself.
SEED = 2016


@dataclass
class Diary:
    """What the year has done so far."""

    started: Counter[str] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)
    #: What a person was refused, with how often: a year should have none.
    refused: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    seconds: float = 0.0

    @property
    def completions(self) -> int:
        """How many user tasks were completed."""
        return self.completed.total()


class Desk:
    """A printer beside the office: documents are printed while people go on working."""

    def __init__(self) -> None:
        """Begin with nothing to print."""
        self._printer = futures.ThreadPoolExecutor(max_workers=1)
        self._printing: list[futures.Future[object]] = []

    def __call__(self, printing: Callable[[], object]) -> None:
        """Take a document that is to be printed."""
        self._printing.append(self._printer.submit(printing))

    def clear(self) -> None:
        """Wait until all is printed; raise what went wrong with one."""
        for one in self._printing:
            one.result()
        self._printing.clear()


class Year:
    """One simulated year on one office."""

    def __init__(
        self,
        open_engine: Callable[[clocks.Clock], engines.Engine],
        desk: Desk,
        coming: Sequence[intakes.Intake],
        volumes: Mapping[str, Any],
    ) -> None:
        """Begin on the first of January; nothing is open yet."""
        self.clock = clocks.FixedClock(workdays.Calendar.start_of_day(date(YEAR, 1, 1)))
        self.engine = open_engine(self.clock)
        self.desk = desk
        self.coming = list(coming)
        self.volumes = volumes
        self.diary = Diary()
        self.chance = random.Random(SEED)
        self._since = self.clock.now()
        #: When somebody gets to each open task; what was refused stays open.
        self._waiting: dict[str, tuple[date, clerk.Task]] = {}
        self._seen: set[str] = set()
        self._intakes: dict[str, intakes.Intake] = {}
        with self.engine.read() as connection:
            units = clerk.units(connection)
        self._units = itertools.cycle(units)
        self._series = _spread(volumes["series"])

    def live(self, last: date, tell: Callable[[date, Diary], None]) -> Diary:
        """Live from day to day until the last one; tell about each month."""
        began = time.perf_counter()
        with self.engine.begin() as work:
            work.rearm_timers()
        day = self.engine.calendar.local_date(self.clock.now())
        while day <= last:
            self._pass_to(workdays.Calendar.start_of_day(day))
            self._pass_to(workdays.Calendar.start_of_day(day) + NINE)
            if self.engine.calendar.is_workday(day):
                self._receive(day)
                self._work(day)
            following = day + timedelta(days=1)
            if following.month != day.month:
                self.diary.seconds = time.perf_counter() - began
                tell(day, self.diary)
            day = following
        self.desk.clear()
        self.diary.seconds = time.perf_counter() - began
        return self.diary

    def _pass_to(self, moment: datetime) -> None:
        self.desk.clear()
        self.clock.set(moment)
        while ran := self.engine.run_due():
            self.diary.jobs += ran

    def _receive(self, day: date) -> None:
        while self.coming and self.coming[0].day <= day:
            intake = self.coming.pop(0)
            with self.engine.read() as connection:
                fields = self._first_form(connection, intake)
            try:
                with self.engine.begin() as work:
                    begun = work.start(
                        intake.process, fields=fields, person=intake.person
                    )
            except errors.Refused as error:
                self._note(f"{intake.process} 发起", error)
            else:
                self.diary.started[intake.label] += 1
                self._intakes[begun.instance_id] = intake

    def _first_form(self, connection: Any, intake: intakes.Intake) -> dict[str, Any]:
        definition_id = definitions.latest(connection, intake.process)
        process = self.engine.library.get(connection, definition_id).process
        for element in definitions.starts(process):
            form = definitions.form_name(element)
            if form and (element.event is None or element.event.kind == "none"):
                filled = clerk.answer_form(
                    self.engine,
                    connection,
                    definition_id,
                    element.id,
                    form,
                    {},
                    lambda _, key: intake.fields.get(key),
                )
                return filled
        return dict(intake.fields)

    def _work(self, day: date) -> None:
        """Do what is to be done today, and what comes of it, until all rests."""
        for _ in range(MOST_ROUNDS):
            self._look(day)
            today = [task for due, task in self._waiting.values() if due <= day]
            if not today:
                return
            for task in today:
                del self._waiting[task.id]
                self._complete(task)
            self._pass_to(self.clock.now())
        raise errors.DuchaError(f"{day} 的办理没有尽头。")

    def _look(self, day: date) -> None:
        """Take up the tasks opened since the last look and plan when to do them."""
        with self.engine.read() as connection:
            for task in clerk.open_tasks(connection, self._since):
                if task.id not in self._seen:
                    self._seen.add(task.id)
                    self._waiting[task.id] = (self._planned(task, day), task)
        # Tasks of this very moment may still open: they are looked for again.
        self._since = self.clock.now()

    def _planned(self, task: clerk.Task, day: date) -> date:
        """Return the day on which somebody gets to it."""
        habits = self.volumes["habits"]
        intake = self._intakes.get(task.root_id)
        if intake and intake.unfinished and task.name in habits["near_due"]:
            return date.max
        if task.name not in habits["near_due"] or task.due_at is None:
            return day
        due_on = workdays.Calendar.local_date(task.due_at)
        calendar = self.engine.calendar
        if self.chance.random() < habits["late_share"]:
            return calendar.add_workdays(due_on, self.chance.randint(1, 8))
        early = calendar.add_workdays(due_on, -self.chance.randint(0, 4))
        return max(day, early)

    def _complete(self, task: clerk.Task) -> None:
        last: errors.Refused | None = None
        intake = self._intakes.get(task.root_id)
        if intake and intake.rows > MOST_TYPED and task.form_key in IMPORTED:
            self._import(task, intake)

        def choose(form: str, key: str) -> object | None:
            return self._choose(task, form, key, intake)

        with self.engine.read() as connection:
            able = clerk.persons(connection, task, self.clock.now())
            fields = clerk.answers(self.engine, connection, task, choose)
        for person in able:
            try:
                with self.engine.begin() as work:
                    work.complete_task(task.id, person, fields)
            except errors.Forbidden as error:
                # Whoever drafted it may not approve it: the next one of the group.
                last = error
                continue
            except errors.Refused as error:
                self._note(task.name, error)
                return
            self.diary.completed[task.name] += 1
            return
        if last is not None or not able:
            self._note(task.name, last or people.NoSuchPerson())

    def _choose(
        self, task: clerk.Task, form: str, key: str, intake: intakes.Intake | None
    ) -> object | None:
        if key in UNITS:
            return next(self._units)
        if key == "mandates" and intake is not None:
            # What was imported need not be typed.
            return [] if intake.rows > MOST_TYPED else intake.rows
        if (form, key) == ("handover", "receipts"):
            return self._receipts(task)
        if (form, key) == ("evaluation", "results"):
            return self._carried(task)
        if (form, key) in (REPORTED_VALUE, REPORTED_MILESTONES):
            return self._on_course(key)
        if key == "year":
            return YEAR
        if key == "subject" and intake is not None:
            return str(intake.fields["title"])
        if (form, key) == ("draft_circular", "series"):
            return next(self._series, None)
        chosen: object = self.volumes["choices"].get(form, {}).get(key)
        return chosen

    def _on_course(self, key: str) -> int:
        """Return how far a yearly target is by now; some units are behind."""
        today = self.engine.calendar.local_date(self.clock.now())
        behind: bool = self.chance.random() < self.volumes["habits"]["behind_share"]
        if key == REPORTED_MILESTONES[1]:
            passed = sum(one <= today for one in workbooks.milestones(YEAR))
            return max(0, passed - behind)
        # A little ahead of the quarter's plan, whole at the end of the year.
        share = min(100, 9 * today.month)
        return share // 2 if behind else share

    def _receipts(self, task: clerk.Task) -> list[dict[str, str]]:
        """Have every unit of a matter sign for its list (清单签收)."""
        with self.engine.read() as connection:
            matter = matters.of_root(connection, task.root_id)
            told = proposals.current(connection, matter.id).mandates
        listed = [
            unit
            for one in told
            for unit in (one.lead_unit, *(other.unit for other in one.assisting))
        ]
        return [
            {"unit": unit, "received_by": "收发岗"} for unit in dict.fromkeys(listed)
        ]

    def _carried(self, task: clerk.Task) -> list[dict[str, str]]:
        """Carry over to the next year what fell short of its target."""
        with self.engine.read() as connection:
            matter = matters.of_root(connection, task.root_id)
            left = assessments.unfinished(connection, matter)
        return [
            {
                "mandate": f"T{one.serial:02d}",
                "outcome": "CARRY",
                "reason": "年度目标未完成，结转下年继续办理。",
            }
            for one in left
        ]

    def _import(self, task: clerk.Task, intake: intakes.Intake) -> None:
        """Import the tasks of a matter from a workbook before it is broken down."""
        columns = IMPORTED[task.form_key or ""]
        content = workbooks.write(columns, self._units, intake.rows, YEAR)
        with self.engine.begin() as work:
            matter = matters.of_root(work.connection, task.root_id)
            officer = people.identity(work.connection, IMPORTER, work.now())
            imports.keep(work, matter, officer, content)

    def _note(self, what: str, error: errors.Refused) -> None:
        told = getattr(error, "fields", None) or error.message
        self.diary.refused[f"{what}：{told}"] += 1


def read_volumes() -> dict[str, Any]:
    """Return what comes in during the year, as year.toml says it."""
    return tomllib.loads(VOLUMES.read_text(encoding="utf-8"))


def simulate(
    volumes: Mapping[str, Any],
    tell: Callable[[date, Diary], None],
    last: date = date(YEAR, 12, 31),
) -> tuple[Diary, list[totals.Total], yearbook.Yearbook]:
    """Live the year to its last day in an office of its own.

    Returns the diary, the totals of the volumes and the yearbook.
    """
    with tempfile.TemporaryDirectory(prefix="ducha-year-") as folder:
        pool = database.create(f"sqlite:///{folder}/office.db", durable=False)
        try:
            rehearsal.prepare(pool, Path(folder))
            desk = Desk()
            opener = rehearsal.opener(pool, Path(folder), printing=desk)
            calendar = calendars.load()
            coming = intakes.of_year(volumes, YEAR, calendar)
            year = Year(opener, desk, coming, volumes)
            diary = year.live(last, tell)
            end = workdays.Calendar.end_of_day(last)
            span = statistics.Span(date(YEAR, 1, 1), last, end)
            with year.engine.read() as connection:
                counted = totals.count(connection, volumes)
                book = yearbook.compile(connection, calendar, span)
            return diary, counted, book
        finally:
            pool.dispose()


def _spread(series: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the name of a series for each of its issues, the series in turn."""
    left = {one["name"]: int(one["count"]) for one in series}
    while any(left.values()):
        for name in left:
            if left[name]:
                left[name] -= 1
                yield name
