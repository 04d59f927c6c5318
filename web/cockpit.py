"""The leaders' home (领导首页): what waits for them, their matters, what goes wrong."""

from flask import Blueprint
from flask import Response
from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from engine import people
from processes.supervision.dossiers import dossiers
from processes.supervision.leaders import briefings
from processes.supervision.leaders import leading
from processes.supervision.statistics import statistics
from web import office
from web import tasks

bp = Blueprint("cockpit", __name__)
#: As many waiting tasks as stand on the page; the list has all of them.
WAITING = 5


@bp.get("/cockpit")
@login_required
def index() -> ResponseReturnValue:
    """Show a leader what is amiss first."""
    identity = leader()
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


@bp.get("/cockpit/briefing.pdf")
@login_required
def briefing() -> ResponseReturnValue:
    """Send what the leader is to hear of his open matters, as it stands now."""
    identity, calendar, now = leader(), office.calendar(), office.now()
    today = calendar.local_date(now)
    span = statistics.Span(today.replace(month=1, day=1), today, now)
    with office.engine().read() as connection:
        pages = briefings.pdf(connection, calendar, identity, span)
    return Response(
        pages,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="briefing-{today}.pdf"'},
    )


def leader() -> people.Identity:
    """Return who is signed in, if it is a leader."""
    identity: people.Identity = current_user.identity
    if not leading.leads(identity):
        raise errors.Forbidden("领导首页只供县领导使用。")
    return identity


@bp.app_context_processor
def homed() -> dict[str, object]:
    """Let the header lead the leaders home."""
    return {"has_cockpit": leading.leads}
