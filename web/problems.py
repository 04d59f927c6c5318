"""The three lists of a matter (“三单”台账), as a workbook to take along."""

from flask import Blueprint
from flask import Response
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from processes.supervision.dossiers import dossiers
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import three_lists
from web import office

bp = Blueprint("problems", __name__)

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/matters/<int:matter_id>/three-lists.xlsx")
@login_required
def workbook(matter_id: int) -> ResponseReturnValue:
    """Send the three lists, as far as this person may see them."""
    identity = current_user.identity
    with office.engine().read() as connection:
        matter = dossiers.matter(connection, identity, matter_id)
        listed = problems.ledger(connection, identity, matter_id=matter_id)
        if not listed:
            raise errors.NotFound(matter_id=matter_id)
        content = three_lists.workbook(connection, listed[::-1])
    response = Response(content, mimetype=WORKBOOK)
    response.headers.set(
        "Content-Disposition",
        "attachment",
        filename=f"{matter.number}-three-lists.xlsx",
    )
    return response
