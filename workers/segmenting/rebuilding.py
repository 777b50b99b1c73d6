"""Have the members of live segments found anew by the worker that owns them."""

from collections.abc import Sequence
from typing import Final

from commands.runtime.event_store import open_pool
from workers.segmenting.asking import BEGIN, ask

# Nothing of an earlier owner's is written any more once the epoch is raised.
_RAISE: Final = "UPDATE segmenting.owner SET epoch = epoch + 1"
_ANEW: Final = """
    UPDATE segmenting.segment SET digest = '' WHERE cardinality($1::text[]) = 0 OR key = ANY($1) RETURNING key
"""


async def rebuild(database_url: str, keys: Sequence[str]) -> list[str]:
    """Return the segments (all, if none are named) that are begun anew, as if they had just gone live."""
    pool = await open_pool(database_url, size=2)
    try:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_RAISE)
            begun = [row["key"] for row in await connection.fetch(_ANEW, list(keys))]
        await ask(pool, BEGIN)
    finally:
        await pool.close()
    return sorted(begun)
