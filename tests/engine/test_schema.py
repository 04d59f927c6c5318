"""The revisions lead to the tables that the code speaks of."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine import database
from engine import tables


def test_the_revisions_create_exactly_the_engines_tables(database_url: str) -> None:
    """Nothing in engine.tables is missing or different in an upgraded database."""
    pool = database.create(database_url)
    ours = set(tables.metadata.tables)
    with pool.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda _o, name, type_, _r, _c: (
                    type_ != "table" or name in ours
                )
            },
        )
        differences = compare_metadata(context, tables.metadata)
    pool.dispose()

    assert [] == differences


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    """The newest schema may be upgraded again."""
    pool = database.create(database_url)
    before = sorted(sa.inspect(pool).get_table_names())
    database.upgrade(pool)
    after = sorted(sa.inspect(pool).get_table_names())
    pool.dispose()

    assert before == after


def test_a_schema_newer_than_the_program_is_refused(database_url: str) -> None:
    """An old program does not write into what a new one has changed."""
    pool = database.create(database_url)
    with pool.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(database.NewerSchema) as refusal:
        database.upgrade(pool)
    pool.dispose()

    assert ["9999"] == refusal.value.ids["revisions"]
