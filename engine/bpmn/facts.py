"""What the token game tells the engine: waits, and facts in the order they happened.

The engine above turns facts into rows; it never looks at tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from types import MappingProxyType

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wait:
    """Something a token waits for; `id` names it in every table until it closes.

    `kind`: user_task, timer, message, signal, receive, conditional, call, async,
    external, failed. `name`: the message, signal, topic, called process or task
    name. `details` by kind:

    - user_task: assignee, candidate_users, candidate_groups, due_at, follow_up_at
      (ISO text), priority, form, documentation
    - call: binding, version, version_tag, business_key, variables
    - message, receive: correlation
    - failed: error (a Chinese sentence), retry (whether a handler may try again)
    """

    id: str
    kind: str
    element_id: str
    name: str = ""
    due_at: datetime | None = None
    details: Mapping[str, object] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Entered:
    """A token entered an activity or event."""

    element_id: str
    token_id: str


@dataclass(frozen=True, slots=True)
class Left:
    """A token left an activity or event, having completed it."""

    element_id: str
    token_id: str


@dataclass(frozen=True, slots=True)
class Took:
    """A token took a sequence flow."""

    sequence_flow_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A token began to wait."""

    wait: Wait


@dataclass(frozen=True, slots=True)
class Closed:
    """A wait is over: `completed` by what it waited for, or `cancelled`."""

    wait_id: str
    kind: str
    element_id: str
    how: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, signal, escalation or uncaught error left the instance."""

    kind: str
    name: str
    element_id: str
    code: str | None = None
    variables: Mapping[str, object] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Failed:
    """An automatic element could not run, and is parked; or a condition be decided."""

    element_id: str
    token_id: str
    error: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The instance is over: completed, terminated, error or cancelled.

    `reach`: what of the caller is over, too: nothing (""), the multi-instance that the
    call stands in ("rounds"), or everything ("all").
    """

    how: str
    code: str | None = None
    message: str = ""
    reach: str = ""


Fact = Entered | Left | Took | Opened | Closed | Sent | Failed | Ended
