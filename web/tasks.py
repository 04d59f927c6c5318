"""What a person must do: the list (我的待办) and the page where it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint
from flask import flash
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import drafts
from engine import errors
from engine import queries
from engine import user_tasks
from processes.supervision import dossiers
from web import display
from web import forms
from web import labels
from web import office
from web import standing

bp = Blueprint("tasks", __name__)
#: As many as one person can look through; the header counts no further either.
MOST = 200


@dataclass(frozen=True)
class Item:
    """One line of the list: the task and the matter it belongs to."""

    task: queries.TaskSummary
    matter: dossiers.Row | None


@dataclass(frozen=True)
class Group:
    """Tasks that reach the person in the same way."""

    id: str
    label: str
    tasks: Sequence[Item]
    claimable: bool = False


@bp.get("/tasks")
@login_required
def index() -> ResponseReturnValue:
    """Show everything the person may do, the most urgent first."""
    text = request.args.get("q", "").strip()
    items = [item for item in found() if matches(item, text)]
    items.sort(key=lambda item: display.light(item.task.due_at).urgency)
    me = current_user.get_id()
    groups = (
        Group("mine", "由我办理", [i for i in items if i.task.assignee == me]),
        Group(
            "group",
            "岗位待办",
            [i for i in items if i.task.assignee != me and not i.task.on_behalf_of],
            claimable=True,
        ),
        Group(
            "others", "代他人办理（AB角）", [i for i in items if i.task.on_behalf_of]
        ),
    )
    return render_template(
        "tasks/index.html", groups=groups, total=len(items), text=text
    )


@bp.get("/tasks/count")
@login_required
def count() -> ResponseReturnValue:
    """Return how many tasks wait, empty for none; polled by every page."""
    return str(task_count() or "")


@bp.get("/tasks/<task_id>")
@login_required
def show(task_id: str) -> ResponseReturnValue:
    """Show the matter and the form, or who has done it already."""
    try:
        return page(task_id)
    except user_tasks.AlreadyClosed as error:
        return handled(task_id, error)


@bp.post("/tasks/<task_id>")
@login_required
def complete(task_id: str) -> ResponseReturnValue:
    """Complete the task and show the next one."""
    person = current_user.get_id()
    try:
        with office.engine().read() as connection:
            task = queries.task(connection, current_user.identity, task_id)
        fields = forms.posted(task.form, request.form)
    except user_tasks.AlreadyClosed as error:
        return handled(task_id, error, repeated=True), 409
    try:
        with office.engine().begin() as work:
            work.complete_task(task_id, person, fields)
            drafts.drop(work.connection, task_id)
    except errors.Invalid as error:
        return page(task_id, written=fields, refused=error), 422
    except user_tasks.AlreadyClosed as error:
        return handled(task_id, error, repeated=True), 409
    return after(task.name)


@bp.post("/tasks/<task_id>/draft")
@login_required
def save_draft(task_id: str) -> ResponseReturnValue:
    """Keep what is being written."""
    try:
        fields = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise errors.Invalid("草稿不是 JSON，没有保存。") from error
    if not isinstance(fields, dict):
        raise errors.Invalid("草稿不是 JSON 对象，没有保存。")
    with office.engine().begin() as work:
        task = queries.task(work.connection, current_user.identity, task_id)
        declared = forms.names(task.form)
        kept = {name: value for name, value in fields.items() if name in declared}
        drafts.save(work.connection, task_id, current_user.get_id(), kept, work.now())
    return "", 204


@bp.post("/tasks/<task_id>/claim")
@login_required
def claim(task_id: str) -> ResponseReturnValue:
    """Take a task of the group upon oneself."""
    with office.engine().begin() as work:
        work.claim_task(task_id, current_user.get_id())
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


@bp.post("/tasks/<task_id>/release")
@login_required
def release(task_id: str) -> ResponseReturnValue:
    """Give a claimed task back to the group."""
    with office.engine().begin() as work:
        work.release_task(task_id, current_user.get_id())
    flash("已退还，同组的人可以签领。", "success")
    return redirect(url_for("tasks.index"), code=303)


def found() -> list[Item]:
    """Return the open tasks of the signed-in person with their matters."""
    identity = current_user.identity
    with office.engine().read() as connection:
        tasks = queries.tasks_for(connection, identity, office.now(), limit=MOST)
        matters = dossiers.titles(connection, identity, [t.root_id for t in tasks])
    return [Item(task, matters.get(task.root_id)) for task in tasks]


def matches(item: Item, text: str) -> bool:
    """Return whether a task is about the text: its own words or its matter's."""
    parts = [item.task.name, item.task.business_key or ""]
    if item.matter:
        parts += [item.matter.number, item.matter.title]
    return text.lower() in "\n".join(parts).lower()


def page(
    task_id: str,
    written: dict[str, Any] | None = None,
    refused: errors.Invalid | None = None,
) -> str:
    """Return the page of an open task, with what was written and refused, if so."""
    identity = current_user.identity
    with office.engine().read() as connection:
        task = queries.task(connection, identity, task_id)
        matter_id = dossiers.of_root(connection, identity, task.root_id)
        dossier = None
        if matter_id is not None:
            dossier = dossiers.dossier(connection, identity, matter_id)
        events = labels.history(queries.timeline(connection, task.root_id))
        places = standing.of(
            connection, task.instance_id, url_for("tasks.diagram", task_id=task_id)
        )
        begun = drafts.find(connection, task_id, identity.person)
        following = queries.who_next(connection, task_id)
    values = {**task.variables, **(begun if written is None else written)}
    return render_template(
        "tasks/show.html",
        task=task,
        dossier=dossier,
        events=events,
        standing=places,
        sheet=forms.sheet(task.form, values=values, refused=refused),
        next=following,
    )


@bp.get("/tasks/<task_id>/diagram.bpmn")
@login_required
def diagram(task_id: str) -> ResponseReturnValue:
    """Send the diagram the task stands in."""
    with office.engine().read() as connection:
        task = queries.task(connection, current_user.identity, task_id)
        drawn = queries.diagram(connection, task.instance_id)
    return drawn.xml, {"Content-Type": "application/xml; charset=utf-8"}


def handled(
    task_id: str, closed: user_tasks.AlreadyClosed, *, repeated: bool = False
) -> str:
    """Return the page that says who did it and when, in place of an error."""
    return render_template(
        "tasks/handled.html", sentence=closed.message, repeated=repeated
    )


def after(name: str) -> ResponseReturnValue:
    """Go straight to the next task, or say that there is none."""
    items = found()
    if not items:
        flash(f"“{name}”已提交。没有其他待办了。", "success")
        return redirect(url_for("tasks.index"), code=303)
    items.sort(key=lambda item: display.light(item.task.due_at).urgency)
    flash(f"“{name}”已提交。下面是下一件（还有 {len(items)} 件）。", "success")
    return redirect(url_for("tasks.show", task_id=items[0].task.id), code=303)


def task_count() -> int:
    """Return how many open tasks the signed-in person may do."""
    return len(found())


@bp.app_context_processor
def counted() -> dict[str, object]:
    """Let the header show the count."""
    return {"task_count": task_count}
