"""What a person must do: the list (我的待办) and the page where it is done."""

from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Blueprint
from flask import flash
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required
from werkzeug.datastructures import MultiDict

from engine import drafts
from engine import errors
from engine import people
from engine import queries
from engine import user_tasks
from processes.supervision.dossiers import dossiers
from processes.supervision.three_lists import three_lists
from web import desk
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
    #: Who sent it, and for whom it would be done, by name.
    sender: str | None
    principal: str | None


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
        return handled(error)


@bp.post("/tasks/<task_id>")
@login_required
def complete(task_id: str) -> ResponseReturnValue:
    """Complete the task and show the next one."""
    person = current_user.get_id()
    try:
        task, paper = opened(task_id)
        fields = forms.posted(paper.schema, request.form)
        with sight(task_id), office.engine().begin() as work:
            work.complete_task(task_id, person, fields)
            drafts.drop(work.connection, task_id)
    except user_tasks.AlreadyClosed as error:
        return handled(error, repeated=True), 409
    except errors.Invalid as error:
        return page(task_id, written=request.form, refused=error), 422
    return after(task.name)


@bp.post("/tasks/<task_id>/draft")
@login_required
def save_draft(task_id: str) -> ResponseReturnValue:
    """Keep what is being written, as far as the form has fields for it."""
    fields = forms.json_object(request.get_data())
    _, paper = opened(task_id)
    declared = forms.names(paper.schema)
    kept = {name: value for name, value in fields.items() if name in declared}
    with office.engine().begin() as work:
        drafts.save(work.connection, task_id, current_user.get_id(), kept, work.now())
    return "", 204


@bp.post("/tasks/<task_id>/claim")
@login_required
def claim(task_id: str) -> ResponseReturnValue:
    """Take a task of the group upon oneself."""
    with sight(task_id), office.engine().begin() as work:
        work.claim_task(task_id, current_user.get_id())
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


@bp.post("/tasks/<task_id>/release")
@login_required
def release(task_id: str) -> ResponseReturnValue:
    """Give a claimed task back to the group."""
    with sight(task_id), office.engine().begin() as work:
        work.release_task(task_id, current_user.get_id())
    flash("已退还，同组的人可以签领。", "success")
    return redirect(url_for("tasks.index"), code=303)


def found() -> list[Item]:
    """Return the person's open tasks with their matters, the most urgent first."""
    identity = current_user.identity
    with office.engine().read() as connection:
        tasks = queries.tasks_for(connection, identity, limit=MOST)
        matters = dossiers.titles(connection, identity, [t.root_id for t in tasks])
        senders = dossiers.senders(connection, [t.root_id for t in tasks])
        principals = people.names(
            connection, [t.on_behalf_of for t in tasks if t.on_behalf_of]
        )
    items = [
        Item(
            task,
            matters.get(task.root_id),
            sender=dossiers.sender(senders.get(task.root_id, ()), task.created_at),
            principal=principals.get(task.on_behalf_of or ""),
        )
        for task in tasks
    ]
    return sorted(items, key=lambda item: display.light(item.task.due_at).urgency)


def matches(item: Item, text: str) -> bool:
    """Return whether a task is about the text: its own words or its matter's."""
    parts = [item.task.name, item.task.business_key or ""]
    if item.matter:
        parts += [item.matter.number or "", item.matter.title]
    return text.lower() in "\n".join(parts).lower()


def opened(task_id: str) -> tuple[queries.TaskSummary, desk.Paper]:
    """Return an open task the person may complete, and its form."""
    engine = office.engine()
    with sight(task_id), engine.read() as connection:
        task = queries.task(connection, current_user.identity, task_id)
        return task, desk.of_task(engine, connection, task)


@contextmanager
def sight(task_id: str) -> Iterator[None]:
    """Let only those who may see a matter learn why its task is not theirs to do."""
    try:
        yield
    except (errors.Forbidden, errors.Conflict) as refused:
        identity = current_user.identity
        if refused.ids.get("person") == identity.person and isinstance(
            refused, user_tasks.AlreadyClosed
        ):
            raise
        with office.engine().read() as connection:
            root_id = user_tasks.root_of(connection, task_id)
            if dossiers.of_root(connection, identity, root_id) is None:
                raise user_tasks.NoSuchTask(task_id=task_id) from refused
        raise


def page(
    task_id: str,
    written: MultiDict[str, str] | None = None,
    refused: errors.Invalid | None = None,
) -> str:
    """Return the page of an open task, with what was written and refused, if so."""
    identity, engine = current_user.identity, office.engine()
    task, paper = opened(task_id)
    with engine.read() as connection:
        matter_id = dossiers.of_root(connection, identity, task.root_id)
        dossier, listed = None, []
        if matter_id is not None:
            dossier = dossiers.dossier(connection, identity, matter_id)
            listed = three_lists.entries(connection, identity, matter_id)
        events = labels.history(connection, queries.timeline(connection, task.root_id))
        places = standing.of(
            engine,
            connection,
            task.instance_id,
            url_for("tasks.diagram", task_id=task_id),
        )
        begun = drafts.find(connection, task_id, identity.person)
        following = desk.next_in_words(engine, connection, task)
        principals = people.names(connection, [task.on_behalf_of or ""])
    if written is not None:
        begun = forms.kept(paper.schema, written)
    values = {**paper.offered, **begun}
    return render_template(
        "tasks/show.html",
        task=task,
        dossier=dossier,
        listed=listed,
        events=events,
        standing=places,
        sheet=forms.sheet(paper.schema, values=values, refused=refused),
        next=following,
        principal=principals.get(task.on_behalf_of or ""),
        is_claimable=task.assignee is None and task.on_behalf_of is None,
        is_claimed=task.assignee == identity.person and task.role is not None,
    )


@bp.get("/tasks/<task_id>/diagram.bpmn")
@login_required
def diagram(task_id: str) -> ResponseReturnValue:
    """Send the diagram the task stands in."""
    with sight(task_id), office.engine().read() as connection:
        task = queries.task(connection, current_user.identity, task_id)
        drawn = queries.diagram(connection, office.engine().library, task.instance_id)
    return drawn.xml, {"Content-Type": "application/xml; charset=utf-8"}


def handled(closed: user_tasks.AlreadyClosed, *, repeated: bool = False) -> str:
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
    flash(f"“{name}”已提交。下面是下一件（还有 {len(items)} 件）。", "success")
    return redirect(url_for("tasks.show", task_id=items[0].task.id), code=303)


def task_count() -> int:
    """Return how many open tasks the signed-in person may do."""
    return len(found())


@bp.app_context_processor
def counted() -> dict[str, object]:
    """Let the header show the count."""
    return {"task_count": task_count}
