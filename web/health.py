"""Whether the program lives and whether it can work, for those who watch it."""

import sqlalchemy as sa
from flask import Blueprint
from flask import jsonify
from flask.typing import ResponseReturnValue

from web import office

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Answer as long as the process does."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Answer 200 once the database answers, 503 otherwise; tells no details."""
    try:
        with office.engine().read() as connection:
            connection.execute(sa.select(1))
    except sa.exc.SQLAlchemyError:
        return jsonify(status="unavailable"), 503
    return jsonify(status="ok")
