"""The leaders' home (领导首页): what waits for them, their matters, what goes wrong."""

from flask import Blueprint
from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from processes.supervision import dossiers
from processes.supervision import leading
from web import office
from web import tasks

bp = Blueprint("cockpit", __name__)
#: As many waiting tasks as stand on the page; the list has all of them.
WAITING = 5


@bp.get("/cockpit")
@login_required
def index() -> ResponseReturnValue:
    """Show a leader what is amiss first."""
    identity = current_user.identity
    if not leading.leads(identity):
        raise errors.Forbidden("领导首页只供县领导使用。")
    with office.engine().read() as connection:
        board = leading.board(connection, identity)
        ids = [matter.id for matter in (*board.own, *board.overdue)]
        units = dossiers.leads(connection, ids)
    waiting = tasks.found()
    return render_template(
        "cockpit.html",
        board=board,
        units=units,
        waiting=waiting[:WAITING],
        waiting_count=len(waiting),
    )


@bp.app_context_processor
def homed() -> dict[str, object]:
    """Let the header lead the leaders home."""
    return {"has_cockpit": leading.leads}
