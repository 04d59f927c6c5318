"""SpiffWorkflow's own BPMN layer, played as it comes.

Nothing of the product uses this: `test_stock_defects.py` holds it against ours.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.event_definitions import item_aware_event
from SpiffWorkflow.bpmn.specs.event_definitions import message
from SpiffWorkflow.bpmn.specs.event_definitions import timer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.camunda.parser.CamundaParser import CamundaParser
from SpiffWorkflow.util.task import TaskState

from tests.engine.bpmn import game_stories

#: Where the story of a defect begins.
BEGINNING = datetime(2026, 4, 29, 1, tzinfo=UTC)
#: What stock wants as Python: timers quoted, conditions and callees bare.
_DIALECT = (
    (re.compile(r"(<time(?:Date|Duration|Cycle)>)([^<]*)(</)"), r"\1'\2'\3"),
    (re.compile(r"\$\{([^}]*)\}"), r"\1"),
)


class StockClock(datetime):
    """The clock that stock's timers read; only stories move it."""

    moment = BEGINNING

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        """Return the moment of the story."""
        return cls.moment.astimezone(tz)


class Stock:
    """One instance on stock SpiffWorkflow, with the verbs of a defect's story."""

    def __init__(
        self, body: str, patch: pytest.MonkeyPatch, variables: Mapping[str, object]
    ) -> None:
        self._patch = patch
        self._body = body
        self._given = dict(variables)
        patch.setattr(timer, "datetime", StockClock)
        patch.setattr(StockClock, "moment", BEGINNING)
        self._spec, self._subs = self._parse()
        self.workflow = self._fresh()

    def _parse(self) -> tuple[Any, Any]:
        body = self._body
        for pattern, ours in _DIALECT:
            body = pattern.sub(ours, body)
        # The one of stock's parsers that reads camunda:collection.
        parser = CamundaParser() if "camunda:collection" in body else BpmnParser()
        text = game_stories.HEAD + body + "</process></definitions>"
        parser.add_bpmn_xml(etree.fromstring(text.encode()), filename="defect.bpmn")
        return parser.get_spec("p"), parser.get_subprocess_specs("p")

    def _fresh(self) -> BpmnWorkflow:
        workflow = BpmnWorkflow(self._spec, self._subs)
        workflow.task_tree.data.update(self._given)
        for start in workflow.get_tasks(state=TaskState.READY):
            start.data.update(self._given)
        workflow.do_engine_steps()
        return workflow

    def another(self) -> None:
        """Go on with a second instance of the same definition."""
        self.workflow = self._fresh()

    def restart(self) -> None:
        """Store the instance, and load it as a new process would."""
        serializer = BpmnWorkflowSerializer()
        stored = json.loads(json.dumps(serializer.to_dict(self.workflow)))
        self.workflow = serializer.from_dict(stored)
        self.workflow.spec, self.workflow.subprocess_specs = self._parse()
        for task in self.workflow.tasks.values():
            task.task_spec = self.workflow.spec.task_specs[task.task_spec.name]

    def store_sorted(self) -> None:
        """Store the instance where something sorts its keys, and load it again."""
        serializer = BpmnWorkflowSerializer()
        text = json.dumps(serializer.to_dict(self.workflow), sort_keys=True)
        self.workflow = serializer.from_dict(json.loads(text))

    def complete(self, element_id: str, **variables: object) -> None:
        """Complete the first open user task at an element."""
        task = next(t for t in self._ready() if _element(t) == element_id)
        task.data.update(variables)
        task.run()
        self.workflow.do_engine_steps()

    def send(self, name: str) -> None:
        """Send a message to whatever waits for it."""
        self._catch(message.MessageEventDefinition(name))

    def signal(self, name: str) -> None:
        """Broadcast a signal."""
        self._catch(item_aware_event.SignalEventDefinition(name))

    def fail(self, element_id: str, code: str) -> None:
        """Report an error of the service task at an element: stock knows no place."""
        self._catch(item_aware_event.ErrorEventDefinition(code, code))

    def _catch(self, definition: object) -> None:
        self.workflow.catch(BpmnEvent(definition))
        self.workflow.do_engine_steps()

    def days(self, number: int) -> None:
        """Let days pass, and what is due happen."""
        StockClock.moment += timedelta(days=number)
        self.workflow.refresh_timers()
        self.workflow.do_engine_steps()

    @property
    def tasks(self) -> list[str]:
        """The elements of the open user tasks, sorted."""
        return sorted(_element(t) for t in self._ready())

    @property
    def ended(self) -> bool:
        """Whether the instance says that it is over."""
        return bool(self.workflow.is_completed())

    def seen_at(self, element_id: str) -> Mapping[str, object]:
        """Return the variables that the open user task at an element sees."""
        return dict(next(t for t in self._ready() if _element(t) == element_id).data)

    @property
    def told(self) -> list[str]:
        """The names of the messages and signals that left."""
        return [e.event_definition.name for e in self.workflow.get_events()]

    def seen_in_call(self, element_id: str) -> Mapping[str, object]:
        """Return the variables that a user task of the called process sees."""
        return self.seen_at(element_id)

    def _ready(self) -> list[Any]:
        return [
            task
            for task in self.workflow.get_tasks(state=TaskState.READY)
            if task.task_spec.manual
        ]


def _element(task: Any) -> str:
    return str(task.task_spec.name).removesuffix(" [child]")
