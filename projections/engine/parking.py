"""The dead-letter list: what a view could not take, and what waits behind it so that a customer's order is kept."""

import traceback
from collections.abc import Collection, Iterable
from pathlib import PurePath
from uuid import UUID

import asyncpg
import msgspec

from projections.engine import shadow
from projections.engine.page import Page, Seal
from projections.engine.projection import Projection

_OPEN = "SELECT DISTINCT stream_id FROM dead_letter WHERE projection = $1 AND replayed_at IS NULL"
_RECORD = "INSERT INTO dead_letter (projection, position, stream_id, topic, reason) VALUES ($1, $2, $3, $4, $5)"
_CUSTOMERS = """
    SELECT DISTINCT customer_id FROM fact_log
    WHERE recorded_at = $1 AND fact_id BETWEEN $2 AND $3 AND ($4::uuid[] IS NULL OR customer_id = ANY($4)) ORDER BY 1
"""
WAITS = "waits behind an earlier one that failed"

Letter = tuple[int, UUID, str, str]  # position, stream, topic, reason


async def parked_streams(connection: asyncpg.Connection, projection: Projection) -> frozenset[UUID]:
    """Return the streams with events on the list that were not replayed yet."""
    return frozenset(row["stream_id"] for row in await connection.fetch(_OPEN, projection.name))


async def record(connection: asyncpg.Connection, projection: Projection, letters: Iterable[Letter]) -> None:
    """Put events (or, at a seal's position, a customer's facts) on the list."""
    await connection.executemany(_RECORD, [(projection.name, *letter) for letter in letters])


async def customers_of(connection: asyncpg.Connection, seal: Seal, among: Collection[UUID] | None = None) -> list[UUID]:
    """Return whose facts a seal holds (only those `among` the given ones, if any are given)."""
    wanted = None if among is None else list(among)
    rows = await connection.fetch(_CUSTOMERS, seal.recorded_at, seal.first_id, seal.last_id, wanted)
    return [row["customer_id"] for row in rows]


async def set_aside(connection: asyncpg.Connection, projection: Projection, page: Page) -> Page:
    """Park the page's events and facts of streams that are parked already, and return the page without them."""
    # Asked anew under the lock of the position: a replay may have cleared the list while this waited for it.
    parked = await parked_streams(connection, projection)
    letters: list[Letter] = [
        (entry.position, entry.stream_id, entry.topic, WAITS)
        for entry in page.entries
        if entry.stream_id in parked and (projection.topics is None or entry.topic in projection.topics)
    ]
    page = page.without(parked)
    if parked and projection.topics and page.seals:
        waiting: set[UUID] = set()
        for entry, seal in page.seals:
            customers = await customers_of(connection, seal, parked)
            letters += [(entry.position, customer, entry.topic, WAITS) for customer in customers]
            waiting.update(customers)
        if waiting:
            await shadow.cast(connection, page.fact_ranges, waiting, only=False)
    await record(connection, projection, letters)
    return page


def reason_of(error: Exception) -> str:
    """Say what failed and where, never with a value: messages of the database may quote what they reject."""
    if isinstance(error, asyncpg.PostgresError):
        place = ".".join(filter(None, (error.table_name, error.column_name, error.constraint_name)))
        return f"{type(error).__name__} ({error.sqlstate}){' in ' if place else ''}{place}"
    if isinstance(error, msgspec.ValidationError):
        return f"unexpected form: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}"
