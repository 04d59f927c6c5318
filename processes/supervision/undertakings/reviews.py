"""Reviews (反馈审核): whether the office accepts a report, and why it does not."""

from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import avoidances
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.matters import opinions
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import undertakings

#: 000三(五): the four reasons for which a report is sent back.
REASONS = {
    "FACT_UNCLEAR": "事实不清楚",
    "OPINION_UNCLEAR": "意见不明确",
    "CONCLUSION_INACCURATE": "结论不准确",
    "FORMAT_NONSTANDARD": "格式不规范",
}
#: 001三(一): what every report is held against.
QUALITIES = {
    "accurate": "行文准确",
    "objective": "客观全面",
    "truthful": "内容属实",
}
VERDICTS = {
    "ACCEPT": "采纳",
    "RETURN_REDO": "退回重办",
    "RETURN_RESUBMIT": "退回重报",
    "VERIFY": "现场核实",
}


@dataclass(frozen=True)
class Review:
    """One review of one version of a report, append-only."""

    id: int
    undertaking_id: int
    report_id: int
    accurate: bool
    objective: bool
    truthful: bool
    verdict: str
    reasons: list[str]
    resubmit_on: date | None
    comment: str
    person: str
    on_behalf_of: str | None
    at: datetime

    @property
    def accepts(self) -> bool:
        """Whether the report was accepted."""
        return self.verdict == "ACCEPT"


def record(call: handlers.Call, undertaking: undertakings.Undertaking) -> Review:
    """Append the review of the report submitted last.

    Reads `accurate`, `objective`, `truthful`, `verdict`, `reasons`, `resubmit_on`
    and `comment`. To accept, all three are ticked; to return, at least one of the
    four reasons is given, an explanation, and a day to report again (3 working days
    by default; R-00-27).
    To verify on site decides nothing yet.
    """
    report = reports.latest(call.work.connection, undertaking.id)
    if report is None or report.submitted_at is None:
        raise errors.Refused(
            "还没有上报的报告可以审核。（R-00-25）", undertaking=undertaking.number
        )
    person = opinions.require_person(call)
    avoidances.require_none(call.work.connection, person, undertaking.unit)
    given = call.fields
    verdict = entries.choice(given, "verdict", list(VERDICTS))
    qualities = {key: entries.flag(given, key) for key in QUALITIES}
    reasons = entries.choices(given, "reasons", list(REASONS))
    comment = entries.optional_text(given, "comment", longest=2000)
    resubmit_on = None
    if verdict == "ACCEPT":
        missing = [key for key, ticked in qualities.items() if not ticked]
        if missing:
            raise errors.Invalid(
                fields={
                    key: [f"采纳须确认“{QUALITIES[key]}”。（R-01-40）"]
                    for key in missing
                }
            )
        reasons = ()
    elif verdict == "VERIFY":
        # Whether to accept is said once somebody has been there.
        reasons = ()
    else:
        if not reasons:
            raise entries.refusal("reasons", "退回须至少选择一种理由。", rule="R-00-27")
        if not comment:
            raise entries.refusal("comment", "退回须附说明。", rule="R-00-27")
        resubmit_on = _resubmission(
            call.work, entries.optional_day(given, "resubmit_on")
        )
    row = call.work.connection.execute(
        tables.review.insert()
        .values(
            undertaking_id=undertaking.id,
            report_id=report.id,
            **qualities,
            verdict=verdict,
            reasons=list(reasons),
            resubmit_on=resubmit_on,
            comment=comment,
            person=person,
            on_behalf_of=call.on_behalf_of,
            at=call.work.now(),
        )
        .returning(tables.review)
    ).one()
    return Review(**row._mapping)


def latest(connection: sa.Connection, undertaking_id: int) -> Review | None:
    """Return the newest review of an undertaking's reports."""
    found = of_undertaking(connection, undertaking_id)
    return found[-1] if found else None


def of_undertaking(connection: sa.Connection, undertaking_id: int) -> list[Review]:
    """Return the reviews of an undertaking's reports, the first one first."""
    review = tables.review.c
    rows = connection.execute(
        sa.select(tables.review)
        .where(review.undertaking_id == undertaking_id)
        .order_by(review.id)
    )
    return [Review(**row._mapping) for row in rows]


def _resubmission(work: handlers.Work, asked: date | None) -> date:
    today = work.calendar.local_date(work.now())
    if asked is None:
        return work.calendar.add_workdays(today, deadlines.RESUBMISSION_WORKDAYS)
    if asked <= today:
        raise entries.refusal("resubmit_on", "补报时限须晚于今天。", rule="R-00-27")
    return asked
