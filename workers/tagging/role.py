"""Every night, at a set hour of the zone, the tags of everybody are built; a build that was missed is made up for."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from commands.runtime.clock import now
from projections.batch.place import TAGS
from projections.lake.store import UrlStore
from workers.runtime import Worker, listening

# What computes is loaded when a build is due, or was made before: a new Koi starts without it.
if TYPE_CHECKING:
    from projections.batch.writing import Manifest

log = logging.getLogger("koi.tagging")

_LOOK_SECONDS: Final = 60.0
# One build at a time, whatever the number of processes.
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended('koi tagging', 0))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtextextended('koi tagging', 0))"


async def tagging(worker: Worker) -> None:
    """Build for as long as the connections hold."""
    settings, began = worker.settings, now()
    async with listening(settings.database_url, ()) as (connection, _):
        while True:
            due = last_due(now(), settings.zone, settings.tags_hour)
            built = await asyncio.to_thread(_built, settings.lake_url)
            if is_missing(due, built, began) and await connection.fetchval(_LOCK):
                from workers.segmenting.verifying import hold_against_batch
                from workers.tagging.building import build

                try:
                    manifest = await build(worker.store, settings, due)
                finally:
                    await connection.execute(_UNLOCK)
                log.info("%d tags of %d people are built", len(manifest.kinds), manifest.rows)
                await hold_against_batch(worker.store, settings)
            await asyncio.sleep(_LOOK_SECONDS)


def _built(lake_url: str) -> "Sequence[Manifest]":
    """Return the finished builds, the latest first. Blocks."""
    store = UrlStore(lake_url)
    if not store.filesystem.exists(store.path(TAGS)):
        return ()
    from projections.batch.writing import builds

    return builds(store)


def last_due(instant: datetime, zone: ZoneInfo, hour: int) -> datetime:
    """Return the last time (UTC) that the hour struck in the zone."""
    local = instant.astimezone(zone)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if today.astimezone(UTC) > instant:
        today = (today - timedelta(days=1)).replace(hour=hour)
    return today.astimezone(UTC)


def is_missing(due: datetime, built: "Sequence[Manifest]", began: datetime) -> bool:
    """Say whether a build is due: the hour struck since we run, or since the last one; a new place waits for night."""
    if any(one.instant >= due for one in built):
        return False
    return bool(built) or due >= began
