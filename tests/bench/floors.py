"""The floors: stock SpiffWorkflow in memory (E), one plain commit (C)."""

import statistics
import time

import sqlalchemy as sa
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.util.task import TaskState

from tests.bench import reference_process

BLOB = b"\x07" * 8192
LINE = "督" * 66


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


class Commits:
    """Transactions of two statements, written plainly, through the driver alone.

    UPDATE of an 8 kB blob and INSERT of 200 bytes, with the durability that the
    product has on this database.
    """

    def __init__(self, db: sa.Engine) -> None:
        sqlite = db.dialect.name == "sqlite"
        self.mark = "?" if sqlite else "%s"
        self.begin = "BEGIN IMMEDIATE" if sqlite else "BEGIN"
        self.connection = db.raw_connection()
        raw = self.connection.driver_connection
        assert raw is not None
        if not sqlite:
            raw.autocommit = True  # the transactions below are written out
        self.cursor = raw.cursor()
        blob = "BLOB" if sqlite else "BYTEA"
        self.cursor.execute(f"CREATE TABLE floor (id INTEGER, state {blob})")
        self.cursor.execute("CREATE TABLE floor_line (number INTEGER, line TEXT)")
        self.cursor.execute(f"INSERT INTO floor VALUES (1, {self.mark})", (BLOB,))

    def times(self, commits: int) -> list[float]:
        """Return the seconds of each of so many transactions."""
        mark, cursor = self.mark, self.cursor
        times = []
        for number in range(commits):
            began = time.perf_counter()
            cursor.execute(self.begin)
            cursor.execute(f"UPDATE floor SET state = {mark} WHERE id = 1", (BLOB,))
            cursor.execute(
                f"INSERT INTO floor_line VALUES ({mark}, {mark})", (number, LINE)
            )
            cursor.execute("COMMIT")
            times.append(time.perf_counter() - began)
        return times

    def close(self) -> None:
        """Give the connection up, its settings with it."""
        self.connection.invalidate()


def mean(times: list[float]) -> float:
    """Return the mean in milliseconds."""
    return statistics.fmean(times) * 1000
