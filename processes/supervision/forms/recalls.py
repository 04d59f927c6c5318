"""What a form shows again when it comes back: what was written on it before.

An approver who returns a draft wants it mended, not written anew. So a form whose
record is there already begins with the newest version of that record.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine.bpmn import model
from processes.supervision.documents import circulars
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.targets import imports
from processes.supervision.undertakings import reports

Recalled = Mapping[str, Any]
NOTHING: Recalled = {}


@dataclass(frozen=True)
class Place:
    """Where a form stands: the element, and the records its instance carries."""

    connection: sa.Connection
    element: model.Element
    matter: int
    undertaking: int | None
    circular: int | None


def recall(
    connection: sa.Connection, element: model.Element, variables: Mapping[str, object]
) -> Recalled:
    """Return the fields of the element's form as they were written last, if ever."""
    matter = _id(variables, "matter")
    if matter is None:
        return NOTHING
    place = Place(
        connection,
        element,
        matter,
        _id(variables, "undertaking"),
        _id(variables, "circular"),
    )
    for listener in element.listeners:
        recalled = _BY_HANDLER.get(listener.handler)
        if recalled is not None:
            try:
                return recalled(place)
            except errors.NotFound:
                return NOTHING
    return NOTHING


def _id(variables: Mapping[str, object], name: str) -> int | None:
    value = variables.get(name)
    return value if isinstance(value, int) else None


def _paper(place: Place) -> Recalled:
    found = papers.latest(
        place.connection,
        place.matter,
        place.element.properties.get("paper", ""),
        undertaking_id=place.undertaking,
    )
    # Another element may keep papers of the same kind, on another form.
    if found is None or found.element_id != place.element.id:
        return NOTHING
    return found.content


def _breakdown(place: Place) -> Recalled:
    proposal = proposals.current(place.connection, place.matter)
    rows = [_row(one) for one in proposal.mandates]
    return {"opinion": proposal.opinion, "mandates": rows}


def _measurable(place: Place) -> Recalled:
    """Return the breakdown; rows that came from Excel are taken again unless typed."""
    if papers.latest(place.connection, place.matter, imports.KIND) is None:
        return _breakdown(place)
    return {"opinion": proposals.current(place.connection, place.matter).opinion}


def _proposal(place: Place) -> Recalled:
    proposal = proposals.current(place.connection, place.matter)
    only = proposal.mandates[0]
    return {
        "opinion": proposal.opinion,
        "requirement": only.requirement,
        "lead_unit": only.lead_unit,
        "assisting": [{"unit": a.unit, "duty": a.duty} for a in only.assisting],
        "due_on": only.due_on.isoformat(),
    }


def _circular(place: Place) -> Recalled:
    if place.circular is None:
        return NOTHING
    found = circulars.get(place.connection, place.circular)
    if found.status != "DRAFT":
        return NOTHING
    return {
        "title": found.title,
        "body": found.body,
        "praised": found.praised,
        "criticized": found.criticized,
        "cc": found.cc,
    }


def _summary(place: Place) -> Recalled:
    found = matters.get(place.connection, place.matter).summary
    return {"summary": found} if found else NOTHING


def _report(place: Place) -> Recalled:
    if place.undertaking is None:
        return NOTHING
    found = reports.latest(place.connection, place.undertaking)
    if found is None:
        return NOTHING
    return {
        key: value
        for key in _REPORT
        if (value := getattr(found, key)) not in (None, "", [])
    }


def _row(mandate: mandates.Mandate) -> dict[str, Any]:
    indicator = dict(mandate.indicator or {})
    told = {
        "content": mandate.content,
        "requirement": mandate.requirement,
        "lead_unit": mandate.lead_unit,
        "duty": mandate.duty,
        "assisting": [{"unit": a.unit, "duty": a.duty} for a in mandate.assisting],
        "due_on": mandate.due_on.isoformat(),
        "report_on": mandate.report_on.isoformat() if mandate.report_on else None,
        "responsible_leader": mandate.responsible_leader,
        "responsible_person": mandate.responsible_person,
        "report_class": mandate.report_class,
        "milestones": list(mandate.milestones),
        "indicator": indicator.pop("name", None),
        "indicator_unit": indicator.pop("unit", None),
        **indicator,
    }
    return {key: value for key, value in told.items() if value is not None}


_REPORT = (
    "report_class",
    "body",
    "conclusion",
    "actions",
    "excess_reason",
    "completion",
    "progress",
    "problems",
    "need_rectify",
    "measures",
    "investigated",
    "fact_basis",
    "legal_basis",
    "assist_note",
)
_BY_HANDLER: Mapping[str, Callable[[Place], Recalled]] = {
    "record_paper": _paper,
    "record_breakdown": _breakdown,
    "record_measurable": _measurable,
    "evaluate_year": _paper,
    "record_proposal": _proposal,
    "draft_circular": _circular,
    "record_summary": _summary,
    "draft_report": _report,
}
