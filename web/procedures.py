"""Starting a matter: which procedures one may start, and their first form."""

from flask import Blueprint
from flask import flash
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required
from werkzeug.datastructures import MultiDict

from engine import errors
from processes import designs
from processes import procedures
from processes.supervision.dossiers import dossiers
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters
from web import desk
from web import forms
from web import office

bp = Blueprint("procedures", __name__)


@bp.get("/procedures")
@login_required
def index() -> ResponseReturnValue:
    """Show the procedures that the person may start, or design."""
    identity = current_user.identity
    with office.engine().read() as connection:
        found = procedures.startable(connection, identity)
        designer = designs.ROLE in identity.roles
        designed = procedures.in_force(connection) if designer else ()
    return render_template("procedures/index.html", procedures=found, designed=designed)


@bp.get("/procedures/<key>/start")
@login_required
def start(key: str) -> ResponseReturnValue:
    """Show the first form of a procedure."""
    return page(key)


@bp.post("/procedures/<key>/start")
@login_required
def open_matter(key: str) -> ResponseReturnValue:
    """Start the matter and show it."""
    identity = current_user.identity
    with office.engine().read() as connection:
        procedure = procedures.startable_by(connection, identity, key)
        paper = desk.of_start(office.engine(), connection, procedure.key)
    try:
        fields = forms.posted(paper.schema, request.form)
        with office.engine().begin() as work:
            started = work.start(procedure.key, fields=fields, person=identity.person)
    except hotline.AlreadyRegistered as error:
        return already(error)
    except errors.Invalid as error:
        return page(key, written=request.form, refused=error), 422
    with office.engine().read() as connection:
        matter_id = dossiers.of_root(connection, identity, started.instance_id)
    number = started.business_key
    flash(f"已登记，督查编号 {number}。" if number else "已登记。", "success")
    return redirect(url_for("matters.show", matter_id=matter_id), code=303)


def page(
    key: str,
    written: MultiDict[str, str] | None = None,
    refused: errors.Invalid | None = None,
) -> str:
    """Return the page with the first form, with what was written and refused."""
    with office.engine().read() as connection:
        procedure = procedures.startable_by(connection, current_user.identity, key)
        paper = desk.of_start(office.engine(), connection, procedure.key)
    values = dict(paper.offered)
    if written is not None:
        values.update(forms.kept(paper.schema, written))
    return render_template(
        "procedures/start.html",
        procedure=procedure,
        sheet=forms.sheet(paper.schema, values=values, refused=refused, submit="登记"),
    )


def already(error: hotline.AlreadyRegistered) -> ResponseReturnValue:
    """Show the matter of a ticket that was registered before, and say so."""
    with office.engine().read() as connection:
        matter = matters.find(connection, current_user.identity, error.number)
    flash(error.message, "warning")
    return redirect(url_for("matters.show", matter_id=matter.id), code=303)
