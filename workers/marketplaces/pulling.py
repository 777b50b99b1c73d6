"""Pulling: everything modified since the last time, window by window; how far it came is kept once it is durable.

Each pull begins an overlap before where the last one ended, since platforms list what changed a little late and clocks
differ. What is told twice is one fact.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import asyncpg
import msgspec

from commands.activity.source_runs import recall, remember
from commands.marketplaces.shop import Shop
from workers.connectors.progress import Watch
from workers.marketplaces.marketplace import Marketplace, Window
from workers.marketplaces.taking import Taken, Taking
from workers.marketplaces.walking import Turn, walk

log = logging.getLogger("koi.sources")

What = Literal["orders", "refunds", "after_sales"]
WHATS: Final[tuple[What, ...]] = ("orders", "refunds")
AFTER_SALES: Final[What] = "after_sales"


Take = Callable[[Sequence[bytes]], Awaitable[Taken]]


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """How far one thing of a shop has been read: everything modified from `begun` until `reached` is history."""

    begun: datetime
    reached: datetime


async def reached(pool: asyncpg.Pool, shop: Shop, what: What) -> Reached | None:
    """Return how far it has been read, None if never."""
    kept = await recall(pool, shop.name, what)
    return None if kept is None else msgspec.convert(kept, Reached)


async def begin(pool: asyncpg.Pool, shop: Shop, what: What, now: datetime) -> Reached:
    """Return how far it has been read; the first time its beginning is kept, so that a restart begins there too.

    A shop that now wants to be read from further back is read from there.
    """
    known = await reached(pool, shop, what)
    start = now - shop.backfill
    if known is None or start < known.begun:
        known = Reached(begun=start, reached=start)
        await remember(pool, shop.name, what, known)
    return known


def are_after_sales_due(shop: Shop, known: Reached | None, now: datetime) -> bool:
    """Whether a list that has to be read again from long ago is to be read now."""
    after_sale = shop.platform.after_sale
    if after_sale is None:
        return False
    return known is None or known.reached + timedelta(hours=after_sale.every_hours) <= now


def windows(shop: Shop, what: What, known: Reached, now: datetime) -> Iterator[Window]:
    """Yield the windows to read, the oldest first, none longer or further back than the platform lists."""
    platform, overlap = shop.platform, shop.overlap
    if what == AFTER_SALES and platform.after_sale is not None:
        overlap = max(overlap, timedelta(days=platform.after_sale.revisit_days))
        platform = platform.of_after_sales
    oldest = now - timedelta(days=platform.limits.history_days)
    start = max(known.reached - overlap, known.begun, oldest)
    step = timedelta(hours=platform.limits.window_hours)
    while start < now:
        end = min(start + step, now)
        yield Window(start, end)
        start = end


class Pull:
    """One pull of one shop."""

    def __init__(self, shop: Shop, marketplace: Marketplace, taking: Taking, pool: asyncpg.Pool, watch: Watch) -> None:
        self._shop = shop
        self._marketplace = marketplace
        self._taking = taking
        self._pool = pool
        self._watch = watch

    async def window(self, what: What, window: Window, known: Reached) -> Taken:
        """Read one window to its end; on return it is history, and kept as such."""
        turn: Turn = getattr(self._marketplace, what)
        take: Take = getattr(self._taking, what)
        platform = self._shop.platform.of_after_sales if what == AFTER_SALES else self._shop.platform
        ids = platform.order.id if what == "orders" else platform.refund.id
        came = Taken()
        async for records in walk(window, turn, platform.limits, ids):
            came.add(await take(records))
        done = msgspec.structs.replace(known, reached=max(known.reached, window.end))
        await remember(self._pool, self._shop.name, what, done)
        self._watch.advance(minutes(window))
        if came.accepted or came.quarantined:
            words = "%s: %s until %s: %d read, %d new facts, %d refused"
            log.info(words, self._shop.name, what, window.end, came.read, came.accepted, came.quarantined)
        return came


def minutes(window: Window) -> int:
    """How long a window is, as the unit of progress."""
    return max(1, round((window.end - window.start).total_seconds() / 60))
