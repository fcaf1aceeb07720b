"""Run by Alembic for each upgrade; the connection comes from `plugins.postgres.migrate`."""

from alembic import context

from plugins.postgres.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # A revision that has committed stays when a later one has to give way to a lock.
    transaction_per_migration=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
