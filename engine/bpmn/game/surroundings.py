"""What the token game asks of the world, and what it answers with when it cannot."""

from collections.abc import Callable
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from engine import errors
from engine.bpmn import model


class Surroundings(Protocol):
    """What the token game asks of the world."""

    #: registered functions that expressions may call
    functions: Mapping[str, Callable[..., object]]

    def now(self) -> datetime:
        """Return the time of the command."""

    def invoke(
        self,
        handler: str,
        element: model.Element,
        token_id: str,
        variables: Mapping[str, object],
        listener: model.Listener | None,
    ) -> Mapping[str, object] | None:
        """Run a registered handler; what it returns becomes variables."""

    def decide(
        self,
        decision: str,
        element: model.Element,
        variables: Mapping[str, object],
    ) -> list[dict[str, object]]:
        """Return the rows that a decision gives, in order."""


class AtRest(Surroundings):
    """The surroundings of a game that is only looked at, and never moves."""

    functions: Mapping[str, Callable[..., object]] = MappingProxyType({})

    def now(self) -> datetime:
        """Refuse: nothing may ask."""
        raise TypeError("a game that is only looked at was moved")

    def invoke(
        self,
        handler: str,
        element: model.Element,
        token_id: str,
        variables: Mapping[str, object],
        listener: model.Listener | None,
    ) -> Mapping[str, object] | None:
        """Refuse: nothing may run."""
        raise TypeError("a game that is only looked at was moved")

    def decide(
        self,
        decision: str,
        element: model.Element,
        variables: Mapping[str, object],
    ) -> list[dict[str, object]]:
        """Refuse: nothing may run."""
        raise TypeError("a game that is only looked at was moved")


class NotWaiting(errors.Conflict):
    """这一步已经办理过，或者已被撤销。"""


class BpmnError(Exception):
    """A business error that a handler throws for a boundary event to catch."""

    def __init__(
        self,
        code: str,
        message: str = "",
        variables: Mapping[str, object] | None = None,
    ) -> None:
        """Carry the error code of the diagram."""
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.variables = variables or {}


class EndlessLoop(errors.DuchaError):
    """自动步骤连续超过一万步仍未停下，图中可能有不经过任何等待的循环。"""
