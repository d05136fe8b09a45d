"""Alembic's entry: runs each migration in a transaction, with short locks on PostgreSQL."""

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, text

from dispatcher.storage.models import METADATA

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        # Two release steps at once: the second waits for the first.
        connection.execute(text("SELECT pg_advisory_lock(7205759403)"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


with create_engine(context.config.attributes["url"], poolclass=NullPool).connect() as database:
    _run(database)
