"""Poison: find the one event (or customer's facts) a view cannot take, park it, and let the rest through."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from domain.activity.sealing import FactsSealed
from projections.engine import parking, position, shadow
from projections.engine.applying import take
from projections.engine.connecting import TRANSIENT
from projections.engine.page import Page
from projections.engine.projection import Projection

# When so many customers are parked it is the view that is wrong, and somebody has to look.
MOST_PARKED = 1_000


class BrokenViewError(Exception):
    """The view itself fails, not single events: nothing is parked until it is repaired."""


def is_poison(error: Exception) -> bool:
    """Whether the error can be an event's fault, rather than the connection's, a competitor's or the view's own."""
    not_its_fault = (*TRANSIENT, position.OvertakenError, BrokenViewError, asyncpg.SyntaxOrAccessError)
    return not isinstance(error, not_its_fault)


class Isolation:
    """Takes a page that failed as a whole by halves, down to what is to blame."""

    def __init__(self, connection: asyncpg.Connection, projection: Projection) -> None:
        """Take the view's connection."""
        self._connection = connection
        self._projection = projection
        self.parked = 0
        self._open = 0

    async def take(self, page: Page) -> None:
        """Take the page, parking what fails; raises `BrokenViewError` if too much does."""
        try:
            await take(self._connection, self._projection, page)
        except Exception as error:  # any kind can be an event's fault
            if not is_poison(error):
                raise
            if len(page.entries) > 1:
                for half in page.halves():
                    await self.take(half)
            else:
                await self._park(page, error)

    async def _park(self, page: Page, error: Exception) -> None:
        connection, projection, entry = self._connection, self._projection, page.entries[0]
        async with connection.transaction():
            parked = await position.move(
                connection, projection.name, projection.version, previous=page.after, new=page.upto
            )
            self._open = len(parked)
            customers = await self._customers(page)
            if customers:
                waiting = [customer for customer in customers if customer in parked]
                well = [customer for customer in customers if customer not in parked]
                letters = [(entry.position, customer, entry.topic, parking.WAITS) for customer in waiting]
                letters += await self._sift(page, well)
            else:
                letters = [(entry.position, entry.stream_id, entry.topic, parking.reason_of(error))]
                self._count(error)
            await parking.record(connection, projection, letters)

    async def _customers(self, page: Page) -> list[UUID]:
        if page.entries[0].topic != FactsSealed.TOPIC:
            return []
        try:
            return await parking.customers_of(self._connection, page.seals[0][1])
        except msgspec.MsgspecError:  # the seal itself cannot be read: it is parked as the event it is
            return []

    async def _sift(self, page: Page, customers: Sequence[UUID]) -> list[parking.Letter]:
        """Take the facts of the customers, halving them until those that fail stand alone; return these."""
        connection, entry = self._connection, page.entries[0]
        if not customers:
            return []
        try:
            async with connection.transaction():
                await shadow.cast(connection, page.fact_ranges, customers, only=True)
                await self._projection.apply(connection, page)
                await shadow.lift(connection)
        except Exception as failure:  # any kind can be an event's fault
            if not is_poison(failure):
                raise
            if len(customers) == 1:
                self._count(failure)
                return [(entry.position, customers[0], entry.topic, parking.reason_of(failure))]
            middle = len(customers) // 2
            return [
                *await self._sift(page, customers[:middle]),
                *await self._sift(page, customers[middle:]),
            ]
        return []

    def _count(self, error: Exception) -> None:
        self.parked += 1
        self._open += 1
        if self._open > MOST_PARKED:
            msg = f"{self._projection.name} cannot take events of more than {MOST_PARKED} customers"
            raise BrokenViewError(msg) from error
