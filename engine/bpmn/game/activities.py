"""What activities do: mappings, user tasks, calls, handlers, decisions, listeners."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from engine import errors
from engine.bpmn import model
from engine.bpmn.diagrams import extensions

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token


class Activities:
    """The activities of one game."""

    def __init__(self, game: "Game") -> None:
        self.game = game

    def begin(self, token: "Token") -> None:
        """Report the entry, map inputs and subscribe the boundary events, once.

        What fails is done again when the element is tried again.
        """
        begun = token.internal_data.get("begun")
        if begun:
            return
        if begun is None and not token.body:
            self.game.report_entered(token)
        token.internal_data["begun"] = 0
        if not token.body and token.element.inputs:
            seen = self.game.seen_from(token)
            given: dict[str, object] = {}
            for assignment in token.element.inputs:
                given.update(mapped(self.game, assignment, seen))
            token.data.update(given)
        if not token.iteration:
            boundaries = self.game.graph.boundary_events(token.element.id)
            self.game.events.listen_for(token, boundaries)
        token.internal_data["begun"] = 1

    def open_user_task(self, token: "Token") -> None:
        """Open a user task with its evaluated attributes."""
        name, details = self.describe_user_task(token)
        self.game.wait(token, "user_task", name=name, details=details)
        self.listen(token, "create")

    def describe_user_task(self, token: "Token") -> tuple[str, dict[str, object]]:
        """Return the name and the details (`facts.Wait`) that a user task has now."""
        element = token.element
        seen = self.game.seen_from(token)

        def value(attribute: str) -> object:
            text = element.attributes.get(attribute)
            return self.game.evaluate_in(text, seen) if text else None

        assignee = token.internal_data.get("holder") or value("assignee")
        users = _names(value("candidateUsers"))
        groups = _names(value("candidateGroups"))
        if not (assignee or users or groups) and element.lane:
            groups = _names(self.game.evaluate_in(element.lane, seen))
        details = {
            "assignee": assignee or None,
            "candidate_users": users,
            "candidate_groups": groups,
            "due_at": _moment(value("dueDate")),
            "follow_up_at": _moment(value("followUpDate")),
            "priority": value("priority"),
            "form": element.attributes.get("formRef")
            or element.attributes.get("formKey"),
            "documentation": element.documentation,
        }
        return str(self.game.evaluate_in(element.name, seen)), details

    def open_call(self, token: "Token") -> None:
        """Wait for an instance that the engine opens once this one rests."""
        element = token.element
        seen = self.game.seen_from(token)
        variables: dict[str, object] = {}
        business_key: object = None
        for assignment in element.call_in:
            if assignment.business_key is not None:
                business_key = self.game.evaluate_in(assignment.business_key, seen)
            else:
                variables.update(mapped(self.game, assignment, seen))
        attributes = element.attributes
        version = attributes.get("calledElementVersion")
        details = {
            "binding": attributes.get("calledElementBinding", "latest"),
            "version": self.game.evaluate_in(version, seen) if version else None,
            "version_tag": attributes.get("calledElementVersionTag"),
            "business_key": business_key,
            "variables": variables,
        }
        called = self.game.evaluate_in(element.called_element or "", seen)
        self.game.wait(token, "call", name=str(called), details=details)

    def perform(self, token: "Token") -> None:
        """Run the handler, expression or decision that an element names."""
        element = token.element
        attributes = element.attributes
        seen = self.game.seen_from(token)
        if "delegateExpression" in attributes:
            written = attributes["delegateExpression"]
            handler = extensions.handler_name(written) or written
            given = self.game.surroundings.invoke(
                handler, element, token.id, seen, None
            )
            self.game.assign(token, given or {})
        elif "expression" in attributes:
            result = self.game.evaluate_in(attributes["expression"], seen)
            if "resultVariable" in attributes:
                self.game.assign(token, {attributes["resultVariable"]: result})
        elif "decisionRef" in attributes:
            decision = str(self.game.evaluate_in(attributes["decisionRef"], seen))
            rows = self.game.surroundings.decide(decision, element, seen)
            name = attributes.get("resultVariable", "decisionResult")
            shape = attributes.get("mapDecisionResult", "resultList")
            self.game.assign(token, {name: _shaped(rows, shape)})

    def listen(self, token: "Token", event: str) -> None:
        """Run the listeners that an element has for an event of its task."""
        for listener in token.element.listeners:
            if listener.event == event:
                given = self.game.surroundings.invoke(
                    listener.handler,
                    token.element,
                    token.id,
                    self.game.seen_from(token),
                    listener,
                )
                self.game.assign(token, given or {})


def mapped(
    game: "Game", assignment: model.Assignment, seen: Mapping[str, object]
) -> dict[str, object]:
    """Return what an in, out, input or output mapping sets."""
    if assignment.all_variables:
        return dict(seen)
    if assignment.source is not None:
        return {assignment.target: seen.get(assignment.source)}
    return {assignment.target: _value(game, assignment.expression, seen)}


def _value(game: "Game", written: object, seen: Mapping[str, object]) -> object:
    if isinstance(written, str):
        return game.evaluate_in(written, seen)
    if isinstance(written, Mapping):
        return {k: _value(game, v, seen) for k, v in written.items()}
    if isinstance(written, list | tuple):
        return [_value(game, v, seen) for v in written]
    return written


def _names(value: object) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    raise errors.Invalid(f"候选人或候选组应是名称或名称的列表，现为“{value}”。")


def _moment(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if value else None


def _shaped(rows: list[dict[str, object]], shape: str) -> object:
    if shape == "singleEntry":
        return next(iter(rows[0].values()), None) if rows else None
    if shape == "singleResult":
        return rows[0] if rows else None
    if shape == "collectEntries":
        return [next(iter(row.values()), None) for row in rows]
    return rows
