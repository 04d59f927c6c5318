"""What the diagram of the year's volume calls: counting, reports, the list."""

from collections.abc import Mapping
from functools import partial

from engine import handlers
from processes.supervision import entries
from processes.supervision.deputies import annual_volumes
from processes.supervision.documents import issuing
from processes.supervision.elements.registration import matter_of
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.settings import Settings

REPORTS = "annual_reports"
EXPLANATION = "missing_replies"
#: The three reports of the year, each a document of its own.
DOCUMENTS = {
    "deputies": "ANNUAL_DEPUTIES",
    "opinions": "ANNUAL_OPINIONS",
    "members": "ANNUAL_MEMBERS",
}


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register the handlers of this part."""
    registry.handler("open_annual_volume")(partial(open_annual_volume, settings))
    registry.handler("compile_annual_volume")(compile_annual_volume)
    registry.handler("record_missing_replies")(record_missing_replies)
    registry.handler("draft_annual_reports")(draft_annual_reports)
    registry.handler("record_annual_reports")(record_annual_reports)
    registry.handler("issue_annual_reports")(issue_annual_reports)


def open_annual_volume(settings: Settings, call: handlers.Call) -> Mapping[str, object]:
    """Open the volume of the year and count what it lacks."""
    volume = annual_volumes.open_volume(
        call.work, area=settings.area, root_id=call.root_id
    )
    matter = matters.get(call.work.connection, volume.matter_id)
    call.work.set_business_key(call.instance_id, matter.number)
    return {
        "matter": matter.id,
        "round": matter.round,
        "missing": len(volume.missing),
    }


def compile_annual_volume(call: handlers.Call) -> Mapping[str, object]:
    """Count again what the volume lacks."""
    volume = annual_volumes.compile(call.work, matter_of(call).id)
    return {"missing": len(volume.missing)}


def record_missing_replies(call: handlers.Call) -> None:
    """Keep why a reply cannot be had any more; counting again needs no reason."""
    if entries.choice(call.fields, "course", ("AGAIN", "EXPLAIN")) == "EXPLAIN":
        text = entries.text(call.fields, "explanation", longest=2000)
        _keep(call, EXPLANATION, "缺件原因说明", {"explanation": text})


def draft_annual_reports(call: handlers.Call) -> Mapping[str, object]:
    """Return the drafts of the three reports, for the officer to edit."""
    volume = annual_volumes.of_matter(call.work.connection, matter_of(call).id)
    return annual_volumes.summaries(call.work, volume)


def record_annual_reports(call: handlers.Call) -> None:
    """Keep the three reports as they are to be approved."""
    texts = {key: entries.text(call.fields, key) for key in DOCUMENTS}
    _keep(call, REPORTS, "年度报告", texts)


def issue_annual_reports(call: handlers.Call) -> None:
    """Issue the three reports and the list of the volume."""
    matter = matter_of(call)
    for type in DOCUMENTS.values():
        issuing.issue(
            call.work, matter, type, chosen=call.variables, person=call.person
        )
    explained = papers.latest(call.work.connection, matter.id, EXPLANATION)
    annual_volumes.issue_list(
        call.work, matter, str(explained.content["explanation"]) if explained else ""
    )
    matters.move(call.work, matter, "LEADER_REVIEW")


def _keep(
    call: handlers.Call, kind: str, title: str, content: Mapping[str, object]
) -> None:
    papers.keep(
        call.work,
        matter_id=matter_of(call).id,
        kind=kind,
        title=title,
        content=content,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
