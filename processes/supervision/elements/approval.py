"""Proposing, approving and issuing."""

from collections.abc import Mapping

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision.deadlines import ladder
from processes.supervision.documents import circulars
from processes.supervision.documents import notices
from processes.supervision.elements.registration import matter_of
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import periods
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import reviews
from processes.supervision.undertakings import undertakings

#: The process whose approvals are about ending the matter.
CLOSING = "close_archive"
#: The kind of paper that a leader's written instruction is.
INSTRUCTION = "instruction"
#: Nobody has laid these matters before a leader, or he sent them back.
UNAPPROVED = ("DRAFT", "REGISTERED", "PROPOSING")


def install(registry: handlers.Registry) -> None:
    """Register the handlers and functions of this part."""
    registry.handler("record_proposal")(record_proposal)
    registry.handler("record_opinion")(record_opinion)
    registry.handler("record_appointment")(record_appointment)
    registry.handler("record_breakdown")(record_breakdown)
    registry.handler("issue_notice")(issue_notice)
    registry.handler("issue_undertakings")(issue_undertakings)
    registry.handler("open_period")(open_period)
    registry.function("on_duty", needs_work=True)(on_duty)


def on_duty(work: handlers.Work, group: object) -> bool:
    """Whether somebody of this group, or a valid substitute, is at work."""
    return people.on_duty(work.connection, str(group), work.now())


def record_proposal(call: handlers.Call) -> None:
    """Keep the proposal and send the matter into approval."""
    proposals.record(
        call.work,
        matter_of(call),
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def record_breakdown(call: handlers.Call) -> Mapping[str, object]:
    """Keep the breakdown into mandates and send the matter into approval (CA-02).

    Returns `short_notice`: whether a mandate leaves less than one working day.
    """
    work = call.work
    proposal = proposals.record_breakdown(
        work,
        matter_of(call),
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    next_day = work.calendar.add_workdays(work.calendar.local_date(work.now()), 1)
    return {"short_notice": any(one.due_on < next_day for one in proposal.mandates)}


def record_opinion(call: handlers.Call) -> None:
    """Append the opinion, and do to its subject what it decides.

    What it is about is the element's property `about`: proposal, summary, report,
    review, closing, circular, or paper:<kind>. Without it: inside a unit the report,
    while the matter is being approved the proposal, else the summary.
    """
    matter = matter_of(call)
    about = call.element.properties.get("about") or _supposed(call, matter)
    kind, _, detail = about.partition(":")
    verb = call.element.properties.get("verb", "决定")
    if kind in ("report", "review"):
        _about_report(call, matter, verb)
    elif kind == "proposal":
        _about_proposal(call, matter, verb)
    elif kind == "paper":
        _about_paper(call, matter, detail, verb)
    elif kind == "circular":
        circular = circulars.get(
            call.work.connection, entries.number(call.variables, "circular")
        )
        subject = opinions.Subject("circular", circular.id, circular.person)
        opinions.record(call, matter.id, subject, verb=verb)
    elif kind == "closing":
        requested = opinions.about(
            call.work.connection, opinions.Subject("closing", matter.id, None)
        )
        askers = [one.person for one in requested if one.verb == opinions.REQUEST]
        drafter = askers[-1] if askers else None
        subject = opinions.Subject("closing", matter.id, drafter)
        opinions.record(call, matter.id, subject, verb=verb)
    elif kind == "matter":
        subject = opinions.Subject("matter", matter.id, None)
        opinions.record(call, matter.id, subject, verb=verb)
    elif kind == "summary":
        subject = opinions.Subject("summary", matter.id, matter.summarized_by)
        opinion = opinions.record(call, matter.id, subject, verb=verb)
        if opinion.decision == "RETURN":
            matters.move(call.work, matter, "SUMMARIZING")
    else:
        raise errors.DuchaError(
            f"环节“{call.element.name}”的审批对象“{about}”不存在。",
            element_id=call.element.id,
        )


def _supposed(call: handlers.Call, matter: matters.Matter) -> str:
    if "undertaking" in call.variables:
        return "report"
    if call.element.scope == CLOSING:
        return "closing"
    return "proposal" if matter.status == "APPROVING" else "summary"


def _about_proposal(call: handlers.Call, matter: matters.Matter, verb: str) -> None:
    proposal = proposals.current(call.work.connection, matter.id)
    subject = opinions.Subject("proposal", proposal.id, proposal.person)
    opinion = opinions.record(call, matter.id, subject, verb=verb)
    if opinion.decision == "RETURN":
        matters.move(call.work, matter, "PROPOSING")
    elif opinion.decision == "CHANGE_UNIT":
        proposals.change_unit(
            call.work,
            matter.id,
            entries.text(call.fields, "lead_unit"),
            person=opinion.person,
            on_behalf_of=opinion.on_behalf_of,
        )


def _about_paper(
    call: handlers.Call, matter: matters.Matter, kind: str, verb: str
) -> None:
    """Record an opinion on the newest version of a paper; nobody approves his own."""
    known = call.variables.get("undertaking")
    paper = papers.require(
        call.work.connection,
        matter.id,
        kind,
        undertaking_id=known if isinstance(known, int) else None,
    )
    subject = opinions.Subject("paper", paper.id, paper.person)
    opinions.record(call, matter.id, subject, verb=verb)


def _about_report(call: handlers.Call, matter: matters.Matter, verb: str) -> None:
    """Record 审核 and 签发 inside the unit, and 审签 of the office's review."""
    work = call.work
    undertaking = undertakings.get(
        work.connection, entries.number(call.variables, "undertaking")
    )
    if undertaking.state == "REPORTED":
        review = reviews.latest(work.connection, undertaking.id)
        if review is None:
            raise errors.Refused("还没有审核意见可以审签。（R-01-40）")
        subject = opinions.Subject("review", review.id, review.person)
        opinions.record(call, matter.id, subject, verb=verb)
        return
    report = reports.latest(work.connection, undertaking.id)
    if report is None:
        raise errors.Refused(
            "还没有办理情况报告。（R-00-18）", undertaking=undertaking.number
        )
    subject = opinions.Subject("report", report.id, report.drafted_by)
    opinion = opinions.record(call, matter.id, subject, verb=verb)
    if opinion.decision != "APPROVE":
        undertakings.move(work, undertaking, "HANDLING")
    elif undertaking.state == "UNIT_REVIEW":
        undertakings.move(work, undertaking, "UNIT_SIGN")
        if not reports.head_signs(work.connection, undertaking):
            reports.sign(
                work, report, person=opinion.person, on_behalf_of=opinion.on_behalf_of
            )
    else:
        reports.sign(
            work, report, person=opinion.person, on_behalf_of=opinion.on_behalf_of
        )


def record_appointment(call: handlers.Call) -> Mapping[str, object]:
    """Keep whom the mayor appoints to decide while the executive vice mayor is away.

    Only a leader who is at work may be appointed (常务副县长缺位→县长指定).
    """
    appointed = entries.text(call.fields, "appointed", longest=100)
    work = call.work
    identity = people.identity(work.connection, appointed, work.now())
    if identity.groups.isdisjoint(access.LEADERS):
        raise entries.refusal("appointed", "只能指定县领导代行审定。", rule="R-01-32")
    if people.absent(work.connection, [appointed], work.now()):
        raise entries.refusal("appointed", "该同志不在岗，请另行指定。", rule="R-01-32")
    work.note(
        call.instance_id,
        "decider_appointed",
        {"appointed": appointed, "reason": entries.text(call.fields, "reason")},
        person=call.person,
    )
    return {"appointed": appointed}


def issue_notice(call: handlers.Call) -> Mapping[str, object]:
    """Issue the notice of a hotline matter: undertakings open, their clocks start."""
    issued, proposal, opened = _open_undertakings(call)
    notices.issue(call.work, issued, proposal, opened)
    return {"undertakings": [one.id for one in opened], "round": issued.round}


def issue_undertakings(call: handlers.Call) -> Mapping[str, object]:
    """Open the undertakings of all mandates: what was approved is issued (CA-04)."""
    issued, _, opened = _open_undertakings(call)
    return {"undertakings": [one.id for one in opened], "round": issued.round}


def plan_periods(call: handlers.Call) -> Mapping[str, object]:
    """Plan the feedback periods of every lead, as the procedure's dates say."""
    matter = matter_of(call)
    planned = periods.plan(call.work, matter)
    return {
        "periods": [
            {
                "label": one.label,
                "opens_at": one.opens_at.isoformat(timespec="seconds"),
                "due_at": one.due_at.isoformat(timespec="seconds"),
                "undertakings": list(one.undertakings),
            }
            for one in planned
        ]
    }


def open_period(call: handlers.Call) -> Mapping[str, object]:
    """Open the window of a feedback period; the handler named at 分办 keeps it."""
    number = entries.number(call.variables, "undertaking")
    opened = openings.open_period(call.work, number)
    return {"handler": opened.handler, "unit": opened.unit}


def _open_undertakings(
    call: handlers.Call,
) -> tuple[matters.Matter, proposals.Proposal, list[undertakings.Undertaking]]:
    matter = matter_of(call)
    proposal = proposals.current(call.work.connection, matter.id)
    if matter.status in (*UNAPPROVED, "APPROVING"):
        _require_approval(call.work.connection, matter)
        matter = matters.move(call.work, matter, "APPROVED")
    if matter.status == "APPROVED":
        matter = matters.move(call.work, matter, "ISSUED")
    ladder.take_down(call.work, "approval", matter.id)
    later = matter.round > 1
    due_on = call.work.calendar.local_date(matter.due_at) if later else None
    return matter, proposal, openings.issue(call.work, matter, proposal, due_on)


def _require_approval(connection: sa.Connection, matter: matters.Matter) -> None:
    """Raise `Refused` unless leaders approved, or instructed before (R-01-28)."""
    decisions = [
        one.decision
        for one in opinions.of_matter(connection, matter.id)
        if one.subject == "proposal"
    ]
    approved = decisions and decisions[-1] in ("APPROVE", "CHANGE_UNIT")
    instructed = papers.latest(connection, matter.id, INSTRUCTION) is not None
    if matter.status in UNAPPROVED or not (approved or instructed):
        raise errors.Refused("未经领导批准，不得通知承办单位（R-00-14）。")
