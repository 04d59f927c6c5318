"""Rectifying a problem (整改): the unit's reports and what was verified of them."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import workdays
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import remedies

#: The job that tells of a milestone on its morning.
MILESTONE = "rectification_milestone"
VERDICTS = {"CLOSE": "销号", "RETURN": "退回", "KEY_INSPECTION": "重点督查"}


@dataclass(frozen=True)
class Rectification:
    """A report on what was rectified."""

    id: int
    problem_id: int
    round: int
    version: int
    body: str
    completed: bool
    evidence: Sequence[str]
    signer: str | None
    signed_for: str | None
    submitted_at: datetime | None
    is_late: bool | None
    person: str
    on_behalf_of: str | None
    at: datetime


@dataclass(frozen=True)
class Verification:
    """What the appraisal office found when it verified a report."""

    id: int
    problem_id: int
    round: int
    rectification_id: int
    verdict: str
    comment: str
    deadline: date | None
    key_inspection_id: int | None
    person: str
    on_behalf_of: str | None
    at: datetime


def begin(work: handlers.Work, problem: problems.Problem) -> problems.Problem:
    """Hand the list of responsibilities to the unit: the clock of its report starts."""
    deadline = remedies.require_deadline(problem)
    begun = _set_deadline(work, problem, "RECTIFYING", deadline)
    due_on = report_day(work, deadline)
    person = remedies.require_responsibility(work.connection, problem).responsible
    heads = inbox.group(people.group("unit_head", problem.unit))
    text = (
        f"{begun.number}：整改时限 {begun.deadline}，请于 {due_on} 前报送整改落实情况。"
    )
    _tell(work, begun, [inbox.person(person), heads], text)
    for measure in remedies.measures_in_force(work.connection, problem.id):
        _follow(work, begun, measure)
    return begun


def tell_milestone(work: handlers.Work, payload: Mapping[str, object]) -> None:
    """Tell whoever answers, and the appraisal office, that a milestone has come.

    Nobody is told of what was reported meanwhile, or planned anew (R-02-40).
    """
    problem = problems.get(work.connection, entries.number(payload, "problem"))
    version = entries.number(payload, "version")
    planned = remedies.measures_in_force(work.connection, problem.id)
    if problem.state not in problems.RECTIFYING or planned[0].version != version:
        return
    text = f"{problem.number}：整改节点“{payload['what']}”今日到期，请核对进展。"
    _warn(work, problem, [inbox.group("perf_office")], text)


@entries.under("R-02-34")
def draft(
    work: handlers.Work,
    problem: problems.Problem,
    fields: entries.Entries,
    signed: problems.Signature,
) -> None:
    """Keep the draft of the report on what was rectified; what is done needs evidence.

    Raise `WrongState` unless the unit is rectifying.
    """
    if problem.state not in problems.RECTIFYING:
        raise problems.WrongState(
            f"问题 {problem.number} 现在不需要报送整改落实情况。（R-02-34）",
            problem=problem.number,
        )
    completed = entries.flag(fields, "completed")
    evidence = problems.lines(entries.optional_text(fields, "evidence"))
    if completed and not evidence:
        raise entries.refusal(
            "evidence", "整改完成的，须列明佐证材料。", rule="R-02-34"
        )
    work.connection.execute(
        tables.rectification.insert().values(
            problem_id=problem.id,
            round=problem.round,
            version=1 + len(reports(work.connection, problem.id)),
            body=entries.text(fields, "body", longest=10_000),
            completed=completed,
            evidence=list(evidence),
            **asdict(signed),
        )
    )


def sign(
    work: handlers.Work, report: Rectification, signed: problems.Signature
) -> None:
    """Record that the unit's head has signed the report."""
    work.connection.execute(
        tables.rectification.update()
        .where(tables.rectification.c.id == report.id)
        .values(signer=signed.person, signed_for=signed.on_behalf_of)
    )


def submit(work: handlers.Work, problem: problems.Problem) -> problems.Problem:
    """Send the signed report to the appraisal office: the light goes out.

    What was late stays on record, in calendar and in working days.
    """
    now = work.now()
    report = require_report(work.connection, problem)
    if report.signer is None:
        raise errors.Refused(
            "整改落实情况须由主要负责人签发后报送。（R-00-18）", problem=problem.number
        )
    due_at = problem.report_due_at or now
    late_days, late_workdays = lights.lateness(work.calendar, due_at, now)
    work.connection.execute(
        tables.rectification.update()
        .where(tables.rectification.c.id == report.id)
        .values(submitted_at=now, is_late=now > due_at)
    )
    return problems.move(
        work,
        problem,
        "REPORTED",
        reported_at=now,
        late_days=max(problem.late_days, late_days),
        late_workdays=max(problem.late_workdays, late_workdays),
        ever_red=problem.ever_red or now > due_at,
        light="OFF",
    )


def remind(work: handlers.Work, problem: problems.Problem) -> problems.Problem:
    """Remind the unit that the deadline is over and its report is awaited."""
    turned = problems.change(work, problem, light="YELLOW")
    due_on = work.calendar.local_date(problem.report_due_at or work.now())
    text = f"{turned.number}：整改时限已届满，请于 {due_on} 前报送整改落实情况。"
    return _warn(work, turned, [], text)


def redden(work: handlers.Work, problem: problems.Problem) -> problems.Problem:
    """Turn the light red: the time to report what was rectified is over."""
    turned = problems.change(work, problem, light="RED", ever_red=True)
    text = f"{turned.number}：超过报送期限仍未报送整改落实情况，亮红灯。"
    return _warn(work, turned, [inbox.group("perf_office")], text)


@entries.under("R-02-35")
def verify(
    work: handlers.Work,
    problem: problems.Problem,
    fields: entries.Entries,
    signed: problems.Signature,
) -> Verification:
    """Keep the verdict on the report: 销号, 退回 or 重点督查.

    Raise `Invalid` for closing what the unit itself calls unfinished, and for a
    return without a new deadline.
    """
    verdict = entries.choice(fields, "verdict", tuple(VERDICTS))
    report = require_report(work.connection, problem)
    if verdict == "CLOSE" and not report.completed:
        raise entries.refusal(
            "verdict", "责任单位报的是尚未完成整改，不能销号。", rule="R-02-35"
        )
    deadline = entries.optional_day(fields, "deadline")
    today = work.calendar.local_date(work.now())
    if verdict != "CLOSE" and (deadline is None or deadline < today):
        raise entries.refusal("deadline", "须另定今天以后的整改时限。", rule="R-02-35")
    row = work.connection.execute(
        tables.verification.insert()
        .values(
            problem_id=problem.id,
            round=problem.round,
            rectification_id=report.id,
            verdict=verdict,
            comment=entries.text(fields, "comment", longest=2000),
            deadline=None if verdict == "CLOSE" else deadline,
            **asdict(signed),
        )
        .returning(tables.verification)
    ).one()
    return Verification(**row._mapping)


def return_to_unit(work: handlers.Work, problem: problems.Problem) -> problems.Problem:
    """Give the problem back to the unit with the deadline that the verdict set."""
    found = verifications(work.connection, problem.id)[-1]
    if found.deadline is None:
        raise errors.Refused(
            "核验意见没有另定整改时限。（R-02-35）", problem=problem.number
        )
    state = "RETURNED" if found.verdict == "RETURN" else found.verdict
    returned = _set_deadline(work, problem, state, found.deadline)
    text = f"{returned.number}：{VERDICTS[found.verdict]}，整改时限 {found.deadline}。"
    return _warn(work, returned, [], text)


def record_key_inspection(
    work: handlers.Work, problem: problems.Problem, matter_id: int
) -> None:
    """Note which matter the key inspection is that the last verdict led to."""
    last = verifications(work.connection, problem.id)[-1]
    work.connection.execute(
        tables.verification.update()
        .where(tables.verification.c.id == last.id)
        .values(key_inspection_id=matter_id)
    )


def report_day(work: handlers.Work, deadline: date) -> date:
    """Return the day the report is due: 3 working days after the deadline (S14).

    责任单位应在整改时限届满后3个工作日内报送 (观政办〔2016〕29号 二(二)3).
    """
    workdays = remedies.rule(work.connection, "report_workdays")
    return work.calendar.add_workdays(deadline, workdays)


def reports(connection: sa.Connection, problem_id: int) -> list[Rectification]:
    """Return every version of the report on a problem, the last one last."""
    column = tables.rectification.c
    rows = connection.execute(
        sa.select(tables.rectification)
        .where(column.problem_id == problem_id)
        .order_by(column.version)
    )
    return [Rectification(**row._mapping) for row in rows]


def verifications(connection: sa.Connection, problem_id: int) -> list[Verification]:
    """Return every verdict on a problem, the last one last."""
    column = tables.verification.c
    rows = connection.execute(
        sa.select(tables.verification)
        .where(column.problem_id == problem_id)
        .order_by(column.id)
    )
    return [Verification(**row._mapping) for row in rows]


def require_report(
    connection: sa.Connection, problem: problems.Problem
) -> Rectification:
    """Return the last report of the problem's present round."""
    found = reports(connection, problem.id)
    if not found or found[-1].round != problem.round:
        raise errors.Refused(
            "还没有整改落实情况报告。（R-02-34）", problem=problem.number
        )
    return found[-1]


def _follow(
    work: handlers.Work, problem: problems.Problem, measure: remedies.Measure
) -> None:
    for place, one in enumerate(measure.milestones):
        morning = work.calendar.at(
            date.fromisoformat(one["on"]), workdays.START_OF_WORK
        )
        if morning > work.now():
            work.schedule(
                MILESTONE,
                morning,
                {
                    "problem": problem.id,
                    "version": measure.version,
                    "what": one["what"],
                },
                key=f"{MILESTONE}:{measure.id}:{place}",
            )


def _set_deadline(
    work: handlers.Work, problem: problems.Problem, state: str, deadline: date
) -> problems.Problem:
    due_at = work.calendar.end_of_day(report_day(work, deadline))
    return problems.move(
        work,
        problem,
        state,
        deadline=deadline,
        report_due_at=due_at,
        reported_at=None,
        light=lights.light(work.calendar, work.now(), due_at),
    )


def _warn(
    work: handlers.Work,
    problem: problems.Problem,
    others: Sequence[inbox.Recipient],
    text: str,
) -> problems.Problem:
    person = remedies.require_responsibility(work.connection, problem).responsible
    heads = inbox.group(people.group("unit_head", problem.unit))
    _tell(work, problem, [inbox.person(person), heads, *others], text)
    return problem


def _tell(
    work: handlers.Work,
    problem: problems.Problem,
    recipients: Sequence[inbox.Recipient],
    text: str,
) -> None:
    inbox.tell(work, recipients, problem.content, text, matter_id=problem.matter_id)
