"""Hints: what platforms say has changed, kept until somebody has asked them for it."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from commands.activity.source_runs import bring_forward
from domain.ingestion.callbacks.call import Hint

# A hint that comes again while it waits is younger: who followed the older one has not seen the change.
_KEEP = """
    INSERT INTO source_hint (source, subject) SELECT $1, * FROM unnest($2::text[])
    ON CONFLICT (source, subject) DO UPDATE SET received_at = clock_timestamp()
"""
_WAITING = "SELECT subject, received_at FROM source_hint WHERE source = $1 ORDER BY received_at, subject LIMIT $2"
_FOLLOWED = """
    DELETE FROM source_hint AS h USING unnest($2::text[], $3::timestamptz[]) AS f (subject, received_at)
    WHERE h.source = $1 AND h.subject = f.subject AND h.received_at <= f.received_at
"""


class Waiting(msgspec.Struct, frozen=True):
    """A hint nobody has followed yet, and when it came last."""

    subject: str
    received_at: datetime


class Hints:
    """The hints of all sources."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def keep(self, source: str, hints: Sequence[Hint]) -> None:
        """Keep the hints durably, the same subject once, and let the source run to follow them."""
        if hints:
            # In order, so that two calls with the same subjects wait for each other instead of deadlocking.
            await self._pool.execute(_KEEP, source, sorted({hint.subject for hint in hints}))
            await bring_forward(self._pool, source)

    async def waiting(self, source: str, *, limit: int = 100) -> list[Waiting]:
        """Return the hints of a source that nobody has followed yet, the oldest first."""
        rows = await self._pool.fetch(_WAITING, source, limit)
        return [Waiting(row["subject"], row["received_at"]) for row in rows]

    async def followed(self, source: str, done: Sequence[Waiting]) -> None:
        """Forget hints that were followed; those that came again meanwhile stay."""
        subjects, moments = [one.subject for one in done], [one.received_at for one in done]
        await self._pool.execute(_FOLLOWED, source, subjects, moments)
