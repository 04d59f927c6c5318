"""A short life of one matter in which everything that can be torn happens.

It registers (a row, a message, a job of the office), calls two units at the same
time, is reminded by a timer, takes over both results, waits for a message from
outside, and is concluded by a person.
"""

from collections import Counter
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import definitions
from engine import handlers
from engine import people
from engine import tables
from engine import unit_of_work
from engine import user_tasks
from engine import workdays
from engine.engine import Engine
from tests.survival.ledger import Ledger

#: A Monday, nine o'clock in Shanghai.
BEGINNING = datetime(2026, 9, 28, 1, tzinfo=UTC)
NUMBER = "督〔2026〕1号"
UNITS = ("officer", "deputy")

DIAGRAMS = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  targetNamespace="urn:ducha:survival" id="definitions">
 <message id="receipt_message" name="receipt"/>
 <process id="matter" name="办件" isExecutable="true">
  <startEvent id="start"/>
  <serviceTask id="register" name="登记"
    camunda:delegateExpression="${register}"/>
  <callActivity id="units" name="各单位办理" calledElement="unit">
   <extensionElements>
    <camunda:in source="unit" target="unit"/>
    <camunda:out source="result" target="last"/>
   </extensionElements>
   <multiInstanceLoopCharacteristics camunda:collection="${units}"
     camunda:elementVariable="unit"/>
  </callActivity>
  <boundaryEvent id="late" attachedToRef="units" cancelActivity="false">
   <timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>
  </boundaryEvent>
  <serviceTask id="remind" name="提醒" camunda:delegateExpression="${remind}"/>
  <endEvent id="reminded"/>
  <intermediateCatchEvent id="receipt" name="回执">
   <messageEventDefinition messageRef="receipt_message"/>
  </intermediateCatchEvent>
  <userTask id="conclude" name="办结" camunda:candidateGroups="officer"/>
  <endEvent id="end"/>
  <sequenceFlow id="f1" sourceRef="start" targetRef="register"/>
  <sequenceFlow id="f2" sourceRef="register" targetRef="units"/>
  <sequenceFlow id="f3" sourceRef="units" targetRef="receipt"/>
  <sequenceFlow id="f4" sourceRef="receipt" targetRef="conclude"/>
  <sequenceFlow id="f5" sourceRef="conclude" targetRef="end"/>
  <sequenceFlow id="f6" sourceRef="late" targetRef="remind"/>
  <sequenceFlow id="f7" sourceRef="remind" targetRef="reminded"/>
 </process>
 <process id="unit" name="单位办理" isExecutable="true">
  <startEvent id="begin"/>
  <userTask id="handle" name="办理" camunda:assignee="${unit}"/>
  <serviceTask id="report" name="报告" camunda:delegateExpression="${report}"/>
  <endEvent id="done"/>
  <sequenceFlow id="u1" sourceRef="begin" targetRef="handle"/>
  <sequenceFlow id="u2" sourceRef="handle" targetRef="report"/>
  <sequenceFlow id="u3" sourceRef="report" targetRef="done"/>
 </process>
</definitions>
"""

#: The definitions are the same in every copy of the database.
LIBRARY = definitions.Library()

#: The records of this office. No key keeps a row from being there twice.
metadata = sa.MetaData()
record = sa.Table(
    "survival_record",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("instance_id", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
)


def registry(sent: Path) -> handlers.Registry:
    """Return what the diagrams name; messages of the outbox go to a file."""
    found = handlers.Registry()

    def write(call: handlers.Call, what: str) -> None:
        row = {"instance_id": call.instance_id, "what": what}
        call.work.connection.execute(record.insert(), row)

    @found.handler("register")
    def register(call: handlers.Call) -> None:
        write(call, "registered")
        call.work.schedule("examine", BEGINNING, {"id": call.instance_id}, key="first")
        call.work.send("sms", "1380", {}, key="registered")

    @found.handler("remind")
    def remind(call: handlers.Call) -> None:
        write(call, "reminded")

    @found.handler("report")
    def report(call: handlers.Call) -> dict[str, object]:
        write(call, f"reported by {call.variables['unit']}")
        return {"result": call.variables["unit"]}

    @found.job("examine")
    def examine(work: handlers.Work, payload: Any) -> None:
        row = {"instance_id": payload["id"], "what": "examined"}
        work.connection.execute(record.insert(), row)

    @found.channel("sms")
    def sms(message: handlers.Message) -> None:
        Ledger(sent).acknowledge(message.id, message.key)

    return found


def prepare(url: str) -> None:
    """Give a database with the present schema its people and procedures."""
    pool = database.create(url)
    metadata.create_all(pool)
    with engine(pool, clocks.FixedClock(BEGINNING), Path("unused")).begin() as work:
        for person, name in (("officer", "王专员"), ("deputy", "张副主任")):
            people.add_person(work.connection, person, name, at=BEGINNING)
            people.add_post(work.connection, person, person, starts_at=BEGINNING)
        work.deploy({"survival.bpmn": DIAGRAMS.encode()})
    pool.dispose()


def engine(pool: sa.Engine, clock: clocks.Clock, sent: Path) -> Engine:
    """Return the engine of this office."""
    found = Engine(
        pool,
        clock=clock,
        calendar=workdays.Calendar({}),
        registry=registry(sent),
    )
    found.library = LIBRARY
    return found


class Client:
    """Carries the story on from wherever it is, as its ledger and the lists say."""

    def __init__(self, pool: sa.Engine, ledger: Ledger, sent: Path, days: int) -> None:
        """Live so many days after the beginning."""
        self.clock = clocks.FixedClock(BEGINNING + timedelta(days=days))
        self.engine = engine(pool, self.clock, sent)
        self.ledger = ledger

    def go_on(self) -> None:
        """Do what is left of the story; begun acts without an answer are repeated."""
        self.settle()
        self.ask("start", lambda work: {"id": work.start(**STARTED).instance_id})
        self.complete("办理", "officer")
        self.clock.advance(timedelta(hours=1))
        self.settle()
        self.complete("办理", "deputy")
        self.ask("receipt", receive)
        self.complete("办结", "officer")
        self.settle()

    def settle(self) -> None:
        """Run what is due, as the heartbeat does."""
        while self.engine.run_due():
            pass

    def ask(self, act: str, command: Any) -> None:
        """Send a request that is safe to repeat under its key."""
        if act in self.ledger.acknowledged():
            return
        self.ledger.intend(act, act)
        with self.engine.begin() as work:
            answer = work.once(act, act, lambda: command(work))
        self.ledger.acknowledge(act, act, **answer)

    def complete(self, name: str, person: str) -> None:
        """Complete a person's task; closed by them already, it is done."""
        act = f"{name} {person}"
        if act in self.ledger.acknowledged():
            return
        task_id = self.ledger.intents().get(act) or self.open_task(name, person)
        self.ledger.intend(act, task_id)
        try:
            with self.engine.begin() as work:
                work.complete_task(task_id, person, {})
        except user_tasks.AlreadyClosed as error:
            if error.ids["person"] != person:
                raise
        self.ledger.acknowledge(act, task_id, task_id=task_id, person=person)

    def open_task(self, name: str, person: str) -> str:
        """Return the id of the one open task of this name for the person."""
        task = tables.user_task.c
        query = sa.select(task.id).where(
            task.name == name,
            task.closed_at.is_(None),
            sa.func.coalesce(task.assignee, person) == person,
        )
        with self.engine.read() as connection:
            return str(connection.execute(query).scalar_one())


STARTED: dict[str, Any] = {
    "key": "matter",
    "variables": {"units": list(UNITS)},
    "business_key": NUMBER,
    "person": "officer",
}


def receive(work: unit_of_work.UnitOfWork) -> dict[str, object]:
    """Deliver the receipt to the matter."""
    return {"receivers": work.correlate("receipt", business_key=NUMBER)}


def portrait(connection: sa.Connection) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return what there is in the end, without ids and times.

    Two lives of the story that look the same did the same things equally often.
    """
    event, task = tables.history_event.c, tables.user_task.c
    instance, job = tables.instance.c, tables.job.c
    queries = {
        "events": sa.select(
            instance.key, event.type, event.element_id, event.person
        ).join_from(
            tables.history_event, tables.instance, instance.id == event.instance_id
        ),
        "tasks": sa.select(task.element_id, task.closed_by, task.closed_how),
        "instances": sa.select(instance.key, instance.ended_how, instance.version),
        "records": sa.select(record.c.what),
        "outbox": sa.select(tables.outbox.c.key, tables.outbox.c.sent_at.is_(None)),
        "jobs": sa.select(job.kind, job.status),
        "incidents": sa.select(tables.incident.c.kind),
        "answers": sa.select(tables.idempotency.c.key),
    }
    return {
        name: Counter(tuple(row) for row in connection.execute(query))
        for name, query in queries.items()
    }
