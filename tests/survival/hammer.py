"""Processes that do everything at once to the same instances.

Each takes acts at random: it starts, completes, claims, sends messages, fetches
external tasks, runs what is due, terminates, suspends and resumes. What comes back
is the result, or a refusal that a person can read; anything else is told.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from multiprocessing.connection import Connection

import sqlalchemy as sa

from engine import errors
from engine import external_tasks
from engine import people
from engine import tables
from engine.engine import Engine
from tests.survival import races

BEGINNING = datetime(2026, 9, 28, 1, tzinfo=UTC)
TOPIC = external_tasks.Topic("print", timedelta(seconds=30))
#: The business keys that all processes share.
KEYS = 12

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  targetNamespace="urn:ducha:survival" id="definitions">
 <message id="answer_message" name="answer"/>
 <signal id="alarm_signal" name="alarm"/>
 <process id="whole" name="整件" isExecutable="true">
  <startEvent id="start"/>
  <parallelGateway id="fork"/>
  <callActivity id="units" name="各单位" calledElement="part">
   <multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>
   </multiInstanceLoopCharacteristics>
  </callActivity>
  <boundaryEvent id="late" attachedToRef="units" cancelActivity="false">
   <timerEventDefinition><timeCycle>R/PT2M</timeCycle></timerEventDefinition>
  </boundaryEvent>
  <userTask id="urge" name="催办" camunda:candidateGroups="officer"/>
  <boundaryEvent id="heard" attachedToRef="units" cancelActivity="true">
   <signalEventDefinition signalRef="alarm_signal"/>
  </boundaryEvent>
  <intermediateCatchEvent id="answer">
   <messageEventDefinition messageRef="answer_message"/>
  </intermediateCatchEvent>
  <serviceTask id="print" camunda:type="external" camunda:topic="print"/>
  <parallelGateway id="join"/>
  <userTask id="conclude" name="办结" camunda:candidateGroups="officer"/>
  <exclusiveGateway id="merge"/>
  <endEvent id="end"/><endEvent id="urged"/>
  <sequenceFlow id="f1" sourceRef="start" targetRef="fork"/>
  <sequenceFlow id="f2" sourceRef="fork" targetRef="units"/>
  <sequenceFlow id="f3" sourceRef="fork" targetRef="answer"/>
  <sequenceFlow id="f4" sourceRef="answer" targetRef="print"/>
  <sequenceFlow id="f5" sourceRef="print" targetRef="join"/>
  <sequenceFlow id="f6" sourceRef="units" targetRef="merge"/>
  <sequenceFlow id="f7" sourceRef="join" targetRef="conclude"/>
  <sequenceFlow id="f8" sourceRef="conclude" targetRef="end"/>
  <sequenceFlow id="f9" sourceRef="late" targetRef="urge"/>
  <sequenceFlow id="f10" sourceRef="urge" targetRef="urged"/>
  <sequenceFlow id="f11" sourceRef="heard" targetRef="merge"/>
  <sequenceFlow id="f12" sourceRef="merge" targetRef="join"/>
 </process>
 <process id="part" name="一家" isExecutable="true">
  <startEvent id="begin"/>
  <userTask id="handle" name="办理" camunda:candidateGroups="officer"/>
  <intermediateCatchEvent id="wait">
   <timerEventDefinition><timeDuration>PT1M</timeDuration></timerEventDefinition>
  </intermediateCatchEvent>
  <endEvent id="done"/>
  <sequenceFlow id="p1" sourceRef="begin" targetRef="handle"/>
  <sequenceFlow id="p2" sourceRef="handle" targetRef="wait"/>
  <sequenceFlow id="p3" sourceRef="wait" targetRef="done"/>
 </process>
</definitions>
"""


class FastClock:
    """The machine's clock, a hundred times as fast: timers fall due in a test."""

    def __init__(self, zero: float) -> None:
        """Stand at BEGINNING at `zero`, by the monotonic clock all processes share."""
        self.zero = zero

    def now(self) -> datetime:
        """Return the present moment."""
        passed = (time.monotonic() - self.zero) * 100
        return BEGINNING + timedelta(seconds=passed)


class Hand:
    """What one process does."""

    def __init__(self, engine: Engine, number: int) -> None:
        """Use an engine of its own."""
        self.random = random.Random(number)
        self.worker = f"hand {number}"
        self.engine = engine
        self.acts: dict[str, Callable[[], object]] = {
            "start": self.start,
            "complete": self.complete,
            "claim": self.claim,
            "answer": self.answer,
            "print": self.print,
            "run": lambda: self.engine.run_due(limit=5),
            "alarm": lambda: self.engine.carry_out(lambda work: work.signal("alarm")),
            "terminate": self.terminate,
            "suspend": self.suspend,
            "resume": self.resume,
        }
        self.weights = (6, 12, 3, 5, 5, 6, 0.3, 0.4, 0.5, 2)

    def go_on(self, seconds: float) -> Counter[str]:
        """Act for so long; count what came of it."""
        seen: Counter[str] = Counter()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            (name,) = self.random.choices(list(self.acts), self.weights)
            try:
                self.acts[name]()
                seen[f"{name}: done"] += 1
            except errors.Refused:
                seen[f"{name}: refused"] += 1
            except Exception as error:
                seen[f"{name}: FAILED {type(error).__name__}: {error}"[:300]] += 1
        return seen

    def _any(self, column: sa.Column[str], *where: sa.ColumnElement[bool]) -> str:
        with self.engine.read() as connection:
            found = connection.scalars(sa.select(column).where(*where).limit(40)).all()
        if not found:
            raise errors.NotFound
        return self.random.choice(found)

    def _task(self) -> str:
        task = tables.user_task.c
        return self._any(task.id, task.closed_at.is_(None))

    def _root(self, *where: sa.ColumnElement[bool]) -> str:
        instance = tables.instance.c
        mine = (instance.status == "active", instance.parent_id.is_(None))
        return self._any(instance.id, *mine, *where)

    def _key(self) -> str:
        return str(self.random.randrange(KEYS))

    def start(self) -> object:
        """Start an instance."""
        key = self._key()
        return self.engine.carry_out(lambda work: work.start("whole", business_key=key))

    def complete(self) -> object:
        """Complete a task that others see, too."""
        task_id = self._task()
        return self.engine.carry_out(
            lambda work: work.complete_task(task_id, "officer", {})
        )

    def claim(self) -> object:
        """Claim a task."""
        task_id = self._task()
        return self.engine.carry_out(lambda work: work.claim_task(task_id, "officer"))

    def answer(self) -> object:
        """Send a message, which may wait."""
        key = self._key()
        return self.engine.carry_out(
            lambda work: work.correlate(
                "answer", business_key=key, keep_for=timedelta(minutes=10)
            )
        )

    def print(self) -> None:
        """Fetch external tasks and report on them."""
        for task in self.engine.carry_out(
            lambda work: work.fetch_and_lock(self.worker, [TOPIC], 2)
        ):
            task_id = task.id
            if self.random.random() < 0.2:
                self.engine.carry_out(
                    lambda work, id=task_id: work.fail_external(
                        id, self.worker, "没有纸"
                    )
                )
            else:
                self.engine.carry_out(
                    lambda work, id=task_id: work.complete_external(id, self.worker)
                )

    def terminate(self) -> None:
        """Terminate a whole instance with all it called."""
        root_id = self._root()
        self.engine.carry_out(lambda work: work.terminate(root_id, "乱", "officer"))

    def suspend(self) -> None:
        """Suspend a whole instance."""
        root_id = self._root(tables.instance.c.suspended_at.is_(None))
        self.engine.carry_out(lambda work: work.suspend(root_id, "乱", "officer"))

    def resume(self) -> None:
        """Resume one that is suspended."""
        root_id = self._root(tables.instance.c.suspended_at.is_not(None))
        self.engine.carry_out(lambda work: work.resume(root_id, "officer"))


def prepare(engine: Engine) -> None:
    """Give a database its person and its processes."""
    with engine.begin() as work:
        people.add_person(work.connection, "officer", "王专员", at=BEGINNING)
        people.add_post(work.connection, "officer", "officer", starts_at=BEGINNING)
        work.deploy({"hammer.bpmn": DIAGRAM.encode()})


def _hand(
    url: str, zero: float, number: int, seconds: float, answer: Connection
) -> None:
    with races.engine_on(url, FastClock(zero)) as engine:
        answer.send(Hand(engine, number).go_on(seconds))


def hammer(url: str, *, processes: int, seconds: float) -> Counter[str]:
    """Let so many processes act for so long; count what came of all of it."""
    context = multiprocessing.get_context("spawn")
    zero = time.monotonic()
    hands = []
    for number in range(processes):
        mine, its = context.Pipe()
        process = context.Process(
            target=_hand, args=(url, zero, number, seconds, its), daemon=True
        )
        process.start()
        its.close()
        hands.append((process, mine))
    seen: Counter[str] = Counter()
    try:
        for process, mine in hands:
            seen += mine.recv()
            process.join()
    finally:
        for process, _ in hands:
            process.kill()
    return seen
