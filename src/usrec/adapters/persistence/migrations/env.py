"""Alembic's entry: runs the migrations on a connection that ``schema`` opened, or writes them out as SQL."""

from __future__ import annotations

from alembic import context

if context.is_offline_mode():
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        output_buffer=context.config.output_buffer,
        transactional_ddl=True,
    )
else:
    context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)

with context.begin_transaction():
    context.run_migrations()
