"""What every request must be, before anything of ours looks at it.

Databases know no NUL in a text and no number of more than 64 bits; asked for one,
they fail in ways of their own.
"""

from flask import Flask
from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter
from werkzeug.routing import Map

LARGEST_NUMBER = 2**63 - 1


class RecordNumber(IntegerConverter):
    """The `<int:…>` of our addresses: what no record can have is not found."""

    def __init__(self, map: Map) -> None:
        """Take whole numbers that a database can hold."""
        super().__init__(map, max=LARGEST_NUMBER)


def install(app: Flask) -> None:
    """Refuse what no database could be asked."""
    app.url_map.converters["int"] = RecordNumber

    @app.before_request
    def require_plain_text() -> None:
        for texts in (request.args, request.form):
            for name, value in texts.items(multi=True):
                if "\0" in name or "\0" in value:
                    raise BadRequest
        if "\0" in request.path:
            raise NotFound


def number(name: str, given: MultiDict[str, str] | None = None) -> int | None:
    """Return a number of the query, or of a form that is given.

    None where it is none that a record can have.
    """
    sent = request.args if given is None else given
    found = sent.get(name, type=int)
    if found is None or abs(found) > LARGEST_NUMBER:
        return None
    return found
