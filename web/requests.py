"""What a unit asks for, and what the office orders, on the page of the matter."""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint
from flask import flash
from flask import redirect
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision.dossiers import dossiers
from processes.supervision.escalation import urges
from processes.supervision.hotline import caller_waits
from processes.supervision.hotline import ticket_extensions
from processes.supervision.matters import matters
from processes.supervision.requests import clocks
from processes.supervision.requests import difficulties
from processes.supervision.requests import extensions
from processes.supervision.requests import reassignments
from processes.supervision.undertakings import undertakings
from web import office

bp = Blueprint("requests", __name__)

#: A command: (work, id of the undertaking or matter, identity, fields).
Command = Callable[[handlers.Work, int, people.Identity, Mapping[str, object]], object]
HANDLER = "unit_handler"


@dataclass(frozen=True)
class Field:
    """One field of a request; `choices` are values and labels, `units` all units."""

    key: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = True


@dataclass(frozen=True)
class Kind:
    """A request, who may make it, and what it needs."""

    title: str
    done: str
    command: Command
    roles: tuple[str, ...]
    fields: tuple[Field, ...]
    only_hotline: bool = False


def _resume(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: Mapping[str, object],
) -> None:
    clocks.resume(work, matter_id, identity)


#: About one unit's part.
OF_UNDERTAKING: Mapping[str, Kind] = {
    "extension": Kind(
        "申请延期",
        "延期申请已送主要负责人签发。",
        extensions.request,
        (HANDLER,),
        (
            Field("wanted_on", "拟延至", "date"),
            Field("reason", "原因"),
            Field("progress", "进展情况"),
        ),
    ),
    "difficulty": Kind(
        "上报难题",
        "难题已送督查室主任。",
        difficulties.report,
        (HANDLER, "dc_officer"),
        (
            Field("description", "难以解决的问题"),
            Field("needed_level", "呈报", "choice", tuple(difficulties.LEVELS.items())),
        ),
    ),
    "caller_wait": Kind(
        "申请停钟等待诉求人答复",
        "申请已送督查专员。",
        caller_waits.request,
        (HANDLER,),
        (Field("question", "须由诉求人答复的问题"),),
        only_hotline=True,
    ),
    "reassignment": Kind(
        "提出改派或增加协办",
        "已送督查室主任审核。",
        reassignments.order,
        reassignments.ORDERING,
        (Field("proposed_unit", "建议的单位", "unit"), Field("reason", "理由")),
    ),
    "urge": Kind(
        "催办",
        "催办已记录，并已通知承办单位。",
        urges.by_hand,
        urges.URGING,
        (
            Field("mode", "方式", "choice", tuple((one, one) for one in urges.MODES)),
            Field("target", "对象", "line"),
            Field("content", "内容"),
            Field("response", "回应", required=False),
        ),
    ),
}
#: About the whole matter.
OF_MATTER: Mapping[str, Kind] = {
    "ticket_extension": Kind(
        "提请热线室延期",
        "已送主任审定。",
        ticket_extensions.request,
        ("dc_officer",),
        (Field("wanted_on", "拟延至", "date"), Field("reason", "理由")),
        only_hotline=True,
    ),
    "suspend": Kind(
        "暂停督查",
        "事项已暂停，时钟停止。",
        clocks.suspend,
        clocks.MAY_SUSPEND,
        (Field("reason", "理由"),),
    ),
    "resume": Kind(
        "恢复督查", "事项已恢复，时限相应顺延。", _resume, clocks.MAY_SUSPEND, ()
    ),
}


@dataclass(frozen=True)
class Offer:
    """A request that this person may make now, and about which part."""

    name: str
    kind: Kind
    undertaking: Any = None


def offered(identity: people.Identity, dossier: dossiers.Dossier) -> list[Offer]:
    """Return the requests that a person may make of a matter as it stands."""
    matter = dossier.matter
    if matter.status in matters.ENDED or matter.root_id is None:
        return []
    resting = matter.status == "SUSPENDED"
    listed = [
        Offer(name, kind)
        for name, kind in OF_MATTER.items()
        if (name == "resume") == resting
        and _fits(kind, dossier)
        and access.holds(identity, *kind.roles)
    ]
    if resting:
        return listed
    for one in dossier.undertakings:
        if one.state in undertakings.RESTING:
            continue
        for name, kind in OF_UNDERTAKING.items():
            roles = [
                people.group(role, one.unit) if role == HANDLER else role
                for role in kind.roles
            ]
            if _fits(kind, dossier) and access.holds(identity, *roles):
                listed.append(Offer(name, kind, one))
    return listed


@bp.post("/matters/<int:matter_id>/requests/<name>")
@login_required
def make(matter_id: int, name: str) -> ResponseReturnValue:
    """Make a request about a matter, or about one unit's part of it."""
    identity = current_user.identity
    kind = OF_MATTER.get(name) or OF_UNDERTAKING.get(name)
    if kind is None:
        raise errors.NotFound(name=name)
    given = {
        field.key: request.form[field.key]
        for field in kind.fields
        if request.form.get(field.key)
    }
    with office.engine().begin() as work:
        dossiers.matter(work.connection, identity, matter_id)
        record = matter_id
        if name in OF_UNDERTAKING:
            record = request.form.get("undertaking", 0, type=int)
            undertaking = undertakings.get(work.connection, record)
            if undertaking.matter_id != matter_id:
                raise errors.NotFound(undertaking=record)
        kind.command(work, record, identity, given)
    flash(kind.done, "success")
    return redirect(url_for("matters.show", matter_id=matter_id), code=303)


def _fits(kind: Kind, dossier: dossiers.Dossier) -> bool:
    return dossier.ticket is not None or not kind.only_hotline
