"""How the standing committee scored what was done, year after year (R-03-21)."""

from dataclasses import dataclass
from decimal import Decimal
from decimal import InvalidOperation

import sqlalchemy as sa

from engine import handlers
from processes.supervision import entries
from processes.supervision import tables

HIGHEST = Decimal(100)


@dataclass(frozen=True)
class Score:
    """The score of one subject in one year."""

    year: int
    subject: str
    score: Decimal
    comment: str


@entries.under("R-03-21")
def record(
    work: handlers.Work,
    matter_id: int,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> Score:
    """Keep the score of a subject for a year: 0 to 100, one decimal, once.

    Reads `year`, `subject`, `score` and `comment`.
    """
    year = entries.optional_whole(given, "year", least=2000, largest=2100)
    if year is None:
        raise entries.refusal("year", "请填写年度。", rule="R-03-21")
    subject = entries.text(given, "subject", longest=100)
    known = [one for one in trend(work.connection, subject) if one.year == year]
    if known:
        raise entries.refusal(
            "year", f"“{subject}”{year}年的评议分数已经登记。", rule="R-03-21"
        )
    score = _score(given)
    comment = entries.optional_text(given, "comment", longest=2000)
    work.connection.execute(
        tables.evaluation.insert().values(
            matter_id=matter_id,
            year=year,
            subject=subject,
            score_tenths=int(score * tables.TENTHS),
            comment=comment,
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
    )
    return Score(year, subject, score, comment)


def trend(connection: sa.Connection, subject: str | None = None) -> list[Score]:
    """Return the scores of one subject, or of all, the earliest year first."""
    evaluation = tables.evaluation.c
    query = sa.select(tables.evaluation).order_by(evaluation.year, evaluation.subject)
    if subject is not None:
        query = query.where(evaluation.subject == subject)
    return [
        Score(
            row.year,
            row.subject,
            Decimal(row.score_tenths) / tables.TENTHS,
            row.comment,
        )
        for row in connection.execute(query)
    ]


def _score(given: entries.Entries) -> Decimal:
    try:
        score = Decimal(str(given.get("score")))
    except InvalidOperation as error:
        raise entries.refusal("score", "应填数字。", rule="R-03-21") from error
    if not (score.is_finite() and 0 <= score <= HIGHEST):
        raise entries.refusal("score", "应在0到100之间。", rule="R-03-21")
    if score * tables.TENTHS % 1:
        raise entries.refusal("score", "至多一位小数。", rule="R-03-21")
    return score
