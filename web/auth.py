"""Signing in and out, and the password of one's own."""

import secrets
from datetime import datetime
from datetime import timedelta
from typing import NamedTuple

from flask import Blueprint
from flask import Flask
from flask import flash
from flask import redirect
from flask import render_template
from flask import request
from flask import session
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_login import current_user
from flask_login import login_required
from flask_login import login_user
from flask_login import logout_user

from engine import accounts
from engine import errors
from engine import people
from processes.supervision.leaders import leading
from web import office

bp = Blueprint("auth", __name__)
limiter = Limiter(get_remote_address, storage_uri="memory://")

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
#: Polls of an open page are not work: they do not keep a session alive.
POLLS = {"tasks.count", "inbox.count"}
#: The same words whether the account exists or not.
REFUSALS = {
    "refused": "账号或密码不正确。",
    "locked": "输错次数过多，账号已锁定，请 15 分钟后再试。",
}


class Caller(NamedTuple):
    """Who sends the request; what Flask-Login keeps for its duration."""

    identity: people.Identity
    name: str
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return the account name."""
        return self.identity.person


def install(app: Flask) -> None:
    """Make every page but the sign-in ask who is there."""
    login = LoginManager(app)
    login.login_view = "auth.sign_in"
    login.login_message = "请先登录。"
    login.user_loader(recall)
    limiter.init_app(app)
    app.register_blueprint(bp)

    @app.before_request
    def keep_alive() -> None:
        if current_user.is_authenticated and request.endpoint not in POLLS:
            session["seen_at"] = office.now().isoformat()


def recall(person: str) -> Caller | None:
    """Return the signed-in person as of now; an idle or revoked session is none."""
    now = office.now()
    if not fresh(now):
        return None
    with office.engine().read() as connection:
        account = accounts.account(connection, person)
        if account is None or not account.active:
            return None
        # A changed password ends every other session of the account.
        if session.get("account_version") != account.version:
            return None
        identity = people.identity(connection, person, now)
    return Caller(identity=identity, name=account.name)


def fresh(now: datetime) -> bool:
    """Return whether the session is neither idle for too long nor too old."""
    try:
        seen_at = datetime.fromisoformat(session["seen_at"])
        signed_in_at = datetime.fromisoformat(session["signed_in_at"])
    except (KeyError, TypeError, ValueError):
        return False
    return now - seen_at <= IDLE and now - signed_in_at <= LONGEST


def own_path(target: str | None) -> str:
    """Return the target if it is a path of this site, else where one begins."""
    if (
        target
        and target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and target.isprintable()
    ):
        return target
    return landing()


def landing() -> str:
    """Return where one begins: leaders at their home, all others at their tasks."""
    known = current_user.is_authenticated
    is_leader = known and leading.leads(current_user.identity)
    return url_for("cockpit.index" if is_leader else "tasks.index")


@bp.get("/")
def home() -> ResponseReturnValue:
    """Send everybody to where they begin."""
    return redirect(landing())


@bp.get("/login")
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form."""
    if current_user.is_authenticated:
        return redirect(own_path(request.args.get("next")))
    return render_template("auth/sign_in.html", person="")


@bp.post("/login")
@limiter.limit("30 per 15 minutes")
def open_session() -> ResponseReturnValue:
    """Start a fresh session for the right password, or refuse without saying why."""
    person = request.form.get("person", "").strip()
    with office.engine().read() as connection:
        account = accounts.account(connection, person)
        locked = accounts.locked(connection, person, office.now())
    # Slow on purpose, and therefore outside of any transaction.
    known = accounts.verify(account, request.form.get("password", ""))
    outcome = "locked" if locked else "accepted" if known else "refused"
    with office.engine().begin() as work:
        accounts.record_sign_in(work, person, outcome)
    if outcome != "accepted" or account is None:
        message = REFUSALS[outcome]
        return render_template("auth/sign_in.html", person=person, message=message), 401
    now = office.now().isoformat()
    # Nothing of the anonymous session survives: its cookie may be known to another.
    session.clear()
    session["nonce"] = secrets.token_hex(8)
    session["account_version"] = account.version
    session["signed_in_at"] = session["seen_at"] = now
    login_user(recall(person))
    return redirect(own_path(request.args.get("next")), code=303)


@bp.post("/logout")
@login_required
def close_session() -> ResponseReturnValue:
    """Forget who was there."""
    logout_user()
    session.clear()
    flash("您已退出。", "success")
    return redirect(url_for("auth.sign_in"), code=303)


@bp.get("/password")
@login_required
def password() -> ResponseReturnValue:
    """Show the form for a new password."""
    return render_template("auth/password.html", fields={})


@bp.post("/password")
@limiter.limit("10 per 15 minutes")
@login_required
def change_password() -> ResponseReturnValue:
    """Change the password of the person who is signed in; other sessions end."""
    form = request.form
    if form.get("new") != form.get("again"):
        return _refused_password({"again": ["两次输入的新密码不一致。"]})
    person = current_user.get_id()
    with office.engine().read() as connection:
        present = accounts.account(connection, person)
    if not accounts.verify(present, form.get("present", "")):
        return _refused_password({"present": ["现在的密码不正确。"]})
    try:
        with office.engine().begin() as work:
            accounts.change_password(work, person, form.get("new", ""))
    except errors.Invalid as error:
        return _refused_password(error.fields)
    with office.engine().read() as connection:
        changed = accounts.account(connection, person)
    session["account_version"] = changed.version if changed else None
    flash("密码已修改，其他设备上的登录已失效。", "success")
    return redirect(url_for("tasks.index"), code=303)


def _refused_password(fields: dict[str, list[str]]) -> ResponseReturnValue:
    return render_template("auth/password.html", fields=fields), 422
