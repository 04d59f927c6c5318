"""Making a document public: a page with its metadata."""

from collections.abc import Mapping
from datetime import datetime

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
from engine import workdays
from processes.supervision import access
from processes.supervision.documents import documents
from processes.supervision.documents import publications
from web import office

bp = Blueprint("publications", __name__)

#: The 发布日期 is a text: browsers leave out seconds that are zero.
KINDS = {"effective_on": "date", "written_on": "date"}


@bp.get("/documents/<int:document_id>/publication")
@login_required
def show(document_id: int) -> ResponseReturnValue:
    """Show how a document was made public, or ask for its metadata."""
    return page(document_id, {}, {})


@bp.post("/documents/<int:document_id>/publication")
@login_required
def publish(document_id: int) -> ResponseReturnValue:
    """Make a document public; say at each field what is wrong with it."""
    given = {key: request.form.get(key, "") for key in publications.LABELS}
    try:
        with office.engine().begin() as work:
            publications.publish(work, document_id, current_user.identity, given)
    except errors.Invalid as refused:
        return page(document_id, given, refused.fields), 422
    flash("文书已公开。", "success")
    return redirect(url_for("publications.show", document_id=document_id), code=303)


def may_publish(identity: people.Identity) -> bool:
    """Whether this person decides what is made public."""
    return access.holds(identity, *publications.PUBLISHERS)


def page(
    document_id: int, given: Mapping[str, str], faults: Mapping[str, list[str]]
) -> str:
    """Return the page of a document's publication, with what was filled in."""
    with office.engine().read() as connection:
        document = documents.get(connection, current_user.identity, document_id)
        kept = publications.of_document(connection, document_id)
    if kept is None and not may_publish(current_user.identity):
        raise errors.NotFound(document_id=document_id)
    return render_template(
        "publication.html",
        document=document,
        kept=kept,
        labels=publications.LABELS,
        may_be_empty=publications.MAY_BE_EMPTY,
        validities=publications.VALIDITIES,
        kinds=KINDS,
        values=_shown(kept) if kept else given or _known(document),
        faults=faults,
    )


def _known(document: documents.Document) -> dict[str, str]:
    """Return what the register knows already."""
    written = document.created_at.astimezone(workdays.SHANGHAI).date().isoformat()
    return {
        "number": document.number,
        "title": document.title,
        "written_on": written,
        "effective_on": written,
        "validity": publications.VALIDITIES[0],
    }


def _shown(kept: publications.Publication) -> dict[str, str]:
    """Return the metadata as people write them."""
    told = {key: vars(kept)[key] for key in publications.LABELS}
    moments = {
        key: value.astimezone(workdays.SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        for key, value in told.items()
        if isinstance(value, datetime)
    }
    return {key: str(value) for key, value in told.items()} | moments
