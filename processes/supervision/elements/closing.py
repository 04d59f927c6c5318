"""Concluding a matter and filing its volume."""

from functools import partial

from engine import handlers
from processes.supervision import entries
from processes.supervision.dossiers import archive
from processes.supervision.elements.registration import matter_of
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.settings import Settings


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register the handlers of this part."""
    registry.handler("record_close_request")(record_close_request)
    registry.handler("conclude_matter")(partial(conclude_matter, settings))
    registry.handler("record_filing")(record_filing)
    registry.handler("complete_volume")(partial(complete_volume, settings))
    registry.handler("file_matter")(partial(file_matter, settings))


def record_close_request(call: handlers.Call) -> None:
    """Append why the chief asks to conclude; he may not confirm it himself."""
    matter = matter_of(call)
    subject = opinions.Subject("closing", matter.id, None)
    comment = entries.text(call.fields, "comment", longest=2000)
    opinions.request(call, matter.id, subject, comment)


def conclude_matter(settings: Settings, call: handlers.Call) -> None:
    """Conclude the matter and gather its volume."""
    concluded = matters.end(call.work, matter_of(call), "CLOSED")
    archive.compile(call.work, concluded, settings.vault)


def record_filing(call: handlers.Call) -> None:
    """Note what the archivist decides, and what he misses."""
    filing = entries.choice(call.fields, "filing", ("FILE", "RETURN"))
    details = {"filing": filing}
    if filing == "RETURN":
        details["missing"] = entries.text(call.fields, "missing", longest=1000)
    call.work.note(
        call.instance_id,
        "filing_decided",
        details,
        person=opinions.require_person(call),
    )


def complete_volume(settings: Settings, call: handlers.Call) -> None:
    """Add the officer's explanation of what was missing, and gather anew."""
    matter = matter_of(call)
    text = entries.text(call.fields, "comment", longest=1000)
    archive.supplement(call.work, matter, text, person=opinions.require_person(call))
    archive.compile(call.work, matter, settings.vault)


def file_matter(settings: Settings, call: handlers.Call) -> None:
    """File the volume, in the command of the archivist who confirmed it."""
    archive.file(
        call.work,
        matter_of(call),
        settings.vault,
        retention=entries.text(call.fields, "retention"),
        person=opinions.require_person(call),
    )
