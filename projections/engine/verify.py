"""Verify a view: build it aside up to exactly where the live one stands, and compare the digests."""

from dataclasses import replace

import asyncpg
import msgspec

from projections.engine import position
from projections.engine.connecting import connect
from projections.engine.digest import digest
from projections.engine.projection import Projection
from projections.engine.rebuild import SORTING, Aside, Progress
from projections.engine.schema import aside

PURPOSE = "verify"


class NotFollowedError(Exception):
    """The view does not exist in this version: nothing has kept it yet, or it waits to be rebuilt."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What the live view and one built anew come to at the same position."""

    view: str
    position: int
    rows: int
    live_digest: str
    rebuilt_digest: str
    equal: bool


async def verify(database_url: str, projection: Projection, *, progress: Progress | None = None) -> Verified:
    """Compare the live view with one built anew; both go on as they were.

    Raises `RebuildFailedError` at an event the view cannot take: then the live one has parked something.
    """
    if projection.rehearsed:
        projection = replace(projection, apply=projection.rehearsed)
    connection = await connect(database_url, aside(projection.name, PURPOSE), **SORTING)
    live = await connect(database_url, projection.name)
    try:
        copy = Aside(connection, projection, PURPOSE)
        standing = await _standing(live, projection)
        await copy.begin()
        await copy.fill(standing.position, progress)
        return await _compare(copy, live, progress)
    finally:
        live.terminate()
        if not connection.is_closed():
            await Aside(connection, projection, PURPOSE).drop()
            await connection.close()


async def _compare(copy: Aside, live: asyncpg.Connection, progress: Progress | None) -> Verified:
    projection = copy.projection
    # One snapshot shows the rows and the position they belong to; nobody has to stand still for it.
    async with live.transaction(isolation="repeatable_read", readonly=True):
        standing = await _standing(live, projection)
        await copy.fill(standing.position, progress)
        rebuilt = await digest(copy.connection, projection, copy.name)
        found = await digest(live, projection, projection.name)
    return Verified(
        view=projection.name,
        position=standing.position,
        rows=found.rows,
        live_digest=found.sha256,
        rebuilt_digest=rebuilt.sha256,
        equal=found == rebuilt,
    )


async def _standing(live: asyncpg.Connection, projection: Projection) -> position.Position:
    standing = await position.find(live, projection.name)
    if standing is None or standing.version != projection.version:
        raise NotFollowedError(projection.name)
    return standing
