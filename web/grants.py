"""Who else may read a matter (阅文权限), and that each look of theirs is kept."""

from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa
from flask import Blueprint
from flask import flash
from flask import redirect
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from engine import people
from processes.supervision.dossiers import grants
from web import office

bp = Blueprint("grants", __name__)


@dataclass(frozen=True)
class Reader:
    """A grant and how its reader is called."""

    grant: grants.Grant
    name: str


@bp.post("/matters/<int:matter_id>/grants")
@login_required
def give(matter_id: int) -> ResponseReturnValue:
    """Let somebody read the matter."""
    given = {name: request.form.get(name, "") for name in ("reader", "reason", "until")}
    try:
        with office.engine().begin() as work:
            grant = grants.give(work, matter_id, current_user.identity, given)
    except errors.Invalid as refused:
        for sentence in chain.from_iterable(refused.fields.values()):
            flash(f"未授予阅文权限：{sentence}", "warning")
    else:
        flash(f"已授予阅文权限（{grant.reader}），每次查看都会记录。", "success")
    return redirect(url_for("matters.show", matter_id=matter_id), code=303)


@bp.post("/grants/<int:grant_id>/end")
@login_required
def take_back(grant_id: int) -> ResponseReturnValue:
    """End a grant before its time."""
    with office.engine().begin() as work:
        grant = grants.take_back(work, grant_id, current_user.identity)
    flash("已收回阅文权限。", "success")
    return redirect(url_for("matters.show", matter_id=grant.matter_id), code=303)


def readers(connection: sa.Connection, matter_id: int) -> list[Reader] | None:
    """Return who may read the matter; None for one who may not let others read."""
    if not grants.may_give(current_user.identity):
        return None
    given = grants.of_matter(connection, matter_id)
    names = people.names(connection, [grant.reader for grant in given])
    return [Reader(one, names.get(one.reader, one.reader)) for one in given]


def keep_look(matter_id: int, what: str) -> None:
    """Keep the look of somebody who sees the matter by a grant alone."""
    engine = office.engine()
    with engine.read() as connection:
        used = grants.in_use(connection, current_user.identity, matter_id)
    if used is not None:
        with engine.begin() as work:
            grants.look(work, used, what)
