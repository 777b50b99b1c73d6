"""Shops as declared sources: pulled on schedule, sooner when a message tells of something."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import msgspec

from commands.callbacks.hints import Hints
from commands.marketplaces.shop import Shop, shop_of
from commands.marketplaces.tokens import Tokens
from commands.runtime.clock import now
from commands.runtime.sources import Source
from domain.ingestion.marketplaces.fields import id_of
from domain.ingestion.marketplaces.orders import read_order
from domain.ingestion.marketplaces.telling import Telling
from domain.kernel.errors import DomainError
from workers.marketplaces.following import follow
from workers.marketplaces.marketplace import BusyError, Marketplace, RefusedError, Window
from workers.marketplaces.opening import open_marketplace
from workers.marketplaces.pulling import (
    AFTER_SALES,
    WHATS,
    Pull,
    What,
    are_after_sales_due,
    begin,
    minutes,
    reached,
    windows,
)
from workers.marketplaces.recent import Recent
from workers.marketplaces.taking import Taken, Taking
from workers.sources.declared import declaration
from workers.sources.kind import Came, Means

log = logging.getLogger("koi.sources")

_PATIENCE: Final = timedelta(minutes=2)


class Shops:
    """The kinds `taobao`, `jd`, `douyin` and `youzan`."""

    def __init__(self) -> None:
        # By shop and declaration: another mapping reads everything anew.
        self._recent: dict[str, tuple[bytes, Recent]] = {}

    def interval(self, source: Source) -> timedelta:
        """How often the shop is asked what changed."""
        return timedelta(seconds=shop_of(source).settings.every_seconds)

    async def check(self, source: Source, means: Means) -> Came:
        """Ask for the first page of what a run would read, and read it; only a renewed token is kept."""
        async with _opened(source, means) as (shop, marketplace):
            present = now()
            known = await reached(means.store.pool, shop, "orders")
            start = known.reached - shop.overlap if known else present - shop.backfill
            limit = timedelta(hours=shop.platform.limits.window_hours)
            window = Window(max(start, present - limit), present)
            page = await marketplace.orders(window, 1)
            came = Came(
                read=page.total, notes=[f"{page.total} orders were modified since {window.start:%Y-%m-%d %H:%M}"]
            )
            for raw in page.records:
                await self._check_one(raw, shop, marketplace, came)
            return came

    async def run(self, source: Source, means: Means) -> Came:
        """Follow the hints, and read what changed, from where it was left off to this instant.

        Who was brought forward by hints, and was asked for changes not long ago, only follows them.
        """
        async with _opened(source, means) as (shop, marketplace):
            run = _Run(shop, marketplace, means, self._recent_of(source))
            try:
                await run.follow()
                rest = await run.rest()
                if run.was_hinted and rest > timedelta():
                    return run.came([], rest)
                notes = [await run.pull(what) for what in WHATS]
                notes += await run.pull_after_sales()
                return run.came(notes, timedelta(seconds=shop.settings.every_seconds))
            except BusyError as error:
                if not run.total.read and error.seconds is None:
                    raise
                # What was read is kept, and who is told how long to wait obeys: no failure, only not the end.
                patience = timedelta(seconds=error.seconds) if error.seconds else _PATIENCE
                return Came(**msgspec.structs.asdict(run.total), notes=[error.detail], again_in=patience)

    def _recent_of(self, source: Source) -> Recent:
        now_declared = declaration(source)
        known = self._recent.get(source.name)
        if known is None or known[0] != now_declared:
            known = self._recent[source.name] = (now_declared, Recent())
        return known[1]

    async def _check_one(self, raw: bytes, shop: Shop, marketplace: Marketplace, came: Came) -> None:
        try:
            if shop.platform.order.detail:
                raw = await marketplace.order(id_of(raw, shop.platform.order.id)) or raw
            came.accepted += len(read_order(raw, shop.platform, Telling(source=shop.name, received_at=now())))
        except DomainError as error:
            came.quarantined += 1
            came.notes.append(f"{error.field}: {error.detail}")


class _Run:
    """One run of one shop."""

    def __init__(self, shop: Shop, marketplace: Marketplace, means: Means, recent: Recent) -> None:
        self._shop = shop
        self._marketplace = marketplace
        self._pool = means.store.pool
        self._watch = means.watch
        self._hints = Hints(self._pool)
        self._taking = Taking(shop, marketplace, means.intake, means.into.quarantine, recent)
        self._pull = Pull(shop, marketplace, self._taking, self._pool, means.watch)
        self._next_hint: timedelta | None = None
        self.was_hinted = False
        self.total = Taken()

    async def follow(self) -> None:
        """Fetch what messages told of."""
        followed = await follow(self._shop, self._marketplace, self._taking, self._hints)
        self.total.add(followed.taken)
        self.was_hinted |= followed.any
        self._next_hint = followed.again_in

    async def rest(self) -> timedelta:
        """Return how long it is until the shop is to be asked for changes again."""
        known = await reached(self._pool, self._shop, WHATS[-1])
        if known is None:
            return timedelta()
        return max(timedelta(), known.reached + timedelta(seconds=self._shop.settings.every_seconds) - now())

    async def pull(self, what: What) -> str:
        """Read everything of one sort that changed; return how far that is."""
        present = now()
        known = await begin(self._pool, self._shop, what, present)
        ahead = list(windows(self._shop, what, known, present))
        self._watch.begin(f"{self._shop.name} {what}", sum(map(minutes, ahead)))
        for number, window in enumerate(ahead):
            if number:  # in the middle of a long back-fill what has just happened should not wait for its end
                await self.follow()
            self.total.add(await self._pull.window(what, window, known))
            known = await begin(self._pool, self._shop, what, present)
        return f"{what} until {known.reached:%Y-%m-%d %H:%M:%S} UTC"

    async def pull_after_sales(self) -> list[str]:
        """Read them where that is due; an application that may not ask for them still has its orders and refunds."""
        if not are_after_sales_due(self._shop, await reached(self._pool, self._shop, AFTER_SALES), now()):
            return []
        try:
            return [await self.pull(AFTER_SALES)]
        except RefusedError as error:
            log.warning("%s: after-sales are not read: %s", self._shop.name, error.detail)
            return [f"after-sales are not read: {error.detail}"]

    def came(self, notes: list[str], again_in: timedelta) -> Came:
        """Return what came; the next run is due with the next hint at the latest."""
        again_in = again_in if self._next_hint is None else min(again_in, self._next_hint)
        return Came(**msgspec.structs.asdict(self.total), notes=notes, again_in=again_in)


@asynccontextmanager
async def _opened(source: Source, means: Means) -> AsyncIterator[tuple[Shop, Marketplace]]:
    shop = shop_of(source)
    tokens = Tokens(means.store.pool, means.secrets.master_key)
    async with open_marketplace(shop, tokens) as marketplace:
        yield shop, marketplace
