"""When a night has begun, every model that speaks scores everybody; drift is watched with each run."""

import asyncio
import logging
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from commands.runtime.clock import now
from commands.runtime.context import Context
from domain.kernel.errors import KoiError
from projections.model_scorecard.queries import ModelSummary, models
from workers.runtime import Worker

# What computes is loaded when a model is due: where none speaks it never is.
if TYPE_CHECKING:
    from workers.scoring.running import Scored, Scoring

log = logging.getLogger("koi.scoring")

_BY: Final = Context(actor="scoring")
# When shops sleep and yesterday's files have come.
NIGHT: Final = time(3, 0)
_MOST: Final = 1_000
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('koi scoring'))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext('koi scoring'))"


def last_night(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the last time (UTC) at or before the instant when a night's runs were due."""
    local = instant.astimezone(zone)
    today = datetime.combine(local.date(), NIGHT, zone)
    return (today if today <= local else datetime.combine(local.date() - timedelta(days=1), NIGHT, zone)).astimezone(
        UTC
    )


def next_night(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the first time (UTC) after the instant when a night's runs will be due."""
    day = last_night(instant, zone).astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, NIGHT, zone).astimezone(UTC)


def due(known: list[ModelSummary], night: datetime) -> list[str]:
    """Return the models that speak and have not scored everybody as of this night, or later."""
    return [one.key for one in known if one.promoted is not None and (one.scored_at is None or one.scored_at < night)]


async def run_night(work: "Scoring", night: datetime) -> "list[Scored]":
    """Let every model that is due score everybody as of the night; one that cannot holds up no other."""
    from workers.scoring.running import score

    found = []
    for key in due(await models(work.store.pool, limit=_MOST), night):
        try:
            found.append(await score(work, key, night))
        except KoiError as error:
            log.warning("%s did not score as of %s: %s", key, night, error.detail)
            continue
        if found[-1].drifted:
            log.warning("%s: the data have moved away from what it learned from", key)
    return found


async def scoring(worker: Worker) -> None:
    """Score each night, and what a night missed while nothing ran; one process at a time."""
    zone = worker.settings.zone
    while True:
        night = last_night(now(), zone)
        connection: Any
        async with worker.store.pool.acquire() as connection:
            if await connection.fetchval(_LOCK):
                try:
                    if due(await models(connection, limit=_MOST), night):
                        from workers.scoring.opening import scoring_over

                        await run_night(await scoring_over(worker.store, worker.settings, by=_BY), night)
                finally:
                    await connection.execute(_UNLOCK)
        await asyncio.sleep((next_night(now(), zone) - now()).total_seconds())
