"""The ledger (督查台账) and the page of one matter."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import queries
from processes.supervision.deadlines import lights
from processes.supervision.dossiers import dossiers
from processes.supervision.dossiers import grants as reading
from processes.supervision.hotline import callers
from processes.supervision.matters import ledgers
from processes.supervision.matters import matters
from processes.supervision.matters import passing
from processes.supervision.targets import imports
from processes.supervision.three_lists import three_lists
from web import grants
from web import labels
from web import limits
from web import office
from web import publications
from web import requests
from web import standing

bp = Blueprint("matters", __name__)
PAGE = 50


@dataclass(frozen=True)
class Waiting:
    """An open task of the matter, in whose hands it is, and whether in one's own."""

    task: queries.TaskSummary
    who: str
    mine: bool


@bp.get("/matters")
@login_required
def index() -> ResponseReturnValue:
    """Show the matters that fit the filters, newest first."""
    chosen = {
        name: request.args.get(name, "").strip()
        for name in ("status", "light", "unit", "text")
    }
    before = limits.number("before")
    with office.engine().read() as connection:
        found = ledgers.page(
            connection,
            current_user.identity,
            **{name: value or None for name, value in chosen.items()},
            before=before,
            limit=PAGE + 1,
        )
        leads = dossiers.leads(connection, [matter.id for matter in found])
        units = dossiers.unit_names(connection)
    shown = found[:PAGE]
    query = {name: value for name, value in chosen.items() if value}
    more = None
    if len(found) > PAGE:
        more = url_for("matters.index", **query, before=shown[-1].id)
    return render_template(
        "matters/index.html",
        matters=shown,
        leads=leads,
        units=units,
        chosen=chosen,
        filtered=bool(query),
        statuses=matters.STATUS_LABELS,
        lights=lights.LABELS,
        more=more,
    )


@bp.get("/matters/<int:matter_id>")
@login_required
def show(matter_id: int) -> ResponseReturnValue:
    """Show everything on record about a matter."""
    shown = page(matter_id)
    grants.keep_look(matter_id, reading.PAGE)
    return shown


@bp.get("/matters/number/<number>")
@login_required
def by_number(number: str) -> ResponseReturnValue:
    """Send whoever holds a number to its matter."""
    with office.engine().read() as connection:
        matter = matters.find(connection, current_user.identity, number)
    return redirect(url_for("matters.show", matter_id=matter.id))


@bp.get("/matters/<int:matter_id>/diagram.bpmn")
@login_required
def diagram(matter_id: int) -> ResponseReturnValue:
    """Send the diagram the matter runs on."""
    with office.engine().read() as connection:
        matter = dossiers.matter(connection, current_user.identity, matter_id)
        drawn = queries.diagram(connection, office.engine().library, matter.root_id)
    return drawn.xml, {"Content-Type": "application/xml; charset=utf-8"}


@bp.post("/matters/<int:matter_id>/caller")
@login_required
def look(matter_id: int) -> ResponseReturnValue:
    """Show who called, to those who may know, and record that they looked."""
    with office.engine().begin() as work:
        caller = callers.look(
            work,
            office.vault(office.settings()),
            matter_id,
            current_user.identity,
            reason=request.form.get("reason", ""),
        )
    return page(matter_id, caller=caller)


def page(
    matter_id: int,
    caller: callers.Caller | None = None,
    faults: Sequence[str] = (),
) -> str:
    """Return the page of a matter, with the caller's data only where just asked for.

    `faults` are those of a workbook that was just to be imported.
    """
    identity = current_user.identity
    engine = office.engine()
    with engine.read() as connection:
        dossier = dossiers.dossier(connection, identity, matter_id)
        listed = three_lists.entries(connection, identity, matter_id)
        root_id = dossier.matter.root_id
        events = labels.history(connection, queries.timeline(connection, root_id))
        drawing = url_for("matters.diagram", matter_id=matter_id)
        places = standing.of(engine, connection, root_id, drawing)
        mine = {task.id for task in queries.tasks_for(connection, identity, limit=200)}
        waiting = [
            Waiting(
                opened.task,
                who=standing.in_hands(engine, connection, opened),
                mine=opened.task.id in mine,
            )
            for opened in queries.open_tasks_of(connection, root_id)
        ]
        waiting.sort(key=lambda one: not one.mine)
        may_look = callers.may_look(connection, matter_id, identity)
        readers = grants.readers(connection, matter_id)
        offered = requests.offered(connection, identity, dossier)
        lower = passing.progress(connection, identity, matter_id)
        upper = passing.above(connection, identity, matters.from_row(dossier.matter))
        may_import = imports.may_keep(connection, dossier.matter, identity)
    return render_template(
        "matters/show.html",
        dossier=dossier,
        listed=listed,
        caller=caller,
        may_look=may_look,
        readers=readers,
        may_import=may_import,
        may_publish=publications.may_publish(identity),
        faults=faults,
        offered=offered,
        lower=lower,
        upper=upper,
        events=events,
        standing=places,
        waiting=waiting,
    )
