"""The screens in the halls (大屏): the indicators of a month, one after the other.

The page also prints, each chart on a sheet of its own, and sends each as an image.
"""

from flask import Blueprint
from flask import Response
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required
from markupsafe import Markup

from engine import errors
from processes.supervision.statistics import charts
from processes.supervision.statistics import directory
from processes.supervision.statistics import inquiries
from web import limits
from web import office

bp = Blueprint("wall", __name__, url_prefix="/statistics/watch")
#: How long an indicator stands before the next one comes.
SECONDS = 15


@bp.get("/wall")
@login_required
def show() -> ResponseReturnValue:
    """Show the indicator asked for, the first one by default, and where to go next."""
    found, query = _charts()
    number = limits.number("indicator") or 1
    if found and not 1 <= number <= len(found):
        raise errors.NotFound("没有这项指标。", indicator=number)
    count = max(len(found), 1)
    return render_template(
        "statistics/wall.html",
        charts=[(one, Markup(charts.svg(one))) for one in found],
        number=number,
        before=url_for(".show", **query, indicator=(number - 2) % count + 1),
        following=url_for(".show", **query, indicator=number % count + 1),
        query=query,
        seconds=SECONDS,
    )


@bp.get("/wall/<int:number>.svg", defaults={"format": "svg"})
@bp.get("/wall/<int:number>.png", defaults={"format": "png"})
@login_required
def image(number: int, format: str) -> ResponseReturnValue:
    """Send the chart of an indicator as a file."""
    found, query = _charts()
    if not 1 <= number <= len(found):
        raise errors.NotFound("没有这项指标。", indicator=number)
    chart = found[number - 1]
    content = charts.png(chart) if format == "png" else charts.svg(chart).encode()
    kind = "image/png" if format == "png" else "image/svg+xml"
    response = Response(content, mimetype=kind)
    response.headers.set(
        "Content-Disposition",
        "attachment",
        filename=f"indicator-{query['month']}-{number}.{format}",
    )
    return response


def _charts() -> tuple[list[charts.Chart], dict[str, str]]:
    """Return the charts of the month and unit asked for, and what was asked."""
    identity, calendar, now = current_user.identity, office.calendar(), office.now()
    statistic = directory.find(identity, "watch")
    given = {name: value.strip() for name, value in request.args.items()}
    with office.engine().read() as connection:
        offers = inquiries.choices(connection, calendar, identity, statistic, now)
        asked = inquiries.asked(
            identity,
            statistic,
            given,
            offers,
            calendar=calendar,
            now=now,
            ranked=office.settings().unit_ranking,
        )
        indicators, *_ = statistic.find(connection, calendar, asked)
    query = {name: asked.chosen[name] for name in statistic.filters}
    return charts.of(indicators), {name: one for name, one in query.items() if one}
