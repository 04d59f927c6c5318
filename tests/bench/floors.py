"""The floors: stock SpiffWorkflow in memory (E), one plain commit (C)."""

import statistics
import time

import sqlalchemy as sa
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.util.task import TaskState

from engine import database
from tests.bench import reference_process


def stock_steps(instances: int) -> list[float]:
    """Return the seconds of each completion by stock SpiffWorkflow, in memory.

    `run`, `do_engine_steps` and the walk for what waits now: what any program on
    top of it must do before it has stored anything.
    """
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(reference_process.for_spiffworkflow()))
    spec = parser.get_spec("reference")
    subprocesses = parser.get_subprocess_specs("reference")
    times = []
    for _ in range(instances):
        workflow = BpmnWorkflow(spec, subprocesses)
        workflow.do_engine_steps()
        waiting = workflow.get_tasks(state=TaskState.READY, manual=True)
        while waiting:
            task = waiting[0]
            fields = reference_process.fields(task.task_spec.name)
            began = time.perf_counter()
            task.data.update(fields)
            task.run()
            workflow.do_engine_steps()
            waiting = workflow.get_tasks(state=TaskState.READY, manual=True)
            times.append(time.perf_counter() - began)
        assert workflow.is_completed()
    return times


def plain_commits(url: str, commits: int) -> list[float]:
    """Return the seconds of each transaction of two statements, written plainly.

    UPDATE of an 8 kB blob and INSERT of 200 bytes, through the driver alone, with
    the durability that the product has.
    """
    db = database.create(url)
    blob, line = b"\x07" * 8192, "督" * 66
    with db.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE floor (id INT, s {_blob(db)})"))
        connection.execute(sa.text("CREATE TABLE floor_line (n INT, s TEXT)"))
        connection.execute(sa.text("INSERT INTO floor VALUES (1, :s)"), {"s": blob})
    mark = "?" if db.dialect.name == "sqlite" else "%s"
    begin = "BEGIN IMMEDIATE" if db.dialect.name == "sqlite" else "BEGIN"
    times = []
    with db.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        if db.dialect.name == "postgresql":
            raw.autocommit = True  # the transactions below are written out
        cursor = raw.cursor()
        for number in range(commits):
            began = time.perf_counter()
            cursor.execute(begin)
            cursor.execute(f"UPDATE floor SET s = {mark} WHERE id = 1", (blob,))
            cursor.execute(
                f"INSERT INTO floor_line VALUES ({mark}, {mark})", (number, line)
            )
            cursor.execute("COMMIT")
            times.append(time.perf_counter() - began)
    return times


def _blob(db: sa.Engine) -> str:
    return "BLOB" if db.dialect.name == "sqlite" else "BYTEA"


def mean(times: list[float]) -> float:
    """Return the mean in milliseconds."""
    return statistics.fmean(times) * 1000
