"""What a worker cannot deal with is put aside with its reason, so that the rest goes on."""

import logging
from uuid import UUID

import asyncpg

from domain.kernel.errors import KoiError

log = logging.getLogger("koi.work")

_PARK = "INSERT INTO dead_letter (projection, position, stream_id, topic, reason) VALUES ($1, $2, $3, $4, $5)"


async def park(pool: asyncpg.Pool, worker: str, position: int, stream_id: UUID, topic: str, error: Exception) -> None:
    """Add to the list of dead letters; the reason names the error, and never what the event held."""
    reason = f"{type(error).__name__}: {error.detail}" if isinstance(error, KoiError) else type(error).__name__
    log.error("%s: position %d (%s) put aside: %s", worker, position, topic, reason, exc_info=error)
    await pool.execute(_PARK, worker, position, stream_id, topic, reason)
