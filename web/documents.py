"""Official documents, as PDF in the browser and as docx to take along."""

from flask import Blueprint
from flask import Response
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from processes.supervision.documents import documents
from processes.supervision.dossiers import dossiers
from web import grants
from web import office

bp = Blueprint("documents", __name__)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: The browser's own viewer shows the file; the file itself may do nothing.
POLICY = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"


class NotRendered(errors.Refused):
    """这份文书正在排版，请稍后再打开。"""


@bp.get("/documents/<int:document_id>.pdf")
@login_required
def show(document_id: int) -> ResponseReturnValue:
    """Send the PDF to whoever may read it."""
    with office.engine().read() as connection:
        document = dossiers.document(connection, current_user.identity, document_id)
    if document.content is None:
        raise NotRendered(document_id=document_id)
    grants.keep_look(document.matter_id, document.title)
    response = Response(document.content, mimetype="application/pdf")
    response.headers.set(
        "Content-Disposition", "inline", filename=f"{document.type}-{document.id}.pdf"
    )
    response.headers["Content-Security-Policy"] = POLICY
    return response


@bp.get("/documents/<int:document_id>.docx")
@login_required
def take(document_id: int) -> ResponseReturnValue:
    """Send the docx, which says what the PDF says, to whoever may read that."""
    engine, identity = office.engine(), current_user.identity
    content = documents.word_file(engine, identity, document_id)
    with engine.read() as connection:
        document = dossiers.document(connection, identity, document_id)
    grants.keep_look(document.matter_id, document.title)
    response = Response(content, mimetype=DOCX)
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"document-{document_id}.docx"
    )
    return response
