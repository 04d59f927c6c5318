"""Verbs of scenarios about deputies, replies, what they say of them, and the year.

Answers and results are those that people see: 满意, 不满意, 未评价, A, B, C.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine import scenarios
from engine import testing
from processes.supervision import tables
from processes.supervision.deputies import evaluations
from processes.supervision.deputies import surveys
from processes.verbs import finding

CODES = {label: code for code, label in surveys.ANSWERS.items()}
LABELS = {**surveys.ANSWERS, surveys.NOT_EVALUATED: "未评价"}
OPEN = "未回"


# -- commands ----------------------------------------------------------------------


def _survey(story: testing.Story, given: object) -> None:
    """Register what one of those asked answered (登记征询意见)."""
    found = scenarios.arguments(
        given, "by", "answer", "as", "on", optional=("comment",)
    )
    fields = {
        "survey": str(_open_survey(story, found["by"])),
        "answer": CODES[found["answer"]],
        "answered_on": found["on"],
        "comment": found.get("comment", ""),
    }
    story.complete("登记征询意见", person=found["as"], fields=fields)


def _tracked(story: testing.Story, given: object) -> None:
    """Go to the matter that follows a B reply of this one, due again on `promised`."""
    found = scenarios.arguments(given, "promised")
    tracking, matter = tables.tracking.c, tables.matter.c
    rows = _rows(
        story,
        sa.select(tracking.promised_on, matter.root_id)
        .join(tables.matter, matter.id == tracking.matter_id)
        .where(matter.parent_id == finding.matter(story).id),
    )
    days = [row.promised_on.isoformat() for row in rows]
    scenarios.expect([found["promised"]], days, "长期跟踪的承诺日期")
    story.follow(str(rows[0].root_id))


def _year(story: testing.Story, given: object) -> None:
    """Go to the volume of a year; it has so many replies and misses so many."""
    found = scenarios.arguments(given, "year", "replies", "missing")
    volume, matter = tables.annual_volume.c, tables.matter.c
    rows = _rows(
        story,
        sa.select(volume.replies, volume.missing, matter.root_id)
        .join(tables.matter, matter.id == volume.matter_id)
        .where(volume.year == found["year"]),
    )
    if not rows:
        raise scenarios.Unmet(f"还没有{found['year']}年的年度卷。")
    scenarios.expect(found["replies"], len(rows[0].replies), "年度卷的答复件")
    scenarios.expect(found["missing"], len(rows[0].missing), "年度卷的缺件")
    story.follow(str(rows[0].root_id))


# -- what must hold ----------------------------------------------------------------


def _surveys(story: testing.Story, expected: Any) -> None:
    """Say what each of those asked has answered in the present round."""
    survey, proposer = tables.survey.c, tables.proposer.c
    found = finding.matter(story)
    rows = _rows(
        story,
        sa.select(proposer.name, survey.answer)
        .join(tables.proposer, proposer.id == survey.proposer_id)
        .where(survey.matter_id == found.id, survey.round == found.round)
        .order_by(survey.id),
    )
    actual = {row.name: LABELS.get(row.answer, OPEN) for row in rows}
    scenarios.expect(dict(scenarios.mapping(expected)), actual, "征询意见")


def _replies(story: testing.Story, expected: object) -> None:
    """Say with which results the units have replied, the first reply first."""
    reply = tables.reply.c
    results = finding.column(
        story,
        sa.select(reply.result)
        .where(reply.matter_id == finding.matter(story).id, reply.sent_at.is_not(None))
        .order_by(reply.id),
    )
    scenarios.expect(expected, list(results), "答复的办理结果")


def _evaluated(story: testing.Story, given: object) -> None:
    """Say how a subject was scored, year by year."""
    found = scenarios.arguments(given, "subject", "scores")
    with story.engine.read() as connection:
        trend = evaluations.trend(connection, found["subject"])
    actual = {str(one.year): str(one.score) for one in trend}
    expected = {str(year): str(score) for year, score in found["scores"].items()}
    scenarios.expect(expected, actual, "评议分数")


# -- finding -----------------------------------------------------------------------


def _open_survey(story: testing.Story, name: str) -> int:
    survey, proposer = tables.survey.c, tables.proposer.c
    ids = finding.column(
        story,
        sa.select(survey.id)
        .join(tables.proposer, proposer.id == survey.proposer_id)
        .where(
            survey.matter_id == finding.matter(story).id,
            survey.answer.is_(None),
            proposer.name == name,
        )
        .order_by(survey.id),
    )
    if not ids:
        raise scenarios.Unmet(f"没有 {name} 未回的征询意见表。")
    return int(ids[0])


def _rows(story: testing.Story, query: sa.Select[Any]) -> list[Any]:
    with story.engine.read() as connection:
        return list(connection.execute(query))


VERBS: Mapping[str, scenarios.Verb] = {
    "survey": _survey,
    "tracked": _tracked,
    "year": _year,
    "surveys": _surveys,
    "replies": _replies,
    "evaluated": _evaluated,
}
