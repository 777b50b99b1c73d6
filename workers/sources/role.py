"""When a declared source is due, it runs; one that fails holds up no other."""

import asyncio
import contextlib
import logging
from datetime import timedelta

from commands.activity import source_runs
from commands.runtime.sources import Source
from workers.runtime import Worker, listening
from workers.sources.declared import declaration, declared, digest
from workers.sources.kind import Means, open_means
from workers.sources.turn import SourceBusyError, take_turn, told

log = logging.getLogger("koi.sources")

_AT_ONCE = 4
# How soon a new declaration is seen.
_LOOK = timedelta(seconds=2)
_PACE = timedelta(milliseconds=50)


class Schedule:
    """The sources of one folder, and which of them this process runs at the moment."""

    def __init__(self, means: Means) -> None:
        """Take what runs work with."""
        self._means = means
        self._pool = means.store.pool
        self._running: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._known: dict[str, bytes] = {}

    async def look(self) -> timedelta:
        """Begin what is due, and return how long nothing else will be."""
        sources = {source.name: source for source in await self._declared()}
        for name in await source_runs.due(self._pool, list(sources)):
            if name not in self._running:
                self._running[name] = asyncio.create_task(self._run(sources[name]), name=f"source {name}")
        idle = [name for name in sources if name not in self._running]
        soonest = await source_runs.next_in(self._pool, idle)
        return min(_LOOK, max(timedelta(), soonest)) if soonest is not None else _LOOK

    async def stop(self) -> None:
        """End what runs; each goes on where it was the next time."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _declared(self) -> list[Source]:
        sources, unreadable = await asyncio.to_thread(declared, self._means.settings.sources_folder)
        for source in sources:
            is_first = source.name not in self._known
            if self._is_news(source.name, now := declaration(source)):
                await source_runs.declare(self._pool, source.name, source.kind, now)
            if is_first:
                await source_runs.release(self._pool, source.name)
        for one in unreadable:
            if self._is_news(one.name, now := digest(one.file)):
                log.warning("%s: %s", one.name, one.reason)
                await source_runs.park_unreadable(self._pool, one.name, now, one.reason)
        return sources

    def _is_news(self, name: str, now: bytes) -> bool:
        is_news = self._known.get(name) != now
        self._known[name] = now
        return is_news

    async def _run(self, source: Source) -> None:
        try:
            async with self._places:
                await take_turn(source, self._means)
        except SourceBusyError:
            log.info("%s: another process runs it", source.name)
            await asyncio.sleep(_LOOK.total_seconds())
        except Exception as error:  # noqa: BLE001 - a fault of one source must not hold up the others
            log.warning("%s: %s", source.name, told(error))
            # Should the failure not even have been noted, the source is due still.
            await asyncio.sleep(_LOOK.total_seconds())
        finally:
            del self._running[source.name]


async def sources(worker: Worker) -> None:
    """Run the declared sources for as long as the connections hold."""
    async with (
        open_means(worker.settings, worker.secrets, worker.store) as means,
        listening(worker.settings.database_url, (source_runs.CHANNEL,)) as (_, woken),
    ):
        schedule = Schedule(means)
        try:
            while True:
                woken.clear()
                pause = await schedule.look()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), max(_PACE, pause).total_seconds())
        finally:
            await schedule.stop()
