"""Where what was acknowledged lies: in history, or in the quarantine."""

from collections.abc import Collection
from typing import Final

import asyncpg

from commands.activity.quarantine import Quarantine
from tests.api.running import RunningKoi

_EVERYTHING: Final = 1_000_000


async def unaccounted(koi: RunningKoi, ids: Collection[str]) -> list[str]:
    """Return those of the ids that are neither a fact's nor in anything that waits in the quarantine."""
    async with asyncpg.create_pool(koi.database, min_size=1, max_size=1) as pool:
        facts = [row["body"] for row in await pool.fetch("SELECT body::text AS body FROM fact_log")]
        waiting = await Quarantine(pool, koi.secrets.master_key).newest(limit=_EVERYTHING, in_clear=True)
    kept = "\n".join([*facts, *(entry.raw or "" for entry in waiting)])
    return [one for one in ids if one not in kept]


async def kept(koi: RunningKoi) -> int:
    """Return how many facts, entries of the quarantine and hints there are."""
    connection = await asyncpg.connect(koi.database)
    try:
        return int(
            await connection.fetchval(
                """
                SELECT (SELECT count(*) FROM fact_log) + (SELECT count(*) FROM quarantine)
                     + (SELECT count(*) FROM source_hint)
                """
            )
        )
    finally:
        await connection.close()
