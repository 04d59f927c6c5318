"""Rules that the office keeps as decision tables and may change: the newest counts."""

from collections.abc import Mapping
from functools import lru_cache

import sqlalchemy as sa

from engine import errors
from engine import tables
from engine.bpmn import decisions


class NoPolicy(errors.DuchaError):
    """所需的决策表还没有部署。"""


def decide(
    connection: sa.Connection, decision: str, variables: Mapping[str, object]
) -> list[dict[str, object]]:
    """Return what the decision table deployed last answers, one mapping a result."""
    return in_force(connection, decision).decide(variables)


def in_force(connection: sa.Connection, decision: str) -> decisions.Decision:
    """Return the decision table deployed last; NoPolicy when there is none."""
    item, resource = tables.resource_item, tables.resource
    deployment = tables.deployment
    content = connection.scalar(
        sa.select(resource.c.content)
        .join(
            item,
            (item.c.deployment_id == resource.c.deployment_id)
            & (item.c.resource == resource.c.name),
        )
        .join(deployment, deployment.c.id == resource.c.deployment_id)
        .where(item.c.kind == "decision", item.c.item_id == decision)
        .order_by(deployment.c.number.desc())
        .limit(1)
    )
    if content is None:
        raise NoPolicy(f"决策表“{decision}”还没有部署。", decision=decision)
    return _read(bytes(content), decision)


@lru_cache(maxsize=32)
def _read(content: bytes, decision: str) -> decisions.Decision:
    found = decisions.read_decisions(content)
    return next(one for one in found if one.id == decision)
