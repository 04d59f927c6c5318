"""The measure of scoring (考核办法): which rule an event falls under, and when.

The rules stand in the decision table `scoring`, which the office replaces by its own.
A rule holds from one day to another: a matter registered before a new measure keeps
the old one (R-03-01).
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations

import sqlalchemy as sa

from engine import errors
from engine.bpmn import decisions
from processes.supervision import policies
from processes.supervision import tables

DECISION = "scoring"
INPUTS = ("event", "count", "day")
OUTPUTS = ("rule", "version", "points", "family", "cap", "reason", "basis")
_BETWEEN = re.compile(r'\[date\("([0-9-]{10})"\)\.\.date\("([0-9-]{10})"\)\]')


class Overlapping(errors.DuchaError):
    """考核计分规则的有效期互相重叠，同一事件会计两次分。"""


@dataclass(frozen=True)
class Rule:
    """What an event costs or earns; points and cap in tenths."""

    code: str
    version: str
    points_tenths: int
    #: Rules of one family share the cap of an undertaking.
    family: str
    cap_tenths: int | None
    reason: str
    basis: str


def rule(connection: sa.Connection, event: str, count: int, day: date) -> Rule | None:
    """Return the rule for the `count`th such event of a matter registered on `day`.

    None when the measure gives no points for it. Raise `NoPolicy` when none is
    deployed, `Overlapping` when two rules of it would hold on one day.
    """
    return decide(policies.in_force(connection, DECISION), event, count, day)


def decide(table: decisions.Decision, event: str, count: int, day: date) -> Rule | None:
    """Return what the table says (see `rule`)."""
    require_disjoint(table)
    for row in table.decide({"event": event, "count": count, "day": day.isoformat()}):
        cap = row["cap"]
        return Rule(
            code=str(row["rule"]),
            version=str(row["version"]),
            points_tenths=_tenths(row["points"]),
            family=str(row["family"]),
            cap_tenths=None if cap is None else _tenths(cap),
            reason=str(row["reason"]),
            basis=str(row["basis"]),
        )
    return None


def faults(table: decisions.Decision) -> list[str]:
    """Return what is wrong with a measure that is to be deployed."""
    asked = [column.expression.source for column in table.inputs]
    if asked != list(INPUTS):
        return [f"考核计分规则的输入列依次是{'、'.join(INPUTS)}。"]
    missing = set(OUTPUTS) - {column.name for column in table.outputs}
    if missing:
        return [f"考核计分规则缺少输出列{'、'.join(sorted(missing))}。"]
    try:
        require_disjoint(table)
    except Overlapping as error:
        return [error.message]
    return []


@lru_cache(maxsize=8)
def require_disjoint(table: decisions.Decision) -> None:
    """Raise `Overlapping` unless rules for the same event hold on different days."""
    periods: dict[tuple[str, str], list[tuple[str, date, date]]] = {}
    for row in table.rules:
        event, count, days = (test.source for test in row.tests)
        found = _BETWEEN.fullmatch(days.strip())
        if found is None:
            raise Overlapping(f'{row.label}：有效期应写成 [date("…")..date("…")]。')
        first, last = map(date.fromisoformat, found.groups())
        periods.setdefault((event, count), []).append((row.label, first, last))
    for same in periods.values():
        for (one, since, until), (other, begin, end) in combinations(same, 2):
            if since <= end and begin <= until:
                raise Overlapping(f"{one}与{other}的有效期重叠。")


def _tenths(points: object) -> int:
    return round(float(str(points)) * tables.TENTHS)
