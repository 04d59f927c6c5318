"""Runs the revisions on the connection given, inside the caller's transaction."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    # Only needed to compare the tables with the database; upgrades do without.
    target_metadata=attributes.get("metadata"),
    # SQLite alters a column by copying its table.
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
