"""Every way found to stall an instance, made for real, and reported within one run."""

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import incidents
from engine import jobs
from engine import tables
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task
from tests.engine.test_external_tasks import PRINTED
from tests.engine.test_jobs import REMINDED

#: A join that a deadlock of the diagram leaves waiting for ever.
JOIN = """
<process id="joins" isExecutable="true"><startEvent id="start"/>
 <inclusiveGateway id="fork"/><parallelGateway id="join"/><endEvent id="end"/>
 <userTask id="a" name="甲" camunda:candidateGroups="officer"/>
 <userTask id="b" name="乙" camunda:candidateGroups="officer"/>
 <sequenceFlow id="f0" sourceRef="start" targetRef="fork"/>
 <sequenceFlow id="f1" sourceRef="fork" targetRef="a">
  <conditionExpression>${true}</conditionExpression></sequenceFlow>
 <sequenceFlow id="f2" sourceRef="fork" targetRef="b">
  <conditionExpression>${both}</conditionExpression></sequenceFlow>
 <sequenceFlow id="f3" sourceRef="a" targetRef="join"/>
 <sequenceFlow id="f4" sourceRef="b" targetRef="join"/>
 <sequenceFlow id="f5" sourceRef="join" targetRef="end"/>
</process>
"""
MESSAGE = '<message id="m" name="answer"/>' + line(
    "answered",
    '<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/>'
    "</intermediateCatchEvent>",
)
#: Beside the lost token another one waits for a person as it should.
BESIDE = (
    '<process id="beside" isExecutable="true"><startEvent id="start"/>'
    '<parallelGateway id="fork"/><endEvent id="end"/>'
    f"{task('lost', '丢失')}{task('kept', '仍在')}"
    '<sequenceFlow id="f0" sourceRef="start" targetRef="fork"/>'
    '<sequenceFlow id="f1" sourceRef="fork" targetRef="lost"/>'
    '<sequenceFlow id="f2" sourceRef="fork" targetRef="kept"/>'
    '<sequenceFlow id="f3" sourceRef="lost" targetRef="end"/>'
    '<sequenceFlow id="f4" sourceRef="kept" targetRef="end"/></process>'
)
CALLS = (
    line("calls", '<callActivity id="call" name="承办" calledElement="called"/>'),
    line("called", task("handle", "办理")),
)
FAILS = line("fails", task("one", "甲"), service("print", "print"))


@dataclass(frozen=True)
class Stall:
    """A way to stall an instance: what is deployed and started, and then broken."""

    name: str
    processes: tuple[str, ...]
    key: str
    breaks: Callable[[Office, sa.Connection], object]
    says: str
    before: Callable[[Office], object] = lambda office: None
    after: Callable[[Office], object] = lambda office: None


def erase(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> Callable[..., None]:
    """Return an act that deletes rows."""

    def act(office: Office, connection: sa.Connection) -> None:
        if table is tables.user_task:
            connection.execute(tables.candidate.delete())
        connection.execute(table.delete().where(*conditions))

    return act


def alter(table: sa.Table, **values: object) -> Callable[..., None]:
    """Return an act that changes all rows."""

    def act(office: Office, connection: sa.Connection) -> None:
        connection.execute(table.update().values(**values))

    return act


def fail(office: Office) -> None:
    """Have the service task fail once; a retry is scheduled."""
    office.complete("甲")


def fail_for_good(office: Office) -> None:
    """Have it fail until a person is asked."""
    fail(office)
    for minutes in (1, 5, 30):
        office.later(minutes=minutes)


def claim(office: Office, connection: sa.Connection) -> None:
    """Have a worker claim what is due, and never return it."""
    office.clock.advance(timedelta(days=1))
    jobs.claim(connection, office.clock.now(), 9, "gone")


def nothing(office: Office, connection: sa.Connection) -> None:
    """Break nothing: the diagram does it by itself."""


def kill_hand_over(office: Office, connection: sa.Connection) -> None:
    """End the called instance as if its result had been lost on the way."""
    child = tables.instance.c.parent_id.is_not(None)
    connection.execute(tables.candidate.delete())
    connection.execute(tables.user_task.delete())
    connection.execute(
        tables.instance.update()
        .where(child)
        .values(status="ended", ended_how="completed", state=None)
    )


def lose_child(office: Office, connection: sa.Connection) -> None:
    """Delete the called instance with all that hangs on it."""
    for table in (tables.candidate, tables.user_task, tables.history_event):
        connection.execute(table.delete())
    connection.execute(
        tables.instance.delete().where(tables.instance.c.parent_id.is_not(None))
    )


def orphan(office: Office, connection: sa.Connection) -> None:
    """Take away everybody who could do the task."""
    connection.execute(tables.candidate.delete())


STALLS = (
    Stall(
        "a join whose other branch never comes",
        (JOIN,),
        "joins",
        nothing,
        "汇合处等待的分支已不会到达",
        before=lambda office: office.complete("甲"),
    ),
    Stall(
        "a task row that is gone, another still there",
        (BESIDE,),
        "beside",
        lambda office, connection: (
            orphan(office, connection),
            connection.execute(
                tables.user_task.delete().where(tables.user_task.c.name == "丢失")
            ),
            connection.execute(tables.user_task.update().values(assignee="officer")),
        ),
        "“lost”的待办丢失了",
    ),
    Stall(
        "a task nobody can take",
        (REMINDED,),
        "reminded",
        orphan,
        "“handle”没有人可以办理",
    ),
    Stall(
        "a timer whose job is gone, beside a task that waits",
        (REMINDED,),
        "reminded",
        erase(tables.job),
        "“late”的定时任务丢失了",
    ),
    Stall(
        "a message whose subscription is gone",
        (MESSAGE,),
        "answered",
        erase(tables.subscription),
        "“wait”等待的消息订阅丢失了",
    ),
    Stall(
        "a called instance that is gone",
        CALLS,
        "calls",
        lose_child,
        "“call”调用的办件丢失了",
    ),
    Stall(
        "a result that was never handed over",
        CALLS,
        "calls",
        kill_hand_over,
        "“call”调用的办件丢失了，或者它的结果没有送达",
    ),
    Stall(
        "a failed element that nobody tries again",
        (FAILS,),
        "fails",
        erase(tables.job),
        "“print”没有办成，也没有人或程序再试",
        before=fail,
    ),
    Stall(
        "a failed element whose incident is gone",
        (FAILS,),
        "fails",
        erase(tables.incident),
        "“print”没有办成，也没有人或程序再试",
        before=fail_for_good,
    ),
    Stall(
        "a job that failed and nobody knows",
        (REMINDED,),
        "reminded",
        alter(tables.job, status="failed"),
        "“late”的定时任务失败了，而没有人知道",
    ),
    Stall(
        "a job left suspended when the instance goes on",
        (REMINDED,),
        "reminded",
        alter(tables.job, status="suspended"),
        "“late”的定时任务停着，而办件没有暂停",
    ),
    Stall(
        "a timer that nobody runs",
        (REMINDED,),
        "reminded",
        nothing,
        "“late”的定时任务早已到期，而没有程序执行它",
        after=lambda office: office.clock.advance(timedelta(days=2)),
    ),
    Stall(
        "a lease that is over and that nobody takes back",
        (REMINDED,),
        "reminded",
        claim,
        "“late”的定时任务早已到期，而没有程序执行它",
        after=lambda office: office.clock.advance(timedelta(hours=2)),
    ),
    Stall(
        "an external task whose job is gone",
        (PRINTED,),
        "printed",
        erase(tables.job),
        "“print”的定时任务丢失了",
    ),
    Stall(
        "a state that cannot be read",
        (REMINDED,),
        "reminded",
        alter(tables.instance, state=b"\x01 damaged"),
        "办件的内部状态无法读取",
    ),
    Stall(
        "a state that is gone",
        (REMINDED,),
        "reminded",
        alter(tables.instance, state=None),
        "办件的内部状态无法读取",
    ),
)


@pytest.fixture
def stalling(office: Office) -> Iterator[Office]:
    """An office in which printing fails."""

    @office.registry.handler("print")
    def print_(call: object) -> None:
        raise OSError("没有纸")

    yield office


@pytest.mark.parametrize("stall", STALLS, ids=lambda stall: stall.name)
def test_a_stalled_instance_is_reported_within_one_run(
    stalling: Office, stall: Stall
) -> None:
    """By an incident that says where; nothing is said before, and nothing twice."""
    office = stalling
    office.deploy(*stall.processes)
    instance_id = office.start(stall.key, both=False)
    if stall.breaks is nothing:
        assert [] == office.engine.report_stalled()
    stall.before(office)
    if stall.breaks is not nothing:
        assert [] == office.engine.report_stalled()
    with office.engine.begin() as work:
        stall.breaks(office, work.connection)
    stall.after(office)

    assert [instance_id] == office.engine.report_stalled()
    assert [] == office.another_engine().report_stalled()
    found = office.rows(
        sa.select(tables.incident).where(
            tables.incident.c.kind == "stalled",
            tables.incident.c.resolved_at.is_(None),
        )
    )
    assert [instance_id] == [row.instance_id for row in found]
    assert stall.says in found[0].message


def test_what_waits_rightly_is_never_reported(stalling: Office) -> None:
    """Each kind of wait, for a month in which every job is run."""
    office = stalling
    office.deploy(
        JOIN.replace("joins", "joined"),
        MESSAGE,
        BESIDE,
        *CALLS,
        FAILS,
        REMINDED,
        PRINTED,
    )
    for key in ("joined", "answered", "beside", "calls", "fails", "reminded"):
        office.start(key, both=True)
    office.start("printed")
    for row in office.rows(
        sa.select(tables.user_task.c.id).where(tables.user_task.c.name == "甲")
    ):
        with office.engine.begin() as work:
            work.complete_task(str(row.id), "officer", {})
    seen = []
    for days in (0, 1, 1, 28):
        office.later(days=days)
        seen.append(office.engine.report_stalled())

    assert [[], [], [], []] == seen
    assert 7 + 1 == office.count(tables.instance, tables.instance.c.status == "active")


def test_the_incident_of_what_goes_on_again_is_resolved(office: Office) -> None:
    """Here: the workers came back, and the timer has fired."""
    office.deploy(REMINDED)
    instance_id = office.start("reminded")
    office.clock.advance(timedelta(days=2))
    assert [instance_id] == office.engine.report_stalled()
    office.later(minutes=0)
    assert [] == office.engine.report_stalled()
    (incident,) = office.rows(sa.select(tables.incident))

    assert office.clock.now() == incident.resolved_at
    assert incident.message.startswith(incidents.STALLED)


def test_a_suspended_instance_is_not_stalled(office: Office) -> None:
    """Its jobs rest with it, however long."""
    office.deploy(REMINDED)
    instance_id = office.start("reminded")
    with office.engine.begin() as work:
        work.suspend(instance_id, "等上级批复", "director")
    office.later(days=40)

    assert [] == office.engine.report_stalled()
    with office.engine.begin() as work:
        work.resume(instance_id, "director")
    office.later(days=1)
    assert [] == office.engine.report_stalled()


def test_a_thousand_instances_are_looked_through_page_by_page(office: Office) -> None:
    """Every lost one is found, wherever it stands."""
    office.deploy(line("short", task("one", "甲")))
    ids = []
    for _ in range(12):
        with office.engine.begin() as work:
            ids += [work.start("short").instance_id for _ in range(100)]
    ids.sort()
    lost = sorted([ids[0], ids[499], ids[500], ids[999], ids[1000], ids[-1]])
    task_ = tables.user_task
    with office.engine.begin() as work:
        gone = sa.select(task_.c.id).where(task_.c.instance_id.in_(lost))
        candidate = tables.candidate
        work.connection.execute(
            candidate.delete().where(candidate.c.user_task_id.in_(gone))
        )
        work.connection.execute(task_.delete().where(task_.c.instance_id.in_(lost)))

    assert lost == office.engine.report_stalled()
