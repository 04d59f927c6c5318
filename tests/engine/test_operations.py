"""Random operations of persons: rows and states stay one piece, everything ends."""

import random

import pytest
import sqlalchemy as sa

from engine import errors
from engine import tables
from engine.unit_of_work import UnitOfWork
from tests.engine.conftest import Office
from tests.engine.operations import FORK
from tests.engine.operations import INSIDE
from tests.engine.operations import UNITS
from tests.engine.operations import signing
from tests.survival import checker

PEOPLE = ("officer", "deputy", "director")
PROCEDURES = {
    "fork": {},
    "inside": {},
    "units": {"units": ["公安局", "财政局"]},
    "signing": {"signers": ["deputy", "director"]},
}
ACTS = (
    "complete",
    "complete",
    "complete",
    "return",
    "straight",
    "withdraw",
    "assign",
    "transfer",
    "delegate",
    "resolve",
    "move",
    "add",
    "remove",
    "suspend",
    "wait",
)


class House:
    """One instance, and whatever persons may think of."""

    def __init__(self, office: Office, draw: random.Random) -> None:
        self.office = office
        self.draw = draw
        self.key = draw.choice(sorted(PROCEDURES))
        self.root_id = office.start(self.key, **PROCEDURES[self.key])

    @property
    def tasks(self) -> list[sa.Row[object]]:
        """All tasks of the instance and of those it called, open ones first."""
        task = tables.user_task
        return self.office.rows(
            sa.select(task)
            .where(task.c.root_id == self.root_id)
            .order_by(task.c.closed_at.is_not(None), task.c.name, task.c.id)
        )

    @property
    def resting(self) -> bool:
        since = sa.select(tables.instance.c.suspended_at)
        (row,) = self.office.rows(since.where(tables.instance.c.id == self.root_id))
        return row.suspended_at is not None

    @property
    def active(self) -> bool:
        return self.office.status(self.root_id) == "active"

    def entitled(self, task: sa.Row[object]) -> list[str]:
        """Return who may complete a task."""
        if task.assignee:
            return [task.assignee]
        candidate = tables.candidate.c
        rows = self.office.rows(
            sa.select(candidate.value).where(candidate.user_task_id == task.id)
        )
        return [row.value for row in rows]

    def act(self, name: str) -> None:
        """Try something, as a dry run first; a refusal changes nothing."""
        draw = self.draw
        if self.resting and draw.random() < 0.7:
            name = "resume"
        if name == "wait":
            self.office.later(hours=draw.choice([1, 30, 100]))
            return
        closed = [task for task in self.tasks if task.closed_how == "completed"]
        standing = [task for task in self.tasks if task.closed_at is None]
        if name == "withdraw" and closed:
            task = max(closed, key=lambda found: found.closed_at)
        else:
            task = draw.choice(standing)
        person = draw.choice([*PEOPLE, *self.entitled(task) * 3])
        other = draw.choice(PEOPLE)
        instance_id = draw.choice([self.root_id, task.instance_id])
        target = draw.choice(self.tasks).element_id
        value = draw.choice(["deputy", "officer", "公安局", "税务局"])
        element = {"units": "undertake"}.get(self.key, "cosign")

        def command(work: UnitOfWork) -> object:
            match name:
                case "complete":
                    return work.complete_task(task.id, person)
                case "return" | "straight":
                    return work.return_task(
                        task.id,
                        person,
                        "理由",
                        to=draw.choice(["previous", "starter", target]),
                        straight=name == "straight",
                    )
                case "withdraw":
                    return work.withdraw_task(task.id, task.closed_by or person)
                case "assign":
                    return work.assign_task(task.id, other, person)
                case "transfer":
                    return work.transfer_task(task.id, other, person, "理由")
                case "delegate":
                    return work.delegate_task(task.id, other, person, "问题")
                case "resolve":
                    return work.resolve_task(task.id, person, "答复")
                case "move":
                    return work.move_token(
                        instance_id, task.element_id, target, "理由", person
                    )
                case "add":
                    return work.add_cosigner(self.root_id, element, value, person)
                case "remove":
                    return work.remove_cosigner(self.root_id, element, value, person)
                case "suspend":
                    return work.suspend(instance_id, "理由", person)
                case _:
                    return work.resume(instance_id, person)

        before = self.office.dump()
        seed = draw.getstate()
        try:
            with self.office.engine.begin() as work:
                work.preview(self.root_id, lambda: command(work))
        except errors.Refused:
            pass
        assert before == self.office.dump()
        draw.setstate(seed)
        try:
            with self.office.engine.begin() as work:
                command(work)
        except errors.Refused:
            assert before == self.office.dump()

    def go_home(self) -> None:
        """Resume, answer and complete until nothing is open."""
        for _ in range(200):
            if not self.active:
                return
            try:
                with self.office.engine.begin() as work:
                    work.resume(self.root_id, None)
            except errors.Refused:
                pass
            task = next(t for t in self.tasks if t.closed_at is None)
            if task.delegated_by:
                with self.office.engine.begin() as work:
                    work.resolve_task(task.id, task.assignee, "答复")
                continue
            for person in (task.assignee, *PEOPLE):
                try:
                    with self.office.engine.begin() as work:
                        work.complete_task(task.id, person or "")
                    break
                except errors.Refused:
                    continue


def unsound(office: Office) -> list[str]:
    with office.engine.read() as connection:
        return checker.examine(connection)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_persons_do_the_instance_stays_whole(
    office: Office, seed: int
) -> None:
    """After each act rows are what states wait for; at last everything is over."""
    office.deploy(FORK, INSIDE, *UNITS, signing())
    draw = random.Random(seed)
    house = House(office, draw)
    for _ in range(20):
        if not house.active:
            break
        house.act(draw.choice(ACTS))
        assert [] == unsound(office)
    house.go_home()

    assert "completed" == office.status(house.root_id)
    assert [] == office.waiting()
    assert [] == unsound(office)
    assert 0 == office.count(tables.incident)
