"""The statements of the hot path: compiled once, sent in as few trips as can be.

Measured: SQLAlchemy spends as long on preparing a small statement as SQLite on
running it, and on PostgreSQL every statement is a round trip. So the statements of
the hot path are compiled once for each database, and PostgreSQL gets all of a save as
one data-modifying WITH: all rows or none, whatever happens between. Queries that are
asked together travel together.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg

Row = Mapping[str, Any]
_Processor = Callable[[Any], Any]


class Statement:
    """An INSERT, UPDATE or DELETE of one row, run often.

    Every row must bring the same keys: of an INSERT the columns, otherwise the names
    of the bind parameters.
    """

    def __init__(self, statement: sa.Insert | sa.Update | sa.Delete) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}

    def compiled(self, dialect: sa.Dialect, row: Row) -> "_Compiled":
        """Return the driver's text for rows with these keys."""
        key = (dialect.name, tuple(row))
        known = self._compiled.get(key)
        if known is None:
            known = _Compiled(self._statement, dialect, list(row))
            self._compiled[key] = known
        return known


class _Compiled:
    """A statement in the words of one driver, with positional parameters."""

    def __init__(
        self,
        statement: sa.Insert | sa.Update | sa.Delete,
        dialect: sa.Dialect,
        keys: list[str],
    ) -> None:
        dialect = _positional(dialect)
        names = keys if isinstance(statement, sa.Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.text = str(compiled)
        #: of an INSERT: the text up to the values, and the values of one row
        self.head, self.tuple = self.text, ""
        if isinstance(statement, sa.Insert):
            self.head, _, self.tuple = self.text.partition(" VALUES ")
        self._parameters: list[tuple[str, _Processor | None]] = [
            (name, _processor(compiled.binds[name].type, dialect))
            for name in compiled.positiontup or ()
        ]
        #: what is written into the statement itself, such as `kind != 'timer'`
        self._written = {
            name: bind.value
            for name, bind in compiled.binds.items()
            if name not in keys
        }

    def values(self, row: Row) -> tuple[Any, ...]:
        """Return the parameters in the order of the text."""
        given = {**row, **self._written} if self._written else row
        return tuple(
            given[name] if process is None else process(given[name])
            for name, process in self._parameters
        )


def _positional(dialect: sa.Dialect) -> sa.Dialect:
    if dialect.name == "postgresql":
        return psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
    return dialect


def _converter(
    kind: sa.types.TypeEngine[Any], dialect: sa.Dialect
) -> _Processor | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _processor(
    kind: sa.types.TypeEngine[Any], dialect: sa.Dialect
) -> _Processor | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


class Query:
    """A SELECT asked often; gives plain tuples."""

    def __init__(self, select: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
        self._select = select
        self._prepared: dict[str, _Prepared] = {}

    def prepared(self, dialect: sa.Dialect) -> "_Prepared":
        """Return the query in the words of one driver."""
        known = self._prepared.get(dialect.name)
        if known is None:
            known = _Prepared(self._select, dialect)
            self._prepared[dialect.name] = known
        return known


class _Prepared:
    """A query in the words of one driver, its parameters and results converted."""

    def __init__(
        self, select: sa.Select[Any] | sa.CompoundSelect[Any], dialect: sa.Dialect
    ) -> None:
        dialect = _positional(dialect)
        asked = select.compile(dialect=dialect).binds.items()
        required = {name: None for name, bind in asked if bind.required}
        # Some literals (a separator) are rendered into the text; that wants values.
        compiled = select.params(required).compile(
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        self.text = str(compiled)
        self._parameters = [
            (name, _processor(compiled.binds[name].type, dialect))
            for name in compiled.positiontup or ()
        ]
        self._written = {
            name: bind.value
            for name, bind in compiled.binds.items()
            if name not in required
        }
        self.names = select.selected_columns.keys()
        self._converters = [
            (place, converter)
            for place, column in enumerate(select.selected_columns)
            if (converter := _converter(column.type, dialect)) is not None
        ]

    def values(self, row: Row) -> tuple[Any, ...]:
        """Return the parameters in the order of the text."""
        given = {**self._written, **row}
        return tuple(
            given[name] if process is None else process(given[name])
            for name, process in self._parameters
        )

    def rows(self, found: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Return what the driver found as values of Python."""
        if not self._converters:
            return [tuple(row) for row in found]
        converted = []
        for row in found:
            values = list(row)
            for place, convert in self._converters:
                values[place] = convert(values[place])
            converted.append(tuple(values))
        return converted


def ask(
    connection: sa.Connection, *questions: tuple[Query, Row]
) -> list[list[tuple[Any, ...]]]:
    """Return the rows of each query, all asked in one trip where that helps."""
    asked = [
        (prepared, prepared.values(row))
        for query, row in questions
        for prepared in (query.prepared(connection.dialect),)
    ]
    driver = connection.connection.dbapi_connection
    if driver is None:
        raise sa.exc.ResourceClosedError("the connection is closed")
    try:
        cursors = [driver.cursor() for _ in asked]
        if connection.dialect.name == "postgresql" and len(asked) > 1:
            with driver.pipeline():
                for cursor, (prepared, values) in zip(cursors, asked, strict=True):
                    cursor.execute(prepared.text, values)
        else:
            for cursor, (prepared, values) in zip(cursors, asked, strict=True):
                cursor.execute(prepared.text, values)
        return [
            prepared.rows(cursor.fetchall())
            for cursor, (prepared, _) in zip(cursors, asked, strict=True)
        ]
    except connection.dialect.loaded_dbapi.Error as error:
        # As SQLAlchemy would: one kind of error for callers, and a connection that
        # is lost does not go back into the pool.
        lost = connection.dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        texts = "; ".join(prepared.text for prepared, _ in asked)
        raise sa.exc.DBAPIError.instance(
            texts,
            None,
            error,
            connection.dialect.loaded_dbapi.Error,
            connection_invalidated=lost,
            dialect=connection.dialect,
        ) from error


def first(connection: sa.Connection, query: Query, **asked: Any) -> Row | None:
    """Return the first row by the names of its columns, None where there is none."""
    (rows,) = ask(connection, (query, asked))
    names = query.prepared(connection.dialect).names
    return dict(zip(names, rows[0], strict=True)) if rows else None


class Batch:
    """Writes that belong together; nothing is sent before `flush`.

    No two of them may touch the same row: PostgreSQL runs them as one statement,
    SQLite all rows of one kind of statement before those of the next.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._writes: list[tuple[_Compiled, tuple[Any, ...]]] = []

    def add(self, statement: Statement, *rows: Row) -> None:
        """Add the write of some rows."""
        for row in rows:
            compiled = statement.compiled(self._connection.dialect, row)
            self._writes.append((compiled, compiled.values(row)))

    def flush(self) -> int:
        """Send everything; return how many rows the first write touched."""
        writes, self._writes = self._writes, []
        if not writes:
            return 0
        # One run for each statement, in the order of their first rows.
        rows: dict[_Compiled, list[tuple[Any, ...]]] = {}
        for compiled, values in writes:
            rows.setdefault(compiled, []).append(values)
        runs = list(rows.items())
        if self._connection.dialect.name == "postgresql":
            return self._send_at_once(runs)
        return self._send_one_by_one(runs)

    def _send_one_by_one(self, runs: "list[_Run]") -> int:
        touched = [
            self._connection.exec_driver_sql(
                compiled.text, rows if len(rows) > 1 else rows[0]
            ).rowcount
            for compiled, rows in runs
        ]
        return touched[0]

    def _send_at_once(self, runs: "list[_Run]") -> int:
        text = _joined(tuple((compiled, len(rows)) for compiled, rows in runs))
        values = tuple(value for _, rows in runs for row in rows for value in row)
        return int(self._connection.exec_driver_sql(text, values).scalar_one())


_Run = tuple[_Compiled, list[tuple[Any, ...]]]


@lru_cache(maxsize=500)
def _joined(runs: tuple[tuple[_Compiled, int], ...]) -> str:
    """Return one WITH of all writes; rows of one INSERT share its head.

    Short on purpose: the driver keeps what it knows of a text up to 4 kB only.
    """
    writes: list[str] = []
    for compiled, count in runs:
        if compiled.tuple:
            writes.append(
                f"{compiled.head} VALUES {', '.join([compiled.tuple] * count)}"
            )
        else:
            writes += [compiled.text] * count
    writes[0] += " RETURNING 1"
    parts = ", ".join(f"w{n} AS ({text})" for n, text in enumerate(writes))
    return f"WITH {parts} SELECT count(*) FROM w0"
