"""What a lower office does with its own matters."""

from collections.abc import Mapping
from functools import partial

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import entries
from processes.supervision.documents import circulars
from processes.supervision.elements import opening
from processes.supervision.elements.registration import matter_of
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import passing
from processes.supervision.matters import registration
from processes.supervision.matters import sources
from processes.supervision.settings import Settings


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register the handlers of this part."""
    registry.handler("register_lower_matter")(partial(register_lower_matter, settings))
    registry.handler("record_lower_plan")(record_lower_plan)
    registry.handler("report_up")(report_up)
    registry.handler("draft_unit_circular")(draft_unit_circular)
    registry.handler("conclude_lower_matter")(conclude_lower_matter)


def register_lower_matter(
    settings: Settings, call: handlers.Call
) -> Mapping[str, object]:
    """Register a matter of a unit's own office: passed down, or its own."""
    work = call.work
    unit = str(call.variables.get("unit") or _own_unit(call))
    told, due = sources.read(work, opening.procedure_key(call), call.fields)
    draft = registration.open_draft(
        work, told, due, root_id=call.root_id, person=call.person
    )
    numbered = registration.number(work, draft, area=settings.area)
    matters.change(work, numbered, office=unit)
    work.set_business_key(call.instance_id, numbered.number)
    return {"matter": numbered.id, "round": numbered.round, "unit": unit}


def record_lower_plan(call: handlers.Call) -> Mapping[str, object]:
    """Keep who of the unit handles it, or pass it further down (逐级下派).

    Reads `course` (OWN or DOWN), `opinion`; `handler` for OWN, `lower_unit` and
    `due_on` for DOWN.
    """
    matter, person = matter_of(call), opinions.require_person(call)
    course = entries.choice(call.fields, "course", ("OWN", "DOWN"))
    opinion = entries.text(call.fields, "opinion", longest=2000)
    papers.keep(
        call.work,
        matter_id=matter.id,
        kind="lower_plan",
        title="拟办",
        content=call.fields,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=person,
        on_behalf_of=call.on_behalf_of,
    )
    if course == "DOWN":
        given = {
            "unit": entries.text(call.fields, "lower_unit", longest=100),
            "requirement": opinion,
            "due_on": entries.day(call.fields, "due_on").isoformat(),
        }
        identity = people.identity(call.work.connection, person, call.work.now())
        passing.pass_down(call.work, matter.id, identity, given)
        return {"handler": None}
    handler = entries.text(call.fields, "handler", longest=100)
    group = people.group("unit_handler", str(call.variables.get("unit", "")))
    if handler not in people.holders(call.work.connection, group, call.work.now()):
        raise entries.refusal(
            "handler", "办理人须是本单位在岗的办理人员。", rule="R-00-17"
        )
    return {"handler": handler}


def report_up(call: handlers.Call) -> None:
    """Hand the signed report to whoever passed the matter down."""
    passing.report_up(call.work, matter_of(call))


def draft_unit_circular(call: handlers.Call) -> Mapping[str, object]:
    """Keep the draft of a circular of the unit's own series (R-00-38)."""
    known = call.variables.get("circular")
    unit = str(call.variables.get("unit", ""))
    circular = circulars.draft(
        call.work,
        matter_id=matter_of(call).id,
        series=circulars.own_series(call.work.connection, unit),
        given=call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
        circular_id=known if isinstance(known, int) else None,
    )
    return {"circular": circular.id}


def conclude_lower_matter(call: handlers.Call) -> None:
    """Conclude the lower office's own matter."""
    matter = matter_of(call)
    if matter.status == "REGISTERED":
        matter = matters.move(call.work, matter, "IN_PROGRESS")
    matters.end(call.work, matter, "CLOSED")


def _own_unit(call: handlers.Call) -> str:
    person = opinions.require_person(call)
    units = people.identity(call.work.connection, person, call.work.now()).units
    if len(units) != 1:
        raise errors.Refused("只有承办单位的收发岗可以登记本级督查事项。（R-04-16）")
    return next(iter(units))
