"""Alembic's entry: runs over the connection that store.engine.migrate has opened."""

from alembic import context

from serving.store.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=False)
context.run_migrations()
