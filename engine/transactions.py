"""An instance within a transaction: who acts on it, and what it may ask.

The token game asks its surroundings for the time, for handlers and for decisions.
"""

from collections.abc import Callable
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Protocol

from engine import definitions
from engine import handlers
from engine import history
from engine.bpmn import model
from engine.bpmn import values
from engine.bpmn.game import tokens


@dataclass(frozen=True, slots=True)
class Act:
    """Who moves the instance, and what they brought."""

    person: str | None = None
    on_behalf_of: str | None = None
    task_id: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    #: Of the job that tries a failed element again; None for any other act.
    attempts_left: int | None = None


#: What happens by itself.
NOBODY = Act()


class Transaction(handlers.Work, Protocol):
    """The unit of work, as far as instances need it."""

    #: The instances loaded in this transaction.
    instances: "dict[str, Instance]"
    #: Jobs to be run at once after the commit.
    prompt: list[str]
    worker: str
    registry: handlers.Registry
    library: definitions.Library

    @property
    def functions(self) -> Mapping[str, Callable[..., object]]:
        """The functions that expressions may call."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what is done inside, in memory too, when it raises."""
        ...


@dataclass(slots=True)
class Instance:
    """A process instance of this transaction."""

    id: str
    definition: definitions.Definition
    business_key: str | None
    parent_id: str | None
    parent_wait_id: str | None
    root_id: str
    root_key: str
    depth: int
    version: int
    history_seq: int
    history_head: str
    #: None until the token game has begun.
    game: tokens.Game = field(init=False)
    surroundings: "Surroundings" = field(init=False)
    act: Act = NOBODY
    #: Whether tokens are moving now: what comes from outside has to wait.
    moving: bool = False
    #: Happened since the last save.
    events: list[history.Event] = field(default_factory=list)


class Surroundings:
    """What one instance's token game may ask of the transaction."""

    def __init__(self, work: Transaction, instance: Instance) -> None:
        """Belong to one instance in one transaction."""
        self._work = work
        self._instance = instance
        self.functions = work.functions

    def now(self) -> datetime:
        """Return the moment of the transaction."""
        return self._work.now()

    def invoke(
        self,
        handler: str,
        element: model.Element,
        token_id: str,
        variables: Mapping[str, object],
        listener: model.Listener | None,
    ) -> Mapping[str, object] | None:
        """Run a handler; of one that raises nothing remains."""
        function = self._work.registry.handlers.get(handler)
        if function is None:
            raise handlers.NoHandler(f"没有登记处理程序“{handler}”。", name=handler)
        instance, act = self._instance, self._instance.act
        call = handlers.Call(
            work=self._work,
            instance_id=instance.id,
            root_id=instance.root_id,
            business_key=instance.business_key,
            element=element,
            variables=variables,
            fields=act.fields,
            task_id=token_id if element.kind == "userTask" else act.task_id,
            person=act.person,
            on_behalf_of=act.on_behalf_of,
            parameters=listener.fields if listener else {},
        )
        with self._work.savepoint():
            given = function(call)
            if given is not None:
                _require_json(handler, given)
            return given

    def decide(
        self,
        decision: str,
        element: model.Element,
        variables: Mapping[str, object],
    ) -> list[dict[str, object]]:
        """Return the rows of one of the definition's decision tables."""
        table = self._instance.definition.decisions.get(decision)
        if table is None:
            raise handlers.NoHandler(f"没有决策表“{decision}”。", name=decision)
        return table.decide(variables, self.functions)


def _require_json(handler: str, given: Mapping[str, object]) -> None:
    # A fault of the handler, not of the person: the token parks.
    try:
        values.require_json(dict(given))
    except values.ValueRefused as error:
        raise TypeError(f"处理程序“{handler}”的返回值：{error}") from error
