"""Ask the worker of live segments for something, and wait until it is done."""

import asyncio
from datetime import datetime
from typing import Final

import asyncpg

from commands.runtime.event_store import open_pool
from domain.kernel.errors import KoiError
from projections.engine.replaying import Replayed
from workers.segmenting.asking import REPLAY, ask
from workers.segmenting.keeping import NAME

_ASKING_AGAIN_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 60.0
# Who is judged anew is either off the list afterwards, or on it with the time of the new failure.
_LISTED: Final = """
    SELECT count(*) AS listed, count(*) FILTER (WHERE failed_at < $2) AS untouched FROM (
        SELECT max(failed_at) AS failed_at FROM dead_letter WHERE projection = $1 AND replayed_at IS NULL
        GROUP BY stream_id
    ) AS letter
"""


class NobodyAnswersError(KoiError):
    """The worker does not run, or has too much to do."""

    code = "segmenting.silent"


async def replay_people(database_url: str) -> Replayed:
    """Have everybody judged who was put aside; raises `NobodyAnswersError`."""
    pool = await open_pool(database_url, size=2)
    try:
        asked_at = await pool.fetchval("SELECT clock_timestamp()")
        before, waiting = await _listed(pool, asked_at)
        remaining = before
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while waiting:
                await ask(pool, REPLAY)
                await asyncio.sleep(_ASKING_AGAIN_SECONDS)
                remaining, waiting = await _listed(pool, asked_at)
    except TimeoutError:
        raise NobodyAnswersError(
            "the worker of live segments does not answer: does `koi up` or `koi work --role segmenting` run?"
        ) from None
    finally:
        await pool.close()
    return Replayed(cleared=before - remaining, remaining=remaining)


async def _listed(pool: asyncpg.Pool, asked_at: datetime) -> tuple[int, int]:
    """Return how many are on the list, and how many of them were not judged since."""
    row = await pool.fetchrow(_LISTED, NAME, asked_at)
    return (row["listed"], row["untouched"]) if row else (0, 0)
