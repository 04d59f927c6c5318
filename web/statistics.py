"""The statistical tables (统计报表): on a page, and the same rows as a workbook."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint
from flask import Response
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login import login_required

from engine import errors
from engine import people
from processes.supervision.statistics import directory
from processes.supervision.statistics import inquiries
from processes.supervision.statistics import summaries
from processes.supervision.statistics import workbooks
from processes.supervision.statistics import yearbook
from web import office

bp = Blueprint("statistics", __name__)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: A column with a text of more characters gets room to wrap.
SHORT = 14


@dataclass(frozen=True)
class Shown:
    """Tables as they were asked for, `told` in a line what that was."""

    statistic: directory.Statistic
    asked: directory.Asked
    told: str
    sheets: tuple[summaries.Sheet, ...]


@dataclass(frozen=True)
class Table:
    """A table on a page: which columns hold numbers, which long texts, and its bars.

    `bars` has the length of each row's bar in percent, None where there is none.
    """

    sheet: summaries.Sheet
    numeric: frozenset[int]
    wide: frozenset[int]
    bars: tuple[str | None, ...]


@bp.get("/statistics")
@login_required
def index() -> ResponseReturnValue:
    """Show which tables there are."""
    offered = directory.offered(current_user.identity)
    if not offered:
        raise errors.Forbidden("统计报表只供县领导、督查室、政府办和承办单位查看。")
    return render_template("statistics/index.html", statistics=offered)


@bp.get("/statistics/<key>")
@login_required
def show(key: str) -> ResponseReturnValue:
    """Show one of them, or say at the filter what is wrong with it."""
    identity = current_user.identity
    statistic = directory.find(identity, key)
    today = office.calendar().local_date(office.now())
    known = {
        name: request.args[name] for name in statistic.filters if name in request.args
    }
    periods = {
        label: url_for(
            "statistics.show",
            key=key,
            **{**known, "since": since, "until": until},
        )
        for label, (since, until) in inquiries.periods(today).items()
    }
    page = {
        "statistic": statistic,
        "labels": directory.FILTERS,
        "needed": inquiries.NEEDED,
        "periods": periods if "since" in statistic.filters else {},
        "own": not directory.sees_all(identity, statistic),
        "no_rows": workbooks.NO_ROWS,
    }
    offers = _offers(statistic)
    try:
        shown = _shown(statistic, offers)
    except errors.Invalid as refused:
        page |= {"chosen": known, "faults": refused.fields, "tables": ()}
        return render_template("statistics/show.html", offers=offers, **page), 422
    chosen = {
        "since": shown.asked.span.since.isoformat(),
        "until": shown.asked.span.until.isoformat(),
        **shown.asked.chosen,
    }
    page |= {
        "chosen": chosen,
        "faults": {},
        "told": shown.told,
        "tables": [table(sheet) for sheet in shown.sheets],
        "query": {name: chosen[name] for name in statistic.filters if chosen[name]},
    }
    return render_template("statistics/show.html", offers=offers, **page)


@bp.get("/statistics/<key>.xlsx")
@login_required
def workbook(key: str) -> ResponseReturnValue:
    """Send what the page of the same address shows."""
    statistic = directory.find(current_user.identity, key)
    shown = _shown(statistic, _offers(statistic))
    return _file(f"{key}.xlsx", workbooks.write(shown.sheets, shown.told), WORKBOOK)


@bp.get("/statistics/yearbook.docx")
@login_required
def draft() -> ResponseReturnValue:
    """Send the draft of the yearbook to be written on."""
    statistic = directory.find(current_user.identity, "yearbook")
    asked = _asked(statistic, _offers(statistic))
    with office.engine().read() as connection:
        book = yearbook.compile(connection, office.calendar(), asked.span)
    content = yearbook.document(book, office.now())
    return _file(f"yearbook-{book.year}.docx", content, DOCX)


def table(sheet: summaries.Sheet) -> Table:
    """Return how a table looks: numbers to the right, room for long texts."""
    columns = list(zip(*sheet.rows, strict=True))
    numeric = {place for place, cells in enumerate(columns) if any(map(_number, cells))}
    wide = {
        place for place, cells in enumerate(columns) if any(_long(one) for one in cells)
    }
    bars: tuple[str | None, ...] = (None,) * len(sheet.rows)
    if sheet.rows and sheet.bar:
        bars = _bars(columns[sheet.headings.index(sheet.bar)])
    return Table(sheet, frozenset(numeric), frozenset(wide - numeric), bars)


@bp.app_context_processor
def counted() -> dict[str, object]:
    """Let the header lead there whoever may see a table."""

    def has_statistics(identity: people.Identity) -> bool:
        return bool(directory.offered(identity))

    return {"has_statistics": has_statistics}


def _offers(statistic: directory.Statistic) -> dict[str, dict[str, str]]:
    with office.engine().read() as connection:
        return inquiries.choices(
            connection,
            office.calendar(),
            current_user.identity,
            statistic,
            office.now(),
        )


def _asked(
    statistic: directory.Statistic, offers: Mapping[str, Mapping[str, str]]
) -> directory.Asked:
    return inquiries.asked(
        current_user.identity,
        statistic,
        {name: value.strip() for name, value in request.args.items()},
        offers,
        calendar=office.calendar(),
        now=office.now(),
        ranked=office.settings().unit_ranking,
    )


def _shown(
    statistic: directory.Statistic, offers: Mapping[str, Mapping[str, str]]
) -> Shown:
    asked = _asked(statistic, offers)
    with office.engine().read() as connection:
        sheets = statistic.find(connection, office.calendar(), asked)
    told = inquiries.told(asked, statistic, offers)
    return Shown(statistic, asked, told, tuple(sheets))


def _long(cell: summaries.Cell) -> bool:
    return isinstance(cell, str) and len(cell) > SHORT and not cell.isascii()


def _number(cell: summaries.Cell) -> bool:
    return isinstance(cell, int | float) or _percent(cell)


def _percent(cell: summaries.Cell) -> bool:
    return (
        isinstance(cell, str)
        and cell[:-1].replace(".", "").isdecimal()
        and (cell.endswith("%"))
    )


def _bars(cells: tuple[summaries.Cell, ...]) -> tuple[str | None, ...]:
    """Return the length of each bar: a rate as it is, a count of the largest one."""
    largest = max((one for one in cells if isinstance(one, int)), default=0) or 1
    return tuple(
        f"{100 * one / largest:.1f}%"
        if isinstance(one, int)
        else str(one)
        if _percent(one)
        else None
        for one in cells
    )


def _file(name: str, content: bytes, mimetype: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
