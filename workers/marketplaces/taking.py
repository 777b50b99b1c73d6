"""Taking records in: read as the shop's platform is described, the good ones into history, the others aside."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeVar

import msgspec

from commands.activity.intake import Intake
from commands.activity.quarantine import Quarantine, Unusable
from commands.marketplaces.shop import Shop
from commands.runtime.clock import now
from domain.activity.activity import Activity
from domain.ingestion.marketplaces.fields import id_of
from domain.ingestion.marketplaces.orders import read_order
from domain.ingestion.marketplaces.platform import Platform
from domain.ingestion.marketplaces.refunds import is_refunded, names_buyer, order_of, read_refund, with_order
from domain.ingestion.marketplaces.telling import Telling
from domain.ingestion.refusal import MessageError
from domain.kernel.errors import DomainError
from workers.marketplaces.marketplace import Marketplace
from workers.marketplaces.recent import Recent

# How many single orders are asked for at once, where the list does not tell enough.
_AT_ONCE: Final = 4

T = TypeVar("T")
Read = Callable[[bytes], Awaitable[list[Activity] | Unusable]]


class Taken(msgspec.Struct, kw_only=True):
    """What came of records: how many were read, and how many facts they are, new, known or put aside."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0

    def add(self, other: "Taken") -> None:
        """Count another one with it."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


async def all_of(awaited: Iterable[Awaitable[T]]) -> list[T]:
    """Return all results; the first error is raised once nothing is under way any more."""
    outcomes = await asyncio.gather(*awaited, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


class Taking:
    """Takes the records of one shop."""

    def __init__(
        self, shop: Shop, marketplace: Marketplace, intake: Intake, quarantine: Quarantine, recent: Recent
    ) -> None:
        self._shop = shop
        self._recent = recent
        self._marketplace = marketplace
        self._intake = intake
        self._quarantine = quarantine
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def orders(self, records: Sequence[bytes]) -> Taken:
        """Take orders as a list had them, each asked for in full where the list is thin; durable on return."""
        if not self._shop.platform.order.detail:
            return await self._take(records, self._read_order)
        # The list tells when each was modified: one in the same bytes is the same order.
        fresh = self._recent.new(records)
        taken = await self._take(fresh, self._order_in_full)
        taken.read = len(records)
        return taken

    async def refunds(self, records: Sequence[bytes]) -> Taken:
        """Take refunds as a list had them, with what else has to be asked; durable on return."""
        return await self._take(records, self._refund)

    async def after_sales(self, records: Sequence[bytes]) -> Taken:
        """Take after-sales as a list had them; it tells the same ones again and again, so what is known is left out."""
        taken = await self._take(self._recent.new(records), self._after_sale)
        taken.read = len(records)
        return taken

    async def order(self, order_id: str) -> Taken | None:
        """Ask for one order and take it; None if there is none (yet)."""
        async with self._places:
            raw = await self._marketplace.order(order_id)
        return None if raw is None else await self._take([raw], self._read_order)

    async def refund(self, refund_id: str) -> Taken | None:
        """Ask for one refund and take it; None if there is none (yet)."""
        async with self._places:
            raw = await self._marketplace.refund(refund_id)
        return None if raw is None else await self._take([raw], self._refund_in_full)

    async def _take(self, records: Sequence[bytes], read: Read) -> Taken:
        outcomes = await all_of(self._one(raw, read) for raw in records)
        activities = [activity for outcome in outcomes if not isinstance(outcome, Unusable) for activity in outcome]
        unusable = [outcome for outcome in outcomes if isinstance(outcome, Unusable)]
        await self._quarantine.put(self._shop.name, unusable, came_by=self._read_again_as(read))
        taken = await self._intake.take(activities)
        for raw, outcome in zip(records, outcomes, strict=True):
            if not isinstance(outcome, Unusable):
                self._recent.learn(raw)
        return Taken(read=len(records), accepted=taken.accepted, duplicates=taken.duplicates, quarantined=len(unusable))

    async def _one(self, raw: bytes, read: Read) -> list[Activity] | Unusable:
        async with self._places:
            try:
                return await read(raw)
            except DomainError as error:
                return _unusable(raw, error)

    async def _order_in_full(self, raw: bytes) -> list[Activity] | Unusable:
        full = await self._marketplace.order(id_of(raw, self._shop.platform.order.id))
        if full is None:
            raise MessageError("order.gone", "the list has it, and the platform knows no such order")
        return await self._read_order(full)

    async def _read_order(self, raw: bytes) -> list[Activity] | Unusable:
        try:
            return read_order(raw, self._shop.platform, self._telling())
        except DomainError as error:
            return _unusable(raw, error)

    def _read_again_as(self, read: Read) -> str:
        if read == self._after_sale:
            return "after_sale"
        return "order" if read in {self._order_in_full, self._read_order} else "refund"

    async def _refund(self, raw: bytes) -> list[Activity] | Unusable:
        platform = self._shop.platform
        if not is_refunded(raw, platform):
            return []
        if platform.refund.detail:
            full = await self._marketplace.refund(id_of(raw, platform.refund.id))
            if full is None:
                raise MessageError("refund.gone", "the list has it, and the platform knows no such refund")
            raw = full
        return await self._refund_in_full(raw)

    async def _refund_in_full(self, raw: bytes) -> list[Activity] | Unusable:
        return await self._refund_of(raw, self._shop.platform)

    async def _after_sale(self, raw: bytes) -> list[Activity] | Unusable:
        return await self._refund_of(raw, self._shop.platform.of_after_sales)

    async def _refund_of(self, raw: bytes, platform: Platform) -> list[Activity] | Unusable:
        if is_refunded(raw, platform) and not names_buyer(raw, platform):
            order = await self._marketplace.order(order_of(raw, platform))
            raw = with_order(raw, order) if order else raw
        try:
            return read_refund(raw, platform, self._telling())
        except DomainError as error:
            return _unusable(raw, error)

    def _telling(self) -> Telling:
        return Telling(source=self._shop.name, received_at=now())


def _unusable(raw: bytes, error: DomainError) -> Unusable:
    """Return what is put aside: the bytes it would have been read from, so that it can be read again."""
    reason = error.reason if isinstance(error, MessageError) else error.code
    detail = f"{error.field}: {error.detail}" if error.field else error.detail
    # Named by its own bytes: told again just so, it does not lie there twice.
    key = hashlib.blake2b(raw, digest_size=16).hexdigest()
    return Unusable(batch_key=key, line=None, reason=reason, detail=detail, raw=raw)
