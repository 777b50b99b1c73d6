"""A page without some customers' facts, for a view whose queries know nothing of it.

A temporary table named `fact_log` stands before the real one in the search path for the rest of the transaction, so
that a view's own statements see only the rows it holds.
"""

from collections.abc import Collection
from uuid import UUID

import asyncpg

from projections.engine.page import FactRange

_CREATE = "CREATE TEMPORARY TABLE fact_log (LIKE public.fact_log) ON COMMIT DROP"
_FILL = """
    INSERT INTO pg_temp.fact_log SELECT * FROM public.fact_log
    WHERE recorded_at BETWEEN $1 AND $2 AND fact_id BETWEEN $3 AND $4 AND (customer_id = ANY($5)) = $6
"""
# A changed path, not only a new table, is what makes the session's prepared statements look their tables up again.
_BEFORE = "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)"
_BEHIND = "SELECT set_config('search_path', replace(current_setting('search_path'), 'pg_temp, ', ''), true)"


async def cast(
    connection: asyncpg.Connection, ranges: Collection[FactRange], customers: Collection[UUID], *, only: bool
) -> None:
    """Let the view see only these customers' facts of the ranges, or all but theirs."""
    await connection.execute(_CREATE)
    for facts in ranges:
        await connection.execute(_FILL, *facts.bounds, list(customers), only)
    await connection.execute(_BEFORE)


async def lift(connection: asyncpg.Connection) -> None:
    """Let it see everything again, still within the transaction."""
    await connection.execute("DROP TABLE pg_temp.fact_log")
    await connection.execute(_BEHIND)
