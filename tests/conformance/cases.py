"""One conformance case on the real engine: do its steps, hold it to what it expects."""

import functools
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import clock
from engine import database
from engine import definitions
from engine import errors
from engine import handlers
from engine import people
from engine import routing
from engine import tables
from engine import workdays
from engine.bpmn import iso8601
from engine.engine import Engine

Step = Mapping[str, Any]

#: The person who does what a case does.
TESTER = "tester"

#: The moment at which every case begins.
BEGINNING = datetime(2026, 4, 29, 1, tzinfo=UTC)


class Unmet(Exception):
    """An expectation does not hold."""


@functools.cache
def listed() -> dict[str, dict[str, Any]]:
    """Return the cases that are known to fail for a reason outside the engine."""
    content = (Path(__file__).parent / "listed.toml").read_text(encoding="utf-8")
    return {found["id"]: found for found in tomllib.loads(content)["case"]}


def judge(case: Step, diagrams: Path) -> tuple[str, str]:
    """Return the verdict on a case (passed, refused, failed) and its reason.

    A listed case that fails at the step it is listed with counts as refused.
    """
    with world() as found:
        try:
            found.deploy(case, diagrams / case["source"])
        except definitions.DeploymentRefused as refused:
            reasons = [
                p.problem.message
                for p in refused.problems
                if p.problem.severity == "error"
            ]
            return "refused", "；".join(dict.fromkeys(reasons))
        for number, step in enumerate(case["steps"], start=1):
            try:
                found.take(step)
            except (Unmet, errors.DuchaError) as unmet:
                known = listed().get(case["id"])
                if known is not None and known["step"] == number:
                    return "refused", "listed: " + known["reason"].strip()
                return "failed", f"step {number} {dict(step)}: {unmet}"
    return "passed", ""


@contextmanager
def world() -> Iterator["World"]:
    """Give an engine of its own on an empty SQLite database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.db"
        path.write_bytes(empty_database())
        db = database.create(f"sqlite:///{path}")
        try:
            yield World(db)
        finally:
            db.dispose()


@functools.cache
def empty_database() -> bytes:
    """Return a database with the schema and the tester in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        db = database.create(f"sqlite:///{path}")
        database.upgrade(db)
        with db.execution_options(writes=True).begin() as connection:
            people.add_person(connection, TESTER, "测试员", at=BEGINNING)
        db.dispose()
        return path.read_bytes()


class World:
    """An engine, its clock, and the instances that the case has started."""

    def __init__(self, db: sa.Engine) -> None:
        self.database = db
        self.clock = clock.FixedClock(BEGINNING)
        self.engine = Engine(
            db,
            clock=self.clock,
            calendar=workdays.Calendar({}),
            registry=handlers.Registry(),
        )
        self.started: list[str] = []

    def deploy(self, case: Step, folder: Path) -> None:
        """Deploy the files of a case together."""
        files = {name: (folder / name).read_bytes() for name in case["files"]}
        with self.engine.begin() as work:
            work.deploy(files)

    def take(self, step: Step) -> None:
        """Do one step."""
        if "do" in step:
            getattr(self, "do_" + step["do"])(step)
        else:
            getattr(self, "expect_" + step["expect"])(step)

    def settle(self) -> None:
        """Run what is due now until nothing is."""
        while self.engine.run_due():
            pass

    def rows(self, statement: sa.Select[Any]) -> list[Any]:
        """Return the rows of a query."""
        with self.engine.read() as connection:
            return list(connection.execute(statement))

    def instance(self, step: Step) -> str | None:
        """Return the instance a step names; the only root one when it names none."""
        number = step.get("instance")
        if number is not None:
            return self.started[number - 1]
        return self.started[0] if len(self.started) == 1 else None

    # -- effects -------------------------------------------------------------

    def do_start(self, step: Step) -> None:
        """Start by process key or by message."""
        with self.engine.begin() as work:
            variables = step.get("variables", {})
            business_key = step.get("business_key")
            if "message" in step:
                begun = work.start_by_message(
                    step["message"], variables, business_key=business_key
                )
            else:
                begun = work.start(
                    step["process"], variables=variables, business_key=business_key
                )
        self.started.append(begun.instance_id)

    def do_complete(self, step: Step) -> None:
        """Complete a task that the selector finds, or all it finds."""
        selector = step["task"]
        found = self.tasks(selector)
        if not found:
            raise Unmet("no such open task")
        if selector.get("only") and len(found) != 1:
            raise Unmet(f"not the only task: {[t.element_id for t in found]}")
        for task in found if selector.get("all") else found[:1]:
            self.hand_to_tester(task.id)
            with self.engine.begin() as work:
                work.complete_task(task.id, TESTER, step.get("variables", {}))

    def do_message(self, step: Step) -> None:
        """Deliver a message to what waits for it, or start by it.

        `all` (to every one that matches) is one delivery after the other.
        """
        while self.delivered(step) and step.get("all"):
            pass

    def delivered(self, step: Step) -> bool:
        """Deliver a message once; tell whether somebody waited for it."""
        name, variables = step["name"], step.get("variables", {})
        try:
            with self.engine.begin() as work:
                work.correlate(
                    name,
                    business_key=step.get("business_key"),
                    instance_id=self.instance(step) if "instance" in step else None,
                    variables=variables,
                )
        except routing.NobodyWaits:
            begun = self.rows(
                sa.select(tables.start_event).where(
                    tables.start_event.c.name == name,
                    tables.start_event.c.kind == "message",
                )
            )
            if not begun and not step.get("all"):
                raise
            for _ in begun:
                with self.engine.begin() as work:
                    self.started.append(
                        work.start_by_message(name, variables).instance_id
                    )
            return False
        return True

    def do_signal(self, step: Step) -> None:
        """Broadcast a signal."""
        with self.engine.begin() as work:
            work.signal(step["name"], step.get("variables", {}))

    def do_advance(self, step: Step) -> None:
        """Move the clock and fire what is due, one due time after the other."""
        if "by" in step:
            target = iso8601.parse_duration(step["by"]).add_to(self.clock.now())
        elif "to" in step:
            target = iso8601.parse_moment(step["to"])
        else:
            target = min(self.due())
        while True:
            due = [moment for moment in self.due() if moment <= target]
            if not due:
                break
            self.clock.set(max(self.clock.now(), min(due)))
            self.settle()
        self.clock.set(max(self.clock.now(), target))

    def do_trigger(self, step: Step) -> None:
        """Let a receive task go on."""
        variables = step.get("variables", {})
        with self.engine.begin() as work:
            for instance_id in self.running(step):
                if step["activity"] in work.active_elements(instance_id):
                    work.trigger(instance_id, step["activity"], variables, TESTER)
                    return
        raise Unmet("no such receive task")

    def do_set_variables(self, step: Step) -> None:
        """Set variables of a running instance."""
        with self.engine.begin() as work:
            work.correct_variables(
                self.instance(step) or self.started[0], step["variables"], TESTER
            )

    def do_cancel(self, step: Step) -> None:
        """Cancel an instance."""
        with self.engine.begin() as work:
            instance_id = self.instance(step) or self.started[0]
            work.terminate(instance_id, "the case says so", TESTER)

    # -- expectations --------------------------------------------------------

    def expect_tasks(self, step: Step) -> None:
        """Hold the open tasks to a count, names or keys."""
        found = self.tasks(step.get("where", {}))
        if "count" in step:
            same(step["count"], len(found), [t.element_id for t in found])
        if "at_least" in step and len(found) < step["at_least"]:
            raise Unmet(f"{len(found)} tasks")
        if "names" in step:
            same(Counter(step["names"]), Counter(t.name for t in found))
        if "keys" in step:
            same(Counter(step["keys"]), Counter(t.element_id for t in found))

    def expect_ended(self, step: Step) -> None:
        """Hold an instance (or all) to be over."""
        same([], self.running(step))

    def expect_not_ended(self, step: Step) -> None:
        """Hold an instance to be still there."""
        if not self.running(step):
            raise Unmet("ended")

    def expect_active(self, step: Step) -> None:
        """Hold tokens to stand in activities."""
        active: Counter[str] = Counter()
        with self.engine.begin() as work:
            for instance_id in self.running(step):
                active.update(work.active_elements(instance_id))
        missing = Counter(step["activities"]) - active
        if missing:
            raise Unmet(f"not active: {dict(missing)}; active: {dict(active)}")

    def expect_variable(self, step: Step) -> None:
        """Hold a process variable to a value; null also means absent."""
        with self.engine.begin() as work:
            variables = work.variables(self.instance(step) or self.started[0])
        same(step["value"], variables.get(step["name"]))

    def expect_instances(self, step: Step) -> None:
        """Hold the number of running instances."""
        instance = tables.instance
        statement = sa.select(instance.c.key).where(instance.c.status == "active")
        if "process" in step:
            statement = statement.where(instance.c.key == step["process"])
        found = [row.key for row in self.rows(statement)]
        same(step["count"], len(found), found)

    def expect_timers(self, step: Step) -> None:
        """Hold the number of pending timers."""
        job = tables.job
        kinds = job.c.kind.in_(("timer", "start"))
        statement = sa.select(job.c.id).where(kinds)
        if "instance" in step:
            statement = statement.where(job.c.instance_id == self.instance(step))
        same(step["count"], len(self.rows(statement)))

    def expect_waiting(self, step: Step) -> None:
        """Hold the number of catchers of a message or signal."""
        subscription = tables.subscription
        kinds = ("signal",) if "signal" in step else ("message", "receive")
        statement = sa.select(subscription.c.wait_id).where(
            subscription.c.name == step.get("signal", step.get("message")),
            subscription.c.kind.in_(kinds),
        )
        if "instance" in step:
            here = subscription.c.instance_id == self.instance(step)
            statement = statement.where(here)
        same(step["count"], len(self.rows(statement)))

    # -- what there is -------------------------------------------------------

    def tasks(self, selector: Step) -> list[Any]:
        """Return the open tasks that a selector finds, oldest first."""
        task = tables.user_task
        statement = (
            sa.select(task)
            .where(task.c.closed_at.is_(None))
            .order_by(task.c.created_at, task.c.id)
        )
        if "key" in selector:
            statement = statement.where(task.c.element_id == selector["key"])
        if "name" in selector:
            statement = statement.where(task.c.name == selector["name"])
        if "assignee" in selector:
            statement = statement.where(task.c.assignee == selector["assignee"])
        if "instance" in selector:
            here = task.c.instance_id == self.started[selector["instance"] - 1]
            statement = statement.where(here)
        for word, kind in (("candidate_group", "group"), ("candidate_user", "person")):
            if word in selector:
                statement = statement.where(self.offered(kind, selector[word]))
        if "process" in selector:
            statement = statement.join(
                tables.instance, tables.instance.c.id == task.c.instance_id
            ).where(tables.instance.c.key == selector["process"])
        return self.rows(statement)

    def offered(self, kind: str, value: str) -> sa.ColumnElement[bool]:
        """Return the condition that a task is offered to a person or group."""
        candidate = tables.candidate
        return sa.exists().where(
            candidate.c.user_task_id == tables.user_task.c.id,
            candidate.c.kind == kind,
            candidate.c.value == value,
        )

    def hand_to_tester(self, task_id: str) -> None:
        """Make the tester the assignee: who may do what is not the case's matter."""
        statement = (
            tables.user_task.update()
            .where(tables.user_task.c.id == task_id)
            .values(assignee=TESTER)
        )
        with self.database.execution_options(writes=True).begin() as connection:
            connection.execute(statement)

    def running(self, step: Step) -> list[str]:
        """Return the instances that run: the named one, else all."""
        instance = tables.instance
        statement = sa.select(instance.c.id).where(instance.c.status == "active")
        if "instance" in step:
            statement = statement.where(instance.c.id == self.instance(step))
        return [row.id for row in self.rows(statement)]

    def due(self) -> list[datetime]:
        """Return the due times of pending timers."""
        job = tables.job
        kinds = job.c.kind.in_(("timer", "start"))
        return [row.due_at for row in self.rows(sa.select(job.c.due_at).where(kinds))]


def same(expected: object, actual: object, detail: object = "") -> None:
    """Raise Unmet unless both are equal."""
    if expected != actual:
        raise Unmet(f"expected {expected}, found {actual} {detail}")
