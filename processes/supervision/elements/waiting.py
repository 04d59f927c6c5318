"""Hotline matters that wait: for the caller, or for more time of the hotline."""

from engine import handlers
from processes.supervision import entries
from processes.supervision.elements.registration import matter_of
from processes.supervision.hotline import caller_waits
from processes.supervision.hotline import ticket_extensions
from processes.supervision.matters import opinions


def install(registry: handlers.Registry) -> None:
    """Register the handlers of this part."""
    registry.handler("record_wait_opinion")(record_wait_opinion)
    registry.handler("stop_clock")(stop_clock)
    registry.handler("record_caller_answer")(record_caller_answer)
    registry.handler("start_clock")(start_clock)
    registry.handler("record_ticket_extension_opinion")(record_ticket_extension_opinion)
    registry.handler("ask_ticket_extension")(ask_ticket_extension)
    registry.handler("record_ticket_extension")(record_ticket_extension)


def record_wait_opinion(call: handlers.Call) -> None:
    """Append whether the office agrees that the clock stands still."""
    wait = caller_waits.get(call.work.connection, _number(call, "caller_wait"))
    subject = opinions.Subject("caller_wait", wait.id, wait.person)
    verb = call.element.properties.get("verb", "决定")
    opinion = opinions.record(call, wait.matter_id, subject, verb=verb)
    if opinion.decision != "GRANT":
        caller_waits.refuse(call.work, wait.id)


def stop_clock(call: handlers.Call) -> None:
    """Stop the clock of the matter until its caller has answered."""
    caller_waits.begin(call.work, _number(call, "caller_wait"))


def record_caller_answer(call: handlers.Call) -> None:
    """Keep what the caller answered to the unit."""
    wait = caller_waits.get(call.work.connection, _number(call, "caller_wait"))
    answer = entries.text(call.fields, "answer", longest=5000)
    caller_waits.change(call.work, wait, answer=answer)


def start_clock(call: handlers.Call) -> None:
    """Let the clock of the matter go on."""
    caller_waits.end(call.work, _number(call, "caller_wait"))


def record_ticket_extension_opinion(call: handlers.Call) -> None:
    """Append whether the director agrees to ask the hotline for more time."""
    asked = ticket_extensions.get(
        call.work.connection, _number(call, "ticket_extension")
    )
    subject = opinions.Subject("ticket_extension", asked.id, asked.person)
    verb = call.element.properties.get("verb", "决定")
    opinion = opinions.record(call, matter_of(call).id, subject, verb=verb)
    if opinion.decision == "DECLINE":
        ticket_extensions.decline(call.work, asked.id)


def ask_ticket_extension(call: handlers.Call) -> None:
    """Send the request for more time to the hotline."""
    ticket_extensions.send(call.work, _number(call, "ticket_extension"))


def record_ticket_extension(call: handlers.Call) -> None:
    """Keep the hotline's answer, by message or by hand."""
    number = _number(call, "ticket_extension")
    ticket_extensions.answer(call.work, number, call.fields)


def _number(call: handlers.Call, name: str) -> int:
    return entries.number(call.variables, name)
