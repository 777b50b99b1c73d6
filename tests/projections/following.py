"""Views kept current while a test looks at them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from projections.engine import runner
from projections.engine.connecting import connect
from projections.engine.page import read_page
from projections.engine.projection import Projection
from projections.engine.rebuild import Aside
from projections.engine.waiting import wait_until
from tests.patience import PATIENCE, patiently

SECONDS = PATIENCE
_HEAD = "SELECT coalesce(max(notification_id), 0) FROM decision_log"
_POSITIONS = "SELECT name, position FROM projection_position"


@asynccontextmanager
async def following(database_url: str, *projections: Projection, exclusive: bool = True) -> AsyncIterator[None]:
    """Keep the views current meanwhile."""
    task = asyncio.create_task(runner.run(database_url, projections, exclusive=exclusive))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def current(database_url: str, position: int, *projections: Projection) -> None:
    """Keep the views until they have reached the position."""
    async with following(database_url, *projections):
        connection = await asyncpg.connect(database_url)
        for projection in projections:
            await wait_until(connection, projection.name, position, SECONDS)
        await connection.close()


async def until(reading: asyncpg.Connection, question: str, answer: int) -> None:
    """Ask the database until it answers at least this."""

    async def happened() -> bool:
        return int(await reading.fetchval(question) or 0) >= answer

    async def told(_: object) -> str:
        views = {row["name"]: row["position"] for row in await reading.fetch(_POSITIONS)}
        found = await reading.fetchval(question)
        return (
            f"{question}: {found}, not yet {answer}; the log is at {await reading.fetchval(_HEAD)}, the views {views}"
        )

    await patiently(happened, told, step=0.01)


@asynccontextmanager
async def built(database_url: str, projection: Projection, *, purpose: str, events: int) -> AsyncIterator[Aside]:
    """Build the view aside from pages of so many events."""
    connection = await connect(database_url, f"{projection.name}__{purpose}")
    copy = Aside(connection, projection, purpose)
    await copy.begin()
    while not (page := await read_page(connection, copy.position, events=events)).is_empty:
        await copy.take(page)
    try:
        yield copy
    finally:
        await copy.drop()
        await connection.close()
