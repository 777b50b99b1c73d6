"""What nobody vouches for: kept in the quarantine under a name of its own, bounded, so that nobody fills the disk."""

import time
from collections.abc import Sequence
from typing import Final

import asyncpg

from api.metrics import Metrics
from commands.activity.quarantine import Quarantine, Unusable

UNKNOWN: Final = "unknown"
MOST_ENTRIES: Final = 10_000
MOST_BYTES: Final = 64 * 1024 * 1024
_LARGEST: Final = 256 * 1024
_SECONDS: Final = 30.0
_LIES_THERE: Final = """
    SELECT count(*) AS entries, coalesce(sum(octet_length(sealed)), 0)::bigint AS bytes
    FROM quarantine WHERE source = $1 AND sealed <> ''
"""


class Strangers:
    """Keeps what came without a key that is known; what exceeds the bound is counted and dropped."""

    def __init__(
        self,
        quarantine: Quarantine,
        metrics: Metrics,
        pool: asyncpg.Pool,
        *,
        most_entries: int = MOST_ENTRIES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._quarantine = quarantine
        self._metrics = metrics
        self._pool = pool
        self._most = (most_entries, most_bytes)
        self._left = (0, 0)
        self._until = 0.0

    async def keep(self, entries: Sequence[Unusable]) -> int:
        """Keep as many as there is room for, durably; returns how many."""
        await self._look()
        kept: list[Unusable] = []
        count, size = self._left
        for entry in entries:
            if count and len(entry.raw) <= min(size, _LARGEST):
                kept.append(entry)
                count, size = count - 1, size - len(entry.raw)
        self._left = (count, size)
        await self._quarantine.put(UNKNOWN, kept, came_by="sensors")
        self._metrics.strangers(quarantined=len(kept), dropped=len(entries) - len(kept))
        return len(kept)

    async def keep_whole(self, entry: Unusable) -> None:
        """Keep a request at which Koi itself failed, whatever lies there already: it may be a good one."""
        await self._quarantine.put(UNKNOWN, [entry], came_by="sensors")
        self._metrics.strangers(quarantined=1, dropped=0)

    async def _look(self) -> None:
        """See now and then how much lies there: other processes keep some too, and operators clear it."""
        if time.monotonic() < self._until:
            return
        self._until = time.monotonic() + _SECONDS
        row = await self._pool.fetchrow(_LIES_THERE, UNKNOWN)
        entries, size = (row["entries"], row["bytes"]) if row else (0, 0)
        self._left = (max(0, self._most[0] - entries), max(0, self._most[1] - size))
