"""Opening a matter, numbering it, finding its like, and what else may become of it."""

from collections.abc import Mapping
from functools import partial

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision.elements.registration import matter_of
from processes.supervision.hotline import hotline
from processes.supervision.leaders import instructions
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import registration
from processes.supervision.matters import sources
from processes.supervision.settings import Settings
from processes.supervision.undertakings import undertakings


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register the handlers and functions of this part."""
    registry.handler("open_matter")(open_matter)
    registry.handler("register_matter")(partial(register_matter, settings))
    registry.handler("find_similar")(find_similar)
    registry.handler("record_duplicate")(record_duplicate)
    registry.handler("reject_matter")(reject_matter)
    registry.handler("cancel_matter")(cancel_matter)
    registry.handler("move_matter")(move_matter)
    registry.handler("tell")(tell)
    registry.function("matter_due", needs_work=True)(matter_due)
    registry.function("upper_due", needs_work=True)(upper_due)
    registry.function("parameter", needs_work=True)(parameter)
    registry.function("source", needs_work=True)(source)


def matter_due(work: handlers.Work, matter: object) -> str:
    """Return when the matter is due, as ISO 8601."""
    return _get(work, matter).due_at.isoformat(timespec="seconds")


def upper_due(work: handlers.Work, matter: object) -> str | None:
    """Return the last second in which 上级 wants the report, as ISO 8601, if any."""
    day = _get(work, matter).upper_due
    if day is None:
        return None
    return work.calendar.end_of_day(day).isoformat(timespec="seconds")


def parameter(work: handlers.Work, matter: object, name: object) -> object:
    """Return a parameter of the procedure as it stood when the matter was opened."""
    found = sources.procedure_of(work.connection, _get(work, matter)).parameters
    if str(name) not in found:
        raise errors.DuchaError(f"程序没有参数“{name}”。", parameter=str(name))
    value: object = found[str(name)]
    return value


def source(work: handlers.Work, matter: object, name: object) -> object:
    """Return what the start form told under this key; null where it told nothing."""
    return _get(work, matter).source.get(str(name))


def open_matter(call: handlers.Call) -> Mapping[str, object]:
    """Open the matter as a draft: on record, not yet numbered."""
    return {"matter": _open(call).id}


def register_matter(settings: Settings, call: handlers.Call) -> Mapping[str, object]:
    """Give the matter its number, which becomes the business key.

    Opens it first where no draft was opened before.
    """
    matter = matter_of(call) if call.variables.get("matter") else _open(call)
    registered = registration.number(call.work, matter, area=settings.area)
    call.work.set_business_key(call.instance_id, registered.number)
    return {"matter": registered.id, "round": registered.round}


def find_similar(call: handlers.Call) -> Mapping[str, object]:
    """Say whether matters of the same document or nearly the same title are there."""
    found = sources.duplicates(call.work.connection, matter_of(call))
    return {"similar": bool(found), "similar_numbers": found}


def record_duplicate(call: handlers.Call) -> Mapping[str, object]:
    """Merge the matter into the one named, or go on with it (并案/继续).

    Reads `registration` (MERGE or CONTINUE), `into` (a number) and `comment`.
    """
    matter = matter_of(call)
    wanted = entries.choice(call.fields, "registration", ("MERGE", "CONTINUE"))
    details: dict[str, object] = {"registration": wanted}
    if wanted == "MERGE":
        into = _named(call, entries.text(call.fields, "into", longest=60))
        if into.id == matter.id:
            raise entries.refusal("into", "不能并入自身。", rule="R-00-24")
        instructions.require_answer(call.work.connection, matter, into)
        matters.end(call.work, matter, "MERGED")
        matters.change(call.work, matter, merged_into_id=into.id)
        details["into"] = into.number
    else:
        details["comment"] = entries.text(call.fields, "comment", longest=2000)
    call.work.note(
        call.instance_id,
        "duplicate_decided",
        details,
        person=opinions.require_person(call),
    )
    return {"registration": "MERGED" if wanted == "MERGE" else "NEW"}


def reject_matter(call: handlers.Call) -> None:
    """End a matter that is not taken up (E1) and tell whoever brought it."""
    matter = matters.end(call.work, matter_of(call), "NOT_APPROVED")
    recipients = [inbox.person(matter.created_by)] if matter.created_by else []
    inbox.tell(
        call.work,
        recipients,
        f"不予立项：{matter.title}",
        f"“{matter.title}”经审批不予立项，理由见审批意见。",
        matter_id=matter.id,
    )


def cancel_matter(call: handlers.Call) -> None:
    """End a matter that was taken back (E2), with all its undertakings."""
    hotline.abandon(call.work, matter_of(call), "CANCELLED")


def move_matter(call: handlers.Call) -> None:
    """Bring the matter into the status that the element's property names."""
    status = call.element.properties.get("status", "")
    if status not in matters.STATUS_LABELS:
        raise errors.DuchaError(
            f"环节“{call.element.name}”的状态“{status}”不存在。",
            element_id=call.element.id,
        )
    matter = matter_of(call)
    if status in matters.ENDED:
        if status != "ARCHIVED":
            hotline.abandon(call.work, matter, status)
    elif status != matter.status:
        matters.move(call.work, matter, status)


def tell(call: handlers.Call) -> None:
    """Put a message into the inboxes that the property `to` names.

    `to` lists roles; one that begins with unit_ is told in each unit in charge.
    """
    matter = matter_of(call)
    text = call.element.properties.get("text", call.element.name)
    recipients = []
    for role in call.element.properties.get("to", "").replace(" ", "").split(","):
        if role.startswith("unit_"):
            units = {
                one.unit
                for one in undertakings.of_matter(call.work.connection, matter.id)
                if one.state not in undertakings.ENDED
            }
            recipients += [
                inbox.group(people.group(role, unit)) for unit in sorted(units)
            ]
        elif role:
            recipients.append(inbox.group(role))
    inbox.tell(
        call.work,
        recipients,
        f"{text}：{matter.title}",
        f"{matter.number or '（未编号）'} {matter.title}：{text}。",
        matter_id=matter.id,
    )


def procedure_key(call: handlers.Call) -> str:
    """Return the key of the procedure that the root instance runs."""
    key = call.work.connection.scalar(
        sa.select(tables.instance.c.key).where(tables.instance.c.id == call.root_id)
    )
    return str(key)


def _open(call: handlers.Call) -> matters.Matter:
    work = call.work
    told, due = sources.read(work, procedure_key(call), call.fields)
    return registration.open_draft(
        work, told, due, root_id=call.root_id, person=call.person
    )


def _named(call: handlers.Call, number: str) -> matters.Matter:
    try:
        return matters.by_number(call.work.connection, number)
    except errors.NotFound as error:
        raise entries.refusal(
            "into", f"没有督查事项“{number}”。", rule="R-00-24"
        ) from error


def _get(work: handlers.Work, matter: object) -> matters.Matter:
    return matters.get(work.connection, entries.number({"matter": matter}, "matter"))
