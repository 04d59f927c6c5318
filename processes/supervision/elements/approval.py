"""Proposing, approving and issuing."""

from collections.abc import Mapping

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import ladder
from processes.supervision import matters
from processes.supervision import notices
from processes.supervision import opinions
from processes.supervision import proposals
from processes.supervision import reports
from processes.supervision import reviews
from processes.supervision import undertakings
from processes.supervision.elements.registration import matter_of

#: The process whose approvals are about ending the matter.
CLOSING = "close_archive"


def install(registry: handlers.Registry) -> None:
    """Register the handlers and functions of this part."""
    registry.handler("record_proposal")(record_proposal)
    registry.handler("record_opinion")(record_opinion)
    registry.handler("record_appointment")(record_appointment)
    registry.handler("issue_notice")(issue_notice)
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


def record_opinion(call: handlers.Call) -> None:
    """Append the opinion, and do to its subject what it decides."""
    matter = matter_of(call)
    verb = call.element.properties.get("verb", "决定")
    if "undertaking" in call.variables:
        _about_report(call, matter, verb)
    elif call.element.scope == CLOSING:
        requested = opinions.about(
            call.work.connection, opinions.Subject("closing", matter.id, None)
        )
        askers = [one.person for one in requested if one.verb == opinions.REQUEST]
        drafter = askers[-1] if askers else None
        subject = opinions.Subject("closing", matter.id, drafter)
        opinions.record(call, matter.id, subject, verb=verb)
    elif matter.status == "APPROVING":
        _about_proposal(call, matter, verb)
    else:
        subject = opinions.Subject("summary", matter.id, matter.summarized_by)
        opinion = opinions.record(call, matter.id, subject, verb=verb)
        if opinion.decision == "RETURN":
            matters.move(call.work, matter, "SUMMARIZING")


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


def _about_report(call: handlers.Call, matter: matters.Matter, verb: str) -> None:
    """Record 审核 and 签发 inside the unit, and 审签 of the office's review."""
    work = call.work
    undertaking = undertakings.get(
        work.connection, entries.number(call.variables, "undertaking")
    )
    if undertaking.state == "REPORTED":
        review = reviews.latest(work.connection, undertaking.id)
        if review is None:
            raise errors.Refused("还没有审核意见可以审签。")
        subject = opinions.Subject("review", review.id, review.person)
        opinions.record(call, matter.id, subject, verb=verb)
        return
    report = reports.latest(work.connection, undertaking.id)
    if report is None:
        raise errors.Refused("还没有办理情况报告。", undertaking=undertaking.number)
    subject = opinions.Subject("report", report.id, report.drafted_by)
    opinion = opinions.record(call, matter.id, subject, verb=verb)
    if opinion.decision != "APPROVE":
        undertakings.move(work, undertaking, "HANDLING")
    elif undertaking.state == "UNIT_REVIEW":
        undertakings.move(work, undertaking, "UNIT_SIGN")
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
        raise entries.refusal("appointed", "只能指定县领导代行审定。")
    if people.absent(work.connection, [appointed], work.now()):
        raise entries.refusal("appointed", "该同志不在岗，请另行指定。")
    work.note(
        call.instance_id,
        "decider_appointed",
        {"appointed": appointed, "reason": entries.text(call.fields, "reason")},
        person=call.person,
    )
    return {"appointed": appointed}


def issue_notice(call: handlers.Call) -> Mapping[str, object]:
    """Issue the notice: undertakings are opened and their clocks start."""
    matter = matter_of(call)
    proposal = proposals.current(call.work.connection, matter.id)
    issued = matters.move(call.work, matter, "ISSUED")
    ladder.take_down(call.work, "approval", matter.id)
    opened = undertakings.issue(call.work, issued, proposal, proposal.due_on)
    notices.issue(call.work, issued, proposal, opened)
    return {"undertakings": [one.id for one in opened], "round": matter.round}
