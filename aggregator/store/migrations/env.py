"""Runs migrations over the connection that `aggregator.store.database.upgrade` gives."""

from alembic import context

from aggregator.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
