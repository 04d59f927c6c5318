"""Where the office tells the engine which Python a diagram may name.

A registry is filled once, at start-up, and only read afterwards. Names found in a
diagram are looked up here and nowhere else.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Protocol
from typing import TypeVar

import sqlalchemy as sa

from engine import errors
from engine import workdays
from engine.bpmn import decisions
from engine.bpmn import model


class NameTaken(errors.DuchaError):
    """这一名称已经登记过了。"""


class NoHandler(errors.DuchaError):
    """没有登记这一名称的处理程序。"""


@dataclass(frozen=True, slots=True)
class Started:
    """A new process instance."""

    instance_id: str
    business_key: str | None


class Reading(Protocol):
    """The connection and the moment of something that is only looked at."""

    @property
    def connection(self) -> sa.Connection:
        """The connection to read on."""
        ...

    def now(self) -> datetime:
        """Return the moment for which it is looked at."""
        ...


class Work(Protocol):
    """The transaction a handler runs in, as far as a handler may see it."""

    @property
    def connection(self) -> sa.Connection:
        """The connection of the transaction; nobody but the engine commits it."""
        ...

    @property
    def calendar(self) -> workdays.Calendar:
        """The working-day calendar in force."""
        ...

    def now(self) -> datetime:
        """Return the moment of this transaction, the same at every call."""
        ...

    def schedule(
        self,
        handler: str,
        due_at: datetime,
        payload: Mapping[str, object],
        *,
        key: str | None = None,
        instance_id: str | None = None,
    ) -> bool:
        """Have a registered job run at `due_at`; False if `key` is scheduled."""
        ...

    def unschedule(self, key: str, *, prefix: bool = False) -> int:
        """Drop the job with this key, or all whose key begins so; say how many."""
        ...

    def send(
        self,
        channel: str,
        recipient: str,
        payload: Mapping[str, object],
        *,
        key: str,
        instance_id: str | None = None,
    ) -> bool:
        """Put a message into the outbox; False if `key` was sent before."""
        ...

    def note(
        self,
        instance_id: str,
        type: str,
        details: Mapping[str, object],
        *,
        person: str | None = None,
    ) -> None:
        """Append an event to the instance's history."""
        ...

    def correlate(
        self,
        name: str,
        *,
        business_key: str | None = None,
        instance_id: str | None = None,
        matching: Mapping[str, object] | None = None,
        variables: Mapping[str, object] | None = None,
        fields: Mapping[str, object] | None = None,
        person: str | None = None,
    ) -> int:
        """Deliver a message to the one instance that waits for it.

        The receiver must have the variables of `matching`.
        """
        ...

    def suspend(self, instance_id: str, reason: str, person: str | None) -> None:
        """Let a root instance rest, with all that it called."""
        ...

    def resume(self, instance_id: str, person: str | None) -> None:
        """Let a suspended instance go on; due times move by the time it rested."""
        ...

    def refresh_due_dates(self, root_id: str) -> int:
        """Ask again when open tasks are due whose due date stands in a record."""
        ...

    def start(
        self,
        key: str,
        *,
        variables: Mapping[str, object] | None = None,
        fields: Mapping[str, object] | None = None,
        business_key: str | None = None,
        person: str | None = None,
        start_event: str | None = None,
    ) -> Started:
        """Start an instance of the newest version of a procedure."""
        ...

    def set_business_key(self, instance_id: str, business_key: str) -> None:
        """Give the instance and its open tasks this business key."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler is told about the element that calls it."""

    work: Work
    instance_id: str
    root_id: str
    business_key: str | None
    element: model.Element
    #: Everything visible at the element.
    variables: Mapping[str, object]
    #: What the person or the message brought, record-only fields included.
    fields: Mapping[str, object]
    task_id: str | None = None
    person: str | None = None
    on_behalf_of: str | None = None
    #: camunda:field of the listener.
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the outbox on its way to a channel."""

    id: str
    key: str
    recipient: str
    payload: Mapping[str, object]


T = TypeVar("T")
Handler = Callable[[Call], Mapping[str, object] | None]
Function = Callable[..., object]
Job = Callable[[Work, Mapping[str, object]], None]
Channel = Callable[[Message], None]
#: Told that a root instance rests (None), or goes on after resting since a moment.
Rest = Callable[[Work, str, datetime | None], None]
#: What is wrong with a file of this name and content, in sentences.
FileFaults = Callable[[str, bytes], Iterable[str]]
DecisionFaults = Callable[[decisions.Decision], Iterable[str]]
#: What a field offers at an element: [{"value": …, "label": …}].
Source = Callable[
    [Reading, model.Element, Mapping[str, object]], Sequence[Mapping[str, str]]
]


class Registry:
    """The handlers, expression functions, jobs and channels, by name."""

    def __init__(self) -> None:
        """Begin empty."""
        self.handlers: dict[str, Handler] = {}
        self.functions: dict[str, Function] = {}
        #: Functions whose first argument is the work.
        self.work_functions: dict[str, Function] = {}
        self.jobs: dict[str, Job] = {}
        #: Who is told when an instance is suspended and resumed.
        self.rests: list[Rest] = []
        self.channels: dict[str, Channel] = {}
        self.sources: dict[str, Source] = {}
        self.files: dict[str, FileFaults] = {}
        self.decisions: dict[str, DecisionFaults] = {}

    def handler(self, name: str) -> Callable[[Handler], Handler]:
        """Register what `camunda:delegateExpression="${name}"` runs."""

        def register(function: Handler) -> Handler:
            _put(self.handlers, name, function)
            return function

        return register

    def function(
        self, name: str, *, needs_work: bool = False
    ) -> Callable[[Function], Function]:
        """Register a function of expressions."""

        def register(function: Function) -> Function:
            if name in self.function_names:
                raise NameTaken(name=name)
            _put(self.work_functions if needs_work else self.functions, name, function)
            return function

        return register

    def job(self, name: str) -> Callable[[Job], Job]:
        """Register what `work.schedule(name, ...)` runs."""

        def register(function: Job) -> Job:
            _put(self.jobs, name, function)
            return function

        return register

    def resting(self, function: Rest) -> Rest:
        """Register who moves the office's own deadlines when an instance rests."""
        self.rests.append(function)
        return function

    def channel(self, name: str) -> Callable[[Channel], Channel]:
        """Register who carries the messages of an outbox channel.

        It runs outside any transaction and may be called twice with one key.
        """

        def register(function: Channel) -> Channel:
            _put(self.channels, name, function)
            return function

        return register

    def choices(self, name: str) -> Callable[[Source], Source]:
        """Register what a form field with `"valuesKey": name` offers."""

        def register(function: Source) -> Source:
            _put(self.sources, name, function)
            return function

        return register

    def file(self, suffix: str) -> Callable[[FileFaults], FileFaults]:
        """Register who judges files with this suffix that are deployed along."""

        def register(function: FileFaults) -> FileFaults:
            _put(self.files, suffix, function)
            return function

        return register

    def decision(self, id: str) -> Callable[[DecisionFaults], DecisionFaults]:
        """Register who judges a decision table with this id before it is deployed."""

        def register(function: DecisionFaults) -> DecisionFaults:
            _put(self.decisions, id, function)
            return function

        return register

    def decision_faults(self, decision: decisions.Decision) -> Iterable[str]:
        """Return what is wrong with a decision table whose use the office knows."""
        faults = self.decisions.get(decision.id)
        return faults(decision) if faults else ()

    def faults(self, name: str, content: bytes) -> Iterable[str]:
        """Return what is wrong with a file that is deployed along."""
        for suffix, faults in self.files.items():
            if name.endswith(suffix):
                return faults(name, content)
        known = "、".join([".bpmn", ".form", ".dmn", *self.files])
        return [f"只能部署这些文件：{known}。"]

    def offered(
        self,
        names: Iterable[str],
        reading: Reading,
        element: model.Element,
        variables: Mapping[str, object],
    ) -> dict[str, Sequence[Mapping[str, str]]]:
        """Return what the registered ones of these sources offer at an element."""
        return {
            name: self.sources[name](reading, element, variables)
            for name in names
            if name in self.sources
        }

    @property
    def function_names(self) -> frozenset[str]:
        """The names an expression may call."""
        return frozenset(self.functions) | frozenset(self.work_functions)


def _put(names: dict[str, T], name: str, value: T) -> None:
    if name in names:
        raise NameTaken(name=name)
    names[name] = value
