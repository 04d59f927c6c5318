"""Who waits for a message or a signal."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine import errors
from engine.bpmn import expressions
from engine.tables import instance
from engine.tables import start_event
from engine.tables import subscription


class NobodyWaits(errors.NotFound):
    """没有在等待这一消息的事项。"""


class SeveralWait(errors.Conflict):
    """等待这一消息的事项不止一个，无法确定是哪一个。"""


class AlreadyActive(errors.Conflict):
    """同一编号的事项正在办理，不能重复发起。"""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A token that waits for a message or signal."""

    wait_id: str
    instance_id: str


@dataclass(frozen=True, slots=True)
class Start:
    """A start event that a message or signal triggers."""

    definition_key: str
    definition_id: str
    element_id: str


def receivers(
    connection: sa.Connection,
    name: str,
    *,
    business_key: str | None,
    instance_id: str | None,
    variables: Mapping[str, object],
) -> list[Receiver]:
    """Return the tokens that a message may be for.

    Matched by name, business key, the instance (or the root it belongs to), and what
    the subscription wants to correlate (BPMN 2.0 §8.4.2), as far as each is given.
    """
    conditions = [subscription.c.name == name, subscription.c.kind != "signal"]
    if business_key is not None:
        conditions.append(subscription.c.business_key == business_key)
    if instance_id is not None:
        conditions.append(
            (instance.c.id == instance_id) | (instance.c.root_id == instance_id)
        )
    rows = connection.execute(
        sa.select(
            subscription.c.wait_id,
            subscription.c.instance_id,
            subscription.c.correlation,
        )
        .join(instance, instance.c.id == subscription.c.instance_id)
        .where(*conditions)
        .order_by(subscription.c.instance_id, subscription.c.wait_id)
    )
    return [
        Receiver(row.wait_id, row.instance_id)
        for row in rows
        if all(_said(k, variables) == v for k, v in row.correlation.items())
    ]


def only(
    found: Sequence[Receiver], name: str, business_key: str | None = None
) -> Receiver:
    """Return the one receiver of a message; NobodyWaits, SeveralWait otherwise."""
    if not found:
        raise NobodyWaits(name=name, business_key=business_key)
    if len(found) > 1:
        raise SeveralWait(name=name, instances=[r.instance_id for r in found])
    return found[0]


def _said(key: str, variables: Mapping[str, object]) -> object:
    """Return what a message says of a correlation key: a variable, or `${…}`."""
    if not expressions.is_expression(key):
        return variables.get(key)
    try:
        return expressions.compile_juel(key).evaluate(variables, {})
    except errors.DuchaError:
        return None


def listeners(
    connection: sa.Connection, signal: str, *, but: str | None = None
) -> Sequence[Receiver]:
    """Return every token that waits for a signal, but for one instance's."""
    rows = connection.execute(
        sa.select(subscription.c.wait_id, subscription.c.instance_id)
        .where(
            subscription.c.name == signal,
            subscription.c.kind == "signal",
            subscription.c.instance_id != (but or ""),
        )
        .order_by(subscription.c.instance_id, subscription.c.wait_id)
    )
    return [Receiver(row.wait_id, row.instance_id) for row in rows]


def starts(connection: sa.Connection, kind: str, name: str) -> Sequence[Start]:
    """Return the start events that a message or signal triggers."""
    rows = connection.execute(
        sa.select(
            start_event.c.definition_key,
            start_event.c.definition_id,
            start_event.c.element_id,
        )
        .where(start_event.c.kind == kind, start_event.c.name == name)
        .order_by(start_event.c.definition_key, start_event.c.element_id)
        # Two messages that would start the same thing take turns.
        .with_for_update()
    )
    return [Start(*row) for row in rows]


def message_start(
    connection: sa.Connection, name: str, business_key: str | None
) -> Start:
    """Return the one start event of a message; its key must not be active yet."""
    found = starts(connection, "message", name)
    if not found:
        raise NobodyWaits(f"没有由消息“{name}”发起的流程。", name=name)
    if len(found) > 1:
        raise SeveralWait(f"由消息“{name}”发起的流程不止一个。", name=name)
    active = sa.select(instance.c.id).where(
        instance.c.business_key == business_key,
        instance.c.key == found[0].definition_key,
        instance.c.status == "active",
    )
    if business_key is not None and connection.execute(active.limit(1)).first():
        raise AlreadyActive(name=name, business_key=business_key)
    return found[0]
