"""Papers and circulars: written by people, kept by the matter, issued under numbers."""

from collections.abc import Mapping

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import phrases
from processes.supervision.documents import circulars
from processes.supervision.documents import issuing
from processes.supervision.elements.registration import matter_of
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import sources
from processes.supervision.undertakings import undertakings

#: The type of document as which a circular is printed.
BULLETIN = "BULLETIN"


def install(registry: handlers.Registry) -> None:
    """Register the handlers of this part."""
    registry.handler("record_paper")(record_paper)
    registry.handler("draft_circular")(draft_circular)
    registry.handler("issue_circular")(issue_circular)
    registry.handler("issue_document")(issue_document)


def record_paper(call: handlers.Call) -> Mapping[str, object]:
    """Keep what the form brought as a paper of the kind that the element names.

    Inside a unit it belongs to the undertaking. Returns the id as `paper_<kind>`.
    """
    kind = required_property(call.element.properties, "paper", call)
    paper = papers.keep(
        call.work,
        matter_id=matter_of(call).id,
        undertaking_id=_undertaking(call),
        kind=kind,
        title=call.element.properties.get("title") or call.element.name,
        content=call.fields,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return {f"paper_{kind}": paper.id}


def draft_circular(call: handlers.Call) -> Mapping[str, object]:
    """Keep the draft of a circular, of the series chosen or the element's own."""
    known = call.variables.get("circular")
    circular = circulars.draft(
        call.work,
        matter_id=matter_of(call).id,
        series=entries.optional_text(call.fields, "series")
        or required_property(call.element.properties, "series", call),
        given=call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
        circular_id=known if isinstance(known, int) else None,
    )
    return {"circular": circular.id}


def issue_circular(call: handlers.Call) -> Mapping[str, object]:
    """Issue the circular: number it, print it, send it to its units and in copy.

    Its units are those in charge and those it names; they are returned as
    `circular_units`, the ones it criticizes as `criticized_units`.
    """
    matter = matter_of(call)
    circular = circulars.issue(call.work, entries.number(call.variables, "circular"))
    issuing.issue(
        call.work,
        matter,
        call.element.properties.get("document", BULLETIN),
        chosen=call.variables,
        person=call.person,
        circular=circular,
    )
    units = {
        one.unit
        for one in undertakings.of_matter(call.work.connection, matter.id)
        if one.state != "REASSIGNED"
    }
    named = [one["name"] for one in circular.praised + circular.criticized]
    known = phrases.unit_names(call.work.connection, named)
    units |= known.keys()
    criticized = {one["name"] for one in circular.criticized} & known.keys()
    circulars.send(call.work, circular.id, units)
    inbox.tell(
        call.work,
        [
            *(inbox.group(f"unit_registrar.{unit}") for unit in sorted(units)),
            *(inbox.group(one) for one in circular.cc if one.isascii()),
        ],
        f"{circular.number}：{circular.title}",
        f"《{circular.title}》已印发（{circular.number}），请查收。",
        matter_id=matter.id,
    )
    return {
        "circular_number": circular.number,
        "circular_units": sorted(units),
        "criticized_units": sorted(criticized),
    }


def issue_document(call: handlers.Call) -> Mapping[str, object]:
    """Issue a document of the type that the element, or the caller, names.

    Returns `sealed`: whether its kind bears a seal, which a person compares first.
    """
    type = call.element.properties.get("document") or str(
        call.variables.get("document", "")
    )
    matter = matter_of(call)
    document = issuing.issue(
        call.work,
        matter,
        type,
        chosen=call.variables,
        person=call.person,
        undertaking_id=_undertaking(call),
    )
    kind = sources.procedure_of(call.work.connection, matter).document(type)
    return {"document_number": document.number, "sealed": kind.sealed}


def required_property(
    properties: Mapping[str, str], name: str, call: handlers.Call
) -> str:
    """Return a property that a designer must give; an error names the element."""
    value = properties.get(name)
    if not value:
        raise errors.DuchaError(
            f"环节“{call.element.name}”没有写属性“{name}”。",
            element_id=call.element.id,
            property=name,
        )
    return value


def _undertaking(call: handlers.Call) -> int | None:
    known = call.variables.get("undertaking")
    return known if isinstance(known, int) else None
