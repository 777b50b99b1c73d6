"""One process at a time watches the clock; the others stand by."""

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from commands.runtime.clock import now
from projections.due_timers.queries import Timer, due, next_due
from workers.delivery.sending import Sender
from workers.gateways.opening import open_gateways
from workers.journeys.campaigns import Campaigns
from workers.parking import park
from workers.people import People
from workers.runtime import PASSING, Worker, listening
from workers.timers.firing import Firing

_AT_ONCE = 200
_POLL = timedelta(seconds=1)
_PACE = timedelta(milliseconds=25)
_REMEMBERED = 100_000
# Any constant: it names the lock that makes one process the watcher.
_LOCK = 0x6B6F6974


class Fired:
    """What this process has fired already, while the view does not yet show it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._seen: OrderedDict[tuple[UUID, int | None, datetime], None] = OrderedDict()

    def is_new(self, timer: Timer) -> bool:
        """Whether the timer has not been fired yet; it counts as fired from now on."""
        key = (timer.stream_id, timer.visit, timer.due_at)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True


async def timers(worker: Worker) -> None:
    """Fire what falls due for as long as the connections hold."""
    store = worker.store
    people, campaigns = People(store.pool), Campaigns(store.pool, store.streams)
    async with (
        listening(worker.settings.database_url, ("decision_log",)) as (connection, woken),
        open_gateways(worker.settings, worker.secrets, store.pool) as gateways,
    ):
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        firing = Firing(store, campaigns, people, Sender(store, gateways, people, campaigns))
        fired = Fired()
        while True:
            woken.clear()
            timers = [timer for timer in await due(connection, now(), _AT_ONCE) if fired.is_new(timer)]
            if timers:
                await asyncio.gather(*(_fire(firing, store.pool, timer) for timer in timers))
            else:
                await _rest(connection, woken)


async def _fire(firing: Firing, pool: asyncpg.Pool, timer: Timer) -> None:
    try:
        await firing.fire(timer)
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001 - a fault with one timer must not hold up the others
        await park(pool, "timers", 0, timer.stream_id, timer.kind, error)


async def _rest(connection: asyncpg.Connection, woken: asyncio.Event) -> None:
    """Until the next instant something falls due; a new event may bring an earlier one."""
    instant = await next_due(connection, now())
    pause = min(_POLL, max(timedelta(), instant - now())) if instant else _POLL
    try:
        await asyncio.wait_for(woken.wait(), pause.total_seconds())
        # Every decision wakes; few of them set a timer, and none that is due at once.
        await asyncio.sleep(min(_PACE, pause).total_seconds())
    except TimeoutError:
        return
