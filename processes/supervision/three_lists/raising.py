"""Problems beyond a unit's duty climb the unit tree, level by level (逐级上报).

Each level leaves its opinion: it resolves the problem, sends it further up, or gives
it back (domain §2.10 P-09d; R-02-32, S14).
"""

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.three_lists import problems

#: The government above the county is no part of the office: what it says is
#: entered by the supervision office.
UPPER = "upper_gov"
UPPER_NAME = "市政府"
#: Who speaks for the county government, the root of the unit tree.
COUNTY_GROUP = "vice_mayor"
UPPER_GROUP = "dc_officer"
DECISION_LABELS = {
    "RAISE": "上报",
    "RESOLVE": "解决",
    "FURTHER": "再上报",
    "BACK": "退回本级",
}
DECISIONS = ("RESOLVE", "FURTHER", "BACK")


@dataclass(frozen=True)
class LevelOpinion:
    """What one level said; `level` is a unit's code, or upper_gov."""

    id: int
    problem_id: int
    round: int
    level: str
    decision: str
    opinion: str
    person: str
    on_behalf_of: str | None
    at: datetime


def advise(
    work: handlers.Work,
    problem: problems.Problem,
    advice: str,
    signed: problems.Signature,
) -> None:
    """Keep the unit's own written opinion, with which the problem begins to climb."""
    _append(work, problem, problem.unit, "RAISE", advice, signed)


def climb(work: handlers.Work, problem: problems.Problem) -> str:
    """Lay the problem before the next level up; return the group that must answer.

    A unit on the way that has no head is passed over: nobody there can answer.
    """
    at = work.now()
    for level in _above(work.connection, problem.level or problem.unit):
        answering = group(work.connection, level)
        if people.holders(work.connection, answering, at):
            break
    raised = problems.move(work, problem, "RAISED", level=level)
    text = f"{raised.number}：下级单位职责范围内无法解决，请研究提出意见。"
    inbox.tell(
        work,
        [inbox.group(answering)],
        raised.content,
        text,
        matter_id=raised.matter_id,
    )
    return answering


def answer(
    work: handlers.Work,
    problem: problems.Problem,
    decision: str,
    opinion: str,
    signed: problems.Signature,
) -> problems.Problem:
    """Keep what the level asked says; resolving it returns it to the unit's hands.

    Raise `Invalid` at the uppermost level for sending it further up.
    """
    level = problem.level or problem.unit
    if decision == "FURTHER" and level == UPPER:
        raise entries.refusal(
            "level_decision", f"{UPPER_NAME}已是最上一级，不能再上报。", rule="R-02-32"
        )
    _append(work, problem, level, decision, opinion, signed)
    if decision == "RESOLVE":
        return problems.move(work, problem, "ANALYSED", disposal="UPPER")
    if decision == "BACK":
        return problems.move(work, problem, "SENT", level=None)
    return problem


def group(connection: sa.Connection, level: str) -> str:
    """Return the group that answers for a level."""
    if level == UPPER:
        return UPPER_GROUP
    unit = engine_tables.unit.c
    parent = connection.scalar(sa.select(unit.parent).where(unit.code == level))
    return COUNTY_GROUP if parent is None else people.group("unit_head", level)


def name(connection: sa.Connection, level: str) -> str:
    """Return how people call a level."""
    unit = engine_tables.unit.c
    found = connection.scalar(sa.select(unit.short_name).where(unit.code == level))
    return UPPER_NAME if found is None else str(found)


def opinions_of(connection: sa.Connection, problem_id: int) -> list[LevelOpinion]:
    """Return what every level said of a problem, in the order it was said."""
    column = tables.level_opinion.c
    rows = connection.execute(
        sa.select(tables.level_opinion)
        .where(column.problem_id == problem_id)
        .order_by(column.id)
    )
    return [LevelOpinion(**row._mapping) for row in rows]


def _above(connection: sa.Connection, level: str) -> Sequence[str]:
    unit = engine_tables.unit.c
    rows = connection.execute(sa.select(unit.code, unit.parent))
    parents = {row.code: row.parent for row in rows}
    levels = []
    above = parents.get(level)
    while above is not None:
        levels.append(above)
        above = parents[above]
    return [*levels, UPPER]


def _append(
    work: handlers.Work,
    problem: problems.Problem,
    level: str,
    decision: str,
    opinion: str,
    signed: problems.Signature,
) -> None:
    work.connection.execute(
        tables.level_opinion.insert().values(
            problem_id=problem.id,
            round=problem.round,
            level=level,
            decision=decision,
            opinion=opinion,
            **asdict(signed),
        )
    )
