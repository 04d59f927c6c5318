"""The site's own messages (站内信)."""

from flask import Blueprint
from flask import redirect
from flask import render_template
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from processes.supervision import inbox
from web import limits
from web import office

bp = Blueprint("inbox", __name__)
PAGE = 50


@bp.get("/inbox")
@login_required
def index() -> ResponseReturnValue:
    """Show the newest messages."""
    before = limits.number("before")
    with office.engine().read() as connection:
        messages = inbox.messages(
            connection, current_user.identity, before=before, limit=PAGE + 1
        )
    shown = messages[:PAGE]
    after = shown[-1].id if len(messages) > PAGE else None
    return render_template("inbox.html", messages=shown, after=after)


@bp.post("/inbox/<int:message_id>")
@login_required
def read(message_id: int) -> ResponseReturnValue:
    """Mark a message as read."""
    with office.engine().begin() as work:
        inbox.mark_read(work, current_user.identity, message_id)
    return redirect(url_for("inbox.index"), code=303)


@bp.get("/inbox/count")
@login_required
def count() -> ResponseReturnValue:
    """Return the number of unread messages, empty for none; polled by every page."""
    return str(unread_count() or "")


def unread_count() -> int:
    """Return how many messages the signed-in person has not read."""
    with office.engine().read() as connection:
        return inbox.unread(connection, current_user.identity)


@bp.app_context_processor
def counted() -> dict[str, object]:
    """Let the header show the count."""
    return {"unread_count": unread_count}
