"""Many called instances at once, and rework that goes round and round."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import sqlalchemy as sa

from engine import tables
from tests.bench import completions

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' targetNamespace="urn:ducha:bench" id="definitions">'
)
CALLER = (
    '<process id="caller" name="caller" isExecutable="true"><startEvent id="start"/>'
    '<callActivity id="units" calledElement="unit"><extensionElements>'
    '<camunda:in source="unit" target="unit"/></extensionElements>'
    '<multiInstanceLoopCharacteristics camunda:collection="units"'
    ' camunda:elementVariable="unit"/></callActivity><endEvent id="end"/>'
    '<sequenceFlow id="a" sourceRef="start" targetRef="units"/>'
    '<sequenceFlow id="b" sourceRef="units" targetRef="end"/></process>'
)
UNIT = (
    '<process id="unit" name="unit" isExecutable="true"><startEvent id="begin"/>'
    '<userTask id="report" name="report" camunda:candidateGroups="office"/>'
    '<endEvent id="over"/>'
    '<sequenceFlow id="c" sourceRef="begin" targetRef="report"/>'
    '<sequenceFlow id="d" sourceRef="report" targetRef="over"/></process>'
)
ROUND = (
    '<process id="round" name="round" isExecutable="true"><startEvent id="first"/>'
    '<exclusiveGateway id="again"/>'
    '<userTask id="redo" name="redo" camunda:candidateGroups="office"/>'
    '<exclusiveGateway id="good" default="yes"/><endEvent id="last"/>'
    '<sequenceFlow id="e" sourceRef="first" targetRef="again"/>'
    '<sequenceFlow id="f" sourceRef="again" targetRef="redo"/>'
    '<sequenceFlow id="g" sourceRef="redo" targetRef="good"/>'
    '<sequenceFlow id="yes" sourceRef="good" targetRef="last"/>'
    '<sequenceFlow id="no" sourceRef="good" targetRef="again">'
    '<conditionExpression xsi:type="tFormalExpression">${again}'
    "</conditionExpression></sequenceFlow></process>"
)
MANY, FEW, ROUNDS = 200, 3, 200
#: Several measured at each end of the rounds, so that one slow commit decides nothing.
SAMPLE = 15


@dataclass(frozen=True)
class Cost:
    """What a command cost: time, statements, and bytes of the stored caller."""

    seconds: float
    statements: int
    state: int


def deploy(office: completions.Office) -> None:
    """Deploy the three processes."""
    files = {
        f"{number}.bpmn": f"{HEAD}{process}</definitions>".encode()
        for number, process in enumerate((CALLER, UNIT, ROUND))
    }
    with office.engine.begin() as work:
        work.deploy(files)


@contextmanager
def counted(database: sa.Engine) -> Iterator[list[str]]:
    """Give a list in which every statement sent is noted."""
    sent: list[str] = []

    def note(_c: object, _r: object, statement: str, *_: object) -> None:
        sent.append(statement)

    sa.event.listen(database, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(database, "before_cursor_execute", note)


def opening(office: completions.Office, number: int) -> tuple[str, Cost]:
    """Start an instance that calls so many; return its id and what that cost."""
    units = [f"unit{place}" for place in range(number)]
    with counted(office.database) as sent:
        began = time.perf_counter()
        with office.engine.begin() as work:
            started = work.start(
                "caller", person=completions.CLERK, variables={"units": units}
            )
        seconds = time.perf_counter() - began
    size = state_of(office, started.instance_id)
    return started.instance_id, Cost(seconds, len(sent), size)


def completing(office: completions.Office, root_id: str, count: int) -> list[Cost]:
    """Complete some units' tasks, each of which ends its called instance."""
    table = tables.user_task
    query = (
        sa.select(table.c.id)
        .where(table.c.root_id == root_id, table.c.closed_at.is_(None))
        .limit(count)
    )
    with office.engine.read() as connection:
        task_ids = connection.scalars(query).all()
    costs = []
    for task_id in task_ids:
        with counted(office.database) as sent:
            began = time.perf_counter()
            with office.engine.begin() as work:
                work.complete_task(task_id, completions.CLERK, {})
            seconds = time.perf_counter() - began
        costs.append(Cost(seconds, len(sent), state_of(office, root_id)))
    return costs


def rounds(office: completions.Office, count: int) -> list[Cost]:
    """Redo one task so many times; return what each round cost."""
    with office.engine.begin() as work:
        instance_id = work.start("round", person=completions.CLERK).instance_id
    costs = []
    for _ in range(count):
        ((task_id, _),) = office.open_tasks(instance_id)
        with counted(office.database) as sent:
            began = time.perf_counter()
            with office.engine.begin() as work:
                work.complete_task(task_id, completions.CLERK, {"again": True})
            seconds = time.perf_counter() - began
        costs.append(Cost(seconds, len(sent), state_of(office, instance_id)))
    return costs


def longest_wait(office: completions.Office) -> tuple[float, float]:
    """Open many while another thread works; return that and its slowest act.

    Both in seconds.
    """
    over = threading.Event()
    slowest = [0.0]

    def others() -> None:
        while not over.is_set():
            began = time.perf_counter()
            office.start()
            slowest[0] = max(slowest[0], time.perf_counter() - began)

    thread = threading.Thread(target=others)
    thread.start()
    _, cost = opening(office, MANY)
    over.set()
    thread.join()
    return cost.seconds, slowest[0]


def state_of(office: completions.Office, instance_id: str) -> int:
    """Return the bytes of a stored state; 0 once it is over."""
    table = tables.instance
    query = sa.select(sa.func.length(table.c.state)).where(table.c.id == instance_id)
    with office.engine.read() as connection:
        return int(connection.execute(query).scalar_one() or 0)


def figures(office: completions.Office) -> Iterator[tuple[str, str, str, bool | None]]:
    """Measure and yield (name, value, goal, met)."""
    deploy(office)
    few = []
    for _ in range(SAMPLE // FEW):
        root_id, _ = opening(office, FEW)
        few += completing(office, root_id, FEW - 1)
    root_id, cost = opening(office, MANY)
    name = f"opening {MANY} called instances"
    yield name, f"{cost.seconds:.2f} s", "<= 3 s", cost.seconds <= 3
    many = completing(office, root_id, SAMPLE)
    ratio = median(c.seconds for c in many) / median(c.seconds for c in few)
    name = f"a called instance's end, one of {MANY} / one of {FEW}"
    yield name, f"{ratio:.2f}", "<= 5", ratio <= 5
    whole, slowest = longest_wait(office)
    name = f"another instance's slowest start meanwhile (in {whole:.2f} s)"
    yield name, f"{slowest:.3f} s", "", None
    costs = rounds(office, ROUNDS)
    first, last = costs[:SAMPLE], costs[-SAMPLE:]
    ratio = median(c.seconds for c in last) / median(c.seconds for c in first)
    yield f"round {ROUNDS} / round 1", f"{ratio:.2f}", "<= 1.2", ratio <= 1.2
