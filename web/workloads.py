"""Giving work to persons (派单): the office's open tasks beside what each one has."""

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
from processes.supervision import entries
from processes.supervision import workloads
from web import office

bp = Blueprint("workloads", __name__)


@bp.get("/workloads")
@login_required
def index() -> ResponseReturnValue:
    """Show the open tasks of the office and the load of its persons this month."""
    identity, calendar, now = current_user.identity, office.calendar(), office.now()
    workloads.require_chief(identity)
    first = calendar.local_date(now).replace(day=1)
    with office.engine().read() as connection:
        tasks = workloads.open_tasks(connection, identity, now)
        loads = workloads.loads(
            connection,
            workloads.staff(connection, now),
            since=calendar.start_of_day(first),
            until=now,
            at=now,
        )
    return render_template(
        "workloads.html",
        tasks=tasks,
        loads=loads,
        by_account={one.person: one for one in loads},
        most=workloads.MOST,
    )


@bp.post("/workloads/<task_id>")
@login_required
def assign(task_id: str) -> ResponseReturnValue:
    """Give a task to the person chosen."""
    given = {"to": request.form.get("to", "")}
    try:
        with office.engine().begin() as work:
            name = workloads.assign(work, current_user.identity, task_id, given)
    except errors.Invalid as refused:
        for sentence in chain.from_iterable(refused.fields.values()):
            flash(f"没有派单：{sentence}", "warning")
    except errors.Conflict as refused:
        sentence = entries.ruled(refused.message, workloads.RULE)
        flash(f"没有派单：{sentence}", "warning")
    else:
        flash(f"已派给{name}。", "success")
    return redirect(url_for("workloads.index"), code=303)


@bp.app_context_processor
def known() -> dict[str, object]:
    """Let the header lead there whoever gives work."""
    return {"may_assign": workloads.may_assign}
