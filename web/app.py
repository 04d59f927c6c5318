"""The web application: where its parts are put together."""

from flask import Flask
from flask_wtf import CSRFProtect

from engine import engine as engines
from web import assets
from web import auth
from web import avoidances
from web import cockpit
from web import design
from web import display
from web import documents
from web import grants
from web import headers
from web import health
from web import hotline
from web import imports
from web import inbox
from web import labels
from web import limits
from web import logs
from web import matters
from web import office
from web import problems
from web import procedures
from web import publications
from web import refusals
from web import requests
from web import settings as settings_module
from web import statistics
from web import tasks
from web import wall
from web import workloads

csrf = CSRFProtect()

#: The longest request: a form with its texts, a ticket, or an Excel workbook.
LARGEST_REQUEST_BYTES = 2 * 1024 * 1024


def create_app(
    settings: settings_module.Settings, engine: engines.Engine | None = None
) -> Flask:
    """Return the application; without an engine it opens the one of the settings."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="ducha",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST_BYTES,
        WTF_CSRF_TIME_LIMIT=None,
        # A token is bound to the session, which ends by itself.
        WTF_CSRF_SSL_STRICT=True,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    office.install(app, settings, engine or office.opened(settings))
    logs.install(app)
    refusals.install(app)
    limits.install(app)
    csrf.init_app(app)
    auth.install(app)
    headers.install(app)
    assets.register(app)
    for part in (
        tasks, cockpit, matters, problems, requests, imports, grants, procedures,
        documents, publications, inbox, avoidances, health, hotline, design,
        statistics, wall, workloads,
    ):  # fmt: skip
        app.register_blueprint(part.bp)
    # Programs carry a key and no cookie: there is nothing to forge a request with.
    csrf.exempt(hotline.bp)
    with app.app_context():
        display.install(app)
        labels.install(app)
    return app
