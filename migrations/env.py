"""Alembic's entry: one connection, one transaction a migration, driven by `commands.runtime.migrating`."""

from alembic import context
from sqlalchemy import create_engine, pool


def run() -> None:
    """Apply the migrations over the URL the caller put into the configuration."""
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        msg = "no database URL: migrate with `koi up` or commands.runtime.migrating.migrate(url)"
        raise RuntimeError(msg)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True, version_table="schema_version")
        with context.begin_transaction():
            context.run_migrations()


run()
