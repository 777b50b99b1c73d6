"""Keeping what Sensors' SDKs send, wherever there is room: as history, in the quarantine, or in the spool meanwhile."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, Self

from api.auth import Doorkeeper
from api.ingest.collector import Collector, Sent, Took, as_came
from api.ingest.door import CrowdedError, Door
from api.ingest.spool import Spool
from api.ingest.strangers import Strangers
from api.outages import UNAVAILABLE, place
from commands.activity.sensors_projects import SensorsProjects
from commands.runtime.event_store import EventStore
from commands.runtime.writer import WriterClosedError
from domain.activity.vocabulary import Vocabulary

# What the log cannot take just now, it will take later.
_LATER: Final = (*UNAVAILABLE, CrowdedError, WriterClosedError)
_log = logging.getLogger("koi.sensors")


class Keeping:
    """Takes requests of the SDKs; what it has returned for is not lost."""

    def __init__(self, collector: Collector, strangers: Strangers, spool: Spool) -> None:
        self.collector = collector
        self._strangers = strangers
        self._spool = spool

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        store: EventStore,
        door: Door,
        doorkeeper: Doorkeeper,
        strangers: Strangers,
        *,
        sources: Path,
        spool: Path,
        master_key: bytes,
    ) -> AsyncIterator[Self]:
        """Open it over the declared sources of a folder, with its spool in another."""
        collector = Collector(
            door=door,
            doorkeeper=doorkeeper,
            projects=SensorsProjects(sources),
            strangers=strangers,
            streams=store.streams,
            vocabulary=Vocabulary.load(),
        )
        async with Spool(spool, master_key, partial(_settled, collector, strangers)) as spooling:
            yield cls(collector, strangers, spooling)

    async def keep(self, sent: Sent) -> Took:
        """Return once the request is durable somewhere; raises `SpoolFullError` where nothing can be written at all."""
        try:
            return await _settled(self.collector, self._strangers, sent)
        except _LATER:
            await self._spool.put(sent)
            return Took(0, [])


async def _settled(collector: Collector, strangers: Strangers, sent: Sent) -> Took:
    """Take the request, or where Koi itself fails at it, keep it in the quarantine; raises what will pass."""
    try:
        return await collector.take(sent)
    except _LATER:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours is no reason to lose what was sent
        # Never the error's own words: they may quote a person.
        _log.error("%s", place(error))
        await strangers.keep_whole(as_came(sent, "koi.failed", "Koi failed at this: its log says more"))
        return Took(0, [])
