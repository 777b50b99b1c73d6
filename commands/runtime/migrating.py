"""Bring a database to the newest schema; harmless to repeat, safe to start twice at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, pool, text

import migrations

# Any constant: it names the advisory lock that lets one migrator at a time through.
_LOCK = 0x6B6F69


def sqlalchemy_url(database_url: str) -> str:
    """Return the URL in the form SQLAlchemy's psycopg dialect takes."""
    return database_url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)


def migrate(database_url: str) -> None:
    """Apply every migration that is missing, waiting for another process that is doing the same."""
    url = sqlalchemy_url(database_url)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent))
    configuration.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        try:
            command.upgrade(configuration, "head")
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
