"""A designer's page: a procedure's diagrams edited, judged and published."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint
from flask import Response
from flask import jsonify
from flask import render_template
from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import definitions
from processes import designs
from processes import procedures
from web import limits
from web import office

bp = Blueprint("design", __name__)

XML = "application/xml; charset=utf-8"


@bp.get("/procedures/<key>/design")
@login_required
def show(key: str) -> ResponseReturnValue:
    """Show a diagram of the procedure in the editor, and which others there are."""
    designs.require_designer(current_user.identity)
    with office.engine().read() as connection:
        procedure, _ = procedures.find(connection, key)
        shown = designs.find(connection, key, process_asked(key))
        return render_template(
            "procedures/design.html",
            procedure=procedure,
            shown=shown,
            diagrams=designs.diagrams(connection, key).values(),
        )


@bp.get("/procedures/<key>/design/diagram.bpmn")
@login_required
def diagram(key: str) -> ResponseReturnValue:
    """Send the diagram as it was deployed last."""
    designs.require_designer(current_user.identity)
    with office.engine().read() as connection:
        found = designs.find(connection, key, process_asked(key))
        content = definitions.diagram(connection, found.definition_id)
    return Response(content, content_type=XML)


@bp.post("/procedures/<key>/design/validate")
@login_required
def validate(key: str) -> ResponseReturnValue:
    """Answer what is wrong with the diagram sent; nothing is written."""
    designs.require_designer(current_user.identity)
    with office.engine().begin() as work:
        found = designs.find(work.connection, key, process_asked(key))
        problems = designs.judge(work, found, request.get_data())
    return jsonify(problems=[problem(one) for one in problems])


@bp.post("/procedures/<key>/design/publish")
@login_required
def publish(key: str) -> ResponseReturnValue:
    """Deploy the diagram sent for new matters; 422 for errors, 409 for warnings.

    In the query: the version that was read, and `confirmed=1` once the designer has
    seen the warnings.
    """
    identity = current_user.identity
    designs.require_designer(identity)
    try:
        with office.engine().begin() as work:
            found = designs.find(work.connection, key, process_asked(key))
            deployment = designs.publish(
                work,
                key,
                found,
                request.get_data(),
                read_version=limits.number("version") or 0,
                confirmed=request.args.get("confirmed") == "1",
                person=identity.person,
            )
    except definitions.DeploymentRefused as refused:
        listed = [problem(one) for one in refused.problems]
        return jsonify(error=refused.message, problems=listed), 422
    except designs.NotConfirmed as refused:
        listed = [problem(one) for one in refused.problems]
        return jsonify(error=refused.message, problems=listed, confirm=True), 409
    with office.engine().read() as connection:
        message = told(connection, deployment)
    return jsonify(
        message=message,
        version=next(
            one.version for one in deployment.definitions if one.key == found.key
        ),
        problems=[problem(one) for one in deployment.problems],
    )


def process_asked(key: str) -> str:
    """Return the process whose diagram is asked for: the procedure's own unless."""
    return request.args.get("diagram", key)


def problem(located: definitions.Located) -> dict[str, Any]:
    """Return a problem as the page shows it."""
    found = located.problem
    return {
        "severity": found.severity,
        "rule": found.rule,
        "element": found.element_id,
        "message": found.message,
        "place": located.place,
    }


def told(connection: sa.Connection, deployment: definitions.Deployment) -> str:
    """Return what a deployment did, in a sentence."""
    library = office.engine().library
    new = [
        f"“{library.get(connection, one.id).name}”第 {one.version} 版"
        for one in deployment.definitions
        if one.new
    ]
    if not new:
        return "没有改动，版本不变。"
    return f"已发布{'、'.join(new)}。新事项按新版办理，在办事项仍按原版本办完。"
