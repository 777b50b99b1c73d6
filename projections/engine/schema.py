"""The PostgreSQL schemas views live in: made from their tables, swapped by renaming."""

from typing import TYPE_CHECKING

import asyncpg

from projections.engine.projection import Projection

# SQLAlchemy is loaded where tables are made: who reads views, or waits for them, has no use for it.
if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.schema import DDLElement

# Statements take their plans anew when a schema is renamed, and no reader of the old tables is waited for.
_RENAME = 'ALTER SCHEMA "{}" RENAME TO "{}"'


def search_path(schema: str) -> str:
    """Return the search path under which a view's code finds its own tables first, then the log."""
    return f'"{schema}", public'


def aside(name: str, purpose: str) -> str:
    """Return the name of a second copy of a view, such as customer_360__rebuild: its schema and its position's name."""
    return f"{name}__{purpose}"


async def exists(connection: asyncpg.Connection, schema: str) -> bool:
    """Whether the schema is there."""
    return bool(await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", f'"{schema}"'))


async def create(connection: asyncpg.Connection, projection: Projection, schema: str, *, indexes: bool = True) -> None:
    """Make the schema with empty tables; the connection's search path must be that of the schema."""
    from sqlalchemy.schema import CreateTable

    await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    for table in projection.tables.sorted_tables:
        await connection.execute(_compiled(CreateTable(table, if_not_exists=True)))
    await create_indexes(connection, projection, late=None if indexes else False)


async def create_indexes(connection: asyncpg.Connection, projection: Projection, *, late: bool | None) -> None:
    """Make the indexes: all of them, only those needed while filling, or only those that are better made afterwards."""
    from sqlalchemy.schema import CreateIndex

    for table in projection.tables.sorted_tables:
        for index in sorted(table.indexes, key=_name):
            if late is None or late is index.info.get("late", False):
                await connection.execute(_compiled(CreateIndex(index, if_not_exists=True)))


async def drop(connection: asyncpg.Connection, schema: str) -> None:
    """Drop the schema with all it holds; does nothing if it is not there."""
    await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


async def swap(connection: asyncpg.Connection, live: str, new: str, old: str) -> None:
    """Put `new` in the place of `live`, which becomes `old`."""
    if await exists(connection, live):
        await connection.execute(_RENAME.format(live, old))
    await connection.execute(_RENAME.format(new, live))


def _compiled(statement: "DDLElement") -> str:
    from sqlalchemy.dialects import postgresql

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its constructor untyped
    return str(statement.compile(dialect=dialect))


def _name(index: "sa.Index") -> str:
    return str(index.name)
