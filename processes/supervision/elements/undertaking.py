"""What a unit does with its part of a matter, and the office's review of it."""

from collections.abc import Mapping

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.requests import clocks
from processes.supervision.requests import extensions
from processes.supervision.requests import reassignments
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import responsible
from processes.supervision.undertakings import reviews
from processes.supervision.undertakings import undertakings


def install(registry: handlers.Registry) -> None:
    """Register the handlers and functions of this part."""
    registry.handler("record_acknowledgement")(record_acknowledgement)
    registry.handler("assign_handler")(assign_handler)
    registry.handler("record_assist_opinion")(record_assist_opinion)
    registry.handler("draft_report")(draft_report)
    registry.handler("submit_report")(submit_report)
    registry.handler("record_review")(record_review)
    registry.handler("return_report")(return_report)
    registry.handler("accept_undertaking")(accept_undertaking)
    registry.function("leads_accepted", needs_work=True)(undertakings.leads_accepted)
    registry.function("unit_of", needs_work=True)(unit_of)
    registry.function("role_of", needs_work=True)(role_of)
    registry.function("due_of", needs_work=True)(due_of)
    registry.function("head_signs", needs_work=True)(head_signs)
    registry.function("word_limits", needs_work=True)(word_limits)


def undertaking_of(call: handlers.Call) -> undertakings.Undertaking:
    """Return the undertaking whose id the instance carries."""
    number = entries.number(call.variables, "undertaking")
    return undertakings.get(call.work.connection, number)


def unit_of(work: handlers.Work, undertaking: object) -> str:
    """Return the code of the unit an undertaking is issued to."""
    return _get(work, undertaking).unit


def role_of(work: handlers.Work, undertaking: object) -> str:
    """Return LEAD or ASSIST."""
    return _get(work, undertaking).role


def due_of(work: handlers.Work, undertaking: object) -> str:
    """Return when the unit's report is due, also after a return, as ISO 8601."""
    return _get(work, undertaking).due_at.isoformat(timespec="seconds")


def record_acknowledgement(call: handlers.Call) -> Mapping[str, object]:
    """Record that the unit has the notice, or asks that another unit handle it.

    The first of either sets the matter in progress.
    """
    undertaking, person = undertaking_of(call), opinions.require_person(call)
    matter = matters.get(call.work.connection, undertaking.matter_id)
    if matter.status == "ISSUED":
        matters.move(call.work, matter, "IN_PROGRESS")
    if entries.flag(call.fields, "return_requested"):
        asked = reassignments.request(
            call.work,
            undertaking,
            call.fields,
            person=person,
            on_behalf_of=call.on_behalf_of,
        )
        return {"return_requested": True, "reassignment": asked.id}
    if not entries.flag(call.fields, "acknowledged"):
        raise entries.refusal("acknowledged", "请确认已收到通知单，或申请退办。")
    undertakings.acknowledge(call.work, undertaking.id, person)
    return {"return_requested": False}


def assign_handler(call: handlers.Call) -> Mapping[str, object]:
    """Name the one person who handles it, and who else answers for it (R-00-31)."""
    handler = entries.text(call.fields, "handler", longest=100)
    internal_due_on = entries.optional_day(call.fields, "internal_due_on")
    undertaking = undertakings.assign(
        call.work, undertaking_of(call).id, handler, internal_due_on
    )
    responsible.register(call.work, undertaking, call.fields)
    return {"handler": handler}


def record_assist_opinion(call: handlers.Call) -> None:
    """Keep the assisting unit's opinion."""
    opinion = entries.text(call.fields, "opinion", longest=5000)
    undertakings.give_assist_opinion(call.work, undertaking_of(call).id, opinion)


def draft_report(call: handlers.Call) -> None:
    """Keep the draft of the report and the contact with the caller."""
    undertaking, person = undertaking_of(call), opinions.require_person(call)
    reports.draft(call.work, undertaking, call.fields, person=person)
    reports.record_contact(call.work, undertaking, call.fields, person=person)


def head_signs(work: handlers.Work, undertaking: object) -> bool:
    """Whether the head of the unit must sign its report (Q-05).

    The procedure's `sign_rule` HEAD_ALWAYS holds unless it says
    DEPUTY_THEN_HEAD_IF_MAJOR: then the deputy's word is enough for what is not major.
    """
    return reports.head_signs(work.connection, _get(work, undertaking))


def word_limits(work: handlers.Work, matter: object) -> bool:
    """Whether reports of a matter must keep to their length (Q-04)."""
    number = entries.number({"matter": matter}, "matter")
    return reports.are_limited(work.connection, matters.get(work.connection, number))


def submit_report(call: handlers.Call) -> None:
    """Send the signed report to the office; a clock that waited goes on first."""
    undertaking = undertaking_of(call)
    matter = matters.get(call.work.connection, undertaking.matter_id)
    if clocks.stopped(call.work.connection, matter.id) is not None:
        clocks.go(call.work, matter)
    reports.submit(call.work, undertaking_of(call))


def record_review(call: handlers.Call) -> Mapping[str, object]:
    """Append the review; its verdict becomes a variable."""
    review = reviews.record(call, undertaking_of(call))
    return {"verdict": review.verdict}


def return_report(call: handlers.Call) -> None:
    """Send the report back with the deadline the review set."""
    undertaking = undertaking_of(call)
    review = reviews.latest(call.work.connection, undertaking.id)
    if review is None or review.resubmit_on is None:
        raise errors.Refused(
            "审核意见没有定补报时限。（R-00-27）", undertaking=undertaking.number
        )
    undertakings.returned(call.work, undertaking.id, review.resubmit_on)


def accept_undertaking(call: handlers.Call) -> None:
    """Accept the unit's part; it needs no more time."""
    accepted = undertakings.accept(call.work, undertaking_of(call).id)
    extensions.lapse(call.work, accepted)


def _get(work: handlers.Work, undertaking: object) -> undertakings.Undertaking:
    number = entries.number({"undertaking": undertaking}, "undertaking")
    return undertakings.get(work.connection, number)
