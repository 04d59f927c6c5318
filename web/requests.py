"""What a unit asks for, and what the office orders, on the page of the matter."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint
from flask import flash
from flask import redirect
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from engine import people
from processes.supervision import tables
from processes.supervision.dossiers import dossiers
from processes.supervision.matters import matters
from web import kinds
from web import limits
from web import office

bp = Blueprint("requests", __name__)

#: Where the records lie that a request may be about.
TABLES = {
    "undertaking": tables.undertaking,
    "urge": tables.urge,
    "recommendation": tables.recommendation,
}
RESUME = "resume"


@dataclass(frozen=True)
class Offer:
    """A request that this person may make now, about the matter or one of these."""

    name: str
    kind: kinds.Kind
    #: Id and name of each record it may be about; empty for the whole matter.
    records: tuple[tuple[int, str], ...]
    #: By field, what may be chosen.
    options: dict[str, kinds.Options]


def offered(
    connection: sa.Connection, identity: people.Identity, dossier: dossiers.Dossier
) -> list[Offer]:
    """Return the requests that a person may make of a matter as it stands."""
    matter = dossier.matter
    if matter.status in matters.ENDED or matter.root_id is None:
        return []
    situation = kinds.situation(connection, identity, dossier)
    resting = matter.status == "SUSPENDED"
    found = [
        _offer(situation, name, kind)
        for name, kind in kinds.KINDS.items()
        if (name == RESUME) == resting
    ]
    return [one for one in found if one is not None]


@bp.post("/matters/<int:matter_id>/requests/<name>")
@login_required
def make(matter_id: int, name: str) -> ResponseReturnValue:
    """Make a request about a matter, or about one record of it."""
    identity = current_user.identity
    kind = kinds.KINDS.get(name)
    if kind is None:
        raise errors.NotFound(name=name)
    given = {
        field.key: request.form[field.key]
        for field in kind.fields
        if request.form.get(field.key)
    }
    with office.engine().begin() as work:
        dossiers.matter(work.connection, identity, matter_id)
        about = matter_id
        if kind.about in TABLES:
            about = _own(work.connection, kind.about, matter_id)
        kind.command(work, about, identity, given)
    flash(kind.done, "success")
    return redirect(url_for("matters.show", matter_id=matter_id), code=303)


def _offer(situation: kinds.Situation, name: str, kind: kinds.Kind) -> Offer | None:
    if kind.message is not None and kind.message not in situation.awaited:
        return None
    allowed = [
        (record.id, title)
        for record, title in kinds.records(situation, kind.about)
        if kind.allowed(situation, record)
    ]
    options = {
        field.key: field.choices(situation)
        for field in kind.fields
        if field.kind == "choice"
    }
    if not allowed or not all(options.values()):
        return None
    return Offer(name, kind, tuple(allowed) if kind.about in TABLES else (), options)


def _own(connection: sa.Connection, about: str, matter_id: int) -> int:
    """Return the id that was sent, if it is of a record of this matter."""
    table = TABLES[about]
    sent = limits.number("about", request.form)
    found = connection.scalar(
        sa.select(table.c.id).where(table.c.id == sent, table.c.matter_id == matter_id)
    )
    if found is None:
        raise errors.NotFound(about=about, id=sent)
    return int(found)
