"""A database in memory or on the server, and the processes that share it."""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from engine import clock as clocks
from engine import database
from engine import tables
from engine.engine import Engine
from tests.survival import checker
from tests.survival import story

#: Started in one transaction, where starting is not what a test is about.
BATCH = 100

DIAGRAMS = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  targetNamespace="urn:ducha:survival" id="definitions">
 <process id="caller" name="办件" isExecutable="true">
  <startEvent id="start"/>
  <callActivity id="units" name="各单位办理" calledElement="called">
   <extensionElements><camunda:in source="unit" target="unit"/></extensionElements>
   <multiInstanceLoopCharacteristics camunda:collection="${units}"
     camunda:elementVariable="unit"/>
  </callActivity>
  <userTask id="conclude" name="办结" camunda:candidateGroups="officer"/>
  <endEvent id="end"/>
  <sequenceFlow id="f1" sourceRef="start" targetRef="units"/>
  <sequenceFlow id="f2" sourceRef="units" targetRef="conclude"/>
  <sequenceFlow id="f3" sourceRef="conclude" targetRef="end"/>
 </process>
 <process id="called" name="单位办理" isExecutable="true">
  <startEvent id="begin"/>
  <userTask id="handle" name="办理" camunda:assignee="${unit}"/>
  <endEvent id="done"/>
  <sequenceFlow id="u1" sourceRef="begin" targetRef="handle"/>
  <sequenceFlow id="u2" sourceRef="handle" targetRef="done"/>
 </process>
 <process id="offered" name="交办" isExecutable="true">
  <startEvent id="offer"/>
  <userTask id="first" name="拟办" camunda:candidateGroups="officer"/>
  <userTask id="last" name="办结" camunda:candidateGroups="officer"/>
  <endEvent id="over"/>
  <sequenceFlow id="o1" sourceRef="offer" targetRef="first"/>
  <sequenceFlow id="o2" sourceRef="first" targetRef="last"/>
  <sequenceFlow id="o3" sourceRef="last" targetRef="over"/>
 </process>
 <process id="waiting" name="等候" isExecutable="true">
  <startEvent id="set"/>
  <intermediateCatchEvent id="due" name="一小时后">
   <timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>
  </intermediateCatchEvent>
  <serviceTask id="report" name="报告" camunda:delegateExpression="${remind}"/>
  <endEvent id="fired"/>
  <sequenceFlow id="w1" sourceRef="set" targetRef="due"/>
  <sequenceFlow id="w2" sourceRef="due" targetRef="report"/>
  <sequenceFlow id="w3" sourceRef="report" targetRef="fired"/>
 </process>
 <process id="rework" name="返工" isExecutable="true">
  <startEvent id="enter"/>
  <userTask id="propose" name="拟办" camunda:candidateGroups="officer"/>
  <userTask id="review" name="审核" camunda:candidateGroups="deputy"/>
  <exclusiveGateway id="decided" default="r4"/>
  <endEvent id="approved"/>
  <sequenceFlow id="r1" sourceRef="enter" targetRef="propose"/>
  <sequenceFlow id="r2" sourceRef="propose" targetRef="review"/>
  <sequenceFlow id="r3" sourceRef="review" targetRef="decided"/>
  <sequenceFlow id="r4" sourceRef="decided" targetRef="approved"/>
  <sequenceFlow id="r5" name="退回" sourceRef="decided" targetRef="propose">
   <conditionExpression>${decision == 'RETURN'}</conditionExpression>
  </sequenceFlow>
 </process>
</definitions>
"""


class House:
    """An office whose engines stand for processes."""

    def __init__(self, url: str, home: Path) -> None:
        """Move into a prepared database."""
        self.url = url
        self.home = home
        self.clock = clocks.FixedClock(story.BEGINNING)
        self.pool = database.create(url)
        self.engine = self.another_engine()
        with self.engine.begin() as work:
            work.deploy({"races.bpmn": DIAGRAMS.encode()})

    def another_engine(self) -> Engine:
        """Return an engine as another process has it."""
        return story.engine(self.pool, self.clock, self.home / "sent")

    def start(self, count: int, key: str, **variables: object) -> list[str]:
        """Start so many instances and return their ids."""
        ids: list[str] = []
        while len(ids) < count:
            with self.engine.begin() as work:
                ids += [
                    work.start(key, variables=variables, person="officer").instance_id
                    for _ in range(min(BATCH, count - len(ids)))
                ]
        return ids

    def complete(self, task_id: str, person: str, **fields: object) -> list[str]:
        """Complete a task and return the tasks that opened."""
        with self.engine.begin() as work:
            return list(work.complete_task(task_id, person, fields).opened)

    def open_tasks(self, name: str) -> Iterator[tuple[str, str | None, str]]:
        """Yield (root id, assignee, task id) of the open tasks of this name."""
        task = tables.user_task.c
        query = (
            sa.select(task.root_id, task.assignee, task.id)
            .where(task.name == name, task.closed_at.is_(None))
            .order_by(task.root_id, task.assignee)
        )
        with self.engine.read() as connection:
            for row in connection.execute(query):
                yield row.root_id, row.assignee, row.id

    def count(self, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
        """Return how many rows a table has."""
        query = sa.select(sa.func.count()).select_from(table).where(*conditions)
        with self.engine.read() as connection:
            return int(connection.execute(query).scalar_one())

    def examine(self) -> list[str]:
        """Return what the checker finds wrong."""
        with self.engine.read() as connection:
            return checker.examine(connection)
