"""What a diagram says, as frozen values: the side table beside SpiffWorkflow's specs.

Everything the engine needs to know about an element is read from the XML once,
at deployment, into these values; nothing later asks the XML or the spec.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from types import MappingProxyType
from typing import Literal

EMPTY: Mapping[str, str] = MappingProxyType({})


def _empty() -> Mapping[str, str]:
    # A mapping proxy is not hashable before Python 3.12, so no plain default.
    return EMPTY


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding of the linter: an error refuses the deployment, a warning does not."""

    rule: str
    element_id: str | None
    severity: Literal["error", "warning"]
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class SequenceFlow:
    """A sequence flow; `condition` is the text of its conditionExpression."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer definition: exactly one of date, duration, cycle, as written."""

    kind: Literal["date", "duration", "cycle"]
    expression: str


@dataclass(frozen=True, slots=True)
class Event:
    """The event definition of an event.

    `kind`: none, message, signal, timer, error, escalation, conditional, link,
    terminate, cancel, compensate. `name` is the message's or signal's name (it may
    be an expression), the error's or escalation's name, or the link's name; `code`
    the error or escalation code.
    """

    kind: str
    name: str = ""
    code: str | None = None
    timer: Timer | None = None
    condition: str | None = None
    #: camunda:variableName of a conditional event, camunda:errorCodeVariable …
    attributes: Mapping[str, str] = field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class Loop:
    """Multi-instance or standard loop of an activity (BPMN 2.0 §10.3.8)."""

    kind: Literal["parallel", "sequential", "standard"]
    collection: str | None = None
    element_variable: str | None = None
    cardinality: str | None = None
    completion_condition: str | None = None
    #: multi-instance only: the variable that gets the list of results, and the
    #: variable of a round that holds its result (loopDataOutputRef, outputDataItem)
    result_variable: str | None = None
    result_item: str | None = None
    #: standard loop only
    condition: str | None = None
    maximum: str | None = None
    test_before: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """One camunda:in / camunda:out / inputParameter / outputParameter.

    Either `source` (a variable's name), `expression` (`${…}` or text), or
    `all_variables`. `target` is the name the value gets.
    """

    target: str = ""
    source: str | None = None
    expression: object | None = None
    all_variables: bool = False
    business_key: str | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """A camunda:taskListener or executionListener that names a handler."""

    event: str
    handler: str
    fields: Mapping[str, str] = field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a diagram: event, activity or gateway.

    `kind` is the BPMN tag (userTask, startEvent, boundaryEvent, exclusiveGateway,
    callActivity, subProcess, transaction …); `scope` is the id of the sub-process
    that holds it, or the process id. `attributes` are the camunda: attributes by
    local name, `properties` the camunda:property pairs.
    """

    id: str
    kind: str
    name: str
    scope: str
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    default: str | None = None
    attributes: Mapping[str, str] = field(default_factory=_empty)
    properties: Mapping[str, str] = field(default_factory=_empty)
    documentation: str = ""
    #: the lane's role: camunda:property `role` of the lane, else the lane's name
    lane: str | None = None
    loop: Loop | None = None
    event: Event | None = None
    attached_to: str | None = None
    #: boundary event: cancelActivity; start event of an event sub-process:
    #: isInterrupting
    interrupting: bool = True
    triggered_by_event: bool = False
    called_element: str | None = None
    inputs: tuple[Assignment, ...] = ()
    outputs: tuple[Assignment, ...] = ()
    call_in: tuple[Assignment, ...] = ()
    call_out: tuple[Assignment, ...] = ()
    listeners: tuple[Listener, ...] = ()
    #: event sub-processes, start events and other elements inside a sub-process
    children: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """One executable process of a file, ready to be built and run."""

    key: str
    name: str
    elements: Mapping[str, Element]
    sequence_flows: Mapping[str, SequenceFlow]
    version_tag: str | None = None
    attributes: Mapping[str, str] = field(default_factory=_empty)
    properties: Mapping[str, str] = field(default_factory=_empty)
    documentation: str = ""
    #: ids of the elements directly inside the process
    children: tuple[str, ...] = ()
    #: correlation keys: message name -> {property name: expression on the payload}
    correlations: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: MappingProxyType({})
    )
