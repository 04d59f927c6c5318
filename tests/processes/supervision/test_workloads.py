"""Tasks of the office are given to persons, and how much each one has (派单)."""

from datetime import date
from datetime import datetime
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import queries
from engine import tables as engine_tables
from engine import user_tasks
from engine.engine import Engine
from processes import office
from processes.supervision import inbox
from processes.supervision import leaves
from processes.supervision import tables
from processes.supervision import workloads
from processes.supervision.statistics import registers
from processes.supervision.statistics import statistics
from tests.processes.supervision.conftest import at
from tests.processes.supervision.conftest import identity

ROOMS = ("common/", "proc_mayor_hotline/")
PROPOSAL = {"opinion": "拟办", "lead_unit": "zjj", "requirement": "修复"}
TICKET = {
    "ticket_no": "RX-1",
    "type": "投诉",
    "title": "路灯不亮",
    "content": "人民路路灯不亮。",
    "caller_name": "张三",
    "caller_phone": "13812345678",
    "assigned_on": "2026-04-29",
}


@pytest.fixture
def task_id(engine: Engine) -> str:
    """The task 拟办 of a ticket, which both officers may do."""
    with engine.begin() as work:
        files = office.catalog_files().items()
        work.deploy({name: file for name, file in files if name.startswith(ROOMS)})
    with engine.begin() as work:
        work.start("proc_mayor_hotline", fields=TICKET, person="dc_registrar")
    return only_task(engine).id


def only_task(engine: Engine) -> queries.TaskSummary:
    """Return the open task of the only matter."""
    with engine.read() as connection:
        root_id = connection.scalar(sa.select(tables.matter.c.root_id))
        return queries.open_tasks_of(connection, str(root_id))[0].task


def assign(engine: Engine, task_id: str, to: str, by: str = "dc_chief") -> str:
    with engine.begin() as work:
        return workloads.assign(work, identity(work, by), task_id, {"to": to})


def titles(engine: Engine, person: str) -> list[str]:
    """Return what stands in a person's inbox about work given, the newest first."""
    with engine.begin() as work:
        found = inbox.messages(work.connection, identity(work, person))
    return [one.title for one in found if "派：" in one.title or "派单：" in one.title]


def events(engine: Engine) -> list[tuple[str, object]]:
    """Return who gave tasks to whom."""
    event = engine_tables.history_event.c
    with engine.read() as connection:
        return [
            (row.person, row.details["to"])
            for row in connection.execute(
                sa.select(event.person, event.details)
                .where(event.type == "task_assigned")
                .order_by(event.seq)
            )
        ]


@pytest.mark.requirement("R-03-02")
def test_a_task_is_given_to_a_person_and_on_to_another(
    engine: Engine, task_id: str
) -> None:
    assert "陈专员" == assign(engine, task_id, "dc_officer")
    assert "林专员" == assign(engine, task_id, "dc_officer_b", by="go_director")
    task = only_task(engine)
    with pytest.raises(user_tasks.Claimed), engine.begin() as work:
        work.complete_task(task_id, "dc_officer", PROPOSAL)
    with engine.begin() as work:
        work.complete_task(task_id, "dc_officer_b", PROPOSAL)

    assert "dc_officer_b" == task.assignee
    assert [("dc_chief", "dc_officer"), ("go_director", "dc_officer_b")] == events(
        engine
    )
    assert [f"改派：{task.name}", f"派单：{task.name}"] == titles(engine, "dc_officer")
    assert [f"派单：{task.name}"] == titles(engine, "dc_officer_b")


@pytest.mark.requirement("R-03-02")
@pytest.mark.parametrize("by", ["dc_officer", "mayor", "unit_head.zjj", "sys_admin"])
def test_only_the_heads_give_work(engine: Engine, task_id: str, by: str) -> None:
    with pytest.raises(errors.Forbidden, match=r"可以派单。（R-03-02）"):
        assign(engine, task_id, "dc_officer", by=by)

    assert (None, []) == (only_task(engine).assignee, events(engine))


@pytest.mark.requirement("R-03-02")
@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("", "（R-03-02）"),
        ("nobody", "“nobody”不在这一待办的岗位上。（R-03-02）"),
        ("dc_registrar", "“dc_registrar”不在这一待办的岗位上。（R-03-02）"),
        ("unit_head.zjj", "“unit_head.zjj”不在这一待办的岗位上。（R-03-02）"),
        ("' OR 1=1 --", "“' OR 1=1 --”不在这一待办的岗位上。（R-03-02）"),
        ("x" * 5000, "（R-03-02）"),
        (None, "（R-03-02）"),
        (["dc_officer"], "（R-03-02）"),
    ],
)
def test_a_task_is_given_to_nobody_outside_its_posts(
    engine: Engine, task_id: str, to: object, reason: str
) -> None:
    with pytest.raises(errors.Invalid) as refused, engine.begin() as work:
        workloads.assign(work, identity(work, "dc_chief"), task_id, {"to": to})

    assert refused.value.fields["to"][0].endswith(reason)
    assert (None, []) == (only_task(engine).assignee, events(engine))


@pytest.mark.requirement("R-03-02")
def test_nothing_is_given_to_whom_is_away(engine: Engine, task_id: str) -> None:
    day = at(date(2026, 4, 29), 0)
    with engine.begin() as work:
        until = day + timedelta(days=3)
        leaves.take(work, "dc_officer", reason="出差", starts_at=day, ends_at=until)
    with pytest.raises(errors.Invalid) as refused:
        assign(engine, task_id, "dc_officer")

    assert ["陈专员正在请假，请派给他人。（R-03-02）"] == refused.value.fields["to"]
    assert [] == events(engine)
    assert {"dc_officer": True, "dc_officer_b": False} == {
        one.person: one.away
        for one in loaded(engine, day)
        if one.person.startswith("dc_officer")
    }


@pytest.mark.requirement("R-03-02")
def test_what_is_done_or_not_of_the_office_is_not_given(
    engine: Engine, task_id: str
) -> None:
    with engine.begin() as work:
        work.complete_task(task_id, "dc_officer", PROPOSAL)
    with pytest.raises(user_tasks.AlreadyClosed, match="已由 陈专员 于 "):
        assign(engine, task_id, "dc_officer_b")
    with pytest.raises(errors.Forbidden, match="不在督查室的岗位上"):
        assign(engine, only_task(engine).id, "dc_officer_b")
    for hostile in ("", "x", "../1", "' OR 1=1 --", "９"):
        with pytest.raises(user_tasks.NoSuchTask):
            assign(engine, hostile, "dc_officer_b")

    assert [] == events(engine)


@pytest.mark.requirement("R-03-02")
def test_the_load_counts_what_is_open_late_and_done(
    engine: Engine, task_id: str
) -> None:
    """RP-14 tells the same figures; what was completed burdens nobody any more."""
    assign(engine, task_id, "dc_officer")
    task = only_task(engine)
    assert task.due_at is not None
    late = task.due_at + timedelta(seconds=1)
    before, after = loaded(engine, task.due_at), loaded(engine, late)
    with engine.begin() as work:
        listed = workloads.open_tasks(
            work.connection, identity(work, "dc_chief"), work.now()
        )
        others = workloads.open_tasks(
            work.connection, identity(work, "sys_admin"), work.now()
        )
        work.complete_task(task_id, "dc_officer", PROPOSAL)
        day = work.calendar.local_date(work.now())
        span = statistics.Span(day, day, late)
        table = registers.team(work.connection, work.calendar, span).rows

    assert (1, 0, 0) == figures(before)
    assert (1, 1, 0) == figures(after)
    assert (0, 0, 1) == figures(loaded(engine, late))
    assert ("陈专员", 1, 0, 0, 0) in table
    assert [(task_id, "dc_officer", ("dc_officer", "dc_officer_b"))] == [
        (one.id, one.assignee, one.persons) for one in listed
    ]
    assert [] == others


def loaded(engine: Engine, moment: datetime) -> list[workloads.Load]:
    """Return the loads at a moment, with what was done since the day before."""
    with engine.read() as connection:
        return workloads.loads(
            connection,
            workloads.staff(connection, moment),
            since=at(date(2026, 4, 1), 0),
            until=moment,
            at=moment,
        )


def figures(loads: list[workloads.Load]) -> tuple[int, int, int]:
    """Return what 陈专员 has open, of it late, and did."""
    own = next(one for one in loads if one.person == "dc_officer")
    return own.waiting, own.overdue, own.done
