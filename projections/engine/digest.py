"""A digest of tables that depends on their rows alone, not on the order in which they came."""

import hashlib
from typing import TYPE_CHECKING

import asyncpg
import msgspec

from projections.engine.projection import Projection

if TYPE_CHECKING:
    import sqlalchemy as sa

# Two sums of 64-bit hashes over the row as text: adding them up makes the order of rows irrelevant.
_DIGEST = """
    SELECT count(*) AS rows, coalesce(sum(hashtextextended(r::text, 0)::numeric), 0)::text AS one,
           coalesce(sum(hashtextextended(r::text, 1)::numeric), 0)::text AS other
    FROM (SELECT {columns} FROM "{schema}"."{table}") AS r
"""


class Digest(msgspec.Struct, frozen=True):
    """How many rows, and what they come to."""

    rows: int
    sha256: str


async def digest(connection: asyncpg.Connection, projection: Projection, schema: str) -> Digest:
    """Return the digest of the view's tables as they stand in the schema."""
    total, sums = 0, hashlib.sha256()
    for table in projection.tables.sorted_tables:
        row = await connection.fetchrow(_statement(table, schema))
        if row:
            total += row["rows"]
            sums.update(f"{table.name} {row['rows']} {row['one']} {row['other']}\n".encode())
    return Digest(total, sums.hexdigest())


def _statement(table: "sa.Table", schema: str) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    return _DIGEST.format(columns=columns, schema=schema, table=table.name)
