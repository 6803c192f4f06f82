"""Alembic's environment: it uses the caller's connection, so that a migration is one transaction."""

from alembic import context

from serving.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
