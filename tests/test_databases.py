"""The databases that tests are given are real and their own."""

import sqlalchemy as sa


def test_a_test_has_a_database_of_its_own(empty_database_url: str) -> None:
    """What an earlier test created is not there."""
    engine = sa.create_engine(empty_database_url)
    with engine.begin() as connection:
        found = sa.inspect(connection).get_table_names()
        connection.execute(sa.text("CREATE TABLE mine (id INTEGER)"))
    engine.dispose()

    assert [] == found


def test_a_test_may_begin_with_the_present_schema(database_url: str) -> None:
    """The revisions have run, once for the whole session."""
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
    engine.dispose()

    assert "alembic_version" in tables
