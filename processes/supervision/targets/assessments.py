"""Assessments (年度评估、验收): what became of each mandate when the year is over."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import handlers
from processes.supervision import entries
from processes.supervision.deadlines import ladder
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.targets import comparisons
from processes.supervision.targets import targets
from processes.supervision.undertakings import undertakings

EVALUATION = "evaluation"
ACCEPTANCE = "acceptance"
CONCLUSION = "watch_conclusion"
FINISHED, CARRY, ACCOUNT = "FINISHED", "CARRY", "ACCOUNT"
OUTCOME_LABELS: Mapping[str, str] = {
    FINISHED: "年底前已完成",
    CARRY: "结转下年",
    ACCOUNT: "问责建议",
}
DONE, CONTINUE = "DONE", "CONTINUE"


@dataclass(frozen=True)
class Outcome:
    """What is to become of one mandate, and why."""

    mandate: mandates.Mandate
    outcome: str
    reason: str


def unfinished(
    connection: sa.Connection, matter: matters.Matter
) -> list[mandates.Mandate]:
    """Return the mandates whose last comparison was not 已完成全年目标."""
    last = comparisons.latest(connection, matter.id)
    return [
        one
        for one in proposals.current(connection, matter.id).mandates
        if one.id not in last or last[one.id].verdict != "DONE"
    ]


def finished(connection: sa.Connection, matter: matters.Matter) -> set[int]:
    """Return the mandates that reached their target, by the figures or by judgement.

    What the chief judged is in the evaluation kept last.
    """
    short = {one.id for one in unfinished(connection, matter)}
    judged = papers.latest(connection, matter.id, EVALUATION)
    rows = entries.rows(judged.content, "results") if judged else []
    by_judgement = {
        targets.mandate_of(connection, matter, entries.text(row, "mandate")).id
        for row in rows
        if row.get("outcome") == FINISHED
    }
    every = {one.id for one in proposals.current(connection, matter.id).mandates}
    return (every - short) | by_judgement


def evaluate(
    connection: sa.Connection, matter: matters.Matter, given: entries.Entries
) -> list[Outcome]:
    """Return what the chief proposes for each mandate that fell short of its target.

    Reads `results`, rows of mandate (T03), outcome and reason: one for each such
    mandate and none for any other.
    """
    short = {one.id: one for one in unfinished(connection, matter)}
    found: dict[int, Outcome] = {}
    for row in entries.rows(given, "results"):
        mandate = _mandate(connection, matter, row, short, "已完成全年目标")
        if mandate.id in found:
            raise entries.refusal("results", f"{targets.label(mandate)}填了两次。")
        found[mandate.id] = Outcome(
            mandate,
            entries.choice(row, "outcome", list(OUTCOME_LABELS)),
            entries.text(row, "reason", longest=1000),
        )
    _require_all(short, found)
    return list(found.values())


def accept(
    connection: sa.Connection,
    matter: matters.Matter,
    given: entries.Entries,
    today: date,
) -> list[Outcome]:
    """Return which livelihood projects are accepted, and which go on (完工验收).

    Reads `results`, rows of mandate (T03), outcome (DONE or CONTINUE), verified,
    satisfaction (per cent), reason and continue_until. To be accepted a project must
    have been looked at on the spot and its satisfaction asked for. Projects accepted
    before need no row.
    """
    open_ones = {one.id: one for one in unaccepted(connection, matter)}
    found: dict[int, Outcome] = {}
    for row in entries.rows(given, "results"):
        mandate = _mandate(connection, matter, row, open_ones, "已通过验收")
        if mandate.id in found:
            raise entries.refusal("results", f"{targets.label(mandate)}填了两次。")
        outcome = entries.choice(row, "outcome", (DONE, CONTINUE))
        if outcome == DONE:
            if not entries.flag(row, "verified"):
                raise entries.refusal(
                    "results", f"{targets.label(mandate)}未经实地核实，不能通过验收。"
                )
            rate = entries.optional_whole(row, "satisfaction", least=0, largest=100)
            if rate is None:
                raise entries.refusal(
                    "results", f"{targets.label(mandate)}没有群众满意度。"
                )
            reason = f"群众满意度{rate}%"
        else:
            until = entries.day(row, "continue_until")
            if until <= today:
                raise entries.refusal("results", "续办时限须晚于今天。")
            reason = f"{entries.text(row, 'reason', longest=1000)}；续办至{until}"
        found[mandate.id] = Outcome(mandate, outcome, reason)
    _require_all(open_ones, found)
    return list(found.values())


def unaccepted(
    connection: sa.Connection, matter: matters.Matter
) -> list[mandates.Mandate]:
    """Return the livelihood projects that have not passed acceptance yet."""
    accepted = {
        str(row.get("mandate", "")).upper()
        for paper in papers.of_matter(connection, matter.id)
        if paper.kind == ACCEPTANCE
        for row in entries.rows(paper.content, "results")
        if row.get("outcome") == DONE
    }
    return [
        one
        for one in proposals.current(connection, matter.id).mandates
        if accepted.isdisjoint({targets.label(one), f"T{one.serial}"})
    ]


def rest_wholes(work: handlers.Work, matter_id: int) -> None:
    """Let nothing remind of a lead's part as a whole: its periods have deadlines.

    Whether the whole was reached is judged when the year is over.
    """
    for one in undertakings.of_matter(work.connection, matter_id):
        if one.role == "LEAD" and not one.period:
            ladder.take_down(work, "undertaking", one.id)


def conclude_wholes(
    work: handlers.Work, matter: matters.Matter, finished: Collection[int]
) -> None:
    """Accept the leads' parts as a whole, of the mandates that are finished.

    They were reported with the last feedback; where none was, with this judgement.
    """
    all_of_matter = undertakings.of_matter(work.connection, matter.id)
    reported: dict[int, datetime] = {}
    for one in all_of_matter:
        if one.period and one.reported_at:
            last = reported.get(one.mandate_id, one.reported_at)
            reported[one.mandate_id] = max(last, one.reported_at)
    for one in all_of_matter:
        if one.role == "LEAD" and not one.period and one.mandate_id in finished:
            if one.state in undertakings.ENDED:
                continue
            at = reported.get(one.mandate_id, work.now())
            undertakings.change(
                work,
                one,
                state="ACCEPTED",
                light="OFF",
                reported_at=at,
                first_reported_at=one.first_reported_at or at,
                closed_at=work.now(),
            )
            for subject in ("undertaking", "acknowledgement"):
                ladder.take_down(work, subject, one.id)


def sum_up(
    work: handlers.Work, matter: matters.Matter, summary: str, *, person: str
) -> matters.Matter:
    """Lay the result of the year before the leaders.

    Undertakings that are still open keep their state, so that they count as overdue,
    but nothing reminds of them any more.
    """
    for one in undertakings.of_matter(work.connection, matter.id):
        if one.state not in undertakings.ENDED:
            for subject in ("undertaking", "acknowledgement"):
                ladder.take_down(work, subject, one.id)
            undertakings.change(work, one, light="OFF")
    if matter.status != "SUMMARIZING":
        matter = matters.move(work, matter, "SUMMARIZING")
    return matters.move(
        work, matter, "LEADER_REVIEW", summary=summary, summarized_by=person
    )


def told(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as lines of a circular."""
    return "\n".join(
        f"{targets.label(one.mandate)} {one.mandate.content[:40]}：{one.reason}"
        for one in outcomes
    )


def _mandate(
    connection: sa.Connection,
    matter: matters.Matter,
    row: entries.Entries,
    allowed: Mapping[int, mandates.Mandate],
    otherwise: str,
) -> mandates.Mandate:
    mandate = targets.mandate_of(connection, matter, entries.text(row, "mandate"))
    if mandate.id not in allowed:
        raise entries.refusal("results", f"{targets.label(mandate)}{otherwise}。")
    return mandate


def _require_all(
    wanted: Mapping[int, mandates.Mandate], found: Mapping[int, Outcome]
) -> None:
    missing = [targets.label(one) for id, one in wanted.items() if id not in found]
    if missing:
        listed = "、".join(missing[:20])
        raise entries.refusal("results", f"还有未定结果的任务：{listed}。")
