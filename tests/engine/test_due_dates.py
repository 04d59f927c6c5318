"""Due dates that stand in a record move with it, at once and while all rests."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta

import sqlalchemy as sa

from engine import handlers
from engine import tables
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import task

FIRST = datetime(2026, 3, 6, 15, 59, 59, tzinfo=UTC)
REPORT = line(
    "report",
    task("a", "拟报告", "officer", 'camunda:dueDate="${record_due(matter)}"'),
    task("b", "限日", "officer", 'camunda:dueDate="2026-10-12"'),
)


class Record:
    """What an office keeps: one deadline, and how often it was told of rest."""

    def __init__(self, office: Office) -> None:
        self.due_at = FIRST
        self.told: list[tuple[str, datetime | None]] = []
        office.registry.function("record_due", needs_work=True)(self.due)
        office.registry.resting(self.rest)

    def due(self, work: handlers.Work, matter: object) -> str:
        assert matter == 7
        return self.due_at.isoformat()

    def rest(self, work: handlers.Work, root_id: str, since: datetime | None) -> None:
        self.told.append((root_id, since))
        if since is not None:
            self.due_at += timedelta(days=2)


def due(office: Office, name: str) -> datetime:
    (row,) = office.rows(
        sa.select(tables.user_task.c.due_at, tables.candidate.c.order_at)
        .join(
            tables.candidate, tables.candidate.c.user_task_id == tables.user_task.c.id
        )
        .where(tables.user_task.c.name == name, tables.user_task.c.closed_at.is_(None))
    )
    assert row.due_at == row.order_at
    found: datetime = row.due_at
    return found


def test_an_open_task_is_due_when_its_record_says_once_asked(office: Office) -> None:
    """The move is on record; a second asking moves nothing."""
    record = Record(office)
    office.deploy(REPORT)
    instance_id = office.start("report", matter=7)
    assert FIRST == due(office, "拟报告")
    record.due_at = FIRST + timedelta(days=7)
    with office.engine.begin() as work:
        assert 1 == work.refresh_due_dates(instance_id)
        assert 0 == work.refresh_due_dates(instance_id)
    assert FIRST + timedelta(days=7) == due(office, "拟报告")
    assert 1 == office.count(
        tables.history_event, tables.history_event.c.type == "task_due_moved"
    )


def test_a_due_date_without_a_record_is_not_asked_again(office: Office) -> None:
    """Only what names a function of the records moves."""
    Record(office)
    office.deploy(REPORT)
    instance_id = office.start("report", matter=7)
    office.complete("拟报告")
    before = due(office, "限日")
    with office.engine.begin() as work:
        assert 0 == work.refresh_due_dates(instance_id)
    assert before == due(office, "限日")


def test_the_office_moves_its_deadline_when_an_instance_has_rested(
    office: Office,
) -> None:
    """It is told of both ends of the rest; the task follows the record."""
    record = Record(office)
    office.deploy(REPORT)
    instance_id = office.start("report", matter=7)
    since = office.clock.now()
    with office.engine.begin() as work:
        work.suspend(instance_id, "等待上级答复", "director")
    office.later(days=3)
    with office.engine.begin() as work:
        work.resume(instance_id, "director")
    assert [(instance_id, None), (instance_id, since)] == record.told
    assert FIRST + timedelta(days=2) == due(office, "拟报告")
