"""Replays that were asked for are carried out, one process at a time; what is too old is discarded."""

import asyncio
import logging
from datetime import timedelta

from commands.activity.intake import Intake
from commands.activity.order_numbers import OrderNumbers
from commands.activity.replaying import replay_asked
from commands.activity.settling import CHANNEL, discard_aged
from commands.runtime.clock import now
from workers.connectors.destination import Destination, destination
from workers.quarantine.replayers import replayers
from workers.runtime import Worker, listening

log = logging.getLogger("koi.quarantine")

ACTOR = "quarantine"
_LOOK_SECONDS = 30.0
# One replay at a time: what one claims is nobody else's to finish.
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('koi quarantine', 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('koi quarantine', 0))"


async def quarantine(worker: Worker) -> None:
    """Replay and discard for as long as the connections hold."""
    settings, store = worker.settings, worker.store
    into = destination(settings, worker.secrets, store)
    async with (
        listening(settings.database_url, [CHANNEL]) as (connection, woken),
        Intake(
            store,
            into.naming,
            actor=ACTOR,
            describing=into.describing,
            orders=OrderNumbers(settings.sources_folder),
        ) as intake,
    ):
        while True:
            woken.clear()
            if await connection.fetchval(LOCK):
                try:
                    await _turn(worker, into, intake)
                finally:  # between two turns another process may replay: `koi quarantine replay`
                    await connection.execute(UNLOCK)
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await woken.wait()
            except TimeoutError:
                continue


async def _turn(worker: Worker, into: Destination, intake: Intake) -> None:
    settings, pool = worker.settings, worker.store.pool
    # The declared sources are read anew each time: a mapping was corrected in between.
    done = await replay_asked(into.quarantine, replayers(settings, into, intake))
    aged = await discard_aged(pool, now() - timedelta(days=settings.quarantine_days))
    if done.total or aged:
        log.info("replayed %d, refused again %d, discarded as too old %d", done.replayed, done.refused, aged)
