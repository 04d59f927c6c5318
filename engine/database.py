"""One way to speak to SQLite and to PostgreSQL: connections, types, schema.

SQLite is opened for a legal record (WAL, FULL) and its writing transactions take
the write lock at once: a reader that becomes a writer half way would fail with
"database is locked" whatever the time-out. PostgreSQL runs READ COMMITTED.
"""

import sqlite3
import time
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from alembic import command as alembic
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from engine import errors

#: How long a writer waits for another one before it gives up (SQLite).
BUSY_TIMEOUT_MS = 15_000

#: A PostgreSQL connection unused for so long is asked whether it still lives.
RESTED_SECONDS = 5.0

#: Processes that upgrade one PostgreSQL database at the same time take turns.
UPGRADE_LOCK = 0x4475636861


class NewerSchema(errors.DuchaError):
    """数据库的结构比本程序新，请先升级程序。"""


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment; kept as UTC, refused when naive."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: sa.Dialect
    ) -> datetime | None:
        """Return the moment in UTC, without its zone where the database has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(
        self, value: datetime | None, dialect: sa.Dialect
    ) -> datetime | None:
        """Return the stored moment as aware UTC."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=UTC)


class Json(sa.types.TypeDecorator[Any]):
    """A small JSON value, kept as text with its keys sorted."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Return the canonical text."""
        return None if value is None else canonical(value).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Return the value read back."""
        return None if value is None else orjson.loads(value)


def canonical(value: object) -> bytes:
    """Return the one JSON text of a value: keys sorted, no spaces, UTC times."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def insert_once(
    connection: sa.Connection,
    table: sa.Table,
    column: str,
    values: Mapping[str, object],
) -> bool:
    """Insert the row unless one has its `column` already; say whether it was new.

    Waits for another transaction that is inserting the same just now.
    """
    insert = _insert_once(connection.dialect.name, table, column)
    return connection.execute(insert, values).first() is not None


@lru_cache
def _insert_once(
    dialect: str, table: sa.Table, column: str
) -> sa.sql.dml.ReturningInsert[tuple[Any]]:
    key = table.c[column]
    if dialect == "postgresql":
        insert = postgresql.insert(table).on_conflict_do_nothing(index_elements=[key])
        return insert.returning(key)
    return (
        sqlite.insert(table).on_conflict_do_nothing(index_elements=[key]).returning(key)
    )


def take_turn(connection: sa.Connection, what: str, *, shared: bool = False) -> None:
    """Wait until nobody else is at `what`, or only others who share; until the end.

    On SQLite a writing transaction is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        number = sa.func.hashtextextended(what, 0)
        turn = (
            sa.func.pg_advisory_xact_lock_shared(number)
            if shared
            else sa.func.pg_advisory_xact_lock(number)
        )
        connection.execute(sa.select(turn))


def create(url: str, *, durable: bool = True) -> sa.Engine:
    """Return the pool of connections to the database at `url`.

    Transactions of `engine.execution_options(writes=True)` are writing ones. An
    SQLite file that is `durable` survives a power cut; a rehearsal need not.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, synchronous="FULL" if durable else "OFF")
    return _postgresql(parsed)


def for_reading(pool: sa.Engine) -> sa.Engine:
    """Return the pool for queries that write nothing.

    On PostgreSQL each query stands alone, as it does in a transaction that reads
    what is committed; ending one by ROLLBACK would cost a round trip and make the
    driver forget every statement it has prepared (measured: a third of a command).
    On SQLite a transaction gives all queries one view.
    """
    if pool.dialect.name == "postgresql":
        return pool.execution_options(isolation_level="AUTOCOMMIT")
    return pool


def upgrade(database: sa.Engine) -> None:
    """Bring the schema to the newest revision; a schema newer than it is refused.

    SQLite changes a table by making it anew, which foreign keys would forbid: they
    rest meanwhile and are looked at before the commit.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {revision.revision for revision in _revisions(config)}
    with _upgrading(database) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        present = MigrationContext.configure(connection).get_current_heads()
        unknown = set(present) - known
        if unknown:
            raise NewerSchema(revisions=sorted(unknown))
        config.attributes["connection"] = connection
        alembic.upgrade(config, "head")


def missing_revisions(database: sa.Engine) -> list[str]:
    """Return the revisions that `upgrade` would still have to run, newest first."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    newer = ScriptDirectory.from_config(config).iterate_revisions("head", present)
    return [revision.revision for revision in newer]


@contextmanager
def _upgrading(database: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection in a transaction in which tables may be made anew."""
    if database.dialect.name == "postgresql":
        with database.execution_options(writes=True).begin() as connection:
            yield connection
        return
    with database.execution_options(writes=True).connect() as connection:
        driver = connection.connection.driver_connection
        if driver is None:
            raise errors.DuchaError("数据库连接已断开。")
        # Within a transaction SQLite would ignore this.
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise errors.DuchaError(
                        f"升级后有 {len(broken)} 行失去所属的记录，已放弃升级。",
                        tables=sorted({row[0] for row in broken}),
                    )
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _revisions(config: Config) -> list[Any]:
    return list(ScriptDirectory.from_config(config).walk_revisions())


def _sqlite(url: sa.URL, *, synchronous: str) -> sa.Engine:
    engine = sa.create_engine(url, query_cache_size=2000)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transaction control begins too late (at the first
        # write) and not at all before DDL: ours begins when told.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        pool_size=20,
        max_overflow=20,
        query_cache_size=2000,
        connect_args={"options": "-c timezone=UTC"},
    )

    # A connection in steady use need not be asked whether it lives before every
    # command: that is a round trip of its own. One that has rested is asked.
    @sa.event.listens_for(engine, "checkin")
    def rest(_connection: object, record: sa.pool.ConnectionPoolEntry) -> None:
        record.info["rested_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def wake(
        connection: Any, record: sa.pool.ConnectionPoolEntry, _proxy: object
    ) -> None:
        since = record.info.get("rested_since")
        if since is None or time.monotonic() - since < RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise sa.exc.DisconnectionError() from error

    return engine
