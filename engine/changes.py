"""What one move of an instance from rest to rest means, gathered from its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from engine import history
from engine.bpmn import facts


@dataclass(slots=True)
class Changes:
    """What one rest-to-rest move means for the rows beside the instance's own."""

    opened: dict[str, facts.Wait] = field(default_factory=dict)
    closed: dict[tuple[str, str], facts.Closed] = field(default_factory=dict)
    sent: list[facts.Sent] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    took: list[str] = field(default_factory=list)
    failed: list[facts.Failed] = field(default_factory=list)
    ended: facts.Ended | None = None

    def add(self, fact: facts.Fact) -> None:
        """Take in one fact, in order: what opened and closed again leaves no row."""
        match fact:
            case facts.Opened(wait):
                self.opened[wait.id] = wait
            case facts.Closed():
                if self.opened.pop(fact.wait_id, None) is None:
                    self.closed[fact.wait_id, fact.kind] = fact
            case facts.Sent():
                self.sent.append(fact)
            case facts.Entered(element_id):
                self.entered.append(element_id)
            case facts.Left(element_id):
                self.left.append(element_id)
            case facts.Took(sequence_flow_id):
                self.took.append(sequence_flow_id)
            case facts.Failed():
                self.failed.append(fact)
            case facts.Ended():
                self.ended = fact

    def closed_of(self, *kinds: str) -> list[facts.Closed]:
        """Return the waits of these kinds that closed."""
        return [c for (_, kind), c in self.closed.items() if kind in kinds]

    def opened_of(self, *kinds: str) -> list[facts.Wait]:
        """Return the waits of these kinds that opened."""
        return [w for w in self.opened.values() if w.kind in kinds]


def told(changes: Changes, calls: Mapping[str, str]) -> list[history.Event]:
    """Return what the history says of the changes."""
    events: list[history.Event] = []
    if changes.entered or changes.left or changes.took:
        moved = {
            "entered": changes.entered,
            "left": changes.left,
            "took": changes.took,
        }
        events.append(history.Event("tokens_moved", details=moved))
    for closed in changes.closed_of("user_task"):
        if closed.how == "cancelled":
            events.append(
                history.Event("user_task_cancelled", closed.element_id, closed.wait_id)
            )
    for failed in changes.failed:
        events.append(
            history.Event(
                "element_failed", failed.element_id, details={"error": failed.error}
            )
        )
    for sent in changes.sent:
        thrown = {"name": sent.name, "code": sent.code}
        events.append(
            history.Event(f"{sent.kind}_thrown", sent.element_id, details=thrown)
        )
    for wait in changes.opened_of("user_task"):
        events.append(
            history.Event(
                "user_task_opened",
                wait.element_id,
                wait.id,
                details={"name": wait.name, **_assignment(wait)},
            )
        )
    for wait in changes.opened_of("call"):
        made = {"key": wait.name, "instance_id": calls[wait.id]}
        events.append(history.Event("call_opened", wait.element_id, details=made))
    if changes.ended is not None:
        how = {
            "how": changes.ended.how,
            "code": changes.ended.code,
            "message": changes.ended.message,
        }
        events.append(history.Event("instance_ended", details=how))
    return events


def _assignment(wait: facts.Wait) -> dict[str, object]:
    names = ("assignee", "candidate_users", "candidate_groups", "due_at")
    return {name: wait.details[name] for name in names if wait.details.get(name)}
