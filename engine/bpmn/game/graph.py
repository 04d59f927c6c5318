"""A process made ready to run: SpiffWorkflow specs wired by sequence flow.

A Graph is built once per definition version and shared by every instance and
thread; nothing writes to it afterwards (the task specs of SpiffWorkflow's own BPMN
layer are written to at run time, which is one reason not to use them).
"""

from SpiffWorkflow.specs import WorkflowSpec

from engine.bpmn import model
from engine.bpmn.game import specs


class Graph(WorkflowSpec):
    """The specs of one process and the questions its structure answers."""

    def __init__(self, process: model.Process) -> None:
        """Give every element its spec and connect them."""
        super().__init__(name=process.key)
        self.process = process
        self.root = specs.ProcessSpec(self, process)
        self.start = self.root
        for element in process.elements.values():
            specs.spec_for(self, element)
        for sequence_flow in process.sequence_flows.values():
            self.task_specs[sequence_flow.source].connect(
                self.task_specs[sequence_flow.target]
            )
        self._members: dict[str, tuple[model.Element, ...]] = {}
        self._boundary: dict[str, tuple[model.Element, ...]] = {}
        self._event_starts: dict[str, tuple[model.Element, ...]] = {}
        self._starts: dict[str, tuple[model.Element, ...]] = {}
        for scope in [process.key, *process.elements]:
            self._index(scope)
        self.has_conditions = any(
            e.event is not None and e.event.kind == "conditional"
            for e in process.elements.values()
        )
        self._upstream: dict[tuple[str, str, bool], frozenset[str]] = {}

    def _index(self, scope: str) -> None:
        elements = self.process.elements.values()
        members = tuple(e for e in elements if e.scope == scope)
        self._members[scope] = members
        self._boundary[scope] = tuple(e for e in elements if e.attached_to == scope)
        self._event_starts[scope] = tuple(
            start
            for handler in members
            if handler.triggered_by_event
            for start in elements
            if start.scope == handler.id and start.kind == "startEvent"
        )
        # BPMN 2.0 §13.3.4: without a start event everything that no sequence flow
        # leads to starts.
        # A process that only events start begins at the first when told to start.
        drawn = [e for e in members if e.kind == "startEvent"]
        plain = [e for e in drawn if _is_none(e)]
        self._starts[scope] = tuple(
            plain
            or drawn[:1]
            or [
                e
                for e in members
                if not e.incoming
                and e.kind not in ("boundaryEvent", "startEvent")
                and not e.triggered_by_event
            ]
        )

    def element(self, element_id: str) -> model.Element:
        """Return the element with this id."""
        return self.process.elements[element_id]

    def boundary_events(self, activity_id: str) -> tuple[model.Element, ...]:
        """Return the boundary events attached to an activity, in document order."""
        return self._boundary.get(activity_id, ())

    def event_starts(self, scope_id: str) -> tuple[model.Element, ...]:
        """Return the start events of the event sub-processes of a scope."""
        return self._event_starts.get(scope_id, ())

    def starts(self, scope_id: str) -> tuple[model.Element, ...]:
        """Return what begins when a scope is entered without a trigger."""
        return self._starts.get(scope_id, ())

    def reaches(
        self, source_id: str, gateway_id: str, flow_id: str, *, by_events: bool
    ) -> bool:
        """Tell whether a token at an element can come to a flow of a joining gateway.

        The path may not pass through the gateway itself (BPMN 2.0 §13.4.3);
        `by_events`: it may leave an activity by a boundary event, which need not
        happen.
        """
        return source_id in self._sources(gateway_id, flow_id, by_events)

    def _sources(
        self, gateway_id: str, flow_id: str, by_events: bool
    ) -> frozenset[str]:
        key = (gateway_id, flow_id, by_events)
        known = self._upstream.get(key)
        if known is None:
            known = frozenset(self._walk_back(gateway_id, flow_id, by_events))
            self._upstream[key] = known
        return known

    def _walk_back(self, gateway_id: str, flow_id: str, by_events: bool) -> set[str]:
        flows = self.process.sequence_flows
        seen: set[str] = set()
        open_ids = [flows[flow_id].source]
        while open_ids:
            element_id = open_ids.pop()
            if element_id in seen or element_id == gateway_id:
                continue
            seen.add(element_id)
            element = self.process.elements[element_id]
            if element.attached_to is not None and by_events:
                open_ids.append(element.attached_to)
            open_ids.extend(flows[f].source for f in element.incoming)
        return seen


def build(process: model.Process) -> Graph:
    """Return the graph of a process that the linter has accepted."""
    return Graph(process)


def _is_none(element: model.Element) -> bool:
    return element.event is None or element.event.kind == "none"
