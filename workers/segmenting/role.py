"""One process at a time follows the log for segments; the others stand by."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from commands.runtime.clock import now
from projections.profile_history.surroundings import opening_with
from workers.runtime import Worker, listening
from workers.segmenting.asking import BEGIN, CHANNEL, REPLAY, Asked
from workers.segmenting.defining import Defining
from workers.segmenting.filling import Batch
from workers.segmenting.following import Following, Stored
from workers.segmenting.keeping import OvertakenError
from workers.segmenting.knowing import Histories, everybody_of, knowing, sky_of
from workers.segmenting.segmenting import Segmenting
from workers.segmenting.subjects import Subjects
from workers.segmenting.watching import Watch

_POLL: Final = timedelta(seconds=1)
# Between two reads of the log, so that a stream of events comes in pages worth their transaction.
_PACE: Final = timedelta(milliseconds=10)
# While no segment is live: only people are given their numbers then, which nobody waits for.
_LEISURE: Final = timedelta(milliseconds=250)


async def segmenting(worker: Worker) -> None:
    """Tell who enters and leaves segments for as long as the connections hold."""
    async with listening(worker.settings.database_url, ("decision_log",)) as (connection, woken):
        await connection.execute("SET synchronous_commit = off")
        asked = Asked()
        await connection.add_listener(CHANNEL, partial(_hear, asked, woken))
        stored = await Stored.take_over(connection)
        keyring = worker.store.keyring
        opening = opening_with(keyring.load, keyring.unseal)
        histories = Histories(worker.store.pool, worker.settings, opening)
        subjects = Subjects(connection, stored.registry, histories)
        following = Following(worker.store, connection, stored, subjects, now)
        sky = sky_of(worker.store.pool, worker.settings, now)
        world = knowing(worker.settings, sky)
        defining = Defining(worker.store.pool)
        batch = Batch(worker.store.pool, lambda: everybody_of(worker.store.pool, worker.settings, opening), woken.set)
        work = Segmenting(following, stored, connection, defining.at, lambda known: Watch(known, world), sky, batch)
        try:
            while True:
                woken.clear()
                if asked.take(BEGIN):
                    raise OvertakenError("somebody has changed what is stored: it is read anew")
                if asked.take(REPLAY):
                    await work.replay(worker.store)
                if not await work.step():
                    await rest(woken, await work.next_due(), now, _PACE if work.watches else _LEISURE)
        finally:
            await work.close()


def _hear(asked: Asked, woken: asyncio.Event, *told: object) -> None:
    asked.hear(str(told[-1]))
    woken.set()


async def rest(
    woken: asyncio.Event, due: datetime | None, clock: Callable[[], datetime], pace: timedelta = _PACE
) -> None:
    """Until something is due, or the log grows: then a little longer, so that more of it comes at once."""
    pause = min(_POLL, max(timedelta(), due - clock())) if due else _POLL
    try:
        await asyncio.wait_for(woken.wait(), pause.total_seconds())
        await asyncio.sleep(min(pace, pause).total_seconds())
    except TimeoutError:
        return
