"""Importing mandates from Excel, on the page of a matter that is broken down."""

from flask import Blueprint
from flask import flash
from flask import redirect
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import handlers
from processes.supervision import entries
from processes.supervision.dossiers import dossiers
from processes.supervision.matters import matters
from processes.supervision.targets import imports
from processes.supervision.targets import spreadsheets
from web import matters as pages
from web import office

bp = Blueprint("imports", __name__)


@bp.post("/matters/<int:matter_id>/mandates")
@login_required
def keep(matter_id: int) -> ResponseReturnValue:
    """Import the mandates of a workbook; say what is wrong by row and column."""
    identity = current_user.identity
    sent = request.files.get("workbook")
    content = sent.read() if sent is not None else b""
    try:
        with office.engine().begin() as work:
            matter = visible(work, matter_id)
            paper = imports.keep(work, matter, identity, content)
    except spreadsheets.BadWorkbook as refused:
        # Too many for a cookie, so the page is shown at once.
        return pages.page(matter_id, faults=refused.fields["workbook"]), 422
    count = len(entries.rows(paper.content, "mandates"))
    flash(
        f"已导入{count}条任务。立项分解时不另填任务的，即按导入的任务送批。", "success"
    )
    return redirect(url_for("matters.show", matter_id=matter_id), code=303)


def visible(work: handlers.Work, matter_id: int) -> matters.Matter:
    """Return a matter that this person may see."""
    dossiers.matter(work.connection, current_user.identity, matter_id)
    return matters.get(work.connection, matter_id)
