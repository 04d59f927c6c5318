"""Second looks (回头看): closed problems are visited again, some of them at random.

What holds stays closed; what has come back is opened again as another round.
"""

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.inspections import inspections
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import samples

RESULTS = {"HELD": "整改到位", "REBOUND": "问题反弹"}
MODES = ("RANDOM", "CHOSEN", "END")


@dataclass(frozen=True)
class SecondLook:
    """What was seen of one problem, in which sample."""

    id: int
    problem_id: int
    round: int
    sample_id: int
    result: str
    finding: str
    person: str
    on_behalf_of: str | None
    at: datetime


@entries.under("R-02-36")
def choose(
    work: handlers.Work,
    inspection: inspections.Inspection,
    fields: entries.Entries,
    least_percent: int,
    signed: problems.Signature,
) -> list[problems.Problem]:
    """Return the closed problems to be looked at again; none ends the looking.

    `mode` is RANDOM (at least so many percent), CHOSEN (`chosen`: numbers) or END.
    """
    mode = entries.choice(fields, "mode", MODES)
    if mode == "END":
        return []
    closed = {
        one.number: one
        for one in problems.with_states(work.connection, inspection.id, ("CLOSED",))
    }
    if mode == "RANDOM":
        percent = entries.optional_whole(
            fields, "percent", least=least_percent, largest=samples.WHOLE
        )
        drawn = samples.at_random(
            work,
            inspection.matter_id,
            "SECOND_LOOK",
            list(closed),
            percent or least_percent,
            signed,
        ).drawn
        return [closed[number] for number in drawn]
    chosen = entries.choices(fields, "chosen", sorted(closed))
    if not chosen:
        raise entries.refusal("chosen", "请选择要“回头看”的问题。", rule="R-02-36")
    matter_id = inspection.matter_id
    samples.by_hand(work, matter_id, "SECOND_LOOK", list(closed), chosen, signed)
    return [closed[number] for number in chosen]


@entries.under("R-02-36")
def record(
    work: handlers.Work,
    problem: problems.Problem,
    fields: entries.Entries,
    signed: problems.Signature,
) -> problems.Problem:
    """Keep what was seen; a problem that has come back is opened again (REOPENED)."""
    listed = [
        one
        for one in samples.of_matter(work.connection, problem.matter_id)
        if problem.number in one.drawn
    ]
    if not listed or problem.state != "CLOSED":
        raise errors.Refused(
            f"问题 {problem.number} 没有列入“回头看”。（R-02-36）",
            problem=problem.number,
        )
    result = entries.choice(fields, "result", tuple(RESULTS))
    work.connection.execute(
        tables.second_look.insert().values(
            problem_id=problem.id,
            round=problem.round,
            sample_id=listed[-1].id,
            result=result,
            finding=entries.text(fields, "finding", longest=2000),
            **asdict(signed),
        )
    )
    return problems.reopen(work, problem) if result == "REBOUND" else problem


def of_problem(connection: sa.Connection, problem_id: int) -> Sequence[SecondLook]:
    """Return the second looks at a problem, the first one first."""
    look = tables.second_look.c
    rows = connection.execute(
        sa.select(tables.second_look)
        .where(look.problem_id == problem_id)
        .order_by(look.id)
    )
    return [SecondLook(**row._mapping) for row in rows]
