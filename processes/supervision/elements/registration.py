"""Registering a ticket, verifying it, and what may still arrive from outside."""

from collections.abc import Mapping
from functools import partial

from engine import handlers
from processes.supervision import entries
from processes.supervision.hotline import caller_waits
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.settings import Settings


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register the handlers of this part."""
    registry.handler("register_ticket")(partial(register_ticket, settings))
    registry.handler("record_verification")(record_verification)
    registry.handler("attach_supplement")(attach_supplement)
    registry.handler("record_withdrawal")(record_withdrawal)
    registry.handler("withdraw_matter")(withdraw_matter)
    registry.handler("send_back")(send_back)


def matter_of(call: handlers.Call) -> matters.Matter:
    """Return the matter whose id the instance carries."""
    return matters.get(call.work.connection, entries.number(call.variables, "matter"))


def register_ticket(settings: Settings, call: handlers.Call) -> Mapping[str, object]:
    """Register the ticket as a matter, whose number becomes the business key."""
    work = call.work
    ticket = hotline.read(call.fields, work.calendar.local_date(work.now()))
    matter = hotline.register(
        work,
        ticket,
        area=settings.area,
        vault=settings.vault,
        root_id=call.root_id,
        person=call.person,
    )
    work.set_business_key(call.instance_id, matter.number)
    return {"matter": matter.id, "round": matter.round}


def record_verification(call: handlers.Call) -> None:
    """Take over what the registrar mended of a delivered ticket."""
    hotline.verify(call.work, matter_of(call), call.fields)


def attach_supplement(call: handlers.Call) -> None:
    """Attach what the caller added, tell the handlers, end a wait for his answer."""
    content = entries.text(call.fields, "content", longest=hotline.LONGEST_SUPPLEMENT)
    matter = matter_of(call)
    hotline.supplement(call.work, matter, content, person=call.person)
    caller_waits.answered(call.work, matter, content)


def record_withdrawal(call: handlers.Call) -> None:
    """Note in the history whether the officer confirms the withdrawal, and why."""
    call.work.note(
        call.instance_id,
        "withdrawal_decided",
        {
            "withdrawal": entries.choice(
                call.fields, "withdrawal", ("CONFIRM", "REFUSE")
            ),
            "comment": entries.text(call.fields, "comment", longest=2000),
        },
        person=opinions.require_person(call),
    )


def withdraw_matter(call: handlers.Call) -> None:
    """End the matter that its caller withdrew (E2)."""
    hotline.withdraw(call.work, matter_of(call))


def send_back(call: handlers.Call) -> None:
    """Give the matter back to the hotline: it is not this county's (E8)."""
    hotline.send_back(call.work, matter_of(call))
