"""Alembic's entry: it is always handed an open connection by run.upgrade."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], target_metadata=None, version_table_schema="public"
)
with context.begin_transaction():
    context.run_migrations()
