"""The writes of one save, sent as few statements, compiled once.

Measured: SQLAlchemy spends as long on preparing a small statement as SQLite on
running it, and on PostgreSQL every statement is a round trip. So the statements of
the hot path are compiled once for each database, and PostgreSQL gets all of a save as
one data-modifying WITH: all rows or none, whatever happens between.
"""

from collections.abc import Callable
from collections.abc import Mapping
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
        if dialect.name == "postgresql":
            dialect = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
        names = keys if isinstance(statement, sa.Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.text = str(compiled)
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


def _processor(
    kind: sa.types.TypeEngine[Any], dialect: sa.Dialect
) -> _Processor | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


class Batch:
    """Writes that belong together; nothing is sent before `flush`.

    No two of them may touch the same row: PostgreSQL runs them as one statement.
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
        if self._connection.dialect.name == "postgresql":
            return self._send_at_once(writes)
        return self._send_by_statement(writes)

    def _send_by_statement(
        self, writes: list[tuple[_Compiled, tuple[Any, ...]]]
    ) -> int:
        first: int | None = None
        begin = 0
        while begin < len(writes):
            compiled = writes[begin][0]
            end = begin
            while end < len(writes) and writes[end][0] is compiled:
                end += 1
            rows = [values for _, values in writes[begin:end]]
            sent = self._connection.exec_driver_sql(
                compiled.text, rows if len(rows) > 1 else rows[0]
            )
            if first is None:
                first = sent.rowcount
            begin = end
        return first or 0

    def _send_at_once(self, writes: list[tuple[_Compiled, tuple[Any, ...]]]) -> int:
        if not writes:
            return 0
        text = _joined(tuple(compiled.text for compiled, _ in writes))
        values = tuple(value for _, row in writes for value in row)
        return int(self._connection.exec_driver_sql(text, values).scalar_one())


@lru_cache(maxsize=500)
def _joined(texts: tuple[str, ...]) -> str:
    parts = ", ".join(f"w{n} AS ({text} RETURNING 1)" for n, text in enumerate(texts))
    return f"WITH {parts} SELECT count(*) FROM w0"
