"""The kind `weather`: each row of a feed becomes an observation, or lands in the quarantine with its reason."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import httpx
import msgspec

from commands.activity.quarantine import Unusable
from commands.activity.source_runs import recall, remember
from commands.context.record_weather import record_weather
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.sources import Source
from domain.context.weather import Observation, ObservationError
from workers.sources.declared import declaration
from workers.sources.kind import ACTOR, Came, Means
from workers.weather.declaration import FIELDS, WeatherFeed, feed_of
from workers.weather.feeds import Batch, Row, answers_of, files_of

_SEEN: Final = "batches"
_ZONE: Final = ZoneInfo("Asia/Shanghai")


class Weather:
    """Weather by region and day."""

    def interval(self, source: Source) -> timedelta:
        """How often the feed is looked at."""
        return feed_of(source).interval

    async def check(self, source: Source, means: Means) -> Came:  # noqa: ARG002 - nothing is written
        """Read the feed, and say what would become of it."""
        came = Came()
        feed = feed_of(source)
        async for batch in _batches(source, feed, now()):
            good, refused = _read(batch, feed)
            came.read += len(batch.rows)
            came.accepted += len(good)
            came.quarantined += len(refused)
            came.notes += [f"{batch.name}: row {one.line}: {one.detail}" for one in refused[:3]]
        return came

    async def run(self, source: Source, means: Means) -> Came:
        """Record what is new or has changed."""
        came = Came()
        feed = feed_of(source)
        pool = means.store.pool
        known: dict[str, str] = await recall(pool, source.name, _SEEN) or {}
        seen: dict[str, str] = {}
        async for batch in _batches(source, feed, now()):
            seen[batch.name] = digest = _digest(batch, source)
            if known.get(batch.name) == digest:
                continue  # a feed says the same again every hour, and what is wrong in it stays wrong
            good, refused = _read(batch, feed)
            noted = await record_weather(means.store, source.name, good, by=Context(actor=ACTOR))
            await means.into.quarantine.put(source.name, refused)
            came.read += len(batch.rows)
            came.accepted += noted.accepted
            came.duplicates += noted.duplicates
            came.quarantined += len(refused)
        if seen != known:
            await remember(pool, source.name, _SEEN, seen)
        return came


def _digest(batch: Batch, source: Source) -> str:
    """Return what a batch is known by: its rows, under the declaration as it is now."""
    return hashlib.sha256(declaration(source) + msgspec.json.encode(batch.rows, enc_hook=str)).hexdigest()


async def _batches(source: Source, feed: WeatherFeed, present: datetime) -> AsyncIterator[Batch]:
    if feed.path:
        for batch in await asyncio.to_thread(lambda: list(files_of(feed, source.file.parent))):
            yield batch
        return
    async with httpx.AsyncClient(follow_redirects=True) as client:
        async for batch in answers_of(feed, client, present.astimezone(_ZONE).date()):
            yield batch


def _read(batch: Batch, feed: WeatherFeed) -> tuple[list[Observation], list[Unusable]]:
    reading = feed.reading()
    good: list[Observation] = []
    refused: list[Unusable] = []
    for line, row in enumerate(batch.rows, 1):
        try:
            good.append(reading.observation(_ours(row, feed)))
        except ObservationError as error:
            raw = msgspec.json.encode(row, enc_hook=str)
            refused.append(
                Unusable(
                    # Named by its content: a feed says the same again every hour.
                    batch_key=hashlib.sha256(raw).hexdigest(),
                    line=line,
                    reason=error.code,
                    detail=f"{feed.columns.get(error.field or '', error.field)}: {error.detail}",
                    raw=raw,
                )
            )
    return good, refused


def _ours(row: Row, feed: WeatherFeed) -> Row:
    return dict(feed.fixed) | {name: row[called] for name in FIELDS if (called := feed.columns.get(name, name)) in row}
