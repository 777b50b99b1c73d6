"""Shops as declared sources: pulled on schedule, sooner when a message tells of something."""

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
from workers.marketplaces.marketplace import BusyError, Marketplace, Window
from workers.marketplaces.opening import open_marketplace
from workers.marketplaces.pulling import WHATS, Pull, begin, minutes, reached, windows
from workers.marketplaces.taking import Taken, Taking
from workers.sources.kind import Came, Means

_PATIENCE: Final = timedelta(minutes=2)


class Shops:
    """The kinds `taobao`, `jd`, `douyin` and `youzan`."""

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
        """Follow the hints and read what changed, from where it was left off to this instant."""
        total, notes, again_in = Taken(), list[str](), None
        async with _opened(source, means) as (shop, marketplace):
            taking = Taking(shop, marketplace, means.intake, means.into.quarantine)
            hints, pool = Hints(means.store.pool), means.store.pool
            pull = Pull(shop, marketplace, taking, pool, means.watch)
            try:
                for what in WHATS:
                    present = now()
                    known = await begin(pool, shop, what, present)
                    ahead = list(windows(shop, known, present))
                    means.watch.begin(f"{shop.name} {what}", sum(map(minutes, ahead)))
                    for window in ahead:
                        # Also in the middle of a long back-fill: what has just happened should not wait for it.
                        followed = await follow(shop, marketplace, taking, hints)
                        total.add(followed.taken)
                        again_in = followed.again_in
                        total.add(await pull.window(what, window, known))
                        known = await begin(pool, shop, what, present)
                    notes.append(f"{what} until {known.reached:%Y-%m-%d %H:%M:%S} UTC")
            except BusyError as error:
                if not total.read and error.seconds is None:
                    raise
                # What was read is kept, and who is told how long to wait obeys: no failure, only not the end.
                patience = timedelta(seconds=error.seconds) if error.seconds else _PATIENCE
                return _came(total, [*notes, error.detail], patience)
        return _came(total, notes, min(again_in, self.interval(source)) if again_in is not None else None)

    async def _check_one(self, raw: bytes, shop: Shop, marketplace: Marketplace, came: Came) -> None:
        try:
            if shop.platform.order.detail:
                raw = await marketplace.order(id_of(raw, shop.platform.order.id)) or raw
            came.accepted += len(read_order(raw, shop.platform, Telling(source=shop.name, received_at=now())))
        except DomainError as error:
            came.quarantined += 1
            came.notes.append(f"{error.field}: {error.detail}")


def _came(total: Taken, notes: list[str], again_in: timedelta | None) -> Came:
    return Came(**msgspec.structs.asdict(total), notes=notes, again_in=again_in)


@asynccontextmanager
async def _opened(source: Source, means: Means) -> AsyncIterator[tuple[Shop, Marketplace]]:
    shop = shop_of(source)
    tokens = Tokens(means.store.pool, means.secrets.master_key)
    async with open_marketplace(shop, tokens) as marketplace:
        yield shop, marketplace
