"""The rules a diagram is judged by, and the list that findings are gathered in."""

from typing import Final
from typing import Literal

from engine.bpmn import model

#: rule id -> what it guards. The one list of rules: a finding under any other id
#: is a programming error (KeyError), so this table is complete for the READMEs.
RULES: Final = {
    # the file
    "xsd": "The file follows the XML schema of BPMN 2.0.",
    "no-process": "The file holds at least one process with elements.",
    "not-executable": "A process marked isExecutable=false is a drawing, not a plan.",
    "bad-id": "Ids begin with a letter or _ and hold letters, digits, _, - and dots.",
    "duplicate-id": "An id names one thing in a file.",
    "unresolved-reference": "Every reference leads to something in the file.",
    "unsupported-element": "Every element is one the engine knows how to run.",
    "unsupported-attribute": "No attribute asks for behaviour the engine lacks.",
    "vendor-extension": "No vendor extension asks for behaviour the engine lacks.",
    "unknown-extension": "Attributes in the Camunda namespace are known ones.",
    "misplaced-extension": "Vendor attributes stand where they have an effect.",
    "data-ignored": "Data objects and stores are drawings; the engine ignores them.",
    "multiple-event-definitions": "An event waits for one thing.",
    # structure
    "no-start": "A process or sub-process has a place to begin.",
    "no-end": "Every process and sub-process shows where it ends.",
    "start-events": "A sub-process begins in one place, an event one by an event.",
    "start-with-incoming": "Nothing flows into a start event or out of an end.",
    "crossing-flow": "A sequence flow stays inside its sub-process.",
    "unconnected": "Every element is connected to the others.",
    "unreachable": "Every element can be reached from a start.",
    "endless-loop": "Every loop has a place where it waits.",
    "parallel-join-deadlock": "A parallel join does not wait for exclusive branches.",
    "link-events": "Every link throw has exactly one link catch of its name.",
    # elements
    "script-task": "Nothing in a diagram is executed as a script.",
    "complex-gateway": "No complex gateways.",
    "ad-hoc": "No ad-hoc sub-processes.",
    "compensation": "No compensation.",
    "branch-without-condition": "Each branch of a decision is conditional or default.",
    "default-flow": "A default flow leaves its own element and has no condition.",
    "condition-ignored": "Conditions stand only where they are looked at.",
    "no-default": "A decision has a default branch for what nobody thought of.",
    "event-gateway-target": "An event-based gateway leads only to waiting events.",
    "boundary-event": "A boundary event waits for something at an activity.",
    "event-place": "Each kind of event stands where BPMN allows it.",
    "event-reference": "An event names its message, signal, error or link.",
    "cancel-outside-transaction": "Cancel events belong to transactions.",
    "multi-instance": "A loop says how often it runs.",
    # words
    "expression": "Every expression compiles and names no Python internals.",
    "timer": "Every timer is a valid ISO 8601 date, duration or cycle.",
    "naive-date": "Dates carry their offset (+08:00).",
    "handler": "A service names a registered handler.",
    "form": "A form that is named exists.",
    "form-key": "Form keys of other systems' URLs are not shown.",
    "decision": "A decision table that is named exists.",
    "callee": "A call activity names a process that exists.",
    "unassigned-task": "Somebody can get every user task.",
    "unnamed-task": "Every user task has a name people can read.",
}

Severity = Literal["error", "warning"]


def label(element_id: str | None, name: str | None = "") -> str:
    """Show people an element by its name and its id."""
    if name and name != element_id:
        return f"“{' '.join(name.split())}”（{element_id}）"
    return f"“{element_id or '没有编号的元素'}”"


class Findings:
    """The problems found so far, in the order found."""

    def __init__(self) -> None:
        """Begin with none."""
        self.found: list[model.Problem] = []

    def error(
        self,
        rule: str,
        element_id: str | None,
        message: str,
        line: int | None = None,
    ) -> None:
        """Add a finding that refuses the deployment."""
        self._add(rule, element_id, "error", message, line)

    def warning(
        self,
        rule: str,
        element_id: str | None,
        message: str,
        line: int | None = None,
    ) -> None:
        """Add a finding that the deployment survives."""
        self._add(rule, element_id, "warning", message, line)

    def _add(
        self,
        rule: str,
        element_id: str | None,
        severity: Severity,
        message: str,
        line: int | None,
    ) -> None:
        RULES[rule]
        self.found.append(model.Problem(rule, element_id, severity, message, line))
