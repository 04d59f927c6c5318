"""Summing up, reporting to the hotline, its receipt and callback, another round."""

from collections.abc import Mapping

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision.documents import notices
from processes.supervision.elements.registration import matter_of
from processes.supervision.hotline import results
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import proposals
from processes.supervision.undertakings import openings

ROUTES = ("DIRECT", "EXEC")


def install(registry: handlers.Registry) -> None:
    """Register the handlers of this part."""
    registry.handler("record_summary")(record_summary)
    registry.handler("record_route")(record_route)
    registry.handler("report_to_hotline")(report_to_hotline)
    registry.handler("send_result")(send_result)
    registry.handler("record_receipt")(record_receipt)
    registry.handler("remind_receipt")(remind_receipt)
    registry.handler("record_callback")(record_callback)
    registry.handler("record_request")(record_request)
    registry.handler("open_round")(open_round)


def record_summary(call: handlers.Call) -> None:
    """Keep the summary and lay it before the leaders."""
    matter = matter_of(call)
    if matter.status != "SUMMARIZING":
        matter = matters.move(call.work, matter, "SUMMARIZING")
    matters.move(
        call.work,
        matter,
        "LEADER_REVIEW",
        summary=entries.text(call.fields, "summary"),
        summarized_by=opinions.require_person(call),
    )


def record_route(call: handlers.Call) -> None:
    """Note how the chief suggests to report; the director decides."""
    call.work.note(
        call.instance_id,
        "route_suggested",
        {
            "route": entries.choice(call.fields, "route", ROUTES),
            "comment": entries.optional_text(call.fields, "comment", longest=2000),
        },
        person=opinions.require_person(call),
    )


def report_to_hotline(call: handlers.Call) -> None:
    """Send the result to the hotline."""
    results.report(call.work, matter_of(call))


def send_result(call: handlers.Call) -> None:
    """Send the result to the office outside that the element's property `to` names."""
    to = call.element.properties.get("to", "")
    if not to:
        raise errors.DuchaError(
            f"环节“{call.element.name}”没有写属性“to”。", element_id=call.element.id
        )
    results.send(call.work, matter_of(call), to, what=call.element.name)


def record_receipt(call: handlers.Call) -> None:
    """Keep the hotline's receipt, by message or by hand."""
    results.record_receipt(call.work, matter_of(call), call.fields)


def remind_receipt(call: handlers.Call) -> None:
    """Tell the officers that no receipt has come."""
    results.remind_receipt(call.work, matter_of(call))


def record_callback(call: handlers.Call) -> Mapping[str, object]:
    """Keep what the caller said when rung back, by message or by hand."""
    matter = matter_of(call)
    return {"callback": results.record_callback(call.work, matter, call.fields)}


def record_request(call: handlers.Call) -> None:
    """Note why the officer asks the director for a decision on another round."""
    call.work.note(
        call.instance_id,
        "decision_requested",
        {"request": entries.text(call.fields, "request", longest=2000)},
        person=opinions.require_person(call),
    )


def open_round(call: handlers.Call) -> Mapping[str, object]:
    """Open the undertakings of another round, as the proposal in force names them."""
    matter = results.open_round(call.work, matter_of(call))
    proposal = proposals.current(call.work.connection, matter.id)
    due_on = call.work.calendar.local_date(matter.due_at)
    opened = openings.issue(call.work, matter, proposal, due_on)
    notices.issue(call.work, matter, proposal, opened)
    return {"undertakings": [one.id for one in opened], "round": matter.round}
