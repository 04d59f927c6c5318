"""The register of avoidance (回避登记): one's own, and all of it for its keepers."""

from itertools import chain

from flask import Blueprint
from flask import flash
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from engine import people
from processes.supervision import avoidances
from processes.supervision.dossiers import dossiers
from web import office

bp = Blueprint("avoidances", __name__)
FIELDS = ("account", "name", "unit", "reason")


@bp.get("/avoidances")
@login_required
def index() -> ResponseReturnValue:
    """Show what the person may read of the register, the newest first."""
    identity = current_user.identity
    with office.engine().read() as connection:
        found = avoidances.readable(connection, identity)[::-1]
        units = dossiers.unit_names(connection)
        names = people.names(connection, {one.person for one in found})
    return render_template(
        "avoidances.html",
        avoidances=found,
        units=units,
        names=names,
        may_keep=avoidances.may_keep(identity),
    )


@bp.post("/avoidances")
@login_required
def declare() -> ResponseReturnValue:
    """Enter an interest of one's own, or of somebody else."""
    given = {name: request.form.get(name, "") for name in FIELDS}
    try:
        with office.engine().begin() as work:
            entered = avoidances.declare(work, current_user.identity, given)
    except errors.Invalid as refused:
        for sentence in chain.from_iterable(refused.fields.values()):
            flash(f"没有登记：{sentence}", "warning")
    else:
        flash(f"已登记{entered.name}的回避。", "success")
    return redirect(url_for("avoidances.index"), code=303)
